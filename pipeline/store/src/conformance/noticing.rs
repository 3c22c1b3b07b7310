//! Notices of schedules, how mails are found, and addresses that take none.

use pipeline_domain::{ErrorCode, Notice, NoticeKind, RecipientRef};
use tokio::task::JoinSet;

use super::{
    Stand,
    jobs_sample::with_key,
    sample::{accepted, address, archived, at, document, event, event_id, event_notice, key, notice, taken},
};
use crate::{
    AddressRow, Claim, DocumentState, Documents, FactSource, JobFilter, Jobs, Mail, MailFilter, MailOutcome, MailState, Outbox, Plans,
    Recorded, Runs, Store, StoreError,
};

/// What is new is counted; what is there is left as it is.
pub async fn a_schedules_notices_are_queued_once(stand: &impl Stand) {
    let store = stand.open().await;
    let folder = taken(&store, &event(1)).await;
    let reservation = accepted(&store, &document(2)).await;
    let of_event = Notice { folder: Some(folder.clone()), ..event_notice(1, RecipientRef::Lead) };
    let of_document = Notice { event: Some(event_id(1)), ..notice(2, RecipientRef::Subject, &reservation) };
    let on_paper = [(event_id(1), RecipientRef::Lead), (event_id(1), RecipientRef::Guardian(0)), (event_id(1), RecipientRef::Lead)];
    let both = [of_event.clone(), of_document.clone(), of_event.clone()];
    let jobs = [with_key(1, "notify"), with_key(2, "notify")];
    assert_eq!(store.queue_notices(&both, &on_paper, &jobs, at(5)).await.unwrap(), 4);
    let before = store.mails(&MailFilter::default(), 10).await.unwrap();
    let told: Vec<_> = before.iter().map(|m| (m.event, m.document, m.folder.clone().unwrap(), m.queued_at)).collect();
    assert_eq!(told, [(Some(event_id(1)), None, folder.clone(), at(5)), (Some(event_id(1)), Some(key(2)), reservation.folder, at(5))]);
    assert_eq!(store.queue_notices(&both, &on_paper, &jobs, at(9)).await.unwrap(), 0);
    assert_eq!(store.mails(&MailFilter::default(), 10).await.unwrap(), before);
    let paper: Vec<_> = store.paper_list().await.unwrap().into_iter().map(|p| (p.about, p.folder, p.recipient, p.at)).collect();
    let of_1 = |who| (FactSource::Event(event_id(1)), folder.clone(), who, at(5));
    assert_eq!(paper, [of_1(RecipientRef::Lead), of_1(RecipientRef::Guardian(0))]);
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap().len(), 1);
    let one_more = [of_event, event_notice(1, RecipientRef::Subject)];
    assert_eq!(store.queue_notices(&one_more, &[], &[], at(9)).await.unwrap(), 1);
    assert_eq!(store.queue_notices(&[], &[], &[], at(9)).await.unwrap(), 0);
}

/// One that is about nothing known takes all others with it.
pub async fn a_refused_notice_queues_nothing(stand: &impl Stand) {
    let store = stand.open().await;
    taken(&store, &event(1)).await;
    let good = event_notice(1, RecipientRef::Lead);
    let jobs = [with_key(1, "notify")];
    let unknown = event_notice(7, RecipientRef::Lead);
    let refused = store.queue_notices(&[good.clone(), unknown], &[], &jobs, at(5)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
    let refused = store.queue_notices(&[good], &[(event_id(7), RecipientRef::Lead)], &jobs, at(5)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
    assert_eq!(store.mails(&MailFilter::default(), 10).await.unwrap(), []);
    assert_eq!(store.paper_list().await.unwrap(), []);
    assert_eq!(store.jobs(&JobFilter::default(), 10).await.unwrap(), []);
}

/// Sixteen tasks find the same: together they queue each notice once.
pub async fn many_schedules_queue_once(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=10 {
        taken(&store, &event(n)).await;
    }
    let mut tasks = JoinSet::new();
    for task in 0..16_usize {
        let store = store.clone();
        tasks.spawn(async move {
            let mut notices: Vec<Notice> = (1..=10).map(|n| event_notice(n, RecipientRef::Lead)).collect();
            let mut on_paper: Vec<_> = (1..=10).map(|n| (event_id(n), RecipientRef::Subject)).collect();
            notices.rotate_left(task % 10);
            on_paper.rotate_right(task % 10);
            store.queue_notices(&notices, &on_paper, &[with_key(1, "notify")], at(5)).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u32>(), 20);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.mails.queued, counts.on_paper), (10, 10));
}

/// A mail of event `n`, settled at an instant.
async fn settled<S: Store>(store: &S, n: u32, kind: NoticeKind, outcome: MailOutcome, seconds: i64) -> Mail {
    taken(store, &event(n)).await;
    let notice = Notice { kind, ..event_notice(n, RecipientRef::Lead) };
    store.queue_notices(std::slice::from_ref(&notice), &[], &[], at(0)).await.unwrap();
    let claim = store.claim_mail(&notice.dedupe_key, &format!("<{n}@example.org>"), at(0)).await.unwrap();
    assert!(matches!(claim, Claim::Yours(_)));
    store.record_mail(&notice.dedupe_key, &outcome, at(seconds)).await.unwrap();
    store.mail(&notice.dedupe_key).await.unwrap().unwrap()
}

async fn found<S: Store>(store: &S, filter: MailFilter, limit: u32) -> Vec<Option<pipeline_domain::EventId>> {
    store.mails(&filter, limit).await.unwrap().iter().map(|m| m.event).collect()
}

/// By kind, by when they were settled, by event and document, and by all of it together.
pub async fn mails_are_found(stand: &impl Stand) {
    let store = stand.open().await;
    let (message, consent) = (NoticeKind::NewMessage, NoticeKind::ConsentRequest);
    settled(&store, 1, message, MailOutcome::Accepted, 30).await;
    settled(&store, 2, consent, MailOutcome::Delivered, 20).await;
    settled(&store, 3, NoticeKind::LeadDigest, MailOutcome::Accepted, 20).await;
    settled(&store, 4, message, MailOutcome::Doubtful { detail: "reply timeout".to_owned() }, 20).await;
    settled(&store, 5, message, MailOutcome::Accepted, 10).await;
    let all = MailFilter::default();
    let ids = |of: &[u32]| of.iter().map(|n| Some(event_id(*n))).collect::<Vec<_>>();
    let window = |from, before| MailFilter { settled_after: Some(at(from)), settled_before: Some(at(before)), ..MailFilter::default() };
    assert_eq!(found(&store, all.clone(), 10).await, ids(&[1, 2, 3, 4, 5]));
    assert_eq!(found(&store, MailFilter { kinds: vec![message], ..all.clone() }, 10).await, ids(&[1, 4, 5]));
    assert_eq!(found(&store, MailFilter { kinds: vec![message], state: Some(MailState::Accepted), ..all.clone() }, 10).await, ids(&[1, 5]));
    assert_eq!(found(&store, MailFilter { kinds: vec![message, consent], ..all.clone() }, 2).await, ids(&[4, 5]), "the newest");
    assert_eq!(found(&store, window(10, 30), 10).await, ids(&[2, 3, 5]), "from the first instant, without the last");
    assert_eq!(found(&store, window(10, 30), 2).await, ids(&[3, 5]), "the newest that were queued");
    assert_eq!(found(&store, MailFilter { settled_before: None, ..window(20, 0) }, 10).await, ids(&[1, 2, 3]));
    assert_eq!(found(&store, MailFilter { settled_after: None, ..window(0, 20) }, 10).await, ids(&[5]));
    assert_eq!(found(&store, MailFilter { kinds: vec![message, consent], ..window(0, 30) }, 10).await, ids(&[2, 5]));
    assert_eq!(found(&store, MailFilter { state: Some(MailState::Delivered), ..window(0, 30) }, 10).await, ids(&[2]));
    let of_event = MailFilter { event: Some(event_id(1)), ..all.clone() };
    assert_eq!(found(&store, of_event.clone(), 10).await, ids(&[1]));
    assert_eq!(found(&store, MailFilter { kinds: vec![consent], ..of_event.clone() }, 10).await, []);
    assert_eq!(found(&store, MailFilter { settled_before: Some(at(30)), ..of_event.clone() }, 10).await, []);
    assert_eq!(found(&store, MailFilter { state: Some(MailState::Queued), ..of_event.clone() }, 10).await, []);

    let reservation = accepted(&store, &document(8)).await;
    let of_both = Notice { event: Some(event_id(1)), ..notice(8, RecipientRef::Lead, &reservation) };
    let notices = [of_both, notice(8, RecipientRef::Subject, &reservation)];
    store.record_archived(&archived(8, &reservation), &notices, &[], at(1)).await.unwrap();
    assert_eq!(found(&store, of_event.clone(), 10).await, ids(&[1, 1]));
    let of_document = MailFilter { document: Some(key(8)), ..all };
    assert_eq!(found(&store, of_document.clone(), 10).await, [Some(event_id(1)), None]);
    assert_eq!(found(&store, of_document.clone(), 1).await, [None]);
    assert_eq!(found(&store, MailFilter { event: Some(event_id(1)), ..of_document.clone() }, 10).await, ids(&[1]));
    assert_eq!(found(&store, MailFilter { settled_after: Some(at(0)), ..of_document.clone() }, 10).await, []);
    assert_eq!(found(&store, MailFilter { kinds: vec![message], ..of_document }, 10).await, []);
}

/// A report on its delivery names a mail by its message id only.
pub async fn a_mail_is_found_by_its_message_id(stand: &impl Stand) {
    let store = stand.open().await;
    let first = settled(&store, 1, NoticeKind::NewMessage, MailOutcome::Accepted, 5).await;
    let second = settled(&store, 2, NoticeKind::NewMessage, MailOutcome::Delivered, 5).await;
    taken(&store, &event(3)).await;
    store.queue_notices(&[event_notice(3, RecipientRef::Lead)], &[], &[], at(0)).await.unwrap();
    assert_eq!(store.mail_by_message_id("<1@example.org>").await.unwrap(), Some(first));
    assert_eq!(store.mail_by_message_id("<2@example.org>").await.unwrap(), Some(second));
    for nobodys in ["", "<3@example.org>", "<1@example.org", "%"] {
        assert_eq!(store.mail_by_message_id(nobodys).await.unwrap(), None, "{nobodys}");
    }
}

/// A mail about a document and an event settles its document, and a notice that comes later reopens nothing.
pub async fn a_late_notice_leaves_its_document_notified(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    store.record_archived(&archived(1, &reservation), &[], &[], at(1)).await.unwrap();
    assert_eq!(store.queue_notices(&[notice(1, RecipientRef::Subject, &reservation)], &[], &[], at(2)).await.unwrap(), 1);
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
}

/// The first block stands until the owner's next word; an older word is kept and unblocks nothing; a block from before the owner's
/// last word is none.
pub async fn an_address_is_blocked_and_confirmed(stand: &impl Stand) {
    let store = stand.open().await;
    let is = async |confirmed: Option<i64>, blocked: Option<(i64, ErrorCode)>| {
        let known = store.address(address(1)).await.unwrap();
        let expected = AddressRow {
            confirmed_at: confirmed.map(at),
            blocked_at: blocked.map(|(seconds, _)| at(seconds)),
            code: blocked.map(|(_, code)| code),
        };
        assert_eq!(known, expected);
    };
    let (refused, doubtful) = (ErrorCode::MailRefused, ErrorCode::MailDoubtful);
    is(None, None).await;
    assert_eq!(store.block_address(address(1), refused, at(50)).await.unwrap(), Recorded::Now);
    is(None, Some((50, refused))).await;
    for (code, seconds) in [(refused, 50), (doubtful, 60), (doubtful, 40)] {
        assert_eq!(store.block_address(address(1), code, at(seconds)).await.unwrap(), Recorded::Before);
        is(None, Some((50, refused))).await;
    }
    store.confirm_address(address(1), at(30)).await.unwrap();
    is(Some(30), Some((50, refused))).await;
    store.confirm_address(address(1), at(20)).await.unwrap();
    is(Some(30), Some((50, refused))).await;
    store.confirm_address(address(1), at(70)).await.unwrap();
    is(Some(70), None).await;
    assert_eq!(store.block_address(address(1), doubtful, at(69)).await.unwrap(), Recorded::Before);
    store.confirm_address(address(1), at(10)).await.unwrap();
    is(Some(70), None).await;
    assert_eq!(store.block_address(address(1), doubtful, at(80)).await.unwrap(), Recorded::Now);
    is(Some(70), Some((80, doubtful))).await;
    store.confirm_address(address(1), at(80)).await.unwrap();
    is(Some(80), None).await;
    assert_eq!(store.address(address(2)).await.unwrap(), AddressRow::default(), "the others are others");
}

/// Many reports of one address: one of them blocks it.
pub async fn many_block_one_address(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let store = store.clone();
        tasks.spawn(async move { (n, store.block_address(address(1), ErrorCode::MailRefused, at(n)).await.unwrap()) });
    }
    let answers = tasks.join_all().await;
    let now: Vec<i64> = answers.iter().filter(|(_, answer)| *answer == Recorded::Now).map(|(n, _)| *n).collect();
    assert_eq!(now.len(), 1, "{now:?}");
    assert_eq!(store.address(address(1)).await.unwrap().blocked_at, Some(at(now[0])));
}
