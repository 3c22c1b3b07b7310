//! The largest files that are let in, made to take as much memory as they can: the process stays small.

use pipeline_attach::{Limits, State, examine, prepare_image};

/// Most memory that one examination may ever take, in MiB: the file, the objects of a PDF, or the pixels of an image.
const MOST_MIB: u64 = 900;

/// Highest resident size of this process so far (proc(5), `VmHWM`).
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// A PDF with one object of this, repeated until the file is as large as it may be.
fn pdf_of(piece: &[u8], open: &[u8], close: &[u8]) -> Vec<u8> {
    let limit = usize::try_from(Limits::default().file_bytes).unwrap();
    let mut out = b"%PDF-1.7\n1 0 obj\n".to_vec();
    out.extend(open);
    let times = (limit - 4096) / piece.len();
    out.extend(piece.repeat(times));
    out.extend(close);
    let start = out.len() + 1;
    out.extend(format!("\nxref\n1 1\n{:010} 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", 9).bytes());
    assert!(out.len() <= limit);
    out
}

#[test]
fn the_worst_files_stay_within_bounds() {
    let limits = Limits::default();
    let full = usize::try_from(limits.file_bytes).unwrap();
    let files: Vec<Vec<u8>> = vec![
        pdf_of(b"0 ", b"[", b"]"),
        pdf_of(b"[]", b"[", b"]"),
        pdf_of(b"<<>>", b"[", b"]"),
        pdf_of(b"/A 0", b"<<", b">>"),
        b"<a/>".repeat(full / 4),
        [b"[".as_slice(), &b"0,".repeat(full / 2 - 2), b"0]"].concat(),
        b"a,b\n".repeat(full / 4),
        b"PK\x05\x06".repeat(full / 4),
        b"\xff\xd8\xff\xe0\x00\x02".repeat(full / 6),
        b"a: b\n".repeat(full / 5),
    ];
    let before = peak_mib();
    for (i, file) in files.into_iter().enumerate() {
        let began = std::time::Instant::now();
        let out = examine("stor.pdf", &file, &limits);
        assert!(prepare_image(&file, &limits).is_err());
        println!("file {i}: {:?} {:?} in {:?}", out.state, out.code, began.elapsed());
        assert!(matches!(out.state, State::SetAside | State::Refused), "file {i}: {:?}", out.state);
        assert!(began.elapsed().as_secs() < 120, "file {i}: {:?}", began.elapsed());
    }
    let Some(peak) = peak_mib() else {
        eprintln!("SKIPPED: this system does not tell the size of a process");
        return;
    };
    println!("peak {peak} MiB, {before:?} before");
    assert!(peak < MOST_MIB, "{peak} MiB");
}

/// Heaps of what a signature begins with: the search grows with the file, and not with the pattern.
#[test]
fn signatures_are_looked_for_in_linear_time() {
    let full = usize::try_from(Limits::default().file_bytes).unwrap() / 8;
    let files: Vec<Vec<u8>> = vec![
        [b"<?xml version=\"1.0\"?>".as_slice(), &b"<svg ".repeat(full / 5 - 8)].concat(),
        [b"%PDF-1.7\n<x xmlns:pdfaid='http://www.aiim.org/pdfa/ns/id/'>".as_slice(), &b"pdfaid:part='2'".repeat(full / 15 - 8)].concat(),
        [b"<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0".as_slice(), &b"<title>".repeat(full / 7 - 8)].concat(),
        [b"{\\rtf1\\ansi\\ansicpg".as_slice(), &b"\\stshfdbch0".repeat(full / 11 - 8)].concat(),
    ];
    for (i, file) in files.into_iter().enumerate() {
        let began = std::time::Instant::now();
        examine("stor.pdf", &file, &Limits::default());
        println!("heap {i}: {:?}", began.elapsed());
        assert!(began.elapsed().as_secs() < 60, "heap {i}: {:?}", began.elapsed());
    }
}
