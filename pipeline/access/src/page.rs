//! The policy as something to read: the lines of the table and the bars, and both as a page.

use pipeline_domain::Lang;
use serde::Serialize;

use crate::{
    Action, Column, DenyReason, Obligation, Relation, Role, When,
    bars::{BARS, Which, Whose},
    table::TABLE,
};

/// One cell of the table that is not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RightLine {
    /// Who.
    pub roles: &'static [Role],
    /// How they must stand to the plan.
    pub relation: Relation,
    /// Column of DOMAIN § 4.
    pub column: Column,
    /// What they may do.
    pub may: &'static [Action],
    /// What each yes is limited to.
    pub limits: &'static [Obligation],
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BarLine {
    /// When it is down.
    pub when: When,
    /// Whom it stops; empty for everybody.
    pub roles: &'static [Role],
    /// What it stops; empty for everything.
    pub actions: &'static [Action],
    /// What is answered.
    pub reason: DenyReason,
}

/// What every role may do when nothing stands in the way.
pub fn rights() -> Vec<RightLine> {
    let line = |row: &'static crate::table::Row, n: usize| RightLine {
        roles: row.roles,
        relation: row.reach,
        column: Column::ALL[n],
        may: row.cells[n].actions,
        limits: row.cells[n].limits,
    };
    TABLE.iter().flat_map(|row| (0..row.cells.len()).map(move |n| line(row, n))).filter(|line| !line.may.is_empty()).collect()
}

/// What stands in the way, in the order it is asked.
pub fn bars() -> Vec<BarLine> {
    BARS.iter()
        .map(|bar| BarLine {
            when: bar.when,
            roles: match bar.whose {
                Whose::All => &[],
                Whose::Of(roles) => roles,
            },
            actions: match bar.which {
                Which::Any => &[],
                Which::These(actions) => actions,
            },
            reason: bar.reason,
        })
        .collect()
}

/// Both as Markdown: two tables, for `docs/access.md`.
pub fn markdown(lang: Lang) -> String {
    let say = |nb, nn, en| match lang {
        Lang::Nb => nb,
        Lang::Nn => nn,
        Lang::En => en,
    };
    let mut page = String::new();
    page.push_str(say("| Rolle | Når | Hva | Kan |\n", "| Rolle | Når | Kva | Kan |\n", "| Role | When | What | May |\n"));
    page.push_str("|---|---|---|---|\n");
    for right in rights() {
        let roles = join(right.roles, |r| r.text(lang));
        let may = join(right.may, |a| a.text(lang));
        let limits: String = right.limits.iter().map(|o| format!(" ({})", o.text(lang).trim_end_matches('.'))).collect();
        page.push_str(&format!("| {roles} | {} | {} | {may}{limits} |\n", right.relation.text(lang), right.column.text(lang)));
    }
    page.push_str(say(
        "\n| Når | Hvem | Kan ikke | Svar |\n",
        "\n| Når | Kven | Kan ikkje | Svar |\n",
        "\n| When | Who | May not | Answer |\n",
    ));
    page.push_str("|---|---|---|---|\n");
    for bar in bars() {
        let roles = or(join(bar.roles, |r| r.text(lang)), say("alle", "alle", "everybody"));
        let actions = or(join(bar.actions, |a| a.text(lang)), say("noe", "noko", "do anything"));
        page.push_str(&format!("| {} | {roles} | {actions} | `{}` |\n", bar.when.text(lang), bar.reason));
    }
    page
}

fn join<T: Copy>(all: &[T], text: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|one| text(*one)).collect::<Vec<_>>().join(", ")
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}
