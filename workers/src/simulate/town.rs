//! The three made-up municipalities: their units, and those who work there.

use pipeline_domain::{PlanType, WrittenForm};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    chance::{Chance, id},
    people::Person,
};

/// A municipality.
#[derive(Debug)]
pub struct Town {
    pub number: &'static str,
    pub name: &'static str,
    pub form: WrittenForm,
    /// Services that lead plans for people of all ages.
    pub services: [&'static str; 3],
    pub schools: [&'static str; 3],
    pub kindergarten: &'static str,
}

/// All of them.
pub const TOWNS: [Town; 3] = [
    Town {
        number: "9901",
        name: "Fjellvik kommune",
        form: WrittenForm::Nb,
        services: ["Prøveteamet", "Testlia hjemmetjeneste", "Eksempelgården aktivitetshus"],
        schools: ["Prøvebakken skole", "Prøveskogen ungdomsskole", "Eksempelbukta skole"],
        kindergarten: "Testtunet barnehage",
    },
    Town {
        number: "9902",
        name: "Dalstrand kommune",
        form: WrittenForm::Nn,
        services: ["Prøveteamet", "Testlia heimeteneste", "Eksempelgarden aktivitetshus"],
        schools: ["Prøvelia barneskule", "Eksempelåsen ungdomsskule", "Prøvevågen skule"],
        kindergarten: "Testhaugen barnehage",
    },
    Town {
        number: "9903",
        name: "Nordlysvik kommune",
        form: WrittenForm::Nb,
        services: ["Prøveteamet nord", "Testneset hjemmetjeneste", "Eksempelstua dagtilbud"],
        schools: ["Nordlyset prøveskole", "Eksempelfjellet ungdomsskole", "Prøvenes skole"],
        kindergarten: "Testflua barnehage",
    },
];

/// Those who lead plans in a municipality, and those whom their events name.
#[derive(Clone, Debug)]
pub struct Office {
    pub leads: Vec<Person>,
    pub professional_lead: Person,
    pub local_admin: Person,
}

impl Office {
    /// One lead for about ten plans. The second of them has no e-mail.
    pub fn of(seed: u64, town: &Town, plans: u32) -> Self {
        let worker = |what: &str, n: u32| {
            let key = format!("{} {what} {n}", town.number);
            let mut chance = Chance::of(seed, &key, 0);
            let mut person = Person::new(seed, &key, &mut chance, town.form, None);
            person.confirmed_on = Some("2026-03-02".parse().expect("a day"));
            person
        };
        let mut leads: Vec<Person> = (0..(plans / 30).max(2)).map(|n| worker("lead", n)).collect();
        leads[1].email = None;
        Self { leads, professional_lead: worker("professional lead", 0), local_admin: worker("local admin", 0) }
    }

    /// Who runs a plan, as events say it.
    pub fn standing(&self, lead: usize, unit: Uuid) -> Value {
        json!({
            "lead": self.leads[lead].id,
            "unit": unit,
            "lead_contact": self.leads[lead].contact(),
            "professional_lead_contact": self.professional_lead.contact(),
            "local_admin_contact": self.local_admin.contact(),
        })
    }
}

impl Town {
    /// Where a plan of this type may belong, for somebody of this age.
    pub fn units(&self, kind: PlanType, age: i32) -> &[&'static str] {
        match (kind, age) {
            (PlanType::Ip | PlanType::Es, _) => &self.services,
            (PlanType::Sl | PlanType::Iop, ..6) => std::slice::from_ref(&self.kindergarten),
            (PlanType::Sl | PlanType::Iop, _) => &self.schools,
        }
    }

    /// A unit's id.
    pub fn unit_id(&self, seed: u64, unit: &str) -> Uuid {
        id(seed, &format!("{} unit {unit}", self.number))
    }
}
