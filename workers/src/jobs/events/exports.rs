//! `export.requested`: the package of all that is kept about the subject (GDPR art. 15), as the command `case access-export` makes it, put
//! where the source system fetches it.

use pipeline_access::Action;
use pipeline_domain::{CaseFolderId, Event};

use super::asked;
use crate::{
    asking::{permit, would_permit},
    failure::Failure,
    jobs::{
        access_export::{Person, Wanted, gather},
        events::pickup::Pickup,
    },
    shell::Shell,
};

/// Makes the file, or finds it made. Where the policy says no to any of the person's folders there is none afterwards.
pub async fn make(shell: &Shell, event: &Event, folder: &CaseFolderId, pickup: &Pickup) -> Result<(), Failure> {
    let asking = asked::asking(event);
    let person = Person::of_event(shell, event, folder, &asking).await?;
    let still = |person: &Person| {
        person.things.iter().try_for_each(|thing| would_permit(shell, &asking, Action::Export, thing).map_err(|no| no.of_a_job()))
    };
    // Before anything is written down: a no to one folder is a no to all.
    still(&person)?;
    if pickup.is_there() {
        return Ok(());
    }
    // Log first: what follows reads everything out.
    for thing in &person.things {
        permit(shell, &asking, Action::Export, thing).map_err(|no| no.of_a_job())?;
    }
    let form = event.content.people.first().and_then(|one| one.contact.as_ref()).map(|contact| contact.written_form);
    let package = gather(shell, &person, Wanted { form, made_at: event.occurred_at }).await?;
    // A right may have ended meanwhile.
    still(&Person::of_event(shell, event, folder, &asking).await?)?;
    let place = pickup.clone();
    let put = move || place.put(|file| package.write(file, None));
    let written = tokio::task::spawn_blocking(put).await.expect("writing does not panic")?;
    tracing::info!(event.id = %event.id, folder.id = %folder, files = written.files, "package made of all that is kept about the subject");
    Ok(())
}
