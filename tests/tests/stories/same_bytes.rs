//! The same documents at the same time give the same bytes: papers, metadata, case folders and mails.

use arkivflyt_tests::{House, kind_folders, samples_folder, tree};

#[test]
fn two_fresh_folders_come_out_alike() {
    let [one, two] = ["1", "2"].map(|children| {
        let house = House::new().with("RENDER__CHILDREN", children);
        for folder in kind_folders() {
            house.ask(0, ["submit".as_ref(), folder.as_os_str()]);
        }
        house.ask(0, ["run-once"]);
        house
    });
    let (a, b) = (one.archive_tree(), two.archive_tree());
    let names = |t: &arkivflyt_tests::Tree| t.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    let differ: Vec<&String> = a.iter().filter(|(k, v)| b[*k] != **v).map(|(k, _)| k).collect();
    assert!(differ.is_empty(), "{differ:?}");
    assert!(a.len() > 300, "{}", a.len());

    // A report on a run bears the run's own id; every other mail is the same to the byte, up to the checkpoint, which each house signs
    // with its own key.
    let mails = |house: &House| {
        let text = |name: String| (std::fs::read_to_string(house.at("mail/new").join(&name)).unwrap(), name);
        let all = tree(&house.at("mail/new")).into_keys().map(text).filter(|(text, _)| !text.contains("To: arkiv@"));
        let same = |text: String| {
            let (same, _) = text.split_once("sjekkpunkt.1.").expect("every mail bears the checkpoint");
            same.to_owned()
        };
        all.map(|(text, name)| (name, same(text))).collect::<arkivflyt_tests::Tree>()
    };
    let (a, b) = (mails(&one), mails(&two));
    assert!(a.len() > 10, "{}", a.len());
    assert_eq!(a, b);
}

#[test]
fn the_same_paper_twice_by_two_processes() {
    let house = House::bare();
    let out = tempfile::tempdir().unwrap();
    let file = samples_folder().join("plan-snapshot/full-iop.json");
    let [a, b] = ["a.pdf", "b.pdf"].map(|name| {
        let pdf = out.path().join(name);
        let answer = house.ask(0, ["render".as_ref(), file.as_os_str(), "-o".as_ref(), pdf.as_os_str()]);
        assert!(answer["pages"].as_u64().unwrap() >= 2, "{answer}");
        std::fs::read(pdf).unwrap()
    });
    assert!(a == b, "the same input gives the same bytes");
    let piped = house.run(["render".as_ref(), file.as_os_str(), "-o".as_ref(), "-".as_ref()]).expect(0);
    assert!(piped.stdout == a, "the same on standard output");
    assert!(!house.data().exists(), "rendering needs no data folder");
}
