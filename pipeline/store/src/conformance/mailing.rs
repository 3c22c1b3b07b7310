//! Mail from queued to settled.

use pipeline_domain::{ErrorCode, NextStep, RecipientRef};
use tokio::task::JoinSet;

use super::{
    Stand,
    sample::{accepted, archived, at, document, key, notice, with_mail},
};
use crate::{AttemptSubject, Claim, DocumentState, Documents, Mail, MailFilter, MailOutcome, MailState, Outbox, Recorded, StoreError};

async fn claimed<S: Outbox>(store: &S, mail: &str) -> Mail {
    match store.claim_mail(mail, "message@example.org", at(5)).await.unwrap() {
        Claim::Yours(mail) => *mail,
        Claim::Taken(state) => panic!("{mail} is taken: {state}"),
    }
}

async fn state<S: Outbox>(store: &S, mail: &str) -> MailState {
    store.mail(mail).await.unwrap().unwrap().state
}

fn not_sent(next: NextStep) -> MailOutcome {
    MailOutcome::NotSent { code: ErrorCode::MailTemporary, detail: "smtp 451".to_owned(), next }
}

/// Claim, body, accepted; then its document is notified.
pub async fn a_mail_by_server(stand: &impl Stand) {
    let store = stand.open().await;
    let mail = with_mail(&store, 1).await;
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(1)));
    let claim = claimed(&store, &mail).await;
    assert_eq!(
        (claim.state, claim.claimed_at, claim.message_id.as_deref()),
        (MailState::Sending, Some(at(5)), Some("message@example.org"))
    );
    assert_eq!(store.mail(&mail).await.unwrap().unwrap(), claim);
    assert_eq!(store.mail_by_id(claim.id).await.unwrap().unwrap(), claim);
    store.mark_body_sent(&mail).await.unwrap();
    store.mark_body_sent(&mail).await.unwrap();
    assert_eq!(state(&store, &mail).await, MailState::BodySent);
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Archived);
    store.record_mail(&mail, &MailOutcome::Accepted, at(6)).await.unwrap();
    store.record_mail(&mail, &MailOutcome::Accepted, at(7)).await.unwrap();
    let settled = store.mail(&mail).await.unwrap().unwrap();
    assert_eq!((settled.state, settled.settled_at), (MailState::Accepted, Some(at(6))));
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
    assert_eq!(store.mails_due(at(1000), 10).await.unwrap(), []);
    assert_eq!(store.next_mail_due().await.unwrap(), None);
}

/// Two mails of one document: notified with the last of them.
pub async fn a_mail_by_folder(stand: &impl Stand) {
    let store = stand.open().await;
    let reservation = accepted(&store, &document(1)).await;
    let notices = [RecipientRef::Guardian(0), RecipientRef::Guardian(1)].map(|who| notice(1, who, &reservation));
    store.record_archived(&archived(1, &reservation), &notices, &[], at(1)).await.unwrap();
    for (n, notice) in notices.iter().enumerate() {
        claimed(&store, &notice.dedupe_key).await;
        store.record_mail(&notice.dedupe_key, &MailOutcome::Delivered, at(6)).await.unwrap();
        let expected = if n == 0 { DocumentState::Archived } else { DocumentState::Notified };
        assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, expected);
    }
}

/// The second claim learns that the mail is taken; the message id of the first claim stands for every attempt.
pub async fn a_mail_is_claimed_once(stand: &impl Stand) {
    let store = stand.open().await;
    let mail = with_mail(&store, 1).await;
    claimed(&store, &mail).await;
    assert_eq!(store.claim_mail(&mail, "other@example.org", at(6)).await.unwrap(), Claim::Taken(MailState::Sending));
    assert_eq!(store.mails_due(at(6), 10).await.unwrap(), []);
    store.record_mail(&mail, &not_sent(NextStep::RetryAt(at(60))), at(7)).await.unwrap();
    let Claim::Yours(again) = store.claim_mail(&mail, "other@example.org", at(61)).await.unwrap() else { panic!("it was free") };
    assert_eq!(again.message_id.as_deref(), Some("message@example.org"));
    let unknown = store.claim_mail("no such mail", "m@example.org", at(6)).await.unwrap_err();
    assert!(matches!(unknown, StoreError::UnknownMail { .. }), "{unknown:?}");
}

/// Tried again when its time has come, then left for a person, with every attempt kept.
pub async fn a_refused_mail_is_tried_again_and_then_left(stand: &impl Stand) {
    let store = stand.open().await;
    let mail = with_mail(&store, 1).await;
    let id = claimed(&store, &mail).await.id;
    store.record_mail(&mail, &not_sent(NextStep::RetryAt(at(60))), at(6)).await.unwrap();
    assert_eq!(store.mails_due(at(59), 10).await.unwrap(), []);
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(60)));
    let due = store.mails_due(at(60), 10).await.unwrap();
    assert_eq!((due[0].attempts, due[0].first_failed_at, due[0].last_code), (1, Some(at(6)), Some(ErrorCode::MailTemporary)));
    claimed(&store, &mail).await;
    store.record_mail(&mail, &not_sent(NextStep::Failed), at(61)).await.unwrap();
    assert_eq!(state(&store, &mail).await, MailState::Failed);
    assert_eq!(store.mails_due(at(1_000_000), 10).await.unwrap(), []);
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Archived);

    let kept = store.mail_attempts(id).await.unwrap();
    let numbers: Vec<_> = kept.iter().map(|a| (a.subject, a.number, a.at, a.detail.as_str())).collect();
    assert_eq!(numbers, [(AttemptSubject::Mail(id), 1, at(6), "smtp 451"), (AttemptSubject::Mail(id), 2, at(61), "smtp 451")]);
    assert_eq!(store.attempts(key(1)).await.unwrap(), kept, "a document's list has its mails' attempts");

    assert_eq!(store.retry_mail(&mail, at(70)).await.unwrap(), Recorded::Now);
    let due = store.mails_due(at(70), 10).await.unwrap();
    assert_eq!((due[0].attempts, due[0].first_failed_at), (0, None));
    assert_eq!(store.retry_mail(&mail, at(71)).await.unwrap(), Recorded::Before, "it is due already");
}

/// Not sent again by itself; a late answer settles it.
pub async fn a_doubtful_mail_waits_for_a_person(stand: &impl Stand) {
    let store = stand.open().await;
    for n in 1..=2 {
        let mail = with_mail(&store, n).await;
        claimed(&store, &mail).await;
        store.mark_body_sent(&mail).await.unwrap();
        let doubt = MailOutcome::Doubtful { detail: "no reply in 300 s".to_owned() };
        store.record_mail(&mail, &doubt, at(6)).await.unwrap();
        store.record_mail(&mail, &doubt, at(7)).await.unwrap();
    }
    let doubtful = store.mails(&MailFilter { state: Some(MailState::Doubtful), ..MailFilter::default() }, 10).await.unwrap();
    assert_eq!(doubtful.len(), 2);
    assert_eq!(doubtful[0].last_code, Some(ErrorCode::MailDoubtful));
    assert_eq!(store.mail_attempts(doubtful[0].id).await.unwrap().len(), 1);
    assert_eq!(store.mails_due(at(1_000_000), 10).await.unwrap(), []);

    store.record_mail(&doubtful[0].dedupe_key, &MailOutcome::Accepted, at(8)).await.unwrap();
    assert_eq!(store.document(key(1)).await.unwrap().unwrap().state, DocumentState::Notified);
    assert_eq!(store.retry_mail(&doubtful[1].dedupe_key, at(9)).await.unwrap(), Recorded::Now);
    assert_eq!(store.mails_due(at(9), 10).await.unwrap()[0].dedupe_key, doubtful[1].dedupe_key);
}

/// Nobody records how a mail went that nobody sent.
pub async fn outcomes_need_a_claim(stand: &impl Stand) {
    let store = stand.open().await;
    let mail = with_mail(&store, 1).await;
    for outcome in [MailOutcome::Accepted, MailOutcome::Delivered, not_sent(NextStep::Failed)] {
        let refused = store.record_mail(&mail, &outcome, at(6)).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotAllowed { state: "queued", .. }), "{refused:?}");
    }
    assert!(matches!(store.mark_body_sent(&mail).await.unwrap_err(), StoreError::NotAllowed { .. }));
    claimed(&store, &mail).await;
    store.record_mail(&mail, &MailOutcome::Delivered, at(7)).await.unwrap();
    assert!(matches!(store.record_mail(&mail, &not_sent(NextStep::Failed), at(8)).await.unwrap_err(), StoreError::NotAllowed { .. }));
    assert_eq!(store.retry_mail(&mail, at(9)).await.unwrap(), Recorded::Before);
    assert_eq!(state(&store, &mail).await, MailState::Delivered);
}

/// Claimed and dropped: queued again. Body sent and dropped: doubtful, with the attempt that says so.
pub async fn a_crash_frees_claims_and_keeps_doubt(stand: &impl Stand) {
    let store = stand.open().await;
    let (sending, body_sent, queued) = (with_mail(&store, 1).await, with_mail(&store, 2).await, with_mail(&store, 3).await);
    claimed(&store, &sending).await;
    let id = claimed(&store, &body_sent).await.id;
    store.mark_body_sent(&body_sent).await.unwrap();
    drop(store);

    let store = stand.open().await;
    let due: Vec<String> = store.mails_due(at(100), 10).await.unwrap().into_iter().map(|m| m.dedupe_key).collect();
    assert_eq!(due, [sending.clone(), queued]);
    let mail = store.mail(&body_sent).await.unwrap().unwrap();
    assert_eq!((mail.state, mail.last_code), (MailState::Doubtful, Some(ErrorCode::MailDoubtful)));
    let kept = store.mail_attempts(id).await.unwrap();
    assert_eq!((kept.len(), kept[0].code, kept[0].at), (1, ErrorCode::MailDoubtful, at(5)));
    assert_eq!(claimed(&store, &sending).await.message_id.as_deref(), Some("message@example.org"));
}

/// A second store reads and writes beside the first, and leaves its claims alone; it sends when the first has gone.
pub async fn one_store_sends_at_a_time(stand: &impl Stand) {
    let first = stand.open().await;
    let mail = with_mail(&first, 1).await;
    claimed(&first, &mail).await;
    let second = stand.open().await;
    assert_eq!(state(&second, &mail).await, MailState::Sending, "opening beside a live store frees nothing");
    let other = with_mail(&second, 2).await;
    assert!(matches!(second.mails_due(at(9), 10).await.unwrap_err(), StoreError::OutboxHeld));
    assert!(matches!(second.claim_mail(&other, "m@example.org", at(9)).await.unwrap_err(), StoreError::OutboxHeld));
    assert_eq!(first.mails_due(at(9), 10).await.unwrap().len(), 1, "the first sees what the second queued");
    first.record_mail(&mail, &MailOutcome::Delivered, at(9)).await.unwrap();
    drop(first);
    assert_eq!(claimed(&second, &other).await.state, MailState::Sending);
}

/// Ten tasks reach for each mail: one gets it.
pub async fn many_claims_at_once(stand: &impl Stand) {
    let store = stand.open().await;
    let mut tasks = JoinSet::new();
    for n in 1..=10 {
        let mail = with_mail(&store, n).await;
        for _ in 0..10 {
            let (store, mail) = (store.clone(), mail.clone());
            tasks.spawn(async move { store.claim_mail(&mail, "m@example.org", at(5)).await.unwrap() });
        }
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| matches!(a, Claim::Yours(_))).count(), 10);
}
