//! The press with a child that misbehaves on purpose. The child is this test program, running [`child_process`] alone.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipeline_domain::{ErrorCode, Timestamp, Verdict};
use pipeline_render::RenderJob;

use super::child::{Refusal, serve};
use super::sandbox::{Layers, report_of};
use super::*;

/// Says to [`child_process`] that it is the child and not just one test of many.
const MARK: &str = "ARKIVFLYT_PRESS_TEST_CHILD";
/// Says to [`parent_process`] that it is one.
const PARENT_MARK: &str = "ARKIVFLYT_PRESS_TEST_PARENT";

/// Not a test of its own: the program that the other tests start. Passes at once when it is not started as a child.
#[test]
fn child_process() {
    if std::env::var_os(MARK).is_some() {
        serve(|| misbehave)
    }
}

/// Not a test of its own: a parent that [`orphans_die`] kills while its child is busy.
#[tokio::test]
async fn parent_process() {
    if std::env::var_os(PARENT_MARK).is_some() {
        let press = press(settings());
        eprintln!("child {}", pid(&press));
        let _ = press.print(job("spin", b"")).await;
    }
}

/// A typesetter whose template names say what goes wrong.
fn misbehave(job: &RenderJob) -> Result<PrintedPdf, Refusal> {
    let pdf = |bytes| Ok(PrintedPdf { bytes, pages: 1, replaced: 0 });
    match job.template.as_str() {
        "echo" => pdf([job.data.as_slice(), job.logo.as_ref().map_or(b"", |logo| &logo.svg_or_png)].concat()),
        "large" => pdf(vec![7; 20 << 20]),
        "slow" => {
            std::thread::sleep(Duration::from_millis(300));
            pdf(job.data.clone())
        }
        "sleep" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "spin" => loop {
            black_box(0);
        },
        "work" => {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(700) {
                black_box(0);
            }
            pdf(Vec::new())
        }
        "swell" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(black_box(vec![1u8; 64 << 20]));
            }
        }
        "keep" => {
            std::mem::forget(black_box(vec![1u8; 100 << 20]));
            pdf(std::process::id().to_le_bytes().to_vec())
        }
        "who" => pdf(std::process::id().to_le_bytes().to_vec()),
        "dig" => pdf(vec![dig(0) as u8]),
        "panic" => panic!("Kari Testperson"),
        "shout" => {
            eprintln!("{}", "Kari Testperson ".repeat(100_000));
            println!("{}", "Kari Testperson ".repeat(100_000));
            pdf(job.data.clone())
        }
        "abort" => std::process::abort(),
        "leave" => std::process::exit(9),
        _ => Err(Refusal { code: ErrorCode::RenderWarning, verdict: Verdict::GiveUp, reason: "a warning at line 4".into() }),
    }
}

#[expect(unconditional_recursion, reason = "the stack must run out")]
fn dig(depth: u64) -> u64 {
    black_box(dig(black_box(depth + 1))) + 1
}

fn command() -> ChildCommand {
    let args = ["press::tests::child_process", "--exact", "--nocapture", "--test-threads=1"];
    ChildCommand { args: args.map(String::from).to_vec(), env: vec![(MARK.into(), "1".into())], ..ChildCommand::this_program() }
}

fn settings() -> PressSettings {
    PressSettings { sandbox: Sandbox::Required, memory_limit_bytes: 1 << 30, ..PressSettings::for_children(1) }
}

fn press(settings: PressSettings) -> Press {
    Press::start_with(settings, command()).expect("the press starts")
}

fn job(template: &str, data: &[u8]) -> RenderJob {
    let timestamp = Timestamp::from_unix_seconds(1_700_000_000).expect("a time");
    RenderJob { template: template.into(), ident: "id".into(), timestamp, data: data.to_vec(), logo: None, picture: None }
}

fn pid(press: &Press) -> u32 {
    press.children_memory().first().expect("a child").pid
}

/// The document fails with this code and verdict, and the next one is set by then.
async fn fails(settings: PressSettings, template: &str, code: ErrorCode, verdict: Verdict) -> PressError {
    let press = press(settings);
    let error = press.print(job(template, b"x")).await.expect_err(template);
    assert_eq!((error.code(), error.verdict()), (code, verdict), "{template}: {error}");
    let began = Instant::now();
    assert_eq!(press.print(job("echo", b"next")).await.expect("the next one is set").bytes, b"next");
    assert!(began.elapsed() < Duration::from_secs(1), "the next one waited {:?}", began.elapsed());
    assert!(!error.to_string().contains("Kari"), "{error}");
    press.stop().await;
    error
}

#[tokio::test]
async fn bytes_come_back_as_they_went() {
    let press = press(settings());
    let logo = pipeline_render::Logo { svg_or_png: vec![0xff; 10], format: pipeline_render::LogoFormat::Png, alt: "våpen".into() };
    let every_byte: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let pdf = press.print(RenderJob { logo: Some(logo), ..job("echo", &every_byte) }).await.expect("set");
    assert_eq!(pdf.bytes, [every_byte, vec![0xff; 10]].concat());
    assert_eq!(press.print(job("large", b"")).await.expect("set").bytes.len(), 20 << 20);
    assert_eq!(press.print(job("shout", b"y")).await.expect("output does no harm").bytes, b"y");
}

#[tokio::test]
async fn refusals_are_passed_on_and_leave_the_child_alive() {
    let press = press(settings());
    let before = pid(&press);
    let error = press.print(job("warn", b"")).await.expect_err("refused");
    assert_eq!(
        (error.code(), error.verdict(), error.to_string().as_str()),
        (ErrorCode::RenderWarning, Verdict::GiveUp, "a warning at line 4")
    );
    assert_eq!(pid(&press), before);
}

#[tokio::test]
async fn time_is_bounded_on_the_clock() {
    let settings = PressSettings { wall_limit: Duration::from_secs(1), ..settings() };
    fails(settings.clone(), "sleep", ErrorCode::RenderLimitTime, Verdict::GiveUp).await;
    fails(settings, "spin", ErrorCode::RenderLimitTime, Verdict::GiveUp).await;
}

#[tokio::test]
async fn time_is_bounded_on_the_processor() {
    fails(PressSettings { cpu_limit_s: 1, ..settings() }, "spin", ErrorCode::RenderLimitTime, Verdict::GiveUp).await;
}

#[tokio::test]
async fn processor_time_is_counted_for_each_document_anew() {
    let press = press(PressSettings { cpu_limit_s: 1, ..settings() });
    let before = pid(&press);
    for _ in 0..5 {
        press.print(job("work", b"")).await.expect("0.7 s each is within 1 s each");
    }
    assert_eq!(pid(&press), before);
}

#[tokio::test]
async fn memory_and_stack_are_bounded() {
    fails(settings(), "swell", ErrorCode::RenderLimitMemory, Verdict::GiveUp).await;
    fails(settings(), "dig", ErrorCode::RenderLimitMemory, Verdict::GiveUp).await;
}

#[tokio::test]
async fn crashes_are_tried_again_and_tell_no_content() {
    let error = fails(settings(), "panic", ErrorCode::RenderCrashed, Verdict::Retry).await;
    assert!(error.to_string().contains("press/tests.rs:"), "{error}");
    fails(settings(), "abort", ErrorCode::RenderCrashed, Verdict::Retry).await;
    fails(settings(), "leave", ErrorCode::RenderCrashed, Verdict::Retry).await;
}

#[tokio::test]
async fn sizes_are_bounded_both_ways() {
    let press = press(PressSettings { max_job_bytes: 1000, max_pdf_bytes: 1 << 20, ..settings() });
    let before = pid(&press);
    for oversized in [job("echo", &[0; 1001]), job("large", b"")] {
        let error = press.print(oversized).await.expect_err("too large");
        assert_eq!((error.code(), error.verdict()), (ErrorCode::RenderLimitMemory, Verdict::GiveUp));
    }
    assert_eq!(pid(&press), before);
}

#[tokio::test]
async fn children_are_replaced_by_count_and_by_memory() {
    // Each answer is the process id of the child that gave it: the child is chosen for replacement only after it has answered.
    let children = async |settings, template| {
        let press = press(settings);
        let mut seen = BTreeSet::new();
        for _ in 0..12 {
            seen.insert(press.print(job(template, b"")).await.expect("set").bytes);
        }
        seen.len()
    };
    assert_eq!(children(PressSettings { recycle_after_documents: 4, ..settings() }, "who").await, 3);
    assert_eq!(children(PressSettings { recycle_above_bytes: 80 << 20, ..settings() }, "keep").await, 12);
    assert_eq!(children(settings(), "who").await, 1);
}

#[tokio::test]
async fn a_killed_idle_child_is_replaced_unasked() {
    let press = press(settings());
    let before = pid(&press);
    let process = rustix::process::Pid::from_raw(before as i32).expect("a pid");
    rustix::process::kill_process(process, rustix::process::Signal::KILL).expect("killed");
    let began = Instant::now();
    while press.children_memory().first().is_none_or(|child| child.pid == before) {
        assert!(began.elapsed() < Duration::from_secs(2), "no replacement came");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(press.print(job("echo", b"x")).await.expect("set").bytes, b"x");
}

#[tokio::test]
async fn dropped_futures_never_mix_answers() {
    let press = press(PressSettings { children: 2, ..settings() });
    for round in 0..12u8 {
        let name = ["echo", "slow", "sleep", "large"][usize::from(round) % 4];
        let wait = Duration::from_millis(u64::from(round) * 5);
        let _ = tokio::time::timeout(wait, press.print(job(name, b"old"))).await;
        let answer = press.print(job("echo", &[round])).await.expect("set");
        assert_eq!(answer.bytes, [round]);
    }
}

#[tokio::test]
async fn the_line_is_served_in_order_and_in_parallel() {
    let press = Arc::new(press(PressSettings { children: 2, ..settings() }));
    let began = Instant::now();
    let asked: Vec<_> = (0..8u8)
        .map(|n| {
            let press = press.clone();
            tokio::spawn(async move { press.print(job("slow", &[n])).await.map(|pdf| (n, pdf.bytes, Instant::now())) })
        })
        .collect();
    let mut done = Vec::new();
    for answer in asked {
        done.push(answer.await.expect("no panic").expect("set"));
    }
    let took = began.elapsed();
    assert!(done.iter().all(|(n, bytes, _)| bytes == &[*n]), "each got its own");
    assert!(done.windows(3).all(|three| three[0].2 <= three[2].2), "two at a time, in order");
    assert!((Duration::from_millis(1200)..Duration::from_millis(2300)).contains(&took), "8 × 0.3 s on two children took {took:?}");
}

#[tokio::test]
async fn stopping_and_dropping_leave_no_process() {
    let stopped = press(settings());
    let first = pid(&stopped);
    assert!(alive(first));
    stopped.stop().await;
    assert!(!alive(first));
    let dropped = press(settings());
    let second = pid(&dropped);
    let _ = tokio::time::timeout(Duration::from_millis(50), dropped.print(job("spin", b""))).await;
    drop(dropped);
    let began = Instant::now();
    while alive(second) {
        assert!(began.elapsed() < Duration::from_secs(4), "the child outlived its press");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether there is such a process that is not merely waiting to be buried.
fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn orphans_die() {
    let mut parent = Command::new(std::env::current_exe().expect("this program"))
        .args(["press::tests::parent_process", "--exact", "--nocapture"])
        .env(PARENT_MARK, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let said = BufReader::new(parent.stderr.take().expect("piped")).lines().map_while(Result::ok).find(|line| line.starts_with("child "));
    let child = said.expect("a child")["child ".len()..].parse().expect("a pid");
    std::thread::sleep(Duration::from_millis(300));
    assert!(alive(child));
    parent.kill().and_then(|()| parent.wait()).expect("killed");
    let began = Instant::now();
    while alive(child) {
        assert!(began.elapsed() < Duration::from_secs(2), "the child outlived its parent");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_program_that_is_no_child_is_told_at_the_start() {
    let missing = ChildCommand { program: "/nowhere/arkivflyt".into(), ..command() };
    assert!(matches!(Press::start_with(settings(), missing), Err(PressError::Start { .. })));
    let other = ChildCommand { program: "/bin/true".into(), args: vec![], env: vec![] };
    assert!(matches!(Press::start_with(settings(), other), Err(PressError::Crashed { .. })));
}

#[test]
fn a_child_can_do_nothing_but_set_documents() {
    let whole = report_of(&command(), Sandbox::Required.into());
    if whole.failure.as_deref().is_some_and(|failure| failure.contains("sandboxed")) && std::env::var_os("ARKIVFLYT_STRICT").is_none() {
        eprintln!("SKIPPED: this kernel has no Landlock or no seccomp: {:?}", whole.failure);
        return;
    }
    assert!(whole.is_whole(), "{whole:?}");
    assert_eq!(whole.refused.len(), 13, "{whole:?}");

    let layer = |landlock, seccomp| report_of(&command(), Layers { landlock, seccomp, required: true });
    // Each layer alone, so that one cannot hide the other's absence.
    let by_landlock = layer(true, false);
    for what in
        ["read a file", "list a folder", "write a file", "connect by TCP", "listen on TCP", "start a program", "become another program"]
    {
        assert!(by_landlock.refused.iter().any(|refused| refused == what), "{what}: {by_landlock:?}");
    }
    assert!(by_landlock.possible.iter().any(|possible| possible == "open a UDP socket"), "the probe can tell: {by_landlock:?}");
    let by_seccomp = layer(false, true);
    assert!(by_seccomp.possible.is_empty() && by_seccomp.refused.len() == 13, "{by_seccomp:?}");
    // Without a fence the probe becomes `true`, and the report says that there is no child left to ask.
    assert!(layer(false, false).failure.is_some());
}
