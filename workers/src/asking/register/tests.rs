use super::*;
use crate::asking::unit_id;

const NOW: &str = "2026-11-23T09:00:00+01:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn actor(n: u32) -> ActorId {
    format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
}

fn number() -> MunicipalityNumber {
    "9901".parse().unwrap()
}

fn unit() -> UnitId {
    unit_id(&number(), "Prøveteamet")
}

fn granted(n: u32, role: Role, reach: Reach) -> Event {
    Event::Granted { actor: actor(n), role, reach, since: at("2026-01-01T08:00:00+01:00"), until: None, parts: vec![], named: false }
}

fn room(events: Vec<Event>) -> (tempfile::TempDir, DataFolder) {
    let dir = tempfile::tempdir().unwrap();
    let data = DataFolder::create(dir.path()).unwrap();
    Register::append(&data, &number(), actor(0), at(NOW), events).unwrap();
    (dir, data)
}

#[test]
fn what_is_written_is_read_back_and_a_change_is_found() {
    let (_dir, data) = room(vec![granted(1, Role::ProfessionalLead, Reach::Unit(unit()))]);
    let ended =
        Event::Ended { actor: actor(1), role: Role::ProfessionalLead, reach: Reach::Unit(unit()), ended: at("2026-06-01T08:00:00+02:00") };
    let written = Register::append(&data, &number(), actor(0), at(NOW), vec![ended]).unwrap();
    let read = Register::read(&data, &number()).unwrap();
    assert_eq!((read.entries(), read.head()), (written.entries(), written.head()));
    assert_eq!(read.grants()[0].withdrawn, Some(at("2026-06-01T08:00:00+02:00")));
    let text = fs::read_to_string(folder(&data, &number()).join(NAME)).unwrap();
    for (from, to) in [("2026-06-01", "2026-07-01"), ("professional_lead", "local_admin"), ("\"n\":2", "\"n\":3"), ("\"n\":1", "\"n\": 1")]
    {
        // A last line that was changed in place shows against a head that was kept; everything else shows by itself.
        let changed = text.replacen(from, to, 1);
        let found = Register::parse(changed.as_bytes());
        assert!(found.is_err() || found.unwrap().head() != read.head(), "{from}");
    }
    let without_first: String = text.split_inclusive('\n').skip(1).collect();
    assert_eq!(Register::parse(without_first.as_bytes()).unwrap_err().code, ErrorCode::AccessRegisterDamaged);
}

#[test]
fn a_torn_line_counts_for_nothing_and_is_cut() {
    let (_dir, data) = room(vec![granted(1, Role::Admin, Reach::Municipality(number()))]);
    let mut torn = OpenOptions::new().append(true).open(folder(&data, &number()).join(NAME)).unwrap();
    torn.write_all(b"{\"n\":2,\"prev").unwrap();
    assert_eq!(Register::read(&data, &number()).unwrap().entries().len(), 1);
    Register::append(&data, &number(), actor(0), at(NOW), vec![granted(2, Role::Admin, Reach::Municipality(number()))]).unwrap();
    assert_eq!(Register::read(&data, &number()).unwrap().entries().len(), 2);
}

#[test]
fn a_role_reaches_what_it_was_given_over_and_no_more() {
    let area: AreaId = "00000000-0000-4000-8000-0000000000aa".parse().unwrap();
    let plan: PlanId = "00000000-0000-4000-8000-0000000000bb".parse().unwrap();
    let (_dir, data) = room(vec![
        granted(1, Role::ProfessionalLead, Reach::Unit(unit())),
        granted(2, Role::LocalAdmin, Reach::Area(area)),
        granted(3, Role::Archivist, Reach::Municipality(number())),
        granted(4, Role::PlanLead, Reach::Plan(plan)),
        granted(5, Role::ProfessionalLead, Reach::Municipality(number())),
        Event::UnitInArea { unit: unit(), area },
    ]);
    let register = Register::read(&data, &number()).unwrap();
    let ours = Thing::of_unit(&number(), "Prøveteamet");
    let of_plan = Thing { plan: Some(plan), ..ours.clone() };
    let elsewhere = Thing::of_unit(&number(), "Testtunet barnehage");
    let abroad = Thing::of_unit(&"9902".parse().unwrap(), "Prøveteamet");
    let reaches = |n: u32, role, thing: &Thing| register.reaches(actor(n), role, thing, at(NOW));
    for (n, role) in [(1, Role::ProfessionalLead), (2, Role::LocalAdmin), (3, Role::Archivist)] {
        assert!(reaches(n, role, &ours) && reaches(n, role, &of_plan), "{role}");
        assert!(!reaches(n, role, &abroad), "{role}");
        assert!(!reaches(9, role, &ours), "somebody else");
    }
    assert!(!reaches(1, Role::ProfessionalLead, &elsewhere) && !reaches(2, Role::LocalAdmin, &elsewhere));
    assert!(reaches(3, Role::Archivist, &elsewhere));
    assert!(reaches(4, Role::PlanLead, &of_plan) && !reaches(4, Role::PlanLead, &ours));
    assert!(!reaches(1, Role::Admin, &ours), "another role");
    assert!(!reaches(5, Role::ProfessionalLead, &ours), "given over something that the role has no business with");
    assert!(!register.reaches(actor(1), Role::ProfessionalLead, &ours, at("2025-12-31T08:00:00+01:00")), "before it was given");
}

#[test]
fn only_the_register_names_an_archivist() {
    let named = Event::Granted {
        actor: actor(2),
        role: Role::Archivist,
        reach: Reach::Municipality(number()),
        since: at("2026-01-01T08:00:00+01:00"),
        until: Some("2026-12-31".parse().unwrap()),
        parts: vec![],
        named: true,
    };
    let (_dir, data) = room(vec![granted(1, Role::Archivist, Reach::Municipality(number())), named]);
    let register = Register::read(&data, &number()).unwrap();
    let thing = Thing::of_municipality(&number());
    let naming = |n, when| register.naming(actor(n), Role::Archivist, &thing, at(when));
    assert_eq!((naming(1, NOW), naming(2, NOW)), (Naming::Unnamed, Naming::Named));
    assert_eq!(naming(2, "2027-01-01T00:00:00+01:00"), Naming::Unnamed);
}

#[test]
fn a_plan_that_lines_place_belongs_there() {
    let plan: PlanId = "00000000-0000-4000-8000-0000000000bb".parse().unwrap();
    let area: AreaId = "00000000-0000-4000-8000-0000000000aa".parse().unwrap();
    let other = unit_id(&number(), "Testtunet barnehage");
    let placed = Event::Placed { plan, unit: other, area, municipality: number(), from: "2026-08-01".parse().unwrap(), until: None };
    let (_dir, data) = room(vec![granted(1, Role::ProfessionalLead, Reach::Unit(other)), placed]);
    let register = Register::read(&data, &number()).unwrap();
    let thing = Thing { plan: Some(plan), ..Thing::of_unit(&number(), "Prøveteamet") };
    assert!(register.reaches(actor(1), Role::ProfessionalLead, &thing, at(NOW)));
    assert!(!register.reaches(actor(1), Role::ProfessionalLead, &thing, at("2026-07-31T12:00:00+02:00")));
    assert_eq!(register.homes(plan).len(), 1);
}
