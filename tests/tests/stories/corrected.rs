//! Corrected minutes: a new registration that points to the old one, which never changes.

use std::{collections::BTreeSet, fs, path::Path};

use arkivflyt_tests::{House, digest, files_below, samples_folder};
use serde_json::Value;

/// Content path of a logical path in the newest version.
fn current(case: &Path, logical: &str) -> std::path::PathBuf {
    let inventory: Value = serde_json::from_slice(&fs::read(case.join("inventory.json")).unwrap()).unwrap();
    let state = &inventory["versions"][inventory["head"].as_str().unwrap()]["state"];
    let digest = state.as_object().unwrap().iter().find(|(_, paths)| paths.as_array().unwrap().iter().any(|p| p == logical));
    let (digest, _) = digest.unwrap_or_else(|| panic!("{logical} is not in the newest version"));
    case.join(inventory["manifest"][digest][0].as_str().unwrap())
}

/// Every file that a page links to, from where it lies.
fn links(page: &Path) -> BTreeSet<std::path::PathBuf> {
    let html = fs::read_to_string(page).unwrap();
    let hrefs = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    hrefs
        .filter(|h| !h.starts_with('#'))
        .map(|h| page.parent().unwrap().join(&h).canonicalize().unwrap_or_else(|e| panic!("{h}: {e}")))
        .collect()
}

#[test]
fn a_correction_is_a_new_version_beside_the_old() {
    let house = House::new();
    let submit = |name: &str| {
        let file = samples_folder().join("meeting-minutes").join(name);
        house.ask(0, ["submit".as_ref(), file.as_os_str(), "--wait".as_ref()])["documents"][0].clone()
    };
    let first = submit("full.json");
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let first_pdf = case.join(first["pdf"].as_str().unwrap());
    let first_bytes = fs::read(&first_pdf).unwrap();
    let v1 = arkivflyt_tests::tree(&case.join("v1"));

    let second = submit("corrected.json");
    assert_eq!(
        (&second["case_folder"], &second["document_id"], second["version"].as_u64()),
        (&first["case_folder"], &first["document_id"], Some(2))
    );
    assert_eq!(house.case_folders().len(), 1);
    assert_eq!(fs::read(&first_pdf).unwrap(), first_bytes, "the first paper is untouched");
    assert_eq!(arkivflyt_tests::tree(&case.join("v1")), v1, "the first version is untouched");
    let second_pdf = case.join(second["pdf"].as_str().unwrap());
    assert!(second_pdf.is_file() && second_pdf != first_pdf);

    let shown = house.ask(0, ["case", "show", first["case_folder"].as_str().unwrap()]);
    let rows = shown["documents"].as_array().unwrap();
    assert_eq!(rows.iter().map(|d| d["version"].as_u64().unwrap()).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2]), "{shown}");

    // Two registrations, the new one naming the old one.
    let system_id = |path: &Path| {
        let xml = fs::read_to_string(path).unwrap();
        let registration = xml.split("<registrering").nth(1).unwrap_or_else(|| panic!("no registration in {xml}")).to_owned();
        registration.split("<systemID>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let (old, new) = (current(case, "metadata/01.xml"), current(case, "metadata/02.xml"));
    let text = fs::read_to_string(&new).unwrap();
    assert!(text.contains("<kryssreferanse>"), "{text}");
    assert!(text.contains(&format!("<referanseTilRegistrering>{}</referanseTilRegistrering>", system_id(&old))), "{text}");
    let log = fs::read_to_string(current(case, "metadata/endringslogg.xml")).unwrap();
    assert!(log.contains("<endring>"), "{log}");

    // The index reaches every current paper and source, in a bare file browser.
    let index = current(case, "innhold.html");
    let reached = links(&index);
    for pdf in [&first_pdf, &second_pdf] {
        assert!(reached.contains(&pdf.canonicalize().unwrap()), "{} is not linked: {reached:?}", pdf.display());
    }
    for file in files_below(case) {
        let name = file.to_string_lossy().into_owned();
        if name.contains("/kilde/") {
            assert!(reached.contains(&file.canonicalize().unwrap()), "{name} is not linked");
        }
    }
    let head = fs::read(case.join("inventory.json")).unwrap();
    let inventory: Value = serde_json::from_slice(&head).unwrap();
    assert_eq!(inventory["head"], "v2");
    let chain = fs::read_to_string(case.join("v2/content/metadata/forrige-versjon.sha512")).unwrap();
    assert!(chain.trim_end().ends_with("v1/inventory.json"), "{chain}");
    assert_eq!(digest(&head), digest(&fs::read(case.join("v2/inventory.json")).unwrap()));
}

#[test]
fn the_index_of_every_folder_reaches_every_paper() {
    let house = House::bare();
    house.ask(0, ["demo"]);
    for case in house.case_folders() {
        let reached = links(&current(&case, "innhold.html"));
        for file in files_below(&case).iter().filter(|f| f.extension().is_some_and(|x| x == "pdf")) {
            assert!(reached.contains(&file.canonicalize().unwrap()), "{} is not linked", file.display());
        }
        assert!(current(&case, "LESMEG.txt").is_file());
    }
}
