//! Each mail once.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, thread, time::Duration};

use pipeline_notify::{Delivery, Mail, Maildir, Seen, run_report_notice};

use pipeline_domain::WrittenForm;

use crate::fixture::{a_mail, mail_for, one_of_each};

#[test]
fn a_mail_is_delivered_once_however_often() {
    let root = tempfile::tempdir().unwrap();
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    let mail = a_mail();
    assert_eq!(maildir.deliver(&mail).unwrap(), Delivery::Delivered);
    assert_eq!(maildir.deliver(&mail).unwrap(), Delivery::AlreadyThere);
    let again = Maildir::open_or_create(root.path()).unwrap();
    assert_eq!(again.deliver(&mail).unwrap(), Delivery::AlreadyThere);
    let entries = again.list().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].name.as_str(), entries[0].seen, entries[0].size_bytes), (&*mail.file_name, Seen::New, mail.bytes.len() as u64));
    assert_eq!(again.read(&mail.file_name).unwrap(), Some(mail.bytes.clone()));
    assert_eq!(fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
    let mode = fs::metadata(root.path().join("new").join(&mail.file_name)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn many_at_once_deliver_each_mail_once() {
    let root = tempfile::tempdir().unwrap();
    let mails: Vec<Mail> = one_of_each().into_iter().map(|v| v.mail).collect();
    let keys: std::collections::BTreeSet<_> = mails.iter().map(|m| m.file_name.clone()).collect();
    let delivered: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let maildir = Maildir::open_or_create(root.path()).unwrap();
                    mails.iter().filter(|mail| maildir.deliver(mail).unwrap() == Delivery::Delivered).count()
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).sum()
    });
    assert_eq!(delivered, keys.len());
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    let names: Vec<String> = maildir.list().unwrap().into_iter().map(|e| e.name).collect();
    assert_eq!(names, keys.into_iter().collect::<Vec<_>>());
    assert_eq!(maildir.sweep_tmp().unwrap(), 0);
}

#[test]
fn a_mail_that_a_reader_has_moved_does_not_come_back() {
    let root = tempfile::tempdir().unwrap();
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    let mail = a_mail();
    maildir.deliver(&mail).unwrap();
    fs::rename(root.path().join("new").join(&mail.file_name), root.path().join("cur").join(format!("{}:2,S", mail.file_name))).unwrap();
    assert_eq!(maildir.deliver(&mail).unwrap(), Delivery::AlreadyThere);
    let entries = maildir.list().unwrap();
    assert_eq!((entries.len(), entries[0].seen), (1, Seen::Current));
    assert_eq!(maildir.read(&mail.file_name).unwrap(), Some(mail.bytes));
}

#[test]
fn leftovers_are_swept_and_files_in_the_making_are_not() {
    let root = tempfile::tempdir().unwrap();
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    let tmp = root.path().join("tmp");
    fs::write(tmp.join("torn.eml.1.0"), "Date: Mon").unwrap();
    let in_the_making = fs::File::create(tmp.join("busy.eml.1.1")).unwrap();
    in_the_making.lock().unwrap();
    assert_eq!(maildir.sweep_tmp().unwrap(), 1);
    assert!(tmp.join("busy.eml.1.1").exists() && !tmp.join("torn.eml.1.0").exists());
    drop(in_the_making);
    assert_eq!(maildir.sweep_tmp().unwrap(), 1);
    assert_eq!(maildir.list().unwrap(), []);
}

#[test]
fn only_names_of_mails_can_be_read() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("secret"), "x").unwrap();
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    for name in ["../secret", "", ".", "..", "/etc/hostname", "nothing.eml", "a\0b"] {
        assert_eq!(maildir.read(name).unwrap(), None, "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_that_may_pass() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    let error = Maildir::open_or_create(&root.path().join("file")).unwrap_err();
    assert_eq!((error.code().id(), error.verdict()), ("mail_temporary", pipeline_domain::Verdict::Retry));
}

const FOLDER: &str = "ARKIVFLYT_TEST_MAILDIR";
const MAILS: usize = 60;

fn numbered(n: usize) -> Mail {
    mail_for(&run_report_notice(&format!("run-{n}"), WrittenForm::Nb))
}

/// Run by the next test in a process of its own; alone it has nothing to do.
#[test]
fn deliver_all_in_the_folder_that_the_environment_names() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let maildir = Maildir::open_or_create(Path::new(&folder)).unwrap();
    for n in 0..MAILS {
        maildir.deliver(&numbered(n)).unwrap();
    }
}

#[test]
fn a_delivery_killed_at_any_moment_leaves_each_mail_whole_and_once() {
    let root = tempfile::tempdir().unwrap();
    let deliver_all = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "maildir::deliver_all_in_the_folder_that_the_environment_names"]).env(FOLDER, root.path());
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    };
    let check = |maildir: &Maildir| {
        maildir.sweep_tmp().unwrap();
        assert_eq!(fs::read_dir(root.path().join("tmp")).unwrap().count(), 0);
        let entries = maildir.list().unwrap();
        for entry in &entries {
            let bytes = maildir.read(&entry.name).unwrap().unwrap();
            assert!((0..MAILS).map(numbered).any(|mail| mail.file_name == entry.name && mail.bytes == bytes), "{} is torn", entry.name);
        }
        entries.len()
    };
    let maildir = Maildir::open_or_create(root.path()).unwrap();
    let mut cut_short = 0;
    for round in 0..40 {
        let mut child = deliver_all();
        thread::sleep(Duration::from_micros(5_000 + 1_300 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let there = check(&maildir);
        cut_short += usize::from(there > 0 && there < MAILS);
        if there == MAILS {
            // Begin again, so that later rounds have something to interrupt.
            fs::remove_dir_all(root.path().join("new")).unwrap();
            Maildir::open_or_create(root.path()).unwrap();
        }
    }
    eprintln!("{cut_short} of 40 rounds were cut short in the middle");
    assert!(deliver_all().wait().unwrap().success());
    assert_eq!(check(&maildir), MAILS);
}
