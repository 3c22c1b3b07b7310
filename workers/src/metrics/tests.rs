//! What a scraper reads.

use std::{collections::BTreeSet, future::ready, io::Write, process::Stdio};

use pipeline_store::{DocumentCounts, MailCounts};

use super::*;

fn queue(name: &'static str, ready: u64, oldest_ready_s: Option<f64>) -> QueueStats {
    QueueStats {
        queue: QueueName::of(name),
        ready,
        scheduled: 2,
        waiting: 3,
        running: 4,
        dead: 5,
        oldest_ready_s,
        paused: false,
        max_running: None,
    }
}

fn figures() -> Figures {
    Figures {
        queues: vec![queue("mail", 7, Some(12.5)), queue("a.queue.of.another.version", 1, None), queue("zombies", 1, Some(3.0))],
        counts: Counts {
            documents: DocumentCounts { accepted: 1, archived: 2, notified: 3, failed: 4 },
            mails: MailCounts { queued: 1, under_way: 2, settled: 3, failed: 4, doubtful: 5 },
            folders: 6,
            on_paper: 7,
        },
        verify_age: Some(Duration::from_secs(90)),
        verify_failures: 2,
        backup_age: None,
    }
}

/// Every number that the runner records, once.
fn as_the_runner_does() {
    for metric in LIST {
        let labels: Vec<(String, String)> = metric.labels.iter().map(|l| ((*l).to_owned(), "a".to_owned())).collect();
        match metric.shape {
            Shape::Histogram(_) => metrics::histogram!(metric.name, &labels).record(0.02),
            Shape::Counter => counter!(metric.name, &labels).increment(1),
            Shape::Gauge => {}
        }
    }
    gauge!("afl_jobs_running", "queue" => "mail").set(1.0);
}

fn known() -> [QueueName; 2] {
    [QueueName::of("mail"), QueueName::of("render")]
}

#[tokio::test]
async fn what_there_is_is_told() {
    let (metrics, _guard) = Metrics::for_this_thread(&known());
    let text = metrics.text(ready(Ok(figures()))).await;
    for line in [
        "afl_queue_depth{queue=\"mail\",state=\"ready\"} 7",
        "afl_queue_depth{queue=\"mail\",state=\"dead\"} 5",
        "afl_queue_depth{queue=\"render\",state=\"ready\"} 0",
        // Two that this program does not know, in one.
        "afl_queue_depth{queue=\"other\",state=\"ready\"} 2",
        "afl_queue_depth{queue=\"other\",state=\"running\"} 8",
        "afl_queue_oldest_seconds{queue=\"mail\"} 12.5",
        "afl_queue_oldest_seconds{queue=\"other\"} 3",
        "afl_documents{state=\"failed\"} 4",
        "afl_mails{state=\"doubtful\"} 5",
        "afl_folders 6",
        "afl_on_paper 7",
        "afl_verify_age_seconds 90",
        "afl_verify_failures 2",
        "afl_backup_age_seconds inf",
        "afl_store_up 1",
        "afl_lease_lost_total 0",
    ] {
        assert!(text.lines().any(|l| l == line), "no `{line}` in\n{text}");
    }
    assert!(!text.contains("zombies") && !text.contains("another"), "{text}");
    let memory = text.lines().find_map(|l| l.strip_prefix("process_resident_memory_bytes ")).unwrap();
    assert!(memory.parse::<f64>().unwrap() > 1e6, "{memory}");
}

#[tokio::test]
async fn a_queue_that_is_empty_again_is_at_nought() {
    let (metrics, _guard) = Metrics::for_this_thread(&known());
    metrics.set(&figures());
    metrics.set(&Figures::default());
    let text = metrics.handle.render();
    assert!(text.contains("afl_queue_depth{queue=\"mail\",state=\"ready\"} 0\n"), "{text}");
    assert!(text.contains("afl_queue_oldest_seconds{queue=\"other\"} 0\n"), "{text}");
}

#[tokio::test]
async fn the_store_is_asked_at_most_once_a_second() {
    let (metrics, _guard) = Metrics::for_this_thread(&known());
    let asked = std::cell::Cell::new(0);
    for _ in 0..5 {
        metrics
            .text(async {
                asked.set(asked.get() + 1);
                Ok(figures())
            })
            .await;
    }
    assert_eq!(asked.get(), 1);
    *metrics.refreshed.lock().await = Instant::now().checked_sub(FIGURES_AGE);
    let text = metrics.text(ready(Err(ErrorCode::StoreUnavailable))).await;
    // What was known stands, with a mark that it is old.
    assert!(text.contains("afl_store_up 0\n") && text.contains("afl_folders 6\n"), "{text}");
}

#[tokio::test]
async fn every_number_is_described_and_no_label_is_open() {
    let (metrics, _guard) = Metrics::for_this_thread(&known());
    as_the_runner_does();
    let text = metrics.text(ready(Ok(figures()))).await;
    for metric in LIST {
        assert!(text.contains(&format!("# HELP {} {}\n", metric.name, metric.help)), "{} is not described in\n{text}", metric.name);
    }
    let described: BTreeSet<&str> = LIST.iter().map(|m| m.name).collect();
    for line in text.lines().filter_map(|l| l.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        assert!(described.contains(name), "{name} is not on the list");
        assert_ne!(kind, "summary", "{name} has no buckets");
    }
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let name = line.split(['{', ' ']).next().unwrap();
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).filter(|f| described.contains(f));
        let metric = LIST.iter().find(|m| m.name == family.unwrap_or(name)).unwrap_or_else(|| panic!("{name} is not on the list"));
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.split_once('}').unwrap().0);
        let names: Vec<&str> =
            labels.split(',').filter(|l| !l.is_empty()).map(|l| l.split_once('=').unwrap().0).filter(|l| *l != "le").collect();
        assert_eq!(names, metric.labels, "{line}");
    }
}

#[tokio::test]
async fn prometheus_itself_reads_it() {
    let (metrics, _guard) = Metrics::for_this_thread(&known());
    as_the_runner_does();
    let text = metrics.text(ready(Ok(figures()))).await;
    let mut judge = std::process::Command::new("promtool");
    judge.args(["check", "metrics"]);
    let Ok(mut judge) = judge.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
        assert!(std::env::var_os("ARKIVFLYT_STRICT").is_none_or(|v| v != "1"), "ARKIVFLYT_STRICT=1 and missing: promtool");
        eprintln!("SKIPPED: promtool is missing");
        return;
    };
    judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = judge.wait_with_output().unwrap();
    let said =
        (said.status.success(), String::from_utf8_lossy(&said.stdout).into_owned(), String::from_utf8_lossy(&said.stderr).into_owned());
    // It also judges names and help texts, and says nothing when it likes them.
    assert_eq!(said, (true, String::new(), String::new()), "{text}");
}
