//! `access`: who may do what, and why; who has what; who did what. `explain` and `table` ask the same function that everything else
//! asks, and look at no data.

mod evidence;
mod extract;
mod grant;
mod log;
mod paper;
mod report;
mod whose;

use pipeline_access::{
    Action, Basis, Decision, DenyReason, Flag, Obligation, Obligations, Relation, Role, bars, circumstances, decide, markdown, rights,
};
use pipeline_domain::Lang;
use serde_json::{Value, json};

use crate::{asking::one_of, cli::Global, config::Config, exit::Exit, failure::Failure, output::Output, shell::Shell, words::pick};

/// See who may do what with a plan, who was given access, and who used it.
#[derive(Debug, clap::Subcommand)]
pub enum Access {
    /// Answer one question: may this role do this, and what follows?
    #[command(after_help = crate::exit::TABLE)]
    Explain {
        /// The role acted in.
        #[arg(long, value_parser = one_of(Role::ALL, |r| r.id()))]
        role: Role,
        /// What is asked for.
        #[arg(long, value_parser = one_of(Action::ALL, |a| a.id()))]
        action: Action,
        /// How the actor stands to the plan; without it, as the role asks.
        #[arg(long, value_parser = one_of(Relation::ALL, |r| r.id()))]
        relation: Option<Relation>,
        /// A fact about the moment. Without any: an active plan of an adult, with valid consent. May be given more than once.
        #[arg(long = "flag", value_name = "FLAG", value_parser = one_of(Flag::ALL, |f| f.id()))]
        flags: Vec<Flag>,
    },
    /// The whole policy: what each role may do, and what stands in the way.
    #[command(after_help = crate::exit::TABLE)]
    Table {
        /// As Markdown, the way it stands in docs/access.md.
        #[arg(long)]
        markdown: bool,
    },
    /// The access log: is it whole, and what does it say?
    #[command(subcommand, after_help = crate::exit::TABLE)]
    Log(log::Log),
    /// The register of access: who was given which role over what.
    #[command(subcommand, after_help = crate::exit::TABLE)]
    Grant(grant::Change),
    /// Who could see a plan on a day, and who did: by the register, the policy and the log.
    #[command(after_help = crate::exit::TABLE)]
    Who(evidence::Who),
    /// The yearly report on roles: who held which, what was done with them, and which oversight nobody used.
    #[command(after_help = crate::exit::TABLE)]
    Report(report::Yearly),
    /// The pseudonym that stands in the access log for whoever runs this.
    #[command(after_help = crate::exit::TABLE)]
    Whoami(crate::asking::Asking),
}

pub async fn run(access: Access, global: &Global, config: Config, output: &Output) -> Result<Exit, Failure> {
    let lang = global.lang();
    match access {
        Access::Explain { role, action, relation, flags } => explain(role, action, relation, &flags, lang, output),
        Access::Table { markdown: true } if !output.json => {
            output.line(markdown(lang).trim_end());
            Ok(Exit::Ok)
        }
        Access::Table { .. } => {
            table(lang, output);
            Ok(Exit::Ok)
        }
        Access::Whoami(asking) => {
            if !output.answer("access_whoami", json!({ "actor": asking.actor() })) {
                output.line(&asking.actor().to_string());
            }
            Ok(Exit::Ok)
        }
        with_data => {
            let shell = Shell::open(global, config).await?;
            let exit = match with_data {
                Access::Log(log) => log::run(&shell, log, global, output).await,
                Access::Grant(change) => grant::run(&shell, change, global, output),
                Access::Who(who) => evidence::run(&shell, &who, global, output).await,
                Access::Report(yearly) => report::run(&shell, &yearly, global, output).await,
                Access::Explain { .. } | Access::Table { .. } | Access::Whoami(_) => unreachable!("answered above"),
            };
            shell.close().await;
            exit
        }
    }
}

fn explain(role: Role, action: Action, relation: Option<Relation>, flags: &[Flag], lang: Lang, output: &Output) -> Result<Exit, Failure> {
    let (actor, resource) = circumstances(role, relation, flags)?;
    let decision = decide(&actor, action, &resource);
    let basis = decision.is_allowed().then(|| Basis::of(role, resource.consent));
    let body = json!({
        "role": role, "action": action, "relation": actor.relation, "flags": flags, "allowed": decision.is_allowed(),
        "reason": deny_reason(decision).map(|r| coded(r.id(), r.text(lang))),
        "obligations": obligations(decision).iter().map(|o| coded(o.id(), o.text(lang))).collect::<Vec<Value>>(),
        "basis": basis.map(|b| coded(b.id(), b.text(lang))),
    });
    if output.answer("access_explain", body) {
        return Ok(Exit::Ok);
    }
    let verdict = match decision {
        Decision::Allow { .. } => pick(lang, "Ja", "Ja", "Yes"),
        Decision::Deny { .. } => pick(lang, "Nei", "Nei", "No"),
    };
    output.line(&format!("{}: {} – {}", output.bold(verdict), role.text(lang), action.text(lang)));
    let facts: Vec<&str> = std::iter::once(actor.relation.text(lang)).chain(flags.iter().map(|f| f.text(lang))).collect();
    output.line(&format!("  {}: {}", pick(lang, "Når", "Når", "When"), facts.join("; ")));
    if let Some(basis) = basis {
        output.line(&format!("  {}: {}", pick(lang, "Grunnlag", "Grunnlag", "Ground"), basis.text(lang)));
    }
    if let Some(reason) = deny_reason(decision) {
        output.line(&format!("  {} ({reason})", reason.text(lang)));
    }
    let owed = obligations(decision);
    if owed != Obligations::NONE {
        output.line(&format!("  {}", pick(lang, "Dette følger med:", "Dette følgjer med:", "What goes with it:")));
        owed.iter().for_each(|one| output.line(&format!("  - {} ({one})", one.text(lang))));
    }
    Ok(Exit::Ok)
}

fn deny_reason(decision: Decision) -> Option<DenyReason> {
    match decision {
        Decision::Allow { .. } => None,
        Decision::Deny { reason } => Some(reason),
    }
}

fn obligations(decision: Decision) -> Obligations {
    match decision {
        Decision::Allow { obligations } => obligations,
        Decision::Deny { .. } => Obligations::NONE,
    }
}

fn coded(code: &str, text: &str) -> Value {
    json!({ "code": code, "text": text })
}

fn table(lang: Lang, output: &Output) {
    let body = json!({
        "rights": rights(), "bars": bars(),
        "reasons": DenyReason::ALL.iter().map(|r| coded(r.id(), r.text(lang))).collect::<Vec<Value>>(),
        "obligations": Obligation::ALL.iter().map(|o| coded(o.id(), o.text(lang))).collect::<Vec<Value>>(),
    });
    if output.answer("access_table", body) {
        return;
    }
    let (role, when) = (pick(lang, "Rolle", "Rolle", "Role"), pick(lang, "Når", "Når", "When"));
    let rows = rights().into_iter().map(|right| {
        let limits = right.limits.iter().map(|o| format!("({})", o.text(lang)));
        let may: Vec<String> = right.may.iter().map(|a| a.text(lang).to_owned()).chain(limits).collect();
        let column = right.column.text(lang).to_owned();
        vec![listed(right.roles.iter().map(|r| r.text(lang))), right.relation.text(lang).to_owned(), column, may.join("\n")]
    });
    output.table(&[role, when, pick(lang, "Hva", "Kva", "What"), pick(lang, "Kan", "Kan", "May")], rows.collect());
    let everybody = pick(lang, "alle", "alle", "everybody");
    let anything = pick(lang, "noe", "noko", "do anything");
    let rows = bars().into_iter().map(|bar| {
        let roles = if bar.roles.is_empty() { everybody.to_owned() } else { listed(bar.roles.iter().map(|r| r.text(lang))) };
        let actions = if bar.actions.is_empty() { anything.to_owned() } else { listed(bar.actions.iter().map(|a| a.text(lang))) };
        vec![bar.when.text(lang).to_owned(), roles, actions, bar.reason.id().to_owned()]
    });
    let head =
        [when, pick(lang, "Hvem", "Kven", "Who"), pick(lang, "Kan ikke", "Kan ikkje", "May not"), pick(lang, "Svar", "Svar", "Answer")];
    output.table(&head, rows.collect());
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
