//! `mail`: looks at notices.

mod bounces;
mod masked;
mod preview;

use pipeline_access::{About, Action};
use pipeline_domain::ErrorCode;
use pipeline_store::{Documents, Mail as Row, MailFilter, MailId, Outbox};
use serde_json::{Value, json};

use crate::{
    asking::{Asking, Thing, ask},
    cli::{Global, case},
    config::Config,
    exit::Exit,
    failure::Failure,
    jobs::tell,
    output::Output,
    shell::{Outlet, Shell},
    words::pick,
};

/// Look at notices.
#[derive(Debug, clap::Subcommand)]
pub enum Mail {
    /// Every notice and its state, and who must be told on paper. No addresses.
    #[command(after_help = crate::exit::TABLE)]
    List {
        /// At most so many, the newest.
        #[arg(long, default_value_t = 200)]
        limit: u32,
    },
    /// One notice with the mail as its receiver gets it. Without a role that may see it, the address and what else tells of it are left out.
    #[command(after_help = crate::exit::TABLE)]
    Show {
        /// Its number in the list.
        #[arg(value_name = "NUMBER")]
        number: i64,
        #[command(flatten)]
        asking: Asking,
    },
    /// Look into the mailbox of what came back, and list what other servers reported of our mails. No addresses.
    ///
    /// A message that is no delivery report, or none on a mail of ours, is left to a person: it is listed with its file in the folder that
    /// `mail.bounces` names. Read it, do what must be done, and remove it.
    #[command(after_help = crate::exit::TABLE)]
    Bounces(bounces::Bounces),
    /// The exact mail of a kind of notice, as its receiver reads it; without KIND, the kinds. Needs no data folder.
    ///
    /// Header fields and text are decoded; --json has the message as it is sent, too. With --lang en the English text stands below the
    /// Norwegian, as it does where a municipality has set `english = true`. What a mail can leave out, such as the day to read by, is shown.
    #[command(after_help = crate::exit::TABLE)]
    Preview(preview::Preview),
}

pub async fn run(mail: Mail, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    match mail {
        Mail::List { limit } => {
            let shell = Shell::open(global, config).await?;
            let exit = list(&shell, limit, global, output).await;
            shell.close().await;
            exit
        }
        Mail::Show { number, asking } => {
            let shell = Shell::open(global, config).await?;
            let exit = show(&shell, MailId(number), &asking, global, output).await;
            shell.close().await;
            exit
        }
        Mail::Bounces(list) => {
            let shell = Shell::open(global, config).await?;
            let exit = bounces::run(&list, &shell, global, output).await;
            shell.close().await;
            exit
        }
        Mail::Preview(preview) => preview::run(&preview, global, output),
    }
}

fn row(mail: &Row) -> Value {
    json!({
        "number": mail.id, "kind": mail.kind.id(), "state": mail.state, "document_id": mail.document.map(|d| d.id), "version": mail.document.map(|d| d.version),
        "case_folder": mail.folder.as_ref().map(ToString::to_string), "recipient": mail.recipient, "written_form": mail.written_form,
        "message_id": mail.message_id, "queued_at": mail.queued_at, "settled_at": mail.settled_at, "attempts": mail.attempts, "last_code": mail.last_code,
    })
}

async fn list(shell: &Shell, limit: u32, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let mails = shell.store.mails(&MailFilter::default(), limit).await?;
    let paper = shell.store.paper_list().await?;
    let on_paper: Vec<Value> =
        paper.iter().map(|p| json!({ "document_id": p.about.document().map(|d| d.id), "version": p.about.document().map(|d| d.version), "event_id": p.about.event(), "case_folder": p.folder.to_string(), "recipient": p.recipient })).collect();
    if output.answer("mail_list", json!({ "mails": mails.iter().map(row).collect::<Vec<_>>(), "on_paper": on_paper })) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    let head = [
        "#",
        pick(lang, "Varsel", "Varsel", "Notice"),
        pick(lang, "Status", "Status", "State"),
        pick(lang, "Mappe", "Mappe", "Folder"),
        pick(lang, "Målform", "Målform", "Language"),
    ];
    let rows = mails.iter().map(|m| {
        let folder = m.folder.as_ref().map_or_else(String::new, ToString::to_string);
        vec![m.id.to_string(), m.kind.id().to_owned(), m.state.to_string(), folder, m.written_form.tag().to_owned()]
    });
    output.table(&head, rows.collect());
    if !on_paper.is_empty() {
        output.line(&format!(
            "{}: {} ({})",
            pick(lang, "På papir", "På papir", "On paper"),
            on_paper.len(),
            ErrorCode::RecipientWithoutAddress.text(lang)
        ));
    }
    Ok(Exit::Ok)
}

/// The mail itself where it lies in our own Maildir: its document is put away when every notice is settled.
fn delivered(shell: &Shell, mail: &Row) -> Result<Option<Vec<u8>>, Failure> {
    match shell.outlet()? {
        Outlet::Maildir(maildir) => Ok(maildir.read(&pipeline_notify::file_name(&mail.dedupe_key))?),
        Outlet::Smtp(_) => Ok(None),
    }
}

/// Whether the address may be seen: the receiver's, which is contact data of somebody. The archivist's own mailbox is nobody's.
fn address(shell: &Shell, mail: &Row, asking: &Asking, global: &Global) -> Result<Address, Failure> {
    let Some(folder) = &mail.folder else { return Ok(Address::Shown) };
    if asking.role.is_none() {
        return Ok(Address::LeftOut);
    }
    let record = case::record(shell, folder)?;
    let thing = match &record {
        Some(record) => Thing::of_folder(record),
        None => Thing { about: About::Folder(folder.clone()), ..Thing::of_municipality(&folder.municipality) },
    };
    let thing = Thing { document: mail.document, ..thing };
    ask(shell, global, asking, Action::ReadContact, &thing)?;
    Ok(Address::Shown)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Address {
    Shown,
    LeftOut,
}

async fn show(shell: &Shell, id: MailId, asking: &Asking, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let Some(mail) = shell.store.mail_by_id(id).await? else {
        output.error("not_found", &format!("{id}"));
        return Ok(Exit::NotFound);
    };
    let address = address(shell, &mail, asking, global)?;
    let bytes = match delivered(shell, &mail)? {
        Some(bytes) => Some(bytes),
        None => match tell::letter(shell, &mail).await {
            Ok(letter) => Some(letter.bytes),
            // The document is put away when all its notices are settled; what was sent is with its receiver.
            Err(e) if e.code == ErrorCode::DocumentMissing && mail.settled_at.is_some() => None,
            Err(e) => return Err(e),
        },
    };
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = if address == Address::Shown { text } else { text.as_deref().map(masked::without_address) };
    let mut body = row(&mail);
    body["message"] = json!(text);
    body["address"] = json!(if address == Address::Shown { "shown" } else { "left_out" });
    if !output.answer("mail", &body) {
        let gone = pick(
            global.lang(),
            "Varselet er avsluttet, og e-posten ligger ikke her lenger. Hva som ble av det, står med --json.",
            "Varselet er avslutta, og e-posten ligg ikkje her lenger. Kva som vart av det, står med --json.",
            "The notice is settled, and the mail is no longer kept here. See --json for what became of it.",
        );
        output.line(text.as_deref().map_or(gone, str::trim_end));
        if address == Address::LeftOut && text.is_some() {
            output.talk(pick(
                global.lang(),
                "Adressen er utelatt. Den vises for dem som har rett til det: --as, --reason.",
                "Adressa er utelaten. Ho blir vist for dei som har rett til det: --as, --reason.",
                "The address is left out. Those who may see it state --as and --reason.",
            ));
        }
    }
    Ok(Exit::Ok)
}
