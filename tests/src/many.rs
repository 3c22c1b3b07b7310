//! Any number of small documents made from the samples: new ids, plans and texts, the same made-up people.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{Rng, good_samples};

/// What kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Minutes whose one recipient has no address.
    Minutes,
    /// Minutes for two recipients with an address.
    Mailed,
    /// A snapshot of a plan.
    Plan,
    /// Version 2 of minutes that were made before.
    Correction,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Minutes, Self::Mailed, Self::Plan, Self::Correction];
}

/// One document.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its kind.
    pub shape: Shape,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its plan, and so its case folder.
    pub plan: String,
    /// As it is handed in.
    pub bytes: Vec<u8>,
}

impl Made {
    /// `<id> v<version>`.
    pub fn key(&self) -> String {
        format!("{} v{}", self.id, self.version)
    }
}

/// `count` documents. About three share a case folder; of the mailed minutes, every fourth is corrected later on.
pub fn many(chance: &mut Rng, count: usize) -> Vec<Made> {
    let (minutes, plan) = (sample("meeting-minutes/minimal.json"), sample("plan-snapshot/minimal-ip.json"));
    let salt = chance.next_u64();
    let folders = u64::try_from(count / 3 + 1).expect("fewer documents than that");
    let mut made: Vec<Made> = Vec::with_capacity(count);
    let mut to_correct = Vec::new();
    for n in 0..count {
        let folder = uuid(salt, 1_000_000_000 + chance.below(folders));
        let due = to_correct.first().is_some_and(|at| n >= at + 8);
        let document = match (due, n % 3) {
            (true, _) => corrected(&minutes, &made[to_correct.remove(0)], n),
            (false, 0) => filled(&minutes, Shape::Mailed, &uuid(salt, n as u64), &folder, n),
            (false, 1) => filled(&plan, Shape::Plan, &uuid(salt, n as u64), &folder, n),
            (false, _) => filled(&minutes, Shape::Minutes, &uuid(salt, n as u64), &folder, n),
        };
        if document.shape == Shape::Mailed && n % 4 == 0 {
            to_correct.push(n);
        }
        made.push(document);
    }
    made
}

fn sample(name: &str) -> Value {
    good_samples().into_iter().find(|s| s.name == name).unwrap_or_else(|| panic!("no sample {name}")).json()
}

fn corrected(minutes: &Value, first: &Made, n: usize) -> Made {
    filled(minutes, Shape::Correction, &first.id, &first.plan, n)
}

fn filled(sample: &Value, shape: Shape, id: &str, plan: &str, n: usize) -> Made {
    let mut document = sample.clone();
    document["id"] = id.into();
    document["case"]["plan_id"] = plan.into();
    document["source"]["record"] = format!("record-{n}").into();
    let version = if shape == Shape::Correction { 2 } else { 1 };
    document["content"]["version"] = version.into();
    match shape {
        Shape::Plan => lengthen(&mut document["content"]["subject_needs"], n),
        Shape::Minutes | Shape::Mailed | Shape::Correction => lengthen(&mut document["content"]["items"][0]["discussion"], n),
    }
    if shape == Shape::Mailed || shape == Shape::Correction {
        document["content"]["recipients"] =
            json!([recipient("Stille Regnbue", "Hovedperson"), recipient("Munter Elvestein", "Koordinator")]);
    }
    let bytes = serde_json::to_vec(&document).expect("a value is writable as JSON");
    Made { shape, id: id.to_owned(), version, plan: plan.to_owned(), bytes }
}

/// No two documents have the same content.
fn lengthen(text: &mut Value, n: usize) {
    *text = format!("{} Merknad nr. {n}.", text.as_str().expect("a text")).into();
}

fn recipient(name: &str, role: &str) -> Value {
    let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
    json!({ "name": name, "role": role, "contact": { "email": email, "written_form": "nb", "reserved": false }, "internal": false })
}

/// Unlike any other of this salt.
fn uuid(salt: u64, n: u64) -> String {
    let mut text = format!("{:08x}-{:04x}-4{:03x}-8{:03x}-", salt >> 32, (salt >> 16) & 0xffff, salt & 0xfff, (salt >> 12) & 0xfff);
    write!(text, "{n:012x}").expect("a text takes all");
    text
}
