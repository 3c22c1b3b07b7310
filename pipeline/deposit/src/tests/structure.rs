//! What stands in the content folder.

use super::*;
use crate::fragment::Element;

fn mixed() -> (Shelf, crate::Report) {
    let shelf = Shelf::mixed();
    let made = shelf.make(&order(vec![made_up_schemas(shelf.dir.path())])).unwrap();
    let Outcome::Made(report) = made else { panic!("it was made anew") };
    (shelf, report)
}

fn read(shelf: &Shelf, name: &str) -> String {
    fs::read_to_string(shelf.target().join("content").join(name)).unwrap()
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn the_numbers_agree() {
    let (shelf, report) = mixed();
    let structure = read(&shelf, "arkivstruktur.xml");
    assert_eq!((report.folders, report.registrations, report.posts, report.files), (3, 4, 4, 5));
    assert_eq!(count(&structure, "<mappe "), 3);
    assert_eq!(count(&structure, "<registrering "), 4);
    assert_eq!(count(&structure, "<referanseDokumentfil>DOKUMENT/"), 5);
    for journal in ["loependeJournal.xml", "offentligJournal.xml"] {
        let text = read(&shelf, journal);
        assert!(text.contains("<antallJournalposter>4</antallJournalposter>"));
        assert!(text.contains("<journalStartDato>2024-02-01</journalStartDato>"));
        assert!(text.contains("<journalSluttDato>2024-04-01</journalSluttDato>"));
        let root = Element::parse(&text).unwrap();
        let order: Vec<String> = root
            .all("journalregistrering")
            .map(|entry| entry.child("journalpost").unwrap().text("journalsekvensnummer").unwrap().into_owned())
            .collect();
        assert_eq!(order, ["3", "5", "7", "9"], "{journal}");
    }
    let log = read(&shelf, "endringslogg.xml");
    assert_eq!(count(&log, "<endring>") as u64, report.changes);
    // One of each folder, two of the archive, one of the lapsed registration; strays are left out.
    assert_eq!((report.changes, report.changes_left_out), (6, 3));
    let addml = read(&shelf, "arkivuttrekk.xml");
    for (name, value) in
        [("antallDokumentfiler", "5"), ("inneholderDokumenterSomSkalKasseres", "true"), ("omfatterDokumenterSomErKassert", "false")]
    {
        let at = addml.find(&format!("name=\"{name}\"")).unwrap();
        assert!(addml[at..at + 120].contains(&format!("<value>{value}</value>")), "{name}");
    }
}

#[test]
fn each_file_is_there_once_and_is_the_one_that_was_archived() {
    let (shelf, report) = mixed();
    let content = shelf.target().join("content");
    let found = bytes_of(&content);
    for (name, sha256) in &report.sha256 {
        assert_eq!(found[name], *sha256, "{name}");
    }
    let index = fs::read_to_string(shelf.target().join(crate::INDEX)).unwrap();
    let listed: BTreeMap<String, String> = index
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|fields| (fields[0].strip_prefix("content/").unwrap().to_owned(), fields[1].to_owned()))
        .collect();
    let documents: BTreeMap<String, String> =
        found.iter().filter(|(name, _)| name.starts_with("DOKUMENT/")).map(|(name, digest)| (name.clone(), digest.to_string())).collect();
    assert_eq!(listed, documents);
    let names: Vec<&str> = documents.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "DOKUMENT/2024/000001/01_plan.pdf",
            "DOKUMENT/2024/000002/01-1-arkiv.pdf",
            "DOKUMENT/2024/000002/01-1-skjermet.pdf",
            "DOKUMENT/2024/000002/01_plan.pdf",
            "DOKUMENT/2024/000002/02_plan.pdf",
        ]
    );
    assert_eq!(report.without_archive_copy, 1);
}

#[test]
fn only_what_an_extract_says_otherwise_is_changed() {
    let (shelf, _) = mixed();
    let structure = read(&shelf, "arkivstruktur.xml");
    assert!(!structure.contains("Bevares") && structure.contains("Vurderes senere"));
    assert!(!structure.contains("Produksjonsformat"));
    assert!(structure.contains("<arkivstatus>Avsluttet</arkivstatus>") && !structure.contains("Opprettet</arkivstatus>"));
    assert!(structure.contains("<arkivdelstatus>Avsluttet periode</arkivdelstatus>"));
    assert!(structure.contains("<avsluttetAv>Arkivtjenesten &lt;i&gt; Fjellvik</avsluttetAv>"));
    assert!(structure.contains("Blid Fjellbekk &amp; co"));
    // Every class, used or not.
    assert_eq!(count(&structure, "<klasse>"), 4);
    // The folder that was made by mistake keeps its metadata and loses its file.
    assert_eq!(count(&structure, "<journalstatus>Utgår</journalstatus>"), 1);
    assert!(!structure.contains("000009"));
    let log = read(&shelf, "endringslogg.xml");
    assert!(log.contains("<tidligereVerdi>Arkivert</tidligereVerdi>\n    <nyVerdi>Utgår</nyVerdi>"));
}

#[test]
fn the_public_journal_names_nobody() {
    let (shelf, _) = mixed();
    let public = read(&shelf, "offentligJournal.xml");
    for word in ["Fjellbekk", "Elvestein", "Prøveteamet", "03929947214", "Epikrise", "<klasse>"] {
        assert!(!public.contains(word), "{word}");
    }
    assert!(public.contains("<korrespondansepartNavn>******</korrespondansepartNavn>"));
    // A receiver whose name the registration does not screen.
    assert!(public.contains("<korrespondansepartNavn>Helseforetaket</korrespondansepartNavn>"));
    let running = read(&shelf, "loependeJournal.xml");
    assert!(running.contains("Blid Fjellbekk") && running.contains("<skjermingMetadata>Skjerming navn avsender</skjermingMetadata>"));
}

#[test]
fn an_older_part_gets_a_classification_of_its_own() {
    let old = Folder { part: kit::OLD_PART, ..Folder::closed(1, "2024-05-01T12:00:00", vec![Registration::plain(1, "2024-02-01")]) };
    let new = Folder::closed(2, "2024-05-01T12:00:00", vec![Registration::plain(2, "2024-02-01")]);
    let shelf = Shelf::of(&[old, new]);
    let all = order(vec![made_up_schemas(shelf.dir.path())]);
    shelf.make(&all).unwrap();
    let structure = read(&shelf, "arkivstruktur.xml");
    let mut ids: Vec<&str> = structure.split("<systemID>").skip(1).map(|rest| &rest[..36]).collect();
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), count(&structure, "<arkivdel>"), count(&structure, "<klasse>")), (total, 2, 8));

    fs::remove_dir_all(shelf.target()).unwrap();
    let one = shelf.make(&Order { parts: vec!["Planer til 2023".to_owned()], ..all }).unwrap();
    assert_eq!((one.report().folders, one.report().parts.as_slice()), (1, ["Planer til 2023".to_owned()].as_slice()));
}

#[test]
fn a_period_that_began_with_older_folders_has_a_soft_border() {
    let shelf = Shelf::of(&[Folder::closed(1, "2024-05-01T12:00:00", vec![Registration::plain(1, "2024-02-01")])]);
    let border = |period: &str| {
        let asked = Order { period: period.parse().unwrap(), ..order(vec![made_up_schemas(shelf.dir.path())]) };
        shelf.make(&asked).unwrap();
        let addml = read(&shelf, "arkivuttrekk.xml");
        fs::remove_dir_all(shelf.target()).unwrap();
        addml.contains("<value>mykt</value>")
    };
    assert!(!border("2024-01-01..2024-12-31"));
    assert!(border("2024-04-01..2024-12-31"));
}

#[test]
fn the_same_store_and_clock_give_the_same_bytes() {
    let (first, again) = (Shelf::mixed(), Shelf::mixed());
    for shelf in [&first, &again] {
        shelf.make(&with_package(order(vec![made_up_schemas(shelf.dir.path())]))).unwrap();
    }
    let bytes = bytes_of(&first.target());
    assert_eq!(bytes, bytes_of(&again.target()));
    assert_eq!(bytes.len(), 5);
    // Another clock is another package.
    fs::remove_dir_all(again.target()).unwrap();
    let later = Order { created_at: "2025-01-11T12:00:00+01:00".parse().unwrap(), ..order(vec![made_up_schemas(again.dir.path())]) };
    again.make(&with_package(later)).unwrap();
    assert_ne!(bytes, bytes_of(&again.target()));
}

#[test]
fn a_plan_tells_what_would_be_made_and_writes_nothing() {
    let shelf = Shelf::mixed();
    let asked = order(vec![made_up_schemas(shelf.dir.path())]);
    let choice = crate::choose(&asked, &shelf, &mut |_| {}).unwrap();
    let plan = choice.plan();
    assert_eq!((plan.folders, plan.registrations, plan.open, plan.elsewhere), (3, 4, 1, 1));
    assert_eq!(plan.parts, ["Planer fra 2024"]);
    assert!(!shelf.target().exists());
    assert_eq!(fs::read_dir(shelf.dir.path()).unwrap().count(), 2, "store and schemas");
    assert_eq!(shelf.make(&asked).unwrap().report().key, plan.key);
}
