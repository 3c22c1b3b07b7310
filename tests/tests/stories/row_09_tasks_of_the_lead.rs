//! Row 9: one mail a week to each lead, with what waits for them in all their plans, in numbers.

use arkivflyt_tests::{Happenings, House, Letter, On, person, sample_json, working_house};
use serde_json::{Value, json};

const BEFORE: &str = "2026-11-20T09:00:00+01:00";

/// A municipality, its plans, and how its digest names the four counts.
struct Told {
    ip: &'static str,
    es: &'static str,
    other: &'static str,
    lines: [&'static str; 4],
}

const NB: Told = Told {
    ip: "plan-snapshot/full-ip.json",
    es: "plan-snapshot/full-es.json",
    other: "plan-snapshot/full-sl.json",
    lines: [
        "Samtykker uten svar: ",
        "Referater som ikke er sendt: ",
        "Evalueringer over fristen: ",
        "Planer som ikke er arkivert på lenge: ",
    ],
};
const NN: Told = Told {
    ip: "plan-snapshot/nynorsk-ip.json",
    es: "plan-snapshot/nynorsk-es.json",
    other: "plan-snapshot/nynorsk-sl.json",
    lines: [
        "Samtykke utan svar: ",
        "Referat som ikkje er sende: ",
        "Evalueringar over fristen: ",
        "Planar som ikkje er arkiverte på lenge: ",
    ],
};

/// All three plans belong to one municipality.
fn plan(told: &Told, sample: &str, name: u32) -> Happenings {
    let mut plan = Happenings::of(sample, name);
    let of = sample_json(told.ip);
    for field in ["municipality_name", "municipality_number"] {
        plan.case()[field] = of["case"][field].clone();
    }
    plan
}

fn digests(house: &House, told: &Told) -> Vec<Letter> {
    let letters = house.neutral_letters().into_iter().filter(|l| l.body.contains(told.lines[0]));
    letters.collect()
}

fn counts(letter: &Letter, told: &Told) -> [u32; 4] {
    told.lines.map(|line| {
        let number = letter.body.lines().find_map(|l| l.strip_prefix(line));
        number.unwrap_or_else(|| panic!("no «{line}» in {}", letter.body)).trim().parse().unwrap()
    })
}

#[test]
fn a_lead_gets_one_overview_a_week_and_none_when_nothing_waits() {
    for told in [&NB, &NN] {
        let house = working_house(On::Sqlite).unwrap();
        let matter = "00000000-0000-5000-8000-00000000c001";
        let meeting = "00000000-0000-5000-8000-00000000a001";

        // Two plans of one lead. One waits for an answer and for an evaluation, the other for minutes and the archive.
        let mut ip = plan(told, told.ip, 91);
        house.hears(BEFORE, &ip.event("plan.created", "2026-10-01T09:00:00+02:00", &json!({})));
        let mut snapshot = sample_json(told.ip);
        snapshot["content"]["revision_times"] = json!(["2026-11-20", "2027-06-01"]);
        for at in ["/occurred_at", "/content/snapshot_at", "/content/produced_at"] {
            *snapshot.pointer_mut(at).unwrap() = json!("2026-11-03T10:00:00+01:00");
        }
        house.hears(BEFORE, &snapshot);
        house.hears(BEFORE, &ip.event("consent.requested", BEFORE, &json!({ "matter": matter })));
        let mut es = plan(told, told.es, 92);
        house.hears(BEFORE, &es.event("plan.created", "2026-04-01T09:00:00+02:00", &json!({})));
        let begins = json!({ "matter": meeting, "begins": "2026-11-19T10:00:00+01:00" });
        house.hears(BEFORE, &es.event("meeting.held", "2026-11-19T12:00:00+01:00", &begins));
        // Somebody else's plan, in which all is well.
        let mut other = plan(told, told.other, 93);
        other.standing()["lead"] = json!(person(2));
        other.standing()["lead_contact"]["email"] = json!("varm.skogsti@example.com");
        house.hears(BEFORE, &other.event("plan.created", BEFORE, &json!({})));

        for at in ["2026-11-23T07:30:00+01:00", "2026-11-23T07:45:00+01:00"] {
            house.does("lead.digest", at);
            assert_eq!(house.told("lead_digest"), [("lead".to_owned(), "delivered".to_owned())], "one lead, two plans, one mail: {at}");
        }
        for letter in digests(&house, told) {
            assert_eq!(counts(&letter, told), [1, 1, 1, 1]);
            assert_eq!(letter.to, ["rask.myrull@example.com"]);
        }

        // Minutes come, and a goal is evaluated: the next Monday tells of what is left.
        house.hears("2026-11-24T09:00:00+01:00", &minutes(told, "2026-11-19T10:05:00+01:00"));
        house.hears("2026-11-25T09:00:00+01:00", &ip.event("goal.evaluated", "2026-11-25T09:00:00+01:00", &json!({})));
        house.does("lead.digest", "2026-11-30T07:30:00+01:00");
        assert_eq!(house.told("lead_digest").len(), 2);
        let all: Vec<_> = digests(&house, told).iter().map(|l| counts(l, told)).collect();
        assert!(all.is_empty() || all.contains(&[1, 0, 0, 1]), "{all:?}");

        // The question is taken back and the plan is archived: nothing waits, nobody is told.
        let withdrawn = ip.event("consent.withdrawn", "2026-12-01T09:00:00+01:00", &json!({ "matter": matter }));
        house.hears("2026-12-01T09:00:00+01:00", &withdrawn);
        let mut archived = sample_json(told.es);
        archived["case"] = es.case().clone();
        house.hears("2026-12-01T09:00:00+01:00", &archived);
        house.does("lead.digest", "2026-12-07T07:30:00+01:00");
        assert_eq!(house.told("lead_digest").len(), 2);
    }
}

/// Minutes of the second plan's meeting.
fn minutes(told: &Told, held_at: &str) -> Value {
    let sample = if told.ip.contains("nynorsk") { "meeting-minutes/nynorsk.json" } else { "meeting-minutes/full.json" };
    let mut minutes = sample_json(sample);
    minutes["case"] = sample_json(told.es)["case"].clone();
    for field in ["municipality_name", "municipality_number"] {
        minutes["case"][field] = sample_json(told.ip)["case"][field].clone();
    }
    minutes["content"]["held_at"] = json!(held_at);
    minutes["content"]["sent_at"] = json!("2026-11-24T08:00:00+01:00");
    minutes["occurred_at"] = json!("2026-11-24T08:00:00+01:00");
    minutes["content"]["snapshot_at"] = json!("2026-11-24T08:00:00+01:00");
    minutes["content"]["produced_at"] = json!("2026-11-24T08:00:00+01:00");
    minutes
}
