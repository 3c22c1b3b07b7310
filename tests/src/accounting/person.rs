//! People as they are reached: addresses, pseudonyms, hats.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Told, times};

/// How somebody is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Address, in lower case.
    pub email: Option<String>,
    /// `nb` or `nn`.
    pub form: String,
    /// Reserved against digital contact.
    pub reserved: bool,
    /// Pseudonym.
    pub person: Option<String>,
    /// When the address was last said to be right.
    pub confirmed_on: Option<NaiveDate>,
}

impl Contact {
    /// Reads a `Contact`; none where there is none.
    pub fn read(json: &Value) -> Option<Self> {
        let text = |field: &str| json[field].as_str().map(str::to_owned);
        json.is_object().then(|| Self {
            email: text("email").map(|e| e.to_lowercase()),
            form: text("written_form").unwrap_or_default(),
            reserved: json["reserved"] == true,
            person: text("person"),
            confirmed_on: json["confirmed_on"].as_str().and_then(times::day),
        })
    }

    /// The address, when it may be used at all.
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| !self.reserved)
    }

    /// Whether the two are one person: the same pseudonym, or the same address (a house that shares one is told once).
    pub fn is_same(&self, other: &Self) -> bool {
        let both = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        both(&self.person, &other.person) || both(&self.email, &other.email)
    }
}

/// In what capacity somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hat {
    /// The one whom the plan is about.
    Subject,
    /// A parent or an appointed guardian, by place in the case.
    Guardian(usize),
    /// Who leads the plan.
    Lead,
    /// Who oversees plans of the unit.
    ProfessionalLead,
    /// Somebody whom the document or event itself names, by place there.
    Named(usize),
    /// Who gets the reports.
    Archivist,
}

impl Hat {
    /// Subject and guardians: their access rests on no consent, and mail with legal effect needs an address that was confirmed.
    pub fn is_family(self) -> bool {
        matches!(self, Self::Subject | Self::Guardian(_))
    }
}

/// Somebody to be told.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// As what.
    pub hat: Hat,
    /// How they are reached.
    pub contact: Option<Contact>,
}

/// People of a list whose items have a `contact`.
pub fn named(list: &[Value]) -> Vec<Recipient> {
    (0..).zip(list).map(|(n, item)| Recipient { hat: Hat::Named(n), contact: Contact::read(&item["contact"]) }).collect()
}

/// Those who decide for the subject on a day (DOMAIN § 4): the subject from the age given, and appointed guardians beside; before that all guardians.
pub fn deciders(case: &Told, on: NaiveDate) -> Vec<Recipient> {
    let born = case.day("/case/subject_birth_date");
    let own_age = if case.plan_type() == "iop" { SCHOOLING } else { HEALTH_AND_WELFARE };
    let decides = born.is_none_or(|born| times::age(born, on) >= own_age);
    family(case, decides)
}

/// From this age a pupil decides (opplæringslova § 24-5).
pub const SCHOOLING: i32 = 15;
/// From this age in most health and welfare matters.
const HEALTH_AND_WELFARE: i32 = 16;

/// The subject with appointed guardians, or all guardians.
fn family(case: &Told, subject_decides: bool) -> Vec<Recipient> {
    let guardians = (0..).zip(case.list("/case/guardians"));
    let kept = guardians.filter(|(_, g)| !subject_decides || g["relation"] == "legal_guardian");
    let mut all: Vec<Recipient> = kept.map(|(n, g)| Recipient { hat: Hat::Guardian(n), contact: Contact::read(&g["contact"]) }).collect();
    if subject_decides {
        all.insert(0, Recipient { hat: Hat::Subject, contact: Contact::read(&case.envelope["case"]["subject_contact"]) });
    }
    all
}

/// Whom the annual report is for: the pupil from fifteen, else the guardians (DOMAIN § 8).
pub fn pupil_or_guardians(case: &Told, on: NaiveDate) -> Vec<Recipient> {
    let born = case.day("/case/subject_birth_date");
    let all = family(case, born.is_none_or(|born| times::age(born, on) >= SCHOOLING));
    if all.iter().any(|r| r.hat == Hat::Subject) { all.into_iter().filter(|r| r.hat == Hat::Subject).collect() } else { all }
}

/// Who wears two hats is told once, in the first of them.
pub fn each_once(all: Vec<Recipient>) -> Vec<Recipient> {
    let mut once: Vec<Recipient> = Vec::new();
    for one in all {
        let known = one.contact.as_ref().is_some_and(|c| once.iter().filter_map(|o| o.contact.as_ref()).any(|o| o.is_same(c)));
        if !known {
            once.push(one);
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(email: &str, person: &str) -> Recipient {
        let json = json!({ "email": email, "written_form": "nb", "person": person });
        Recipient { hat: Hat::Named(0), contact: Contact::read(&json) }
    }

    #[test]
    fn one_person_is_told_once() {
        let once = each_once(vec![at("A@example.org", "1"), at("b@example.org", "1"), at("a@example.org", "2"), at("c@example.org", "3")]);
        let addresses: Vec<_> = once.iter().filter_map(|r| r.contact.as_ref()?.address()).collect();
        assert_eq!(addresses, ["a@example.org", "c@example.org"]);
        let none = Recipient { hat: Hat::Subject, contact: None };
        assert_eq!(each_once(vec![none.clone(), none]).len(), 2);
    }
}
