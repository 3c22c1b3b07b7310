//! `print.requested`: the print that the command `print` makes, put where the source system fetches it, and word to whoever asked.
//!
//! Everything on it follows from the event and the archive, so that the print which is made again after a crash is the same. A file that
//! is there already was made under a row of the access log: it is not made again, only asked about again.

use pipeline_domain::{CaseFolderId, ErrorCode, Event, SpecialCategories};

use super::{asked, pickup};
use crate::{
    failure::Failure,
    jobs::{
        events::pickup::Pickup,
        print::{PrintError, PrintOrder, PrintSource, Sensitive, may_still, print},
    },
    shell::Shell,
};

/// Makes the file, or finds it made. Where the policy says no there is none afterwards.
pub async fn make(shell: &Shell, event: &Event, folder: &CaseFolderId, pickup: &Pickup) -> Result<(), Failure> {
    let order = order(event, folder);
    if pickup.is_there() {
        return may_still(shell, &order).await.map_err(failure);
    }
    let printed = print(shell, &order).await.map_err(failure)?;
    let (place, pages) = (pickup.clone(), printed.pages);
    let put = move || place.put(|file| std::io::Write::write_all(file, &printed.bytes).map_err(|e| pickup::failed(&e)));
    tokio::task::spawn_blocking(put).await.expect("writing does not panic")?;
    tracing::info!(event.id = %event.id, folder.id = %folder, pages, "print made");
    Ok(())
}

fn order(event: &Event, folder: &CaseFolderId) -> PrintOrder {
    let content = &event.content;
    let folder = folder.clone();
    let names = |said: &[pipeline_domain::Line]| said.iter().map(|name| name.expose().to_owned()).collect();
    PrintOrder {
        asking: asked::asking(event),
        source: match content.matter {
            Some(document) => PrintSource::Newest { folder, document },
            None => PrintSource::Folder { folder, numbers: Vec::new() },
        },
        parts: names(&content.parts),
        sensitive: match content.special_categories {
            SpecialCategories::LeftOut => Sensitive::LeftOut,
            SpecialCategories::Included => Sensitive::Included,
        },
        scope: asked::scope(event),
        withheld: names(&content.withheld),
        // Whoever asks reads it.
        written_form: content.people.first().and_then(|person| person.contact.as_ref()).map(|contact| contact.written_form),
        asked_at: event.occurred_at,
    }
}

/// What is not in the archive may be on its way. What was asked for wrongly, or may not be had, stays so.
fn failure(error: PrintError) -> Failure {
    match error {
        PrintError::Failure(failure) => failure,
        PrintError::No(no) => no.of_a_job(),
        PrintError::NoFolder(_) | PrintError::NoDocument(_) | PrintError::NoSuchDocument | PrintError::NoPlan => {
            Failure::retry(ErrorCode::NothingToPrint, error)
        }
        PrintError::UnknownPart { .. } | PrintError::Sensitive(_) | PrintError::Nothing => {
            Failure::give_up(ErrorCode::NothingToPrint, error)
        }
    }
}
