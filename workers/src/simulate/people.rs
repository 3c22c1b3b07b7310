//! Made-up people (DOMAIN § 11): names of two ordinary words, addresses that nobody has.

use chrono::NaiveDate;
use pipeline_domain::WrittenForm;
use serde_json::{Value, json};
use uuid::Uuid;

use super::chance::{Chance, id};

const FIRST: [&str; 40] = [
    "Blid",
    "Stille",
    "Rask",
    "Mild",
    "Trygg",
    "Lun",
    "Glad",
    "Klok",
    "Varm",
    "Sindig",
    "Fri",
    "Lett",
    "Kvikk",
    "Munter",
    "Tapper",
    "Snill",
    "Frisk",
    "Ærlig",
    "Rolig",
    "Klar",
    "Fin",
    "Myk",
    "Djerv",
    "Venleg",
    "Stødig",
    "Sprek",
    "Trufast",
    "Våken",
    "Lys",
    "Vital",
    "Nøysam",
    "Øm",
    "Åpen",
    "Čáhppes",
    "Šiega",
    "Jevn",
    "Fast",
    "Ljuv",
    "Roleg",
    "Varsam",
];
const SECOND: [&str; 48] = [
    "Fjellbekk",
    "Lyngmo",
    "Myrull",
    "Havbris",
    "Solglimt",
    "Nordavind",
    "Granstubbe",
    "Kvitveis",
    "Furukongle",
    "Bringebær",
    "Steinrøys",
    "Mosedott",
    "Rimfrost",
    "Morgendugg",
    "Granbar",
    "Bekkeblom",
    "Marihøne",
    "Kornåker",
    "Tåkeheim",
    "Kanelkvist",
    "Høstløv",
    "Elvesus",
    "Snøfonn",
    "Bjørkeved",
    "Skogsti",
    "Kveldsro",
    "Sjøstjerne",
    "Bekkasin",
    "Havlys",
    "Honninggress",
    "Bjørkeblad",
    "Sumarfugl",
    "Kveldssol",
    "Stjernesopp",
    "Strandkjeks",
    "Elvestein",
    "Regnbue",
    "Lyngbakke",
    "Haugtuve",
    "Sølvbork",
    "Elvekant",
    "Kornband",
    "Rognebær",
    "Biegga",
    "Nattfiol",
    "Einer-Bær",
    "O'Tind",
    "Ærfuglvik",
];
const DOMAINS: [&str; 3] = ["example.org", "example.com", "example.net"];

/// Somebody.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their pseudonym in the source system.
    pub id: Uuid,
    pub name: String,
    /// How to reach them; `None` has no e-mail.
    pub email: Option<String>,
    pub form: WrittenForm,
    /// Reserved against digital contact.
    pub reserved: bool,
    /// When they last said that the address is right.
    pub confirmed_on: Option<NaiveDate>,
}

impl Person {
    /// The person of this key. `name` keeps families together when it is given.
    pub fn new(seed: u64, key: &str, chance: &mut Chance, form: WrittenForm, family: Option<&str>) -> Self {
        let (first, second) = (chance.pick(&FIRST), family.unwrap_or_else(|| chance.pick(&SECOND)).to_owned());
        let id = id(seed, key);
        let email = address(first, &second, id, 0, chance.pick(&DOMAINS));
        Self { id, name: format!("{first} {second}"), email: Some(email), form, reserved: false, confirmed_on: None }
    }

    /// The last word of the name.
    pub fn family(&self) -> &str {
        self.name.rsplit(' ').next().expect("a name has a word")
    }

    /// As documents and events say how somebody is reached.
    pub fn contact(&self) -> Value {
        let mut contact = json!({ "written_form": form_id(self.form), "reserved": self.reserved, "person": self.id });
        if let Some(email) = &self.email {
            contact["email"] = json!(email);
        }
        if let Some(day) = self.confirmed_on {
            contact["confirmed_on"] = json!(day);
        }
        contact
    }

    /// Has an address that is right, and is not reserved.
    pub fn reachable(&mut self, today: NaiveDate) {
        let (first, second) = self.name.split_once(' ').expect("names have two words");
        self.email.get_or_insert_with(|| address(first, second, self.id, 0, DOMAINS[0]));
        self.reserved = false;
        self.confirmed_on = Some(today);
    }

    /// Takes another address, the n-th, and says that it is right.
    pub fn moves_to(&mut self, n: u32, on: NaiveDate) {
        let (first, second) = self.name.split_once(' ').expect("names have two words");
        self.email = Some(address(first, second, self.id, n, DOMAINS[0]));
        self.confirmed_on = Some(on);
    }
}

/// `blid.fjellbekk.3f9a@example.org`: ASCII, and nobody else's.
fn address(first: &str, second: &str, id: Uuid, n: u32, domain: &str) -> String {
    let (first, second) = (plain(first), plain(second));
    let tail = &id.simple().to_string()[..6];
    let again = if n == 0 { String::new() } else { format!("-{n}") };
    format!("{first}.{second}.{tail}{again}@{domain}")
}

fn plain(name: &str) -> String {
    let letter = |c: char| match c {
        'æ' | 'Æ' => "ae".to_owned(),
        'ø' | 'Ø' => "o".to_owned(),
        'å' | 'Å' | 'á' => "a".to_owned(),
        'Č' | 'č' => "c".to_owned(),
        'Š' | 'š' => "s".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase().to_string(),
        _ => String::new(),
    };
    name.chars().map(letter).collect()
}

/// `nb` or `nn`.
pub fn form_id(form: WrittenForm) -> &'static str {
    match form {
        WrittenForm::Nb => "nb",
        WrittenForm::Nn => "nn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_makes_an_address_that_may_be_written_to() {
        for (n, first) in FIRST.iter().enumerate() {
            let mut chance = Chance::of(1, "person", n as u64);
            let mut person = Person::new(1, &format!("person {n}"), &mut chance, WrittenForm::Nn, Some(SECOND[n % SECOND.len()]));
            for again in 0..2 {
                let email = person.email.clone().unwrap();
                assert!(email.is_ascii() && email.parse::<pipeline_domain::EmailAddress>().is_ok(), "{first}: {email}");
                person.moves_to(again + 1, "2026-09-01".parse().unwrap());
            }
            assert_eq!(person.family(), SECOND[n % SECOND.len()]);
        }
        assert!(SECOND.iter().all(|name| !plain(name).is_empty()));
    }
}
