//! The page, asked over real connections.

use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline_store::QueueName;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
    time::Instant,
};

use super::*;
use crate::metrics::{Figures, Metrics};

/// What each check answers, and how often the database was asked.
#[derive(Clone, Default)]
struct Answers {
    database: Option<ErrorCode>,
    archive: Option<ErrorCode>,
    hangs: bool,
    asked: Arc<AtomicUsize>,
}

fn answer(code: Option<ErrorCode>) -> Answer<'static, ()> {
    Box::pin(async move { code.map_or(Ok(()), Err) })
}

impl Probe for Answers {
    fn database(&self) -> Answer<'_, ()> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs { Box::pin(std::future::pending()) } else { answer(self.database) }
    }
    fn schema(&self) -> Answer<'_, ()> {
        answer(None)
    }
    fn archive(&self) -> Answer<'_, ()> {
        answer(self.archive)
    }
    fn figures(&self) -> Answer<'_, Figures> {
        Box::pin(async { Ok(Figures::default()) })
    }
}

/// A page that runs, and what holds it.
struct Page {
    address: SocketAddr,
    state: HealthState,
    pulses: Pulses,
    close: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
    _guard: metrics::LocalRecorderGuard<'static>,
}

async fn page_with(answers: Answers, limits: Limits) -> Page {
    let (metrics, guard) = Metrics::for_this_thread(&[QueueName::of("mail")]);
    let pulses = Pulses::new();
    let state = HealthState::new(answers, pulses.clone(), Arc::new(metrics), About::this_program("sqlite", 3));
    let mut server = Server::bind("127.0.0.1:0".parse().unwrap(), Reach::Loopback).await.unwrap();
    server.limits = limits;
    let (close, closed) = oneshot::channel();
    let address = server.address();
    let task = tokio::spawn(serve(server, state.clone(), async move { drop(closed.await) }));
    Page { address, state, pulses, close, task, _guard: guard }
}

async fn page(answers: Answers) -> Page {
    page_with(answers, LIMITS).await
}

impl Page {
    async fn send(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), body.to_owned())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
        (status, body)
    }

    async fn json(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path).await;
        (status, serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}")))
    }
}

/// Reason of each check that is not well.
fn ills(body: &Value) -> Vec<(&str, &str)> {
    let text = |v: &'_ Value| v.as_str().map(str::to_owned);
    let checks = body["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 4);
    assert!(checks.iter().all(|c| c["ok"].as_bool().unwrap() == text(&c["reason"]).is_none()), "{body}");
    checks.iter().filter_map(|c| Some((c["check"].as_str()?, c["reason"].as_str()?))).collect()
}

#[tokio::test]
async fn well_and_ready() {
    let page = page(Answers::default()).await;
    assert_eq!(page.json("/livez").await, (200, serde_json::json!({ "alive": true })));
    let (status, body) = page.json("/readyz").await;
    assert_eq!((status, &body["ready"], ills(&body)), (200, &Value::Bool(true), vec![]));
    let (status, body) = page.json("/version").await;
    assert_eq!((status, &body["version"], &body["database_schema"]), (200, &env!("CARGO_PKG_VERSION").into(), &3.into()));
    assert_eq!(body["document_schemas"].as_array().unwrap().len(), pipeline_domain::DocumentKind::ALL.len());
    assert_eq!(body["templates_sha256"].as_str().unwrap().len(), 64);
    let (status, body) = page.get("/metrics").await;
    assert!(status == 200 && body.contains("afl_build_info{"), "{body}");
}

#[tokio::test]
async fn each_check_that_fails_is_named_with_its_code() {
    let answers = Answers { database: Some(ErrorCode::StoreUnavailable), archive: Some(ErrorCode::ArchiveDiskFull), ..Answers::default() };
    let page = page(answers).await;
    let (status, body) = page.json("/readyz").await;
    assert_eq!((status, ills(&body)), (503, vec![("database", "store_unavailable"), ("archive", "archive_disk_full")]));
    assert_eq!(page.get("/livez").await.0, 200, "it lives all the same");
}

#[tokio::test]
async fn a_database_that_hangs_costs_a_second_and_not_more() {
    let page = page(Answers { hangs: true, ..Answers::default() }).await;
    let began = Instant::now();
    let (status, body) = page.json("/readyz").await;
    assert_eq!((status, ills(&body)), (503, vec![("database", "timed_out")]));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_process_that_drains_lives_and_is_not_ready() {
    let page = page(Answers::default()).await;
    page.state.drain();
    let (status, body) = page.json("/readyz").await;
    assert_eq!((status, ills(&body)), (503, vec![("taking_work", "draining")]));
    assert_eq!(page.get("/livez").await.0, 200);
}

#[tokio::test]
async fn a_loop_that_hangs_is_named() {
    let page = page(Answers::default()).await;
    let pulse = page.pulses.begin("claim", Duration::ZERO);
    while page.pulses.late().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(page.json("/livez").await, (503, serde_json::json!({ "alive": false, "reason": "loop_late", "loop": "claim" })));
    pulse.end();
    assert_eq!(page.get("/livez").await.0, 200);
}

#[tokio::test]
async fn however_many_ask_the_database_is_asked_once() {
    let answers = Answers::default();
    let page = page(answers.clone()).await;
    for _ in 0..20 {
        assert_eq!(page.get("/readyz").await.0, 200);
    }
    assert!(answers.asked.load(Ordering::Relaxed) <= 2, "{:?}", answers.asked);
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_few_words() {
    let page = page(Answers::default()).await;
    for path in ["/", "/livez/", "/Livez", "/..%2fetc/passwd", "/metrics%00", "//livez", "/version.json"] {
        assert_eq!(page.get(path).await, (404, r#"{"code":"not_found"}"#.to_owned()), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
        let (status, head, body) = page.send(&format!("{method} /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")).await;
        assert_eq!((status, body.as_str()), (405, r#"{"code":"method_not_allowed"}"#), "{method}");
        assert!(head.contains("\r\nallow: get,head"), "{head}");
    }
    let (status, head, body) = page.send("HEAD /version HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains("content-length: "), "{head}");
}

#[tokio::test]
async fn every_answer_bears_the_same_headers() {
    let page = page(Answers::default()).await;
    for path in ["/livez", "/readyz", "/metrics", "/version", "/nothing"] {
        let (_, head, _) = page.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        for header in [
            "cache-control: no-store",
            "content-security-policy: default-src 'none'; frame-ancestors 'none'",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
            "cross-origin-resource-policy: same-origin",
            "connection: close",
        ] {
            assert!(head.contains(&format!("\r\n{header}")), "{path} without {header}:\n{head}");
        }
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_or_never_ends_is_cut_off() {
    let page = page_with(Answers::default(), Limits { head: Duration::from_millis(100), ..LIMITS }).await;
    let (status, ..) = page.send(&format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(9000))).await;
    assert_eq!(status, 431);
    let mut slow = TcpStream::connect(page.address).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nx-slow: ").await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(10), slow.read_to_end(&mut rest)).await.expect("it is cut off").unwrap();
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn those_over_the_limit_wait_for_their_turn() {
    let limits = Limits { head: Duration::from_millis(200), connections: 2, ..LIMITS };
    let page = page_with(Answers::default(), limits).await;
    let _silent = [TcpStream::connect(page.address).await.unwrap(), TcpStream::connect(page.address).await.unwrap()];
    assert_eq!(timeout(Duration::from_secs(10), page.get("/livez")).await.expect("its turn comes").0, 200);
}

#[tokio::test]
async fn a_closed_page_takes_nobody_and_finishes_its_answers() {
    let page = page(Answers::default()).await;
    assert_eq!(page.get("/livez").await.0, 200);
    page.close.send(()).unwrap();
    timeout(Duration::from_secs(10), page.task).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(page.address).await.is_err());
}

#[tokio::test]
async fn others_reach_it_only_when_that_was_said() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let refused = Server::bind(address.parse().unwrap(), Reach::Loopback).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::ConfigInvalid, "{address}");
        assert!(refused.detail.contains("http.public"), "{refused}");
    }
    assert!(Server::bind("0.0.0.0:0".parse().unwrap(), Reach::Anyone).await.is_ok());
    let first = Server::bind("127.0.0.1:0".parse().unwrap(), Reach::Loopback).await.unwrap();
    let taken = Server::bind(first.address(), Reach::Loopback).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::ConfigInvalid);
}
