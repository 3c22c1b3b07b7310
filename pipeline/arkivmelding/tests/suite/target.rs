//! The configuration: what is taken, and that every refusal is explained.

use pipeline_arkivmelding::{JournalPostType, JournalStatus, Target, TargetFolder};

use crate::support;

fn fault(toml: &str) -> String {
    match toml::from_str::<Target>(toml) {
        Ok(target) => target.check().expect_err(toml).to_string(),
        Err(e) => e.message().to_owned(),
    }
}

#[test]
fn the_shortest_one_has_sensible_defaults() {
    let target = support::target("dialect = 'fiks_arkiv_v1'\nfolder = { kind = 'own' }");
    assert_eq!((target.folder.clone(), target.system.as_str()), (TargetFolder::Own {}, "Arkivflyt"));
    assert_eq!((target.journal_status, target.journal_post_type), (JournalStatus::Registered, JournalPostType::AsArchived));
    assert_eq!((target.doubtful_after_hours, target.classification.len()), (72, 0));
}

#[test]
fn a_target_reads_as_it_was_written() {
    for (name, target) in support::targets() {
        let written = toml::to_string(&target).unwrap();
        assert_eq!(toml::from_str::<Target>(&written).unwrap(), target, "{name}");
    }
}

/// Dialect and folder, then what is wrong, then a part of the explanation.
#[test]
fn what_cannot_be_used_is_explained() {
    const FIKS: &str = "dialect = 'fiks_arkiv_v1'\n";
    const DIGDIR: &str = "dialect = 'digdir'\n";
    const OWN: &str = "folder = { kind = 'own' }\n";
    let class = |class: &str, rest: &str| format!("[[classification]]\nsystem = 'Person'\nclass = '{class}'\n{rest}");
    let cases = [
        (format!("dialect = 'fiks'\n{OWN}"), "digdir"),
        (format!("{FIKS}folder = {{ kind = 'elevmappe' }}"), "by_class"),
        (format!("{FIKS}{OWN}regel = 'x'"), "unknown field"),
        (format!("{FIKS}folder = {{ kind = 'own', key = 'x' }}"), "unknown field"),
        (FIKS.to_owned(), "folder"),
        (format!("{FIKS}{OWN}system = ''"), "system: expected a name"),
        (format!("{FIKS}{OWN}rule = ''"), "rule: expected a name"),
        (format!("{FIKS}{OWN}archive_part = ' '"), "archive_part: expected a code"),
        (format!("{FIKS}{OWN}doubtful_after_hours = 0"), "from 1 to 720"),
        (format!("{FIKS}{OWN}{}", class("{fnr}", "")), "{national_id}"),
        (format!("{FIKS}{OWN}{}", class("{national_id", "")), "placeholders among"),
        (format!("{FIKS}{OWN}{}", class("a}b", "")), "placeholders among"),
        (format!("{FIKS}{OWN}[[classification]]\nsystem = '{{name}}'\nclass = '1'"), "classification.system"),
        (format!("{FIKS}folder = {{ kind = 'by_key', key = '{{national_id}}/{{plan}}' }}"), "folder.key"),
        (format!("{FIKS}folder = {{ kind = 'by_key', key = 'alle' }}"), "folder.key"),
        (format!("{FIKS}folder = {{ kind = 'by_key', key = '{{plan}}', system = '' }}"), "folder.system"),
        (format!("{FIKS}folder = {{ kind = 'by_key', key = '{{plan}}' }}\n{}", class("1", "")), "folder.kind"),
        (format!("{FIKS}folder = {{ kind = 'by_class' }}\n{}", class("{organisation_number}", "")), "classification: expected a class"),
        (format!("{FIKS}folder = {{ kind = 'by_class', title = '' }}\n{}", class("{national_id}", "")), "folder.title"),
        (format!("{DIGDIR}{OWN}rule = 'x'"), "rule: expected no rule"),
        (format!("{DIGDIR}folder = {{ kind = 'by_key', key = '{{plan}}' }}"), "own or by_class"),
        (format!("{DIGDIR}{OWN}{}", class("1", "")), "classification.title"),
    ];
    for (toml, expected) in cases {
        let told = fault(&toml);
        assert!(told.contains(expected), "{toml}\n-> {told}");
    }
}
