//! The logs of the archives and the keys that sign them.

use pipeline_domain::Lang;
use pipeline_witness::{KeyRole, Reader, audit_log};

use super::{Findings, Health};
use crate::{
    failure::Failure,
    shell::Shell,
    witness::{
        self, change,
        keys::{self, role_word},
        place::{Place, Which},
    },
    words::pick,
};

/// Each municipality's keys are there, their owner's alone, and those of the history; its logs are whole and signed to their end.
pub fn look(found: &mut Findings, shell: &Shell, lang: Lang) {
    match shell.time_stamps() {
        Ok(None) => {}
        Ok(Some(_)) => found.add(Health::Good, "time_stamp", "witness.time_stamp"),
        Err(failure) => found.add_coded(Health::Bad, "time_stamp", failure.code.id(), failure.detail),
    }
    for number in witness::municipalities(&shell.archive_root()) {
        let place = shell.witnesses.place(&number);
        if !place.is_begun(Which::Archive) {
            found.add_coded(Health::Bad, "log", "log_missing", format!("{number}: {}", next("log_missing", lang)));
            continue;
        }
        match change::finish(&place, shell.clock.now()) {
            Ok(finished) => {
                for role in finished {
                    found.add(Health::Note, "key", format!("{number}: {} {}", role_word(role), next("finished", lang)));
                }
            }
            Err(failure) => told(found, "key", &place, &failure, lang),
        }
        for role in [KeyRole::Checkpoint, KeyRole::Seal] {
            match keys::check(&place, role) {
                Ok(()) => found.add(Health::Good, "key", format!("{number}: {}", role_word(role))),
                Err(failure) => told(found, "key", &place, &failure, lang),
            }
        }
        // Over everything, when the key is there.
        shell.witnesses.checkpoint(&number);
        for which in Which::ALL {
            if let Err(failure) = log(found, &place, which, lang) {
                told(found, "log", &place, &failure, lang);
            }
        }
    }
}

/// Reads one log from end to end.
fn log(found: &mut Findings, place: &Place, which: Which, lang: Lang) -> Result<(), Failure> {
    let (history, reader) = (keys::history(place, which)?, Reader::open(&place.log(which)));
    let same = |role| Ok::<_, Failure>(history.current(role) == keys::history(place, Which::Archive)?.current(role));
    if !(same(KeyRole::Checkpoint)? && same(KeyRole::Seal)?) {
        found.add_coded(Health::Bad, "key", "keys_differ", format!("{}: {}", history.origin(), next("keys_differ", lang)));
    }
    let audited = audit_log(&reader, &history, &[])?;
    for finding in &audited.findings {
        let text = finding.code.text(lang);
        let detail = format!("{} {}: {text} {}", history.origin(), finding.at, next("witness_log_damaged", lang));
        found.add_coded(Health::Bad, "log", finding.code.id(), detail);
    }
    let size = audited.checkpoint.map_or(0, |c| c.size);
    if reader.is_unsigned(size, |_| true)? {
        found.add_coded(Health::Bad, "log", "log_unsigned", format!("{}: {}", history.origin(), next("log_unsigned", lang)));
    } else if audited.findings.is_empty() {
        found.add(Health::Good, "log", format!("{} ({size})", history.origin()));
    }
    Ok(())
}

fn told(found: &mut Findings, what: &'static str, place: &Place, failure: &Failure, lang: Lang) {
    let detail = format!("{}: {}. {}", place.number(), failure.detail, next(failure.code.id(), lang));
    found.add_coded(Health::Bad, what, failure.code.id(), detail);
}

/// What it means, and what to do next.
fn next(code: &str, lang: Lang) -> &'static str {
    match code {
        "log_missing" => pick(
            lang,
            "Arkivet har ingen logg. Er den fjernet, hent den fra en sikkerhetskopi; har det aldri hatt noen: «arkivflyt audit begin».",
            "Arkivet har ingen logg. Er han fjerna, hent han frå ein tryggingskopi; har det aldri hatt nokon: «arkivflyt audit begin».",
            "The archive has no log. If it was removed, take it from a backup; if there never was one: `arkivflyt audit begin`.",
        ),
        "finished" => pick(
            lang,
            "et bytte av nøkkel som ble avbrutt, er gjort ferdig",
            "eit byte av nøkkel som vart avbrote, er gjort ferdig",
            "a change of key that was cut off has been finished",
        ),
        "keys_differ" => pick(
            lang,
            "De to loggene sier ulike ting om nøklene. Er en av dem lagt tilbake fra en kopi? Kjør «arkivflyt audit verify».",
            "Dei to loggane seier ulike ting om nøklane. Er ein av dei lagd tilbake frå ein kopi? Køyr «arkivflyt audit verify».",
            "The two logs say different things about the keys. Was one put back from a backup? Run `arkivflyt audit verify`.",
        ),
        "log_unsigned" => pick(
            lang,
            "Loggen er ikke signert til enden. Det arkiveres fortsatt. Rett det som er galt med nøkkelen, og kjør «arkivflyt audit begin».",
            "Loggen er ikkje signert til enden. Det blir framleis arkivert. Rett det som er gale med nøkkelen, og køyr «arkivflyt audit begin».",
            "The log is not signed to its end. Archiving goes on. Mend what is wrong with the key, and run `arkivflyt audit begin`.",
        ),
        "witness_key" => pick(
            lang,
            "Legg kopien av nøkkelen tilbake (chmod 600). Finnes ingen kopi: «arkivflyt audit key lost». Kan andre ha den: «audit key leaked».",
            "Legg kopien av nøkkelen tilbake (chmod 600). Finst ingen kopi: «arkivflyt audit key lost». Kan andre ha han: «audit key leaked».",
            "Put the copy of the key back (chmod 600). If there is none: `arkivflyt audit key lost`. If others may have it: `audit key leaked`.",
        ),
        _ => pick(
            lang,
            "Ta vare på loggen som den er, og kjør «arkivflyt audit verify».",
            "Ta vare på loggen som han er, og køyr «arkivflyt audit verify».",
            "Keep the log as it is, and run `arkivflyt audit verify`.",
        ),
    }
}
