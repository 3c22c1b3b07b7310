//! What stops an extract.

use pipeline_domain::{ErrorCode, Verdict};

use super::*;
use crate::LeakRule;

fn one() -> Shelf {
    Shelf::of(&[Folder::closed(1, "2024-05-01T12:00:00", vec![Registration::plain(1, "2024-02-01")])])
}

fn asked(shelf: &Shelf) -> Order {
    order(vec![made_up_schemas(shelf.dir.path())])
}

/// The error, and that nothing lies under the target's name.
fn refused(shelf: &Shelf, order: &Order, code: ErrorCode) -> DepositError {
    let error = shelf.make(order).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(!shelf.target().exists());
    for word in ["Fjellbekk", "Elvestein", "03929947214"] {
        assert!(!error.to_string().contains(word));
    }
    error
}

#[test]
fn a_file_that_is_not_the_one_that_was_archived() {
    for change in [|b: &mut Vec<u8>| b[20] ^= 1, |b: &mut Vec<u8>| b.truncate(200), |b: &mut Vec<u8>| b.push(0)] {
        let shelf = one();
        let path = &shelf.folders[0].files["dokumenter/01_plan.pdf"].0;
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
        let error = refused(&shelf, &asked(&shelf), ErrorCode::ExtractDamaged);
        assert!(matches!(error, DepositError::Differs { .. }), "{error}");
        assert_eq!(error.verdict(), Verdict::GiveUp);
    }
}

#[test]
fn a_file_or_metadata_that_is_gone_or_damaged() {
    for name in ["dokumenter/01_plan.pdf", "metadata/01.xml", "metadata/mappe.xml", "metadata/sak.json", "metadata/endringslogg.xml"] {
        let shelf = one();
        fs::remove_file(&shelf.folders[0].files[name].0).unwrap();
        let error = refused(&shelf, &asked(&shelf), ErrorCode::ExtractDamaged);
        assert!(matches!(error, DepositError::Read { .. }), "{name}: {error}");
        let shelf = one();
        fs::write(&shelf.folders[0].files[name].0, b"<b/>").unwrap();
        refused(&shelf, &asked(&shelf), ErrorCode::ExtractDamaged);
    }
}

#[test]
fn screened_words_where_everybody_may_read() {
    let mut folder = Folder::closed(1, "2024-05-01T12:00:00", vec![Registration::plain(1, "2024-02-01")]);
    for (public, rule) in [
        ("Møte om Fjellbekk", LeakRule::PartyName),
        ("Sak 03929947214", LeakRule::PartyId),
        ("Notat fra elvestein", LeakRule::CorrespondentName),
    ] {
        folder.public = public;
        let shelf = Shelf::of(std::slice::from_ref(&folder));
        let error = refused(&shelf, &asked(&shelf), ErrorCode::ExtractLeak);
        let DepositError::Leaks { leaks } = error else { panic!("{error}") };
        assert!(leaks.iter().any(|leak| leak.rule == rule), "{public}: {leaks:?}");
        let told = format!("{leaks:?}").to_lowercase();
        assert!(!told.contains("fjellbekk") && !told.contains("elvestein") && !told.contains("03929947214"));
    }
}

/// Only what would be delivered is asked about.
#[test]
fn a_folder_that_may_not_be_given_away() {
    let mut shelf = Shelf::mixed();
    let asked = asked(&shelf);
    shelf.withheld = vec![4, 5];
    assert_eq!(crate::choose(&asked, &shelf, &mut |_| {}).unwrap().plan().withheld, 0, "one is open, one of another year");
    shelf.withheld = vec![2, 4];
    let choice = crate::choose(&asked, &shelf, &mut |_| {}).unwrap();
    assert_eq!((choice.plan().withheld, choice.plan().folders), (1, 3));
    let error = refused(&shelf, &asked, ErrorCode::NotAuthorised);
    assert!(matches!(error, DepositError::Withheld { folders: 1 }) && error.verdict() == Verdict::GiveUp, "{error}");
    assert!(!shelf.dir.path().join(".ut.part").exists());
}

#[test]
fn nothing_to_deliver() {
    let shelf = one();
    let other = Order { period: "2020-01-01..2020-12-31".parse().unwrap(), ..asked(&shelf) };
    refused(&shelf, &other, ErrorCode::ExtractEmpty);
    let other = Order { parts: vec!["Noe annet".to_owned()], ..asked(&shelf) };
    refused(&shelf, &other, ErrorCode::ExtractEmpty);
    // Files are what an extract is for.
    let mut lapsed = Folder::closed(1, "2024-05-01T12:00:00", vec![Registration::plain(1, "2024-02-01")]);
    lapsed.lapsed = true;
    let shelf = Shelf::of(&[lapsed]);
    refused(&shelf, &asked(&shelf), ErrorCode::ExtractEmpty);
}

#[test]
fn a_schema_that_is_missing() {
    let shelf = one();
    let schemas = made_up_schemas(shelf.dir.path());
    fs::remove_file(schemas.join("metadatakatalog.xsd")).unwrap();
    let error = refused(&shelf, &order(vec![schemas.clone()]), ErrorCode::ExtractSchemaMissing);
    assert!(error.to_string().contains("metadatakatalog.xsd"));
    let schemas = made_up_schemas(shelf.dir.path());
    fs::remove_file(schemas.join("DIAS_METS.xsd")).unwrap();
    shelf.make(&order(vec![schemas.clone()])).unwrap();
    fs::remove_dir_all(shelf.target()).unwrap();
    refused(&shelf, &with_package(order(vec![schemas])), ErrorCode::ExtractSchemaMissing);
}

#[test]
fn a_check_that_finds_errors() {
    let shelf = one();
    let gate = Shut(Cell::new(false));
    let error = extract(&asked(&shelf), &shelf, &gate, &shelf.target(), &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExtractRefused);
    assert!(gate.0.get(), "it saw a whole content folder");
    assert!(!shelf.target().exists());
}

#[test]
fn a_target_that_is_taken() {
    let shelf = one();
    fs::create_dir(shelf.target()).unwrap();
    fs::write(shelf.target().join("noe.txt"), "mitt").unwrap();
    let error = shelf.make(&asked(&shelf)).unwrap_err();
    assert!(matches!(error, DepositError::TargetTaken));
    assert_eq!(bytes_of(&shelf.target()).len(), 1);
    // An empty folder is as good as none.
    fs::remove_file(shelf.target().join("noe.txt")).unwrap();
    assert!(matches!(shelf.make(&asked(&shelf)).unwrap(), Outcome::Made(_)));
    // What is there already need not be made, also later; another extract does not replace it.
    let later = Order { created_at: "2026-01-11T12:00:00+01:00".parse().unwrap(), ..asked(&shelf) };
    assert!(matches!(shelf.make(&later).unwrap(), Outcome::AlreadyThere(_)));
    assert!(matches!(shelf.make(&with_package(later)).unwrap_err(), DepositError::TargetTaken));
}

#[test]
fn a_folder_that_changes_meanwhile() {
    struct Restless<'a>(&'a Shelf, Cell<u32>);
    impl Store for Restless<'_> {
        fn count(&self) -> usize {
            self.0.count()
        }

        fn open(&self, at: usize) -> io::Result<CaseFolder> {
            self.1.set(self.1.get() + 1);
            Ok(CaseFolder { version: self.1.get(), ..self.0.open(at)? })
        }

        fn release(&self, folder: &CaseFolder) -> io::Result<Release> {
            self.0.release(folder)
        }
    }
    let shelf = one();
    let error = extract(&asked(&shelf), &Restless(&shelf, Cell::new(0)), &Open, &shelf.target(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, DepositError::Moved { .. }), "{error}");
    assert_eq!(error.verdict(), Verdict::Retry);
    assert!(!shelf.target().exists());
}

#[test]
fn only_its_owner_may_look_into_an_extract() {
    use std::os::unix::fs::PermissionsExt;
    let shelf = one();
    shelf.make(&asked(&shelf)).unwrap();
    assert_eq!(fs::metadata(shelf.target()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn two_at_once() {
    let shelf = one();
    struct Second<'a>(&'a Shelf);
    impl Gate for Second<'_> {
        fn judge(&self, _: &Path) -> io::Result<u64> {
            assert!(matches!(self.0.make(&asked(self.0)).unwrap_err(), DepositError::Busy));
            Ok(0)
        }
    }
    extract(&asked(&shelf), &shelf, &Second(&shelf), &shelf.target(), &mut |_| {}).unwrap();
}
