//! The access log: what is written is read back, and nothing can be changed in it unnoticed.

use pipeline_access::{About, AccessError, AccessRow, Action, Basis, Chain, Consent, DenyReason, Head, Role, StatedReason, verify};
use pipeline_domain::{DocumentKey, DocumentVersion, ErrorCode, Timestamp, Verdict};
use proptest::{option, prelude::*, sample::select};

use crate::made::{at, folder, id};

fn row(n: u32) -> AccessRow {
    AccessRow {
        at: at("2026-11-23T09:00:00+01:00"),
        actor: id(n),
        role: Role::ProfessionalLead,
        action: Action::ReadPlan,
        about: About::Folder(folder()),
        document: Some(DocumentKey { id: id(7), version: DocumentVersion(2) }),
        reason: Some(StatedReason::Complaint),
        basis: Basis::Oversight,
        denied: None,
    }
}

fn any_about() -> impl Strategy<Value = About> {
    prop_oneof![
        (1900u16..2200, 1u32..1_000_000).prop_map(|(y, n)| About::Folder(format!("9901/{y}/{n}").parse().unwrap())),
        (0u32..9).prop_map(|n| About::Plan(id(n))),
        (0u32..9).prop_map(|n| About::Unit(id(n))),
        (0u32..9).prop_map(|n| About::Area(id(n))),
        (0u32..10_000).prop_map(|n| About::Municipality(format!("{n:04}").parse().unwrap())),
    ]
}

fn any_row() -> impl Strategy<Value = AccessRow> {
    let document = (0u32..5, 1u32..10).prop_map(|(n, v)| DocumentKey { id: id(n), version: DocumentVersion(v) });
    (
        (0i64..4_000_000_000).prop_map(|s| Timestamp::from_unix_seconds(s).unwrap()),
        0u32..9,
        select(Role::ALL),
        select(Action::ALL),
        any_about(),
        option::of(document),
        option::of(select(StatedReason::ALL)),
        select(Basis::ALL),
        option::of(select(DenyReason::ALL)),
    )
        .prop_map(|(at, actor, role, action, about, document, reason, basis, denied)| AccessRow {
            at,
            actor: id(actor),
            role,
            action,
            about,
            document,
            reason,
            basis,
            denied,
        })
}

fn written(from: Head, rows: &[AccessRow]) -> (Vec<String>, Head) {
    let mut chain = Chain::from(from);
    let lines = rows.iter().map(|row| chain.write(row)).collect();
    (lines, chain.head())
}

#[test]
fn a_row_is_one_line_of_json_that_others_can_read() {
    let (lines, head) = written(Head::start(), &[row(3), AccessRow { denied: Some(DenyReason::ConsentExpired), document: None, ..row(3) }]);
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        first,
        serde_json::json!({
            "n": 1, "previous": "a6dcb1c79cdb9b2b6e3c4d41a0f69d7415a36ae3fa9900ddd4eef60c8512f608", "at": "2026-11-23T09:00:00+01:00",
            "actor": id::<pipeline_domain::ActorId>(3), "role": "professional_lead", "action": "read_plan",
            "folder": "9901/2026/000123", "document": { "id": id::<pipeline_domain::DocumentId>(7), "version": 2 },
            "reason": "complaint", "basis": "oversight"
        })
    );
    let second: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(second["previous"], pipeline_domain::Sha256::of(lines[0].trim_end().as_bytes()).to_string());
    assert_eq!((second["n"].as_u64(), second["denied"].as_str()), (Some(2), Some("consent_expired")));
    assert_eq!(head, Head { rows: 2, digest: pipeline_domain::Sha256::of(lines[1].trim_end().as_bytes()) });
}

#[test]
fn a_second_file_goes_on_from_the_first() {
    let (first, middle) = written(Head::start(), &[row(1), row(2)]);
    let (second, end) = written(middle, &[row(3)]);
    assert_eq!(verify(first.concat().as_bytes(), Head::start(), None), Ok((vec![row(1), row(2)], middle)));
    assert_eq!(verify(second.concat().as_bytes(), middle, Some(end)), Ok((vec![row(3)], end)));
    assert_eq!(verify(second.concat().as_bytes(), Head::start(), None), Err(AccessError::ChainBroken { line: 1 }));
    assert_eq!(verify(b"", middle, None), Ok((vec![], middle)));
}

#[test]
fn one_spelling_only() {
    let (lines, _) = written(Head::start(), &[row(1)]);
    let line = lines[0].trim_end();
    let refused = |text: String| {
        assert_eq!(verify(text.as_bytes(), Head::start(), None), Err(AccessError::RowUnreadable { line: 1 }), "{text}");
    };
    refused(line.to_owned()); // torn: no line feed
    refused(format!("{line}\r\n"));
    refused(format!(" {line}\n"));
    refused("\n".to_owned());
    refused("null\n".to_owned());
    refused(format!("{}\n", line.replace("\"n\":1", "\"n\":01")));
    refused(format!("{}\n", line.replace("\"n\":1", "\"n\":1,\"n\":1")));
    refused(format!("{}\n", line.replace(",\"role\"", ",\"name\":\"Blid Fjellbekk\",\"role\"")));
    refused(format!("{}\n", line.replace("000123", "123")));
    refused(format!("{}\n", line.replace("complaint", "Blid Fjellbekk spurte")));
    refused(format!("{}\n", line.replace("2026-11-23T09:00:00+01:00", "2026-11-23T08:00:00Z")));
    let folder = "\"folder\":\"9901/2026/000123\"";
    refused(format!("{}\n", line.replace(folder, &format!("{folder},\"plan\":\"{}\"", id::<pipeline_domain::PlanId>(1)))));
    refused(format!("{}\n", line.replace(&format!("{folder},"), "")));
    let (at, other) = ("\"at\":\"2026-11-23T09:00:00+01:00\",", "\"role\":\"professional_lead\",");
    refused(format!("{}\n", line.replace(at, "").replace(other, &format!("{other}{at}"))));
}

#[test]
fn a_row_with_the_right_link_and_the_wrong_number_is_refused() {
    let (lines, _) = written(Head::start(), &[row(1), row(2)]);
    let other = lines[1].replacen("\"n\":2", "\"n\":3", 1);
    assert_ne!(other, lines[1]);
    assert_eq!(verify(format!("{}{other}", lines[0]).as_bytes(), Head::start(), None), Err(AccessError::ChainBroken { line: 2 }));
}

#[test]
fn errors_hold_no_values_and_say_give_up() {
    for error in [AccessError::RowUnreadable { line: 3 }, AccessError::ChainBroken { line: 3 }, AccessError::LogCutShort { line: 3 }] {
        assert_eq!((error.code(), error.verdict()), (ErrorCode::AccessLogDamaged, Verdict::GiveUp));
        assert!(error.to_string().contains("line 3"));
    }
}

#[test]
fn the_ground_follows_role_and_consent() {
    let check = |role, consent, basis| assert_eq!(Basis::of(role, consent), basis, "{role}");
    check(Role::PlanOwner, Consent::Valid, Basis::OwnCase);
    check(Role::LegalGuardian, Consent::Valid, Basis::OnBehalf);
    check(Role::Participant, Consent::Valid, Basis::Consent);
    check(Role::Participant, Consent::NotNeeded, Basis::IndividualDecision);
    check(Role::IopLead, Consent::NotNeeded, Basis::LeadDuty);
    check(Role::Admin, Consent::Valid, Basis::Oversight);
    check(Role::Archivist, Consent::Valid, Basis::ArchiveDuty);
    check(Role::Pipeline, Consent::Valid, Basis::Job);
}

/// The line in which the fault must show, when line `n` (from 0) of `count` was changed into something readable.
fn noticed_after(n: usize) -> u64 {
    n as u64 + 2
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(rows in prop::collection::vec(any_row(), 0..20)) {
        let (lines, head) = written(Head::start(), &rows);
        prop_assert!(lines.iter().all(|l| l.ends_with('\n') && l.matches('\n').count() == 1));
        prop_assert_eq!(verify(lines.concat().as_bytes(), Head::start(), Some(head)), Ok((rows, head)));
    }

    /// Any one bit, anywhere: never read as if nothing had happened.
    #[test]
    fn no_bit_can_be_turned(rows in prop::collection::vec(any_row(), 1..6), place in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (lines, head) = written(Head::start(), &rows);
        let mut file = lines.concat().into_bytes();
        let n = place.index(file.len());
        file[n] ^= 1 << bit;
        let line = file_line(&lines, n);
        match verify(&file, Head::start(), Some(head)) {
            Ok(_) => prop_assert!(false, "bit {bit} of byte {n} went unnoticed"),
            Err(AccessError::RowUnreadable { line: found } | AccessError::ChainBroken { line: found }) => {
                // In the line itself, the next one, or the one that a lost or made line feed shifts it to.
                prop_assert!(found >= line && found <= line + 1, "line {line}, found in {found}");
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    /// A row replaced by another good row, with its place and link kept: the row after it betrays it, or the known head.
    #[test]
    fn a_replaced_row_shows(rows in prop::collection::vec(any_row(), 1..8), other in any_row(), which in any::<prop::sample::Index>()) {
        let n = which.index(rows.len());
        prop_assume!(rows[n] != other);
        let (mut lines, head) = written(Head::start(), &rows);
        let mut until_there = Chain::from(written(Head::start(), &rows[..n]).1);
        lines[n] = until_there.write(&other);
        let found = verify(lines.concat().as_bytes(), Head::start(), Some(head));
        let expected = if n + 1 == rows.len() { n as u64 + 1 } else { noticed_after(n) };
        prop_assert_eq!(found, Err(AccessError::ChainBroken { line: expected }));
    }

    #[test]
    fn a_dropped_row_shows(rows in prop::collection::vec(any_row(), 1..8), which in any::<prop::sample::Index>()) {
        let n = which.index(rows.len());
        let (mut lines, head) = written(Head::start(), &rows);
        lines.remove(n);
        let found = verify(lines.concat().as_bytes(), Head::start(), Some(head));
        let last = n + 1 == rows.len();
        let expected = if last { AccessError::LogCutShort { line: n as u64 } } else { AccessError::ChainBroken { line: n as u64 + 1 } };
        prop_assert_eq!(found, Err(expected));
        // Without a known head a cut end is not seen: that is why heads are kept elsewhere.
        prop_assert_eq!(verify(lines.concat().as_bytes(), Head::start(), None).is_ok(), last);
    }

    #[test]
    fn swapped_and_repeated_rows_show(rows in prop::collection::vec(any_row(), 2..8), which in any::<prop::sample::Index>()) {
        let n = which.index(rows.len() - 1);
        let (lines, _) = written(Head::start(), &rows);
        let mut swapped = lines.clone();
        swapped.swap(n, n + 1);
        prop_assert_eq!(verify(swapped.concat().as_bytes(), Head::start(), None), Err(AccessError::ChainBroken { line: n as u64 + 1 }));
        let mut repeated = lines.clone();
        repeated.insert(n + 1, lines[n].clone());
        prop_assert_eq!(verify(repeated.concat().as_bytes(), Head::start(), None), Err(AccessError::ChainBroken { line: n as u64 + 2 }));
    }

    /// A log written anew from some row on, all its digests right: only a head that was kept elsewhere betrays it, at any later time.
    #[test]
    fn a_log_written_anew_shows_against_a_known_head(rows in prop::collection::vec(any_row(), 1..8), other in any_row(), more in prop::collection::vec(any_row(), 0..3)) {
        prop_assume!(rows[0] != other);
        let (_, known) = written(Head::start(), &rows);
        let mut anew = rows.clone();
        anew[0] = other;
        anew.extend(more);
        let (lines, _) = written(Head::start(), &anew);
        prop_assert!(verify(lines.concat().as_bytes(), Head::start(), None).is_ok());
        prop_assert_eq!(verify(lines.concat().as_bytes(), Head::start(), Some(known)), Err(AccessError::ChainBroken { line: known.rows }));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let empty = bytes.is_empty();
        prop_assert_eq!(verify(&bytes, Head::start(), None).is_ok(), empty);
    }
}

/// From 1: the line that byte `n` of the file belongs to.
fn file_line(lines: &[String], n: usize) -> u64 {
    let mut end = 0;
    let before = lines.iter().take_while(|line| {
        end += line.len();
        end <= n
    });
    before.count() as u64 + 1
}
