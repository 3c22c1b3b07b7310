//! `audit key`: the two keys that sign, and what to do when one has served its time, is lost, or has leaked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Subcommand, ValueEnum};
use pipeline_domain::{ErrorCode, Lang, MunicipalityNumber, Sha256};
use pipeline_witness::{Checkpoint, KeyHistory, KeyReason, KeyRole, KeyTerm, PublicKey, Reader, minisign_public_key};
use serde::Serialize;
use serde_json::json;

use crate::{
    cli::{
        Global,
        audit::{one_municipality, verify::collect},
    },
    exit::Exit,
    failure::Failure,
    output::Output,
    shell::Shell,
    witness::{
        self,
        change::{self, Order},
        keys::{self, role_word},
        place::{Place, Use, Which},
    },
    words::pick,
};

/// Look after the keys that sign the log and seal closed folders.
///
/// A running daemon need not be stopped: keys are read whenever something is signed, and nothing is signed while one is exchanged.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Every key that ever counted, how long it did, and whether its file is there.
    #[command(after_help = crate::exit::TABLE)]
    List(List),
    /// It is time for a new key (every other year). The old one vouches for it, and what it signed stays good.
    #[command(after_help = crate::exit::TABLE)]
    Rotate(Change),
    /// The key is gone, nobody else has it, and there is no copy to put back. The key of the other role vouches for the new one.
    #[command(after_help = crate::exit::TABLE)]
    Lost(Change),
    /// Somebody else may have the key. The key of the other role vouches for the new one, and the old one counts only up to the size of the
    /// log at which it was last known to be safe: without a flag, as the log is now. Up to there it proves nothing against the log.
    #[command(after_help = crate::exit::TABLE)]
    Leaked(Leaked),
}

/// Which keys to tell of.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only this municipality.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

/// Which key to exchange.
#[derive(Debug, clap::Args)]
pub struct Change {
    /// What the key signs: checkpoints of the log, or seals of closed folders.
    #[arg(value_name = "ROLE")]
    pub role: Role,
    /// Whose; may be left out when there is one municipality only.
    #[arg(long, value_name = "NUMBER")]
    pub municipality: Option<MunicipalityNumber>,
}

/// Which key has leaked, and since when.
#[derive(Debug, clap::Args)]
pub struct Leaked {
    #[command(flatten)]
    pub change: Change,
    /// A letter or package from before the leak, or a folder of them: the newest checkpoint in them is the last that is safe.
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "last_safe_size")]
    pub last_safe_letter: Option<PathBuf>,
    /// The size of the log at which the key was last known to be safe.
    #[arg(long, value_name = "N")]
    pub last_safe_size: Option<u64>,
}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Checkpoint,
    Seal,
}

impl From<Role> for KeyRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Checkpoint => Self::Checkpoint,
            Role::Seal => Self::Seal,
        }
    }
}

/// One key, as it is told.
#[derive(Debug, Serialize)]
struct Told {
    role: &'static str,
    /// As verifiers of signed notes take it (C2SP `signed-note`).
    #[serde(skip_serializing_if = "Option::is_none")]
    verifier_key: Option<String>,
    /// As `minisign -P` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    minisign: Option<String>,
    from: u64,
    until: Option<u64>,
    leaked: bool,
    /// Of the current key: whether its file can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'static str>,
}

/// One municipality's keys.
#[derive(Debug, Serialize)]
struct OfOne {
    municipality: MunicipalityNumber,
    log: String,
    fingerprint: Sha256,
    keys: Vec<Told>,
}

pub fn run(shell: &Shell, key: &Key, global: &Global, output: &Output) -> Result<Exit, Failure> {
    match key {
        Key::List(asked) => list(shell, asked, global, output),
        Key::Rotate(change) => exchange(shell, change, KeyReason::Rotated, None, global, output),
        Key::Lost(change) => exchange(shell, change, KeyReason::Lost, None, global, output),
        Key::Leaked(leaked) => exchange(shell, &leaked.change, KeyReason::Leaked, Some(leaked), global, output),
    }
}

fn list(shell: &Shell, asked: &List, global: &Global, output: &Output) -> Result<Exit, Failure> {
    let wanted = |n: &MunicipalityNumber| asked.municipality.as_ref().is_none_or(|only| only == n);
    let mut all = Vec::new();
    for number in witness::municipalities(&shell.archive_root()).into_iter().filter(wanted) {
        let place = shell.witnesses.place(&number);
        if place.is_begun(Which::Archive) {
            all.push(of_one(&place)?);
        }
    }
    if asked.municipality.is_some() && all.is_empty() {
        output.error("not_found", asked.municipality.as_ref().map_or("", |n| n.as_str()));
        return Ok(Exit::NotFound);
    }
    if output.answer("audit_keys", json!({ "municipalities": all })) {
        return Ok(Exit::Ok);
    }
    let lang = global.lang();
    for one in &all {
        let fingerprint = pick(lang, "fingeravtrykk", "fingeravtrykk", "fingerprint");
        output.line(&format!("{} {}: {fingerprint} {}", one.municipality, one.log, one.fingerprint));
        one.keys.iter().for_each(|key| say_key(key, lang, output));
    }
    Ok(Exit::Ok)
}

fn of_one(place: &Place) -> Result<OfOne, Failure> {
    let history = keys::history(place, Which::Archive)?;
    let roles = [KeyRole::Checkpoint, KeyRole::Seal];
    let told = roles.into_iter().flat_map(|role| history.terms(role).iter().map(move |term| (role, term)));
    let keys = told.map(|(role, term)| told_of(place, &history, role, term)).collect();
    Ok(OfOne { municipality: place.number().clone(), log: history.origin().to_owned(), fingerprint: history.fingerprint(), keys })
}

fn told_of(place: &Place, history: &KeyHistory, role: KeyRole, term: &KeyTerm) -> Told {
    Told {
        role: role_word(role),
        verifier_key: (role == KeyRole::Checkpoint).then(|| term.key.verifier_key(history.origin())),
        minisign: (role == KeyRole::Seal).then(|| minisign_line(&term.key)),
        from: term.from,
        until: term.until,
        leaked: term.is_leaked,
        file: term.until.is_none().then(|| file_state(place, role)),
    }
}

/// The one line that `minisign -P` takes.
fn minisign_line(key: &PublicKey) -> String {
    minisign_public_key(key).lines().nth(1).unwrap_or_default().to_owned()
}

fn file_state(place: &Place, role: KeyRole) -> &'static str {
    match keys::check(place, role) {
        Ok(()) => "ok",
        Err(_) if !place.key(role, Use::Current).exists() => "missing",
        Err(_) => "unusable",
    }
}

fn say_key(key: &Told, lang: Lang, output: &Output) {
    let text = key.verifier_key.as_ref().or(key.minisign.as_ref()).map_or("", String::as_str);
    let until = key.until.map_or_else(String::new, |u| u.to_string());
    let leaked = if key.leaked { pick(lang, " på avveie", " på avvegar", " leaked") } else { "" };
    let file = key.file.map_or_else(String::new, |f| format!(" [{f}]"));
    output.line(&format!("  {:<10} {}..{until}{leaked}{file}  {text}", key.role, key.from));
}

fn exchange(
    shell: &Shell,
    asked: &Change,
    reason: KeyReason,
    leaked: Option<&Leaked>,
    global: &Global,
    output: &Output,
) -> Result<Exit, Failure> {
    let (lang, role) = (global.lang(), KeyRole::from(asked.role));
    let Some(number) = one_municipality(shell, asked.municipality.as_ref()) else {
        output.error("municipality_missing", say("municipality_missing", lang));
        return Ok(Exit::InvalidInput);
    };
    let place = shell.witnesses.place(&number);
    if !place.is_begun(Which::Archive) {
        output.error("log_missing", &format!("{number}: {}", say("log_missing", lang)));
        return Ok(Exit::NotFound);
    }
    let now = shell.clock.now();
    // A change of this key that was cut off is the one that is asked for once more.
    let is_finished = change::finish(&place, now)?.contains(&role);
    if !is_finished {
        if reason == KeyReason::Lost && keys::check(&place, role).is_ok() {
            output.error("key_not_lost", &format!("{number}: {}", say("key_not_lost", lang)));
            return Ok(Exit::InvalidInput);
        }
        let safe_size = match leaked.map(|leaked| safe_size(&place, role, leaked)).transpose()? {
            Some(Err(code)) => {
                output.error(code, &format!("{number}: {}", say(code, lang)));
                return Ok(Exit::InvalidInput);
            }
            Some(Ok(size)) => size,
            None => None,
        };
        change::exchange(&place, Order { role, reason, safe_size }, now, &mut |_| Ok(()))?;
    }
    tell(&place, role, is_finished, lang, output)
}

/// The size at which the key was last known to be safe; or a code for what is wrong with the answer.
fn safe_size(place: &Place, role: KeyRole, leaked: &Leaked) -> Result<Result<Option<u64>, &'static str>, Failure> {
    let history = keys::history(place, Which::Archive)?;
    let size = match (&leaked.last_safe_letter, leaked.last_safe_size) {
        (Some(letters), _) => match newest_in(place, &history, letters)? {
            Some(size) => size,
            None => return Ok(Err("letter_unusable")),
        },
        (None, Some(size)) => size,
        (None, None) => return Ok(Ok(None)),
    };
    let newest = Reader::open(&place.log(Which::Archive)).trusted_checkpoint(&history)?.size;
    let from = history.terms(role).last().map_or(0, |term| term.from);
    Ok(if (from..=newest).contains(&size) { Ok(Some(size)) } else { Err("size_out_of_term") })
}

/// The newest checkpoint in letters that the log contains.
fn newest_in(place: &Place, history: &KeyHistory, letters: &Path) -> Result<Option<u64>, Failure> {
    let mut files = Vec::new();
    collect(letters, &mut files);
    let reader = Reader::open(&place.log(Which::Archive));
    let signed = reader.trusted_checkpoint(history)?.size;
    let mut found = Vec::new();
    for letter in files.iter().filter_map(|file| fs::read(file).ok()) {
        let own = Checkpoint::find_in_mail(history.origin(), &letter).into_iter();
        found.extend(own.filter(|c| c.size <= signed && history.judge(c).is_ok()));
    }
    found.sort_by_key(|c| std::cmp::Reverse(c.size));
    for checkpoint in found {
        if reader.root_at(checkpoint.size)? == checkpoint.root {
            return Ok(Some(checkpoint.size));
        }
    }
    Ok(None)
}

/// The key that counts now, and what to do with it.
fn tell(place: &Place, role: KeyRole, is_finished: bool, lang: Lang, output: &Output) -> Result<Exit, Failure> {
    let history = keys::history(place, Which::Archive)?;
    let term = history.terms(role).last().ok_or_else(|| Failure::give_up(ErrorCode::WitnessKey, "a role without a key"))?;
    let told = told_of(place, &history, role, term);
    let answer = json!({
        "municipality": place.number(),
        "log": history.origin(),
        "fingerprint": history.fingerprint(),
        "finished_earlier_change": is_finished,
        "key": told,
    });
    if !output.answer("audit_key", answer) {
        if is_finished {
            output.talk(say("finished", lang));
        }
        say_key(&told, lang, output);
        output.line(&format!("  {}", place.key(role, Use::Current).display()));
        output.talk(say("copy", lang));
    }
    Ok(Exit::Ok)
}

fn say(code: &str, lang: Lang) -> &'static str {
    match code {
        "municipality_missing" => pick(
            lang,
            "flere kommuner; velg en (--municipality)",
            "fleire kommunar; vel ein (--municipality)",
            "several municipalities; choose one (--municipality)",
        ),
        "log_missing" => pick(
            lang,
            "arkivet har ingen logg; se «audit verify» og «audit begin»",
            "arkivet har ingen logg; sjå «audit verify» og «audit begin»",
            "the archive has no log; see `audit verify` and `audit begin`",
        ),
        "key_not_lost" => pick(
            lang,
            "nøkkelen ligger der og kan brukes; bytt den med «audit key rotate», eller med «audit key leaked» om andre kan ha den",
            "nøkkelen ligg der og kan brukast; byt han med «audit key rotate», eller med «audit key leaked» om andre kan ha han",
            "the key is there and can be used; change it with `audit key rotate`, or with `audit key leaked` if others may have it",
        ),
        "letter_unusable" => pick(
            lang,
            "brevene har ikke noe sjekkpunkt som loggen inneholder",
            "breva har ikkje noko sjekkpunkt som loggen inneheld",
            "the letters hold no checkpoint that the log contains",
        ),
        "size_out_of_term" => pick(
            lang,
            "nøkkelen gjaldt ikke ved den størrelsen; se «audit key list»",
            "nøkkelen gjaldt ikkje ved den storleiken; sjå «audit key list»",
            "the key did not count at that size; see `audit key list`",
        ),
        "finished" => pick(
            lang,
            "Et bytte som ble avbrutt, er nå gjort ferdig. Ingen ny nøkkel er laget i tillegg.",
            "Eit byte som vart avbrote, er no gjort ferdig. Ingen ny nøkkel er laga i tillegg.",
            "A change that was cut off is finished now. No other new key was made.",
        ),
        _ => pick(
            lang,
            "Ta kopi av nøkkelfilen til papir eller safe, og ødelegg kopien av den gamle. Fingeravtrykket er det samme som før. \
             En tjeneste som går, trenger ingen omstart.",
            "Ta kopi av nøkkelfila til papir eller safe, og øydelegg kopien av den gamle. Fingeravtrykket er det same som før. \
             Ei teneste som går, treng ingen omstart.",
            "Copy the key file to paper or a safe, and destroy the copy of the old one. The fingerprint is the same as before. \
             A daemon that runs needs no restart.",
        ),
    }
}
