//! Row 19, attachments: what came of every format and every trap, with the documents that brought them and by themselves.

#[path = "../../../pipeline/attach/tests/attach/corpus/mod.rs"]
#[expect(dead_code, reason = "the room's own tests use the rest")]
mod corpus;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use arkivflyt_tests::{House, Tool, digest, files_below, good_samples, samples_folder, set_age, tree};
use corpus::{Sample, pictures::CANARIES};
use pipeline_attach::State;
use serde_json::{Value, json};

use crate::judged;

/// A document in each written form.
const FORMS: [(&str, &str); 2] = [("nb", "meeting-invitation/full.json"), ("nn", "meeting-invitation/nynorsk.json")];

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

/// Puts a file where a source system puts it.
fn put(house: &House, bytes: &[u8]) -> String {
    let folder = house.at("inbox/attachments");
    fs::create_dir_all(&folder).unwrap();
    let name = digest(bytes);
    fs::write(folder.join(&name), bytes).unwrap();
    name
}

fn item(name: &str, bytes: &[u8]) -> Value {
    json!({ "name": name, "hash": digest(bytes), "date": "2026-11-02" })
}

/// The invitation with these files; its plan is number `n`.
fn invitation(sample_name: &str, n: usize, items: Vec<Value>) -> Value {
    let mut document = sample(sample_name);
    let edit = |id: &Value, n: usize| json!(format!("{}{n:04}", &id.as_str().unwrap()[..32]));
    document["id"] = edit(&document["id"], n);
    document["case"]["plan_id"] = edit(&document["case"]["plan_id"], n);
    document["content"]["attachment_list"] = Value::Array(items);
    document
}

fn submitted(house: &House, document: &Value) -> Value {
    house.feed(["submit", "-", "--wait", "--json"], document.to_string().as_bytes()).expect(0).json()["documents"][0].clone()
}

/// A case folder on disk, and what it says of the attachments of one document.
struct Folder {
    place: PathBuf,
    record: Value,
}

impl Folder {
    fn of(house: &House, answer: &Value) -> Self {
        let record = house.ask(0, ["case", "show", answer["case_folder"].as_str().unwrap()]);
        Self { place: record["path"].as_str().unwrap().into(), record }
    }

    fn attachments(&self, document: usize) -> Vec<Value> {
        self.record["documents"][document]["attachments"].as_array().unwrap().clone()
    }

    fn bytes(&self, at: &Value) -> Vec<u8> {
        fs::read(self.place.join(at.as_str().unwrap_or_else(|| panic!("no file: {}", self.record)))).unwrap()
    }

    fn xml(&self, version: u32, no: u32) -> String {
        fs::read_to_string(self.place.join(format!("v{version}/content/metadata/{no:02}.xml"))).unwrap()
    }
}

fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    xml.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

fn expected_state(state: State) -> &'static str {
    match state {
        State::Accepted => "accepted",
        State::PdfaKept => "pdfa_kept",
        State::ConvertImage => "converted",
        State::NeedsManualConversion => "needs_manual_conversion",
        State::SetAside => "set_aside",
        State::Refused => "refused",
    }
}

/// What must have come of one file.
fn looked_at(house: &House, folder: &Folder, expected: &Sample, found: &Value) {
    let name = &expected.name;
    let told = (found["state"].as_str(), found["code"].as_str(), found["sha256"].as_str().map(str::to_owned));
    assert_eq!(told, (Some(expected_state(expected.state)), expected.code, Some(digest(&expected.bytes))), "{name}: {found}");
    if expected.puid.is_some() {
        assert_eq!(found["puid"].as_str(), expected.puid, "{name}");
    }
    if !expected.state.keeps_original() {
        assert_eq!((&found["original"], &found["page"]), (&Value::Null, &Value::Null), "{name}");
        let apart = house.at("refused/attachments").join(digest(&expected.bytes));
        assert_eq!(fs::read(&apart).unwrap(), expected.bytes, "{name}: kept apart as it came");
        let problems: Value = serde_json::from_slice(&fs::read(apart.with_extension("problems.json")).unwrap()).unwrap();
        assert_eq!(problems["problems"][0]["code"].as_str(), expected.code, "{name}");
        return;
    }
    assert_eq!(folder.bytes(&found["original"]), expected.bytes, "{name}: byte for byte");
    assert_eq!(found["page"].is_string(), expected.state == State::ConvertImage, "{name}");
}

/// The metadata says the same as the record: a dokumentbeskrivelse for each file that is held, a merknad for each that is not.
fn metadata_tells(xml: &str, samples: &[Sample]) {
    let held: Vec<&Sample> = samples.iter().filter(|s| s.state.keeps_original()).collect();
    let of = |state: State| samples.iter().filter(|s| s.state == state).count();
    let attached = elements(xml, "tilknyttetRegistreringSom").into_iter().filter(|w| *w == "Vedlegg").count();
    assert_eq!((attached, elements(xml, "antallVedlegg")), (held.len(), vec![held.len().to_string().as_str()]));
    let variants = elements(xml, "variantformat");
    let production = of(State::ConvertImage) + of(State::NeedsManualConversion);
    let archival = 1 + of(State::Accepted) + of(State::PdfaKept) + of(State::ConvertImage);
    assert_eq!(variants.iter().filter(|v| **v == "Produksjonsformat").count(), production);
    assert_eq!(variants.iter().filter(|v| **v == "Arkivformat").count(), archival);
    assert_eq!(elements(xml, "konvertertTilFormat"), vec!["PDF/A-2a"; of(State::ConvertImage)]);
    let remarks = elements(xml, "merknadstekst");
    for (sample, no) in samples.iter().zip(1..) {
        let told = |r: &&&str| r.contains(&format!("({})", sample.code.unwrap_or("-")));
        if !sample.state.keeps_original() {
            assert!(remarks.iter().filter(told).any(|r| r.starts_with(&format!("Vedlegg {no} er ikke arkivert. "))), "{no}: {remarks:?}");
        }
    }
    let (sums, details) = (elements(xml, "sjekksum"), elements(xml, "formatDetaljer"));
    for sample in held {
        assert!(sums.contains(&digest(&sample.bytes).as_str()), "{}", sample.name);
        assert!(sample.puid.is_none_or(|puid| details.contains(&puid)), "{}", sample.name);
    }
}

#[test]
fn row_19_attachments_of_every_format_and_every_trap() {
    let everything = corpus::all();
    for (form, name) in FORMS {
        let house = House::new();
        let mut groups = Vec::new();
        // As many as one document may name, and no more than one case may hold.
        for (samples, n) in everything.chunks(90).zip(1..) {
            samples.iter().for_each(|s| drop(put(&house, &s.bytes)));
            let items = samples.iter().map(|s| item(&s.name, &s.bytes)).collect();
            groups.push((samples, submitted(&house, &invitation(name, n, items))));
        }
        let left: Vec<_> = files_below(&house.at("inbox"));
        assert!(left.is_empty(), "{form}: the drop folder is empty again: {left:?}");
        let mut pages = 0;
        for (samples, answer) in groups {
            let folder = Folder::of(&house, &answer);
            let found = folder.attachments(0);
            assert_eq!(found.len(), samples.len());
            for (expected, found) in samples.iter().zip(&found) {
                looked_at(&house, &folder, expected, found);
                if let Some(page) = found["page"].as_str() {
                    pages += 1;
                    if pages % 4 == 1 {
                        paper_tells_nothing(&folder.place.join(page), form);
                    }
                }
            }
            metadata_tells(&folder.xml(1, 1), samples);
            names_are_ours(&folder.place);
        }
        assert!(pages > 12, "{pages}");
        judged::folders(&house);
        let files = house.ask(0, ["verify"]);
        assert_eq!(files["valid"], true, "{files}");
    }
}

/// A page of an image is what it claims to be, and says nothing that the image told of its maker.
fn paper_tells_nothing(page: &Path, form: &str) {
    let Some(pdf) = judged::paper(page) else { return };
    assert_eq!((pdf.fact("Pages"), pdf.fact("Title")), ("1", "Vedlegg"), "{}", pdf.info);
    let Some(bytes) = judged::bytes_unpacked(page) else { return };
    for canary in CANARIES {
        assert!(!bytes.windows(canary.len()).any(|w| w == *canary), "{} holds {}", page.display(), String::from_utf8_lossy(canary));
    }
    assert!(pdf.text.contains("SYNTETISKE DATA"), "{form}");
}

/// Digits and extensions: nothing that a sender wrote.
fn names_are_ours(place: &Path) {
    let files: Vec<PathBuf> = files_below(place).into_iter().filter(|f| f.parent().unwrap().ends_with("vedlegg")).collect();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let (stem, extension) = name.split_once('.').unwrap();
        let numbers = stem.strip_suffix("-arkiv").unwrap_or(stem);
        assert!(numbers.chars().all(|c| c.is_ascii_digit() || c == '-') && extension.len() <= 5, "{name}");
    }
}

#[test]
fn row_19_an_image_lies_on_its_page_as_it_was_seen() {
    for (form, name) in FORMS {
        let house = House::new();
        let turned: Vec<Vec<u8>> = (1..=8).map(corpus::pictures::talkative_jpeg).collect();
        turned.iter().for_each(|bytes| drop(put(&house, bytes)));
        let items = turned.iter().map(|bytes| item("bilde.jpg", bytes)).collect();
        let folder = Folder::of(&house, &submitted(&house, &invitation(name, 1, items)));
        for (found, orientation) in folder.attachments(0).iter().zip(1..) {
            assert_eq!(found["warnings"], json!(["holds_location"]), "{orientation}: {found}");
            let page = folder.place.join(found["page"].as_str().unwrap());
            paper_tells_nothing(&page, form);
            let Some(tool) = Tool::find("pdfinfo") else { return };
            let size = tool.pass([page.as_os_str()]);
            let size = size.lines().find_map(|l| l.strip_prefix("Page size:")).unwrap();
            let side = |n: usize| size.split_whitespace().nth(n).unwrap().parse::<f64>().unwrap();
            // 24 × 16 pixels: from the fifth on they stand on end.
            assert_eq!(side(0) > side(2), orientation < 5, "{orientation}: {size}");
        }
    }
}

#[test]
fn row_19_the_same_bytes_are_stored_once_and_named_again() {
    let house = House::new();
    let (letter, image) = (corpus::zips::ooxml(corpus::zips::WORD, &[]), corpus::pictures::talkative_jpeg(1));
    let items = || vec![item("brev.docx", &letter), item("bilde.jpg", &image), item("det samme bildet.jpg", &image)];
    [&letter, &image].iter().for_each(|bytes| drop(put(&house, bytes)));
    let first = invitation("meeting-invitation/full.json", 1, items());
    let folder = Folder::of(&house, &submitted(&house, &first));
    let stored = |folder: &Folder| files_below(&folder.place).into_iter().filter(|f| f.parent().unwrap().ends_with("vedlegg")).count();
    assert_eq!(stored(&folder), 3, "two files, and one page");
    // The next version of the invitation names them again, and nobody sends the files.
    let mut second = invitation("meeting-invitation/changed.json", 1, items());
    second["id"] = first["id"].clone();
    let folder = Folder::of(&house, &submitted(&house, &second));
    let (before, after) = (folder.attachments(0), folder.attachments(1));
    for (old, new) in before.iter().zip(&after) {
        assert_eq!((&old["original"], &old["page"], &old["state"]), (&new["original"], &new["page"], &new["state"]));
    }
    assert_eq!(stored(&folder), 3, "nothing is stored twice");
    let files = elements(&folder.xml(2, 2), "referanseDokumentfil").iter().map(|f| (*f).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(files.len(), 6, "each registration has its own files: {files:?}");
    assert!(files.iter().skip(1).all(|f| f.starts_with("vedlegg/02-")), "{files:?}");
    judged::folders(&house);
}

#[test]
fn row_19_a_file_that_never_came_is_told_and_can_come_by_itself() {
    for (form, name, sheet) in [("nb", FORMS[0].1, "attachment/full.json"), ("nn", FORMS[1].1, "attachment/nynorsk.json")] {
        let house = House::new();
        let bytes = corpus::pdfs::Pdf::archive("2", "B").build();
        let invitation = invitation(name, 1, vec![item("besøksplan.pdf", &bytes)]);
        let run = house.feed(["submit", "-", "--wait", "--json"], invitation.to_string().as_bytes()).expect(0);
        assert!(run.stderr.contains("attachment_missing"), "{form}: it is said at once: {}", run.stderr);
        let folder = Folder::of(&house, &run.json()["documents"][0]);
        let missing = &folder.attachments(0)[0];
        assert_eq!((missing["state"].as_str(), missing["code"].as_str()), (Some("missing"), Some("attachment_missing")));
        assert!(elements(&folder.xml(1, 1), "merknadstekst")[0].starts_with("Vedlegg 1 er ikke arkivert."));
        let page = fs::read_to_string(folder.place.join("v1/content/innhold.html")).unwrap();
        assert!(page.contains("attachment_missing"), "{page}");
        // Now by itself, from a folder of the user's whose names say nothing.
        let (documents, files) = (house.at("sheet.json"), house.at("from-the-user"));
        let mut alone = sample(sheet);
        alone["case"] = invitation["case"].clone();
        alone["content"]["sha256"] = json!(digest(&bytes));
        alone["content"]["file_name"] = json!("besøksplan.pdf");
        alone["content"]["document_ref"] = json!({ "document_id": invitation["id"], "version": 1 });
        fs::write(&documents, alone.to_string()).unwrap();
        fs::create_dir(&files).unwrap();
        fs::write(files.join("Blid sin plan.pdf"), &bytes).unwrap();
        fs::write(files.join("noe annet.txt"), "hei").unwrap();
        let args = ["submit", documents.to_str().unwrap(), "--attachments", files.to_str().unwrap(), "--wait", "--json"];
        let answer = house.run(args).expect(0).json()["documents"][0].clone();
        let folder = Folder::of(&house, &answer);
        let came = &folder.attachments(1)[0];
        assert_eq!((came["state"].as_str(), folder.bytes(&came["original"])), (Some("pdfa_kept"), bytes.clone()), "{came}");
        assert_eq!(files_below(&files).len(), 2, "the user's own files stay");
        let xml = folder.xml(2, 2);
        assert_eq!(elements(&xml, "dokumenttype"), ["Vedlegg", "Vedlegg"]);
        assert_eq!(elements(&xml, "tilknyttetRegistreringSom"), ["Hoveddokument", "Vedlegg"]);
        assert_eq!(elements(&xml, "referanseTilRegistrering").len(), 1, "it points to the invitation");
        if let Some(pdf) = judged::paper(&folder.place.join(answer["pdf"].as_str().unwrap())) {
            assert!(
                pdf.text.contains("besøksplan.pdf") && pdf.text.contains(if form == "nb" { "Filnavn" } else { "Filnamn" }),
                "{}",
                pdf.text
            );
        }
        judged::folders(&house);
        // A file that replaces it is a new version.
        let replaced = corpus::pdfs::Pdf::archive("2", "U").build();
        put(&house, &replaced);
        alone["content"]["version"] = json!(2);
        alone["content"]["sha256"] = json!(digest(&replaced));
        let folder = Folder::of(&house, &submitted(&house, &alone));
        assert_eq!(folder.bytes(&folder.attachments(2)[0]["original"]), replaced);
        assert_eq!(folder.record["documents"][1]["corrected_by"], 3);
    }
}

#[test]
fn row_19_what_is_too_large_or_not_what_it_says_never_stops_a_document() {
    let house = House::new().with("ATTACHMENTS__MAX_FILE_MIB", "1").with("ATTACHMENTS__MAX_CASE_FILES", "2");
    let text = |n: usize| "æøå og litt til\n".repeat(n).into_bytes();
    let [fits, too_large, other, second, third] = [text(10), text(80_000), text(11), text(12), text(13)];
    [&fits, &too_large, &other, &second, &third].iter().for_each(|bytes| drop(put(&house, bytes)));
    // Changed long ago: nobody is writing to it any more.
    let wrong = house.at("inbox/attachments").join(digest(&other));
    fs::write(&wrong, "noe annet").unwrap();
    set_age(&wrong, Duration::from_secs(60));
    let items = [&fits, &too_large, &other, &second, &third].map(|b| item("notat.txt", b)).to_vec();
    let folder = Folder::of(&house, &submitted(&house, &invitation("meeting-invitation/full.json", 1, items)));
    let told: Vec<(String, String)> = folder
        .attachments(0)
        .iter()
        .map(|a| (a["state"].as_str().unwrap().to_owned(), a["code"].as_str().unwrap_or("-").to_owned()))
        .collect();
    let expected = [
        ("accepted", "-"),
        ("refused", "attachment_too_large"),
        ("missing", "attachment_missing"),
        ("accepted", "-"),
        ("refused", "attachment_too_many"),
    ];
    assert_eq!(told, expected.map(|(s, c)| (s.to_owned(), c.to_owned())));
    let refused: Vec<Value> = files_below(&house.at("refused"))
        .into_iter()
        .filter(|f| f.to_string_lossy().ends_with(".problems.json"))
        .map(|f| serde_json::from_slice(&fs::read(f).unwrap()).unwrap())
        .collect();
    let codes: BTreeSet<&str> = refused.iter().map(|p| p["problems"][0]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, BTreeSet::from(["attachment_broken", "attachment_too_large", "attachment_too_many"]));
    assert!(files_below(&house.at("inbox")).is_empty());
    judged::folders(&house);
}

#[test]
fn row_19_twice_the_same_is_the_same_also_in_the_daemon() {
    let bomb = corpus::all().into_iter().find(|s| s.name == "bombe.zip").unwrap().bytes;
    let letter = corpus::zips::ooxml(corpus::zips::WORD, &[]);
    let files = [("bilde.png", corpus::pictures::talkative_png()), ("brev.docx", letter), ("bombe.zip", bomb)];
    let items = || files.iter().map(|(name, bytes)| item(name, bytes)).collect::<Vec<_>>();
    let document = invitation("meeting-invitation/full.json", 1, items()).to_string();
    let alone = || {
        let house = House::new();
        files.iter().for_each(|(_, bytes)| drop(put(&house, bytes)));
        fs::write(house.at("inbox/a.json"), &document).unwrap();
        house.run(["run-once"]).expect(0);
        house
    };
    let (one, two) = (alone(), alone());
    assert_eq!(one.archive_tree(), two.archive_tree());
    assert!(files_below(&one.at("work")).is_empty(), "nothing lies between the stages");
    let served = House::new();
    files.iter().for_each(|(_, bytes)| drop(put(&served, bytes)));
    let daemon = served.serve();
    served.drop_in("a.json", document.as_bytes());
    // Empty when the files were taken; until then it cannot be removed.
    served.until(Duration::from_secs(60), |house| fs::remove_dir(house.at("inbox/attachments")).map_err(|_| daemon.log()));
    served.until_idle(Duration::from_secs(60));
    assert!(daemon.stop(Duration::from_secs(30)).success());
    let held = |house: &House| -> BTreeMap<String, String> {
        let of = |(path, digest): (String, String)| Some((path.split_once("/vedlegg/")?.1.to_owned(), digest));
        tree(&house.at("arkivlager")).into_iter().filter_map(of).collect()
    };
    assert_eq!(held(&served), held(&one), "the same files, whoever carried the document");
    assert_eq!(held(&one).len(), 3, "{:?}", held(&one));
    assert!(files_below(&served.at("work")).is_empty());
}

#[test]
fn row_19_files_go_when_no_document_needs_them() {
    let house = House::new().with("INTAKE__KEEP_ACCEPTED_DAYS", "0");
    let bytes = corpus::pictures::talkative_png();
    put(&house, &bytes);
    // A folder that cannot be written to: the document waits, and so does its file.
    let document = invitation("meeting-invitation/full.json", 1, vec![item("bilde.png", &bytes)]);
    house.feed(["submit", "-"], document.to_string().as_bytes()).expect(0);
    let pool = house.at("accepted/attachments").join(digest(&bytes));
    assert_eq!(fs::read(&pool).unwrap(), bytes, "safe beside its document");
    house.run(["doctor"]).expect(0);
    assert!(pool.exists(), "its document is on its way");
    house.run(["run-once"]).expect(0);
    house.run(["run-once"]).expect(0);
    assert!(!pool.exists(), "the archive has it");
}

#[test]
fn row_19_no_file_name_gets_out() {
    const SECRET: &str = "Henvisning Blid Fjellbekk 17851490027.png";
    let house = House::new();
    let bytes = corpus::pictures::talkative_png();
    put(&house, &bytes);
    let mut document = invitation("meeting-invitation/full.json", 1, vec![item(SECRET, &bytes)]);
    document["case"]["address_protection"] = json!("strictly_confidential");
    let run = house.feed(["submit", "-", "--wait", "--json", "-vv"], document.to_string().as_bytes()).expect(0);
    let folder = Folder::of(&house, &run.json()["documents"][0]);
    let needle = |text: &[u8]| text.windows(10).any(|w| w == b"Henvisning");
    assert!(!needle(run.stderr.as_bytes()) && !needle(folder.record.to_string().as_bytes()));
    for file in files_below(house.data()) {
        let name = file.strip_prefix(house.data()).unwrap().to_string_lossy().into_owned();
        assert!(!name.contains("Henvisning"), "{name}");
        // Under the strictest protection the name may tell a place: only what the document itself says holds it.
        let may = name.starts_with("accepted/") || name.contains("/kilde/") || name.ends_with(".pdf");
        assert!(may || !needle(&fs::read(&file).unwrap()), "{name}");
    }
    assert!(elements(&folder.xml(1, 1), "tittel").contains(&"Vedlegg 1"), "a number stands for it");
    assert!(good_samples().iter().any(|s| s.folder() == "attachment"), "the kind has samples");
}
