//! A process that is killed with SIGKILL while many tasks write: what it had acknowledged is there.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use pipeline_store::{Claim, DocumentState, Documents, MailOutcome, MailState, Outbox, nothing_follows};
use pipeline_store_postgres::PostgresStore;
use tokio::task::JoinSet;

use crate::sample::{archived, check, document, fresh_database, key, notice, now, reserved};

/// Set for the process that is going to be killed: its database.
const VICTIM: &str = "ARKIVFLYT_TEST_VICTIM";
/// Acknowledged lines after which each round is killed: different moments of the same work.
const ROUNDS: [usize; 6] = [1, 2, 9, 30, 150, 400];

/// Accepts, archives, claims and delivers document `n`, and says so after each step.
async fn carry(store: PostgresStore, n: u32) {
    let reservation = reserved(store.accept(&document(n), nothing_follows).await.unwrap());
    let journal = reservation.journal.sequence;
    say(&format!("accepted {n} {journal}"));
    store.record_archived(&archived(n, &reservation), &[notice(n)], &[], now()).await.unwrap();
    say(&format!("archived {n} {journal}"));
    if let Claim::Yours(mail) = store.claim_mail(&notice(n).dedupe_key, "m@example.org", now()).await.unwrap() {
        store.record_mail(&mail.dedupe_key, &MailOutcome::Delivered, now()).await.unwrap();
        say(&format!("delivered {n} {journal}"));
    }
}

fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "ACK {line}").unwrap();
}

/// Does nothing in an ordinary run; as the victim it works until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    let Some(url) = std::env::var_os(VICTIM) else { return };
    let store = PostgresStore::connect(url.to_str().unwrap()).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..3000 {
        tasks.spawn(carry(store.clone(), n));
        if tasks.len() > 60 {
            tasks.join_next().await;
        }
    }
    tasks.join_all().await;
}

/// Runs the victim until it has said `lines`, kills it, and returns all that it had said.
fn kill_after(lines: usize, url: &str) -> Vec<(String, u32, u32)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::victim", "--exact", "--nocapture", "--test-threads=1"])
        .env(VICTIM, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The last line may be cut in the middle: an acknowledgement that nobody heard.
        let Some(words) = line.ok().and_then(|l| l.strip_prefix("ACK ").map(str::to_owned)) else { continue };
        let words: Vec<&str> = words.split(' ').collect();
        let [step, n, journal] = words[..] else { continue };
        said.push((step.to_owned(), n.parse().unwrap(), journal.parse().unwrap()));
        if said.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_nothing_it_acknowledged() {
    let url = fresh_database!();
    let mut numbers = BTreeMap::new();
    for lines in ROUNDS {
        let said = kill_after(lines, &url);
        assert!(said.len() >= lines, "the victim ended by itself after {} lines", said.len());
        let store = PostgresStore::connect(&url).await.unwrap();
        for (step, n, journal) in said {
            let row = store.document(key(n)).await.unwrap().unwrap_or_else(|| panic!("document {n} is lost"));
            assert_eq!(row.reservation.journal.sequence, journal);
            assert_eq!(*numbers.entry(n).or_insert(journal), journal, "a retry meets the same numbers");
            let mail = store.mail(&notice(n).dedupe_key).await.unwrap().map(|m| m.state);
            match step.as_str() {
                "accepted" => {}
                "archived" => assert!(mail.is_some() && row.state != DocumentState::Accepted, "document {n}: {:?}", row.state),
                "delivered" => assert_eq!((row.state, mail), (DocumentState::Notified, Some(MailState::Delivered))),
                other => panic!("{other}"),
            }
        }
        check(&store).await;
        store.close().await;
    }
}
