//! What others say about our bags: bagit.py, unzip, 7z, Python's zipfile, sha256sum.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use support::{Way, bag, folders_in, run, sample, tool};

/// One bag written in this way, in a folder of its own.
fn written(way: Way) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("bag.zip");
    fs::write(&zip, bag(&sample(), way).unwrap().0).unwrap();
    (folder, zip)
}

const PLAIN: [Way; 2] = [Way::File, Way::Stream];

#[test]
fn unzip_finds_no_error() {
    let Some(unzip) = tool("unzip") else { return };
    for way in PLAIN {
        let (_folder, zip) = written(way);
        let (code, text) = run(&unzip, ["-t".as_ref(), zip.as_os_str()]);
        assert_eq!(code, Some(0), "{way:?}: {text}");
        assert!(text.contains("No errors detected in compressed data"), "{way:?}: {text}");
        assert!(text.contains("Planbeskrivelse – Årstad.pdf"), "{way:?}: {text}");
    }
}

#[test]
fn seven_zip_finds_everything_ok_and_asks_for_the_password() {
    let Some(seven) = tool("7z") else { return };
    for way in Way::ALL {
        let (_folder, zip) = written(way);
        let test = |args: &[&str]| run(&seven, [&["t"], args, &[zip.to_str().unwrap()]].concat());
        let (code, text) = if way == Way::Encrypted { test(&["-psynthetic pass phrase"]) } else { test(&[]) };
        assert_eq!(code, Some(0), "{way:?}: {text}");
        assert!(text.contains("Everything is Ok") && !text.contains("Warning"), "{way:?}: {text}");
        if way == Way::Encrypted {
            let (code, text) = test(&["-panother pass phrase"]);
            assert!(code != Some(0) && text.contains("Wrong password"), "{text}");
            let (_, listing) = run(&seven, ["l", "-slt", zip.to_str().unwrap()]);
            let methods: Vec<&str> = listing.lines().filter(|l| l.starts_with("Method = ")).collect();
            assert!(methods.len() > 10 && methods.iter().all(|m| m.contains("AES-256")), "{methods:?}");
        }
    }
}

#[test]
fn pythons_zipfile_reads_every_entry() {
    let Some(python) = tool("python3") else { return };
    const READ: &str = "import sys, zipfile\n\
        z = zipfile.ZipFile(sys.argv[1])\n\
        assert z.testzip() is None\n\
        assert all(i.date_time == (2026, 11, 23, 9, 0, 0) for i in z.infolist()), z.infolist()\n\
        print(len(z.namelist()), sum(len(z.read(n)) for n in z.namelist() if '/data/' in n))";
    for way in PLAIN {
        let (_folder, zip) = written(way);
        let (code, text) = run(&python, ["-c".as_ref(), READ.as_ref(), zip.as_os_str()]);
        assert_eq!(code, Some(0), "{way:?}: {text}");
        let octets: usize = sample().0.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(text.trim(), format!("13 {octets}"), "{way:?}");
    }
}

/// Unpacked by Python, since it is there wherever bagit.py is.
fn unpacked(zip: &Path) -> Option<PathBuf> {
    let python = tool("python3")?;
    let to = zip.with_extension("d");
    let (code, text) = run(&python, ["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), zip.as_os_str(), to.as_os_str()]);
    assert_eq!(code, Some(0), "{text}");
    let [bag] = &folders_in(&to)[..] else { panic!("one folder in {}", to.display()) };
    Some(bag.clone())
}

#[test]
fn bagit_py_finds_the_bag_valid_and_a_changed_one_not() {
    let Some(bagit) = tool("bagit.py") else { return };
    let (_folder, zip) = written(Way::File);
    let Some(bag) = unpacked(&zip) else { return };
    let validate = || run(&bagit, ["--validate".as_ref(), bag.as_os_str()]);
    let (code, text) = validate();
    assert!(code == Some(0) && text.contains("is valid"), "{text}");
    fs::write(bag.join("data/kilde/01.json"), b"{\"a\":2}").unwrap();
    let (code, text) = validate();
    assert!(code == Some(1) && text.contains("validation failed"), "{text}");
}

#[test]
fn the_usual_tools_check_the_manifests() {
    let (Some(sum256), Some(sum512)) = (tool("sha256sum"), tool("sha512sum")) else { return };
    let (_folder, zip) = written(Way::File);
    let Some(bag) = unpacked(&zip) else { return };
    for (tool, id) in [(sum256, "sha256"), (sum512, "sha512")] {
        for manifest in ["manifest", "tagmanifest"] {
            let command = format!("cd '{}' && {tool} --check --strict {manifest}-{id}.txt", bag.display());
            let (code, text) = run("sh", ["-c", &command]);
            assert_eq!(code, Some(0), "{text}");
            assert_eq!(text.lines().filter(|l| l.ends_with(": OK")).count(), if manifest == "manifest" { 6 } else { 5 }, "{text}");
        }
    }
}

#[test]
fn others_read_more_entries_than_a_short_directory_holds() {
    use made_up::MadeUp;
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("many.zip");
    let base = support::path("mange");
    let spec = pipeline_bag::BagSpec { base: &base, info: &[], tag_files: &[], modified: support::modified(), password: None };
    let file = std::io::BufWriter::new(fs::File::create(&zip).unwrap());
    let written = pipeline_bag::write_to_file(&spec, &MadeUp::new(66_000, 3), file).unwrap();
    assert_eq!(written.files, 66_000);
    let expected = 66_000 + 6;
    if let Some(unzip) = tool("unzip") {
        let (code, text) = run(&unzip, ["-tq".as_ref(), zip.as_os_str()]);
        assert!(code == Some(0) && text.contains("No errors"), "{text}");
    }
    if let Some(seven) = tool("7z") {
        let (code, text) = run(&seven, ["t", zip.to_str().unwrap()]);
        assert!(code == Some(0) && text.contains(&format!("Files: {expected}")), "{text}");
    }
    if let Some(python) = tool("python3") {
        let count = "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))";
        let (_, text) = run(&python, ["-c".as_ref(), count.as_ref(), zip.as_os_str()]);
        assert_eq!(text.trim(), expected.to_string());
    }
    let judged = pipeline_bag::judge_zip(fs::File::open(&zip).unwrap(), None, &pipeline_bag::Limits::default()).unwrap();
    assert_eq!((judged.findings, judged.files), (Vec::new(), 66_000));
}

#[path = "support/made_up.rs"]
mod made_up;

/// A judge that refuses what everybody makes is no use.
#[test]
fn ordinary_zips_of_others_are_let_through() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(at("mappe/tom")).unwrap();
    fs::write(at("mappe/Årsrapport – utkast.txt"), "tekst ".repeat(2_000)).unwrap();
    fs::write(at("mappe/tomt.txt"), "").unwrap();
    let mut made = Vec::new();
    let mut make = |program: &str, args: &[&str], zip: &str| {
        let Some(program) = tool(program) else { return };
        let (code, text) = run("sh", ["-c", "cd \"$0\" && exec \"$@\"", folder.path().to_str().unwrap(), &program].iter().chain(args));
        assert_eq!(code, Some(0), "{program} {args:?}: {text}");
        made.push(zip.to_owned());
    };
    make("zip", &["-qr", "a.zip", "mappe"], "a.zip");
    make("zip", &["-qr0", "b.zip", "mappe"], "b.zip");
    make("7z", &["a", "-tzip", "-mcu=on", "c.zip", "mappe"], "c.zip");
    make("python3", &["-m", "zipfile", "-c", "d.zip", "mappe"], "d.zip");
    // To a pipe: sizes come after the bytes.
    const PIPE: &str = "import sys, zipfile, shutil\nz = zipfile.ZipFile(sys.stdout.buffer, 'w', zipfile.ZIP_DEFLATED)\n\
        z.write('mappe/Årsrapport – utkast.txt')\nz.close()";
    make("sh", &["-c", &format!("python3 -c \"{PIPE}\" | cat > e.zip")], "e.zip");
    for zip in made {
        let findings = pipeline_bag::inspect_zip(fs::File::open(at(&zip)).unwrap(), None, &pipeline_bag::Limits::default()).unwrap();
        // Debian's zip writes UTF-8 and does not say so.
        let told = findings.iter().filter(|f| f.code != pipeline_bag::Code::ZipNameUnmarked || !matches!(&zip[..], "a.zip" | "b.zip"));
        assert_eq!(told.collect::<Vec<_>>(), Vec::<&pipeline_bag::Finding>::new(), "{zip}");
    }
}
