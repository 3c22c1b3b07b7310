//! What we build lettre with.

use std::process::Command;

#[test]
fn lettre_neither_logs_bodies_nor_pools_connections() {
    // MAIL § 1.2: `tracing` writes whole mails and passwords to the log (L6); `pool` hands replies to the wrong mail (L2).
    let run = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "pipeline-notify", "--edges", "features", "--invert", "lettre"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let tree = String::from_utf8(run.stdout).unwrap();
    assert!(tree.contains(r#"lettre feature "smtp-transport""#), "{tree}");
    for feature in ["tracing", "pool", "native-tls", "file-transport", "dkim"] {
        assert!(!tree.contains(&format!("lettre feature \"{feature}\"")), "{tree}");
    }
}
