//! Everything out of one store and into another, of the same kind or not.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    time::Duration,
};

use pipeline_domain::{ErrorCode, RecipientRef};
use serde_json::{Map, Value};

use super::{
    Stand,
    jobs_sample::{MINUTE_MS, finish, in_lane, job, number, put, request, settle, take, take_one, worker},
    sample::{accepted, archived, at, document, event, notice, with_mail},
};
use crate::{
    Documents, EventAcceptance, JobFilter, JobState, Jobs, MailFilter, Outbox, Outcome, Plans, QueueName, Runs, StoreError,
    dump::{Dump, DumpError, DumpSink, DumpSource, FORMAT, NUMBERS, TABLES, Table, parse_row},
    nothing_follows,
};

mod furnished;

use furnished::{enqueue, furnish};

/// One test per case. Each expression makes a fresh [`Stand`]: what comes out of the first goes into the second.
#[macro_export]
macro_rules! dump_suite {
    ($from:expr, $to:expr) => {
        $crate::dump_suite!($from, $to; everything_arrives, the_queue_goes_on_in_its_order, running_jobs_are_freed,
            a_dump_is_of_one_instant, a_store_with_rows_is_refused, what_is_no_dump_leaves_nothing, pages_and_batches_have_no_seams,
            the_first_form_is_taken);
    };
    ($from:expr, $to:expr; $($case:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::dumping::$case(&$from, &$to).await;
            }
        )+
    };
}

/// A dump in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    tables: BTreeMap<&'static str, VecDeque<String>>,
    format: Option<u32>,
}

impl DumpSink for Rows {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn row(&mut self, table: &'static Table, row: &str) -> io::Result<()> {
        assert!(!row.contains('\n'), "a row is one line");
        self.tables.entry(table.name).or_default().push_back(row.to_owned());
        Ok(())
    }
}

impl DumpSource for Rows {
    fn format(&self) -> u32 {
        self.format.unwrap_or(FORMAT)
    }

    fn next_row(&mut self, table: &'static Table) -> io::Result<Option<String>> {
        assert!(table.is_in(self.format()), "asked for {}", table.name);
        Ok(self.tables.get_mut(table.name).and_then(VecDeque::pop_front))
    }
}

impl Rows {
    /// Rows by table, in an order that no database decides on, and without what they look like as text.
    fn parsed(&self) -> BTreeMap<&'static str, Vec<Map<String, Value>>> {
        let table = |name: &str| TABLES.iter().chain([&NUMBERS]).find(|t| t.name == name).unwrap();
        let sorted = |name: &'static str, rows: &VecDeque<String>| {
            let mut rows: Vec<_> = rows.iter().map(|row| parse_row(table(name), row).unwrap()).collect();
            rows.sort_by_key(|row| table(name).key.iter().map(|k| row[*k].to_string()).collect::<Vec<_>>());
            // The columns' own order is the database's.
            rows.iter_mut().for_each(Map::sort_keys);
            (name, rows)
        };
        self.tables.iter().map(|(name, rows)| sorted(name, rows)).collect()
    }

    fn edit(&mut self, table: &'static str, edit: impl Fn(&mut Map<String, Value>)) {
        let row = self.tables.get_mut(table).unwrap().front_mut().unwrap();
        let Value::Object(mut columns) = serde_json::from_str(row).unwrap() else { panic!("{row}") };
        edit(&mut columns);
        *row = Value::Object(columns).to_string();
    }
}

impl Rows {
    /// Edits every row of a table, and keeps those that the edit says.
    fn keep(&mut self, table: &'static str, edit: impl Fn(&mut Map<String, Value>) -> bool) {
        let rows = self.tables.get_mut(table).unwrap();
        let edited = rows.drain(..).filter_map(|row| {
            let Value::Object(mut columns) = serde_json::from_str(&row).unwrap() else { panic!("{row}") };
            edit(&mut columns).then(|| Value::Object(columns).to_string())
        });
        *rows = edited.collect();
    }
}

async fn dump<S: Dump>(store: &S) -> Rows {
    let mut rows = Rows::default();
    store.dump(&mut rows).await.unwrap();
    rows
}

/// Every row of every table, but for what running means.
pub async fn everything_arrives<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    furnish(&from).await;
    enqueue(&from).await;
    let first = from.jobs(&JobFilter { state: Some(JobState::Running), ..JobFilter::default() }, 10).await.unwrap();
    assert_eq!(first.len(), 1, "{first:?}");
    let rows = dump(&from).await;
    let out = rows.parsed();
    for table in TABLES {
        assert!(out.get(table.name).is_some_and(|rows| !rows.is_empty()), "nothing in {}", table.name);
    }
    let loaded = to.load(&mut rows.clone()).await.unwrap();
    for table in TABLES {
        assert_eq!(loaded.rows[table.name], out[table.name].len() as u64, "{}", table.name);
    }
    assert_eq!(loaded.freed_jobs, 1);
    let mut back = dump(&to).await.parsed();
    let mut expected = out;
    // The one that ran is ready; its attempt has ended. Both are looked at by another case.
    let freed = first[0].id.0;
    for side in [&mut expected, &mut back] {
        side.get_mut("jobs").unwrap().retain(|row| row["id"] != freed);
        side.get_mut("job_attempts").unwrap().retain(|row| row["job"] != freed);
    }
    for table in TABLES {
        assert_eq!(back[table.name], expected[table.name], "{}", table.name);
    }
    assert_eq!(to.counts().await.unwrap(), from.counts().await.unwrap());
}

/// The other store works on as the first would have: same order, lanes kept, keys kept, numbers never given twice.
pub async fn the_queue_goes_on_in_its_order<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    enqueue(&from).await;
    // The newest is gone, and its number with it.
    let last = put(&from, &job(40)).await;
    from.cancel_job(last).await.unwrap();
    from.shift_clock(60 * MINUTE_MS);
    let policy = crate::PrunePolicy { done_after: Duration::from_secs(60), cancelled_after: Duration::from_secs(60), limit: 100 };
    assert!(from.prune_jobs(&policy).await.unwrap() >= 1);
    to.load(&mut dump(&from).await).await.unwrap();
    to.shift_clock(60 * MINUTE_MS);
    let freed = to.jobs(&JobFilter::default(), 100).await.unwrap();
    assert_eq!(freed.iter().filter(|j| j.state == JobState::Running).count(), 0);
    // In the first store the one that runs is handed back, so that both have the same before them.
    let running = from.jobs(&JobFilter { state: Some(JobState::Running), ..JobFilter::default() }, 10).await.unwrap();
    let lease = crate::Lease { job: running[0].id, attempt: running[0].attempt, worker: running[0].worker.unwrap() };
    settle(&from, lease, Outcome::Returned).await.unwrap();
    let (here, there) = (drained(&from).await, drained(&to).await);
    assert_eq!(here.len(), 10, "{here:?}");
    assert_eq!(there, here);
    let lane: Vec<u64> = there.iter().copied().filter(|n| (10..=13).contains(n)).collect();
    assert_eq!(lane, [10, 11, 12, 13], "one by one, in their order");
    assert!(put(&to, &job(50)).await > last, "a number is never given twice");
    let scheduled = to.jobs(&JobFilter { state: Some(JobState::Ready), ..JobFilter::default() }, 10).await.unwrap();
    assert_eq!(scheduled.len(), 2, "{scheduled:?}");
}

/// Numbers of the jobs in the order in which one worker with one hand gets them.
async fn drained<S: Jobs>(store: &S) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let taken = take(store, worker(9), 1).await;
        let Some(claimed) = taken.first() else { return numbers };
        numbers.push(number(claimed));
        finish(store, claimed.lease).await;
    }
}

/// Who had them is not there: they are ready, the attempt is written down, and it has cost nothing.
pub async fn running_jobs_are_freed<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    put(&from, &in_lane(1, "case:9901-2026-000001")).await;
    put(&from, &in_lane(2, "case:9901-2026-000001")).await;
    let held = take_one(&from, worker(1)).await;
    let called_off = put(&from, &job(3)).await;
    let asked = take_one(&from, worker(1)).await;
    assert_eq!(asked.lease.job, called_off);
    from.cancel_job(called_off).await.unwrap();
    let loaded = to.load(&mut dump(&from).await).await.unwrap();
    assert_eq!(loaded.freed_jobs, 1);
    let attempts = to.attempts_of(held.lease.job).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].attempt, attempts[0].worker, attempts[0].end), (1, worker(1), crate::AttemptEnd::LeaseLost));
    assert_eq!(attempts[0].code, Some(ErrorCode::JobLeaseLost));
    let again = take_one(&to, worker(2)).await;
    assert_eq!((again.lease.job, again.lease.attempt, again.failures), (held.lease.job, 2, 0));
    // The old lease is good for nothing here.
    assert!(matches!(settle(&to, held.lease, Outcome::done()).await, Err(StoreError::LeaseLost { .. })));
    finish(&to, again.lease).await;
    assert_eq!(number(&take_one(&to, worker(2)).await), 2);
    let policy = crate::RescuePolicy { first_wait: Duration::ZERO, longest_lease: Duration::from_secs(60), limit: 10 };
    to.rescue(&policy).await.unwrap();
    assert_eq!(to.job(called_off).await.unwrap().unwrap().state, JobState::Cancelled, "what was called off does not come back");
}

/// Reads of later rows do not see what was written after the first.
pub async fn a_dump_is_of_one_instant<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    /// Writes to the store as soon as the snapshot stands, and again at the first row.
    struct Busy<F> {
        rows: Rows,
        write: F,
        done: u32,
    }
    impl<F: FnMut(u32) + Send> DumpSink for Busy<F> {
        fn begin(&mut self) -> io::Result<()> {
            (self.write)(100);
            Ok(())
        }
        fn row(&mut self, table: &'static Table, row: &str) -> io::Result<()> {
            if self.done == 0 {
                (self.write)(101);
            }
            self.done += 1;
            self.rows.row(table, row)
        }
    }
    let (from, to) = (from.open().await, to.open().await);
    furnish(&from).await;
    let before = dump(&from).await;
    let write = |n: u32| {
        let other = from.clone();
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                with_mail(&other, n).await;
                put(&other, &job(n)).await;
            });
        });
    };
    let mut busy = Busy { rows: Rows::default(), write, done: 0 };
    from.dump(&mut busy).await.unwrap();
    let mut rows = busy.rows;
    // Sequences of the database may run ahead of the snapshot; rows may not.
    let numbers = rows.tables.remove(NUMBERS.name);
    assert!(numbers.is_some());
    let mut before = before;
    before.tables.remove(NUMBERS.name);
    assert_eq!(rows, before);
    to.load(&mut rows).await.unwrap();
    assert_eq!(from.counts().await.unwrap().documents.archived, to.counts().await.unwrap().documents.archived + 2);
}

/// Nothing is mixed.
pub async fn a_store_with_rows_is_refused<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    furnish(&from).await;
    to.set_paused(&QueueName::of("mail"), true).await.unwrap();
    let before = dump(&to).await;
    let refused = to.load(&mut dump(&from).await).await.unwrap_err();
    assert!(matches!(refused, DumpError::NotEmpty { table: "queues" }), "{refused}");
    assert_eq!(refused.code(), ErrorCode::BackupTargetNotEmpty);
    assert_eq!(dump(&to).await, before);
}

/// What is done to a dump.
type Damage = fn(&mut Rows);

/// A load is all or nothing, and says what is wrong without any value.
pub async fn what_is_no_dump_leaves_nothing<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    furnish(&from).await;
    let whole = dump(&from).await;
    let empty = dump(&to).await;
    let damage: &[(&str, Damage)] = &[
        ("a column more", |r| r.edit("documents", |row| drop(row.insert("more".into(), 1.into())))),
        ("a column less", |r| r.edit("attempts", |row| drop(row.shift_remove("code")))),
        ("half a row", |r| {
            let row = r.tables.get_mut("outbox").unwrap().back_mut().unwrap();
            row.truncate(row.len() / 2);
        }),
        ("a word that is no state", |r| r.edit("documents", |row| row["state"] = "lost".into())),
        ("a row that is missing", |r| drop(r.tables.get_mut("case_folders").unwrap().pop_front())),
        ("a row that stands twice", |r| {
            let rows = r.tables.get_mut("documents").unwrap();
            let row = rows.front().unwrap().clone();
            rows.push_back(row);
        }),
        ("a text for a number", |r| r.edit("jobs", |row| row["priority"] = "urgent".into())),
    ];
    for (name, damage) in damage {
        let mut rows = whole.clone();
        damage(&mut rows);
        let refused = to.load(&mut rows).await.expect_err(name);
        assert_eq!(refused.code(), ErrorCode::BackupDamaged, "{name}: {refused}");
        assert_eq!(dump(&to).await.parsed(), empty.parsed(), "{name}");
    }
    let mut newer = whole.clone();
    newer.format = Some(FORMAT + 1);
    let refused = to.load(&mut newer).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::StoreNewer, "{refused}");
    to.load(&mut whole.clone()).await.expect("the whole one is taken after all that");
}

/// What was written before there were facts of plans comes back, without any.
pub async fn the_first_form_is_taken<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    furnish(&from).await;
    let mut rows = dump(&from).await;
    rows.format = Some(1);
    for later in ["plan_facts", "plan_slots", "addresses"] {
        rows.tables.remove(later);
    }
    for table in ["outbox", "paper_list"] {
        rows.keep(table, |row| row.shift_remove("event_id") == Some(Value::Null));
    }
    rows.keep(NUMBERS.name, |row| row["table"] != "plan_facts");
    let expected = rows.clone();
    let loaded = to.load(&mut rows).await.unwrap();
    assert_eq!((loaded.rows["plan_facts"], loaded.rows["outbox"], loaded.rows["paper_list"]), (0, 5, 1));
    let mut back = dump(&to).await;
    for table in ["outbox", "paper_list"] {
        back.keep(table, |row| row.shift_remove("event_id") == Some(Value::Null));
        assert_eq!(back.tables[table].len(), expected.tables[table].len(), "{table}");
    }
    assert_eq!(to.mails(&MailFilter::default(), 10).await.unwrap().len(), 5);
    assert_eq!(to.paper_list().await.unwrap().len(), 1);
    assert_eq!(to.facts_of(&to.folders().await.unwrap()[0].id).await.unwrap(), []);
    assert!(matches!(to.accept_event(&event(1), &[], &[], &[]).await.unwrap(), EventAcceptance::New(_)), "it goes on");
}

/// More rows than are read or written at a time.
pub async fn pages_and_batches_have_no_seams<A: Stand, B: Stand>(from: &A, to: &B)
where
    A::Store: Dump,
    B::Store: Dump,
{
    let (from, to) = (from.open().await, to.open().await);
    let jobs: Vec<_> = (0..2001).map(job).collect();
    from.enqueue(&jobs).await.unwrap();
    let mut finished = 0;
    while let taken = from.claim(&request(worker(1), 500)).await.unwrap()
        && !taken.is_empty()
    {
        finished += taken.len();
        let done = taken.iter().map(|c| crate::Settlement { lease: c.lease, outcome: Outcome::done(), effect: None }).collect();
        from.settle(done).await.unwrap();
    }
    assert_eq!(finished, 2001);
    let rows = dump(&from).await;
    assert_eq!((rows.tables["jobs"].len(), rows.tables["job_attempts"].len()), (2001, 2001));
    to.load(&mut rows.clone()).await.unwrap();
    assert_eq!(dump(&to).await.parsed(), rows.parsed());
    let reservation = accepted(&to, &document(1)).await;
    let told = notice(1, RecipientRef::Recipient(0), &reservation);
    to.record_archived(&archived(1, &reservation), &[told], &[], at(1)).await.unwrap();
    to.accept(&document(2), nothing_follows).await.unwrap();
}
