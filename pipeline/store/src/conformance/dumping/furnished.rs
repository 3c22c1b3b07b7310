//! A store with something in every table.

use std::time::Duration;

use pipeline_domain::{ErrorCode, NextStep, RecipientRef};
use serde_json::json;
use uuid::Uuid;

use super::super::{
    jobs_sample::{failed, finish, in_lane, job, put, settle, take, with_key, worker},
    sample::{accepted, address, archived, at, document, event, event_notice, key, slot, with_mail},
};
use crate::{
    Claim, DeliveryPart, MailOutcome, NewEvent, NewSchedule, Priority, QueueName, RunCounts, RunId, ScheduleName, SlotChange, Stage, Store,
};

/// Something in every table, and every state there is.
pub(super) async fn furnish<S: Store>(store: &S) {
    for n in 1..=4 {
        accepted(store, &document(n)).await;
    }
    store.record_attempt_failed(key(2), Stage::Render, ErrorCode::RenderCrashed, "child 1", at(2), NextStep::Failed).await.unwrap();
    store.record_attempt_failed(key(3), Stage::Archive, ErrorCode::ArchiveWrite, "", at(2), NextStep::RetryAt(at(60))).await.unwrap();
    for n in 11..=15 {
        let mail = with_mail(store, n).await;
        let Claim::Yours(_) = (match n {
            11 => continue,
            _ => store.claim_mail(&mail, &format!("<{n}@example.org>"), at(5)).await.unwrap(),
        }) else {
            panic!("not ours");
        };
        let outcome = match n {
            12 => MailOutcome::Delivered,
            13 => MailOutcome::Doubtful { detail: "reply timeout".into() },
            14 => MailOutcome::NotSent { code: ErrorCode::MailRefused, detail: "smtp 550".into(), next: NextStep::Failed },
            _ => continue,
        };
        store.record_mail(&mail, &outcome, at(6)).await.unwrap();
    }
    let reservation = accepted(store, &document(20)).await;
    store.record_archived(&archived(20, &reservation), &[], &[RecipientRef::Guardian(1)], at(9)).await.unwrap();
    store.open_delivery(key(20), DeliveryPart::Document, r#"{"sent":{}}"#, at(9)).await.unwrap();
    let opened = store.delivery(key(20), DeliveryPart::Document).await.unwrap().expect("it was opened");
    store.name_message(opened.id, Uuid::from_u128(0x7001)).await.unwrap();
    let new = NewEvent { slot: SlotChange::Claim(slot(1)), tells_contacts: true, ..event(20) };
    let mail = event_notice(20, RecipientRef::Lead);
    store.accept_event(&new, &[mail], &[RecipientRef::Subject], &[]).await.unwrap();
    store.confirm_address(address(1), at(1)).await.unwrap();
    store.block_address(address(2), ErrorCode::MailRefused, at(2)).await.unwrap();
    let run = RunId(Uuid::from_u128(7));
    store.start_run(run, at(1)).await.unwrap();
    store.finish_run(run, &RunCounts { archived: 6, ..RunCounts::default() }, &[], at(10)).await.unwrap();
    let name: ScheduleName = "archive.sweep".parse().unwrap();
    let schedule = NewSchedule { name: name.clone(), rule: "0 3 * * * Europe/Oslo".into(), next_fire_at: at(100) };
    store.put_schedules(&[schedule]).await.unwrap();
    store.fire(&name, at(100), at(200), Some(&with_key(90, "sweep"))).await.unwrap();
    store.set_paused(&QueueName::of("paused"), true).await.unwrap();
    store.set_max_running(&QueueName::of("limited"), Some(3)).await.unwrap();
}

/// Jobs in every state; the queue `work` has some that are due. One runs.
pub(super) async fn enqueue<S: Store>(store: &S) {
    for n in 1..=3 {
        put(store, &job(n)).await;
    }
    let done = take(store, worker(1), 3).await;
    finish(store, done[0].lease).await;
    settle(store, done[1].lease, failed(NextStep::Failed)).await.unwrap();
    store.cancel_job(put(store, &job(4)).await).await.unwrap();
    for n in 10..=13 {
        put(store, &in_lane(n, "case:9901-2026-000001")).await;
    }
    for (n, priority) in [(20, 7), (21, 1), (22, 4), (23, 1)] {
        put(store, &crate::NewJob { priority: Priority(priority), ..job(n) }).await;
    }
    put(store, &with_key(30, "only one")).await;
    // Not due for a thousand years: whose clock it is makes no difference.
    put(store, &crate::NewJob { not_before: Some(at(31_000_000_000)), ..job(31) }).await;
    store.heartbeat(worker(1), &[done[2].lease], Duration::from_secs(60), &[(done[2].lease, json!({ "at": 7 }))]).await.unwrap();
}
