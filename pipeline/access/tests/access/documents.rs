//! `docs/access.md` cannot drift from the policy.

use pipeline_access::{Action, DenyReason, Flag, Obligation, Relation, Role, bars, markdown, rights};
use pipeline_domain::Lang;

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/access.md"));

#[test]
fn the_tables_in_the_document_are_those_of_the_policy() {
    let (_, rest) = DOCUMENT.split_once("<!-- policy: begin -->\n").expect("a mark where the tables begin");
    let (tables, _) = rest.split_once("<!-- policy: end -->").expect("a mark where they end");
    assert!(
        tables == markdown(Lang::En),
        "docs/access.md is behind: put what `arkivflyt --lang en access table --markdown` prints between its two marks"
    );
}

#[test]
fn the_document_explains_every_reason_obligation_flag_and_name() {
    let words = DenyReason::ALL.iter().map(|r| r.id()).chain(Obligation::ALL.iter().map(|o| o.id()));
    let words = words.chain(Flag::ALL.iter().map(|f| f.id())).chain(Role::ALL.iter().map(|r| r.id()));
    for word in words.chain(Action::ALL.iter().map(|a| a.id())).chain(Relation::ALL.iter().map(|r| r.id())) {
        assert!(DOCUMENT.contains(&format!("`{word}`")), "docs/access.md says nothing of `{word}`");
    }
}

#[test]
fn the_page_shows_every_line_in_every_language() {
    for lang in [Lang::Nb, Lang::Nn, Lang::En] {
        let page = markdown(lang);
        assert_eq!(page.lines().filter(|l| l.starts_with('|')).count(), rights().len() + bars().len() + 4);
        assert!(page.lines().filter(|l| l.starts_with('|')).all(|l| l.matches('|').count() == 5), "four cells a line");
        for right in rights() {
            for (role, action) in right.roles.iter().flat_map(|r| right.may.iter().map(move |a| (r, a))) {
                let there = |l: &str| l.contains(role.text(lang)) && l.contains(action.text(lang)) && l.contains(right.relation.text(lang));
                assert!(page.lines().any(there), "{role} {action}");
            }
        }
    }
}
