//! What is held about a person outside the archive: notices that were sent, and their own contact data for as long as it lies in the files
//! of documents and events.

use pipeline_domain::{CaseFolderId, Sha256, WrittenForm};
use pipeline_render::{ContactLine, NoticeLine};
use pipeline_store::{DocumentFilter, Documents, Mail, MailFilter, Outbox, Plans};
use serde_json::Value;

use super::{person::Person, words};
use crate::{failure::Failure, shell::Shell};

/// Rows of one document or folder.
const MOST: u32 = 100_000;

/// Both lists.
#[derive(Default)]
pub struct Held {
    /// Oldest first.
    pub notices: Vec<NoticeLine>,
    pub contacts: Vec<ContactLine>,
}

impl Held {
    pub async fn by(shell: &Shell, person: &Person, form: WrittenForm) -> Result<Self, Failure> {
        let mut held = Self::default();
        for folder in &person.folders {
            held.of_documents(shell, folder, form).await?;
            held.of_events(shell, folder, form).await?;
        }
        held.notices.sort_by_key(|n| n.at);
        Ok(held)
    }

    async fn of_documents(&mut self, shell: &Shell, folder: &CaseFolderId, form: WrittenForm) -> Result<(), Failure> {
        let filter = DocumentFilter { folder: Some(folder.clone()), ..DocumentFilter::default() };
        for row in shell.store.documents(&filter, MOST).await? {
            let mails = shell.store.mails(&MailFilter { document: Some(row.key), ..MailFilter::default() }, MOST).await?;
            self.notices.extend(mails.iter().map(|mail| notice(mail, form)));
            self.note_contacts(shell, row.digest, folder);
        }
        Ok(())
    }

    async fn of_events(&mut self, shell: &Shell, folder: &CaseFolderId, form: WrittenForm) -> Result<(), Failure> {
        for row in shell.store.facts_of(folder).await? {
            let Some(event) = row.source.event() else { continue };
            let mails = shell.store.mails(&MailFilter { event: Some(event), ..MailFilter::default() }, MOST).await?;
            self.notices.extend(mails.iter().map(|mail| notice(mail, form)));
            self.note_contacts(shell, row.digest, folder);
        }
        Ok(())
    }

    /// What the accepted file says, for as long as it lies there.
    fn note_contacts(&mut self, shell: &Shell, digest: Sha256, folder: &CaseFolderId) {
        let accepted = std::fs::read(shell.data.accepted_file(digest)).ok();
        let Some(json) = accepted.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else { return };
        for contact in own_contacts(&json).iter().filter_map(|held| line(held, folder)) {
            if !self.contacts.contains(&contact) {
                self.contacts.push(contact);
            }
        }
    }
}

fn notice(mail: &Mail, form: WrittenForm) -> NoticeLine {
    NoticeLine {
        at: mail.queued_at,
        kind: words::notice(mail.kind, form).to_owned(),
        to: words::recipient(mail.recipient, form).to_owned(),
        state: words::mail_state(mail.state, form),
    }
}

fn line(held: &Value, folder: &CaseFolderId) -> Option<ContactLine> {
    Some(ContactLine {
        email: held["email"].as_str().map(str::to_owned),
        written_form: serde_json::from_value(held["written_form"].clone()).ok()?,
        reserved: held["reserved"].as_bool().unwrap_or_default(),
        held: folder.mappe_id(),
    })
}

/// The subject's contact data: in the case, and wherever else they stand among people (as invited, as recipient, as the one who asked).
fn own_contacts(document: &Value) -> Vec<&Value> {
    let own = &document["case"]["subject_contact"];
    let mut found: Vec<&Value> = Some(own).filter(|own| own.is_object()).into_iter().collect();
    among_people(&document["content"], &mut |person| {
        if is_subject(person, &document["case"]) {
            found.push(&person["contact"]);
        }
    });
    found
}

/// By the pseudonym or the address; by the name where neither tells, unless a guardian bears the same one.
fn is_subject(person: &Value, case: &Value) -> bool {
    let (contact, own) = (&person["contact"], &case["subject_contact"]);
    if let (Some(theirs), Some(own)) = (contact["person"].as_str(), own["person"].as_str()) {
        return theirs == own;
    }
    let is_address = contact["email"].is_string() && contact["email"] == own["email"];
    let is_name = person["name"].is_string() && person["name"] == case["subject_name"];
    let is_shared = case["guardians"].as_array().is_some_and(|all| all.iter().any(|guardian| guardian["name"] == person["name"]));
    is_address || is_name && !is_shared
}

/// Everybody who has a name and contact data.
fn among_people<'a>(value: &'a Value, each: &mut dyn FnMut(&'a Value)) {
    match value {
        Value::Object(map) => {
            if map.contains_key("name") && map.get("contact").is_some_and(Value::is_object) {
                each(value);
            }
            map.values().for_each(|inner| among_people(inner, each));
        }
        Value::Array(items) => items.iter().for_each(|inner| among_people(inner, each)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ones_own_contact_data_and_nobody_elses() {
        let case = |own: Value| json!({ "subject_name": "Blid Fjellbekk", "subject_contact": own, "guardians": [{ "name": "Stille Lyngmo", "contact": { "email": "stille@example.org" } }] });
        let check = |case: &Value, content: Value, expected: &[&str]| {
            let document = json!({ "case": case, "content": content });
            let found: Vec<&str> = own_contacts(&document).iter().filter_map(|c| c["email"].as_str()).collect();
            assert_eq!(found, expected, "{document:#}");
        };
        let known = case(json!({ "email": "blid@example.org", "person": "1" }));
        let people = |name: &str, contact: Value| json!({ "people": [{ "name": name, "contact": contact }] });
        check(&known, json!({}), &["blid@example.org"]);
        check(
            &known,
            people("Blid Fjellbekk", json!({ "email": "new@example.org", "person": "1" })),
            &["blid@example.org", "new@example.org"],
        );
        // A namesake with a pseudonym of their own.
        check(&known, people("Blid Fjellbekk", json!({ "email": "other@example.org", "person": "2" })), &["blid@example.org"]);
        check(&known, people("Stille Lyngmo", json!({ "email": "stille@example.org" })), &["blid@example.org"]);
        check(&known, people("B. F.", json!({ "email": "blid@example.org" })), &["blid@example.org", "blid@example.org"]);
        let unknown = case(Value::Null);
        check(&unknown, people("Blid Fjellbekk", json!({ "email": "new@example.org" })), &["new@example.org"]);
        let mut namesake = unknown.clone();
        namesake["guardians"][0]["name"] = json!("Blid Fjellbekk");
        check(&namesake, people("Blid Fjellbekk", json!({ "email": "mother@example.org" })), &[]);
    }
}
