//! The schedules that a municipality gets unless it says otherwise (DOMAIN § 9). Times are Europe/Oslo.

use pipeline_domain::Lang;

use crate::Misfire;

/// A schedule as delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultSchedule {
    /// Its published name. Never renamed.
    pub name: &'static str,
    /// Its expression, in Europe/Oslo.
    pub expression: &'static str,
    /// What becomes of firings that were missed.
    pub misfire: Misfire,
    /// Whether it runs without anybody asking for it.
    pub state: DefaultState,
    nb: &'static str,
    nn: &'static str,
    en: &'static str,
}

/// Whether a delivered schedule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultState {
    /// Runs.
    On,
    /// Waits until somebody turns it on.
    Off,
}

impl DefaultSchedule {
    /// What it does, in one line.
    pub fn description(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Nb => self.nb,
            Lang::Nn => self.nn,
            Lang::En => self.en,
        }
    }
}

macro_rules! defaults {
    ($($name:literal $expression:literal $state:ident : $nb:literal | $nn:literal | $en:literal;)+) => {
        /// All of them, in the order of DOMAIN § 9. A run that was missed while all was down happens once afterwards.
        pub const DEFAULTS: &[DefaultSchedule] = &[$(DefaultSchedule {
            name: $name,
            expression: $expression,
            misfire: Misfire::Once,
            state: DefaultState::$state,
            nb: $nb,
            nn: $nn,
            en: $en,
        },)+];
    };
}

// None lies in 02:00–02:59 on a day whose clock may change, and the monthly and yearly ones keep out of each other's way.
defaults! {
    "archive.semiannual" "0 2 15 JAN,JUN *" On:
        "Ber om øyeblikksbilder av planene som er eldre enn forrige gang, arkiverer det som venter, og rapporterer."
        | "Bed om augeblinksbilete av planane som er eldre enn førre gong, arkiverer det som ventar, og rapporterer."
        | "Asks for snapshots of plans last archived before the last period, archives what waits, and reports.";
    // Each hour it takes the meetings that begin in the 24 hours after it.
    "archive.premeeting" "5 * * * *" Off:
        "Ber om et øyeblikksbilde av planen døgnet før et møte, før den endres i møtet."
        | "Bed om eit augeblinksbilete av planen døgnet før eit møte, før han blir endra i møtet."
        | "Asks for a snapshot of a plan in the day before a meeting, before the meeting changes it.";
    "archive.sweep" "*/10 * * * *" On:
        "Arkiverer dokumenter som er blitt endelige."
        | "Arkiverer dokument som er blitt endelege."
        | "Archives documents that have become final.";
    // From the first Monday of May to the last of July, the end of the school year: from August it is in the list of `school_year.close`.
    "annual_report.remind" "0 7 * MAY-JUL MON" On:
        "Lister opp IOP-er uten årsrapport og minner de ansvarlige, hver uke fra 1. mai til skoleåret er slutt."
        | "Listar opp IOP-ar utan årsrapport og minner dei ansvarlege, kvar veke frå 1. mai til skuleåret er slutt."
        | "Lists plans without an annual report and reminds their leads, weekly from 1 May to the end of the school year.";
    "school_year.close" "0 5 1 AUG *" On:
        "Lister opp IOP-er som verken er videreført eller avsluttet når skoleåret er slutt."
        | "Listar opp IOP-ar som verken er førte vidare eller avslutta når skuleåret er slutt."
        | "Lists individual plans that are neither rolled over nor closed when the school year has ended.";
    "consent.scan" "0 6 * * *" On:
        "Finner samtykker som går ut eller er gått ut."
        | "Finn samtykke som går ut eller er gått ut."
        | "Finds consents that expire or have expired.";
    "notify.second" "15 * * * *" On:
        "Varsler en gang til når noe har ligget uåpnet i sju dager."
        | "Varslar ein gong til når noko har lege uopna i sju dagar."
        | "Tells once more when something has lain unopened for seven days.";
    "meeting.remind" "25 * * * *" On:
        "Minner dem som er innkalt, to dager før et møte."
        | "Minner dei som er kalla inn, to dagar før eit møte."
        | "Reminds those who are called, two days before a meeting.";
    // After the archive report, and before the week's work begins.
    "lead.digest" "30 7 * * MON" On:
        "Sender hver planansvarlig én oversikt over det som venter på dem."
        | "Sender kvar planansvarleg éi oversikt over det som ventar på dei."
        | "Sends each lead one overview of what waits for them.";
    "contact.stale" "30 5 1 * *" On:
        "Finner kontaktopplysninger som er eldre enn 18 måneder."
        | "Finn kontaktopplysningar som er eldre enn 18 månader."
        | "Finds contact data older than 18 months.";
    // The waits of 1, 5, 15, 60 minutes and then hourly belong to each mail (`Backoff`): this only looks whose wait is over.
    "outbox.retry" "* * * * *" On:
        "Sender e-post på nytt når ventetiden etter et mislykket forsøk er over."
        | "Sender e-post på nytt når ventetida etter eit mislukka forsøk er over."
        | "Sends mail again whose wait after a failed attempt is over.";
    "delivery.receipts" "*/5 * * * *" On:
        "Henter kvitteringer fra sakarkivet og sender det som venter dit, der et sakarkiv er satt opp."
        | "Hentar kvitteringar frå sakarkivet og sender det som ventar dit, der eit sakarkiv er sett opp."
        | "Picks up receipts of the case archive and sends what waits, where a case archive is set up.";
    "fixity.check" "0 1 1 * *" On:
        "Regner ut sjekksummene til de forseglede arkivpakkene på nytt og melder fra om avvik."
        | "Reknar ut sjekksummane til dei forsegla arkivpakkane på nytt og melder frå om avvik."
        | "Works out the checksums of sealed packages again and reports what differs.";
    "report.archive" "0 7 * * MON" On:
        "Sender arkivrapporten: hva som er arkivert, hva som feilet, og hva som er på overtid."
        | "Sender arkivrapporten: kva som er arkivert, kva som feila, og kva som er på overtid."
        | "Sends the archive report: what was archived, what failed, and what is overdue.";
    // Of the calendar year that has ended, on the first day after the holiday.
    "report.roles" "0 4 2 JAN *" On:
        "Sender årsrapporten om roller: hvem som hadde dem, hva de ble brukt til, og hva ingen brukte."
        | "Sender årsrapporten om roller: kven som hadde dei, kva dei vart brukte til, og kva ingen brukte."
        | "Sends the yearly report on roles: who held them, what was done with them, and which nobody used.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono_tz::Europe::Oslo;
    use pipeline_store::ScheduleName;

    use super::*;
    use crate::Schedule;

    #[test]
    fn every_default_is_a_schedule_that_no_clock_change_touches() {
        for d in DEFAULTS {
            let schedule = Schedule::parse(d.expression, Oslo).unwrap();
            assert!(!schedule.falls_in_changing_hour(), "{}", d.name);
            assert_eq!(d.name.parse::<ScheduleName>().unwrap().as_str(), d.name);
        }
    }

    #[test]
    fn names_and_texts_are_each_its_own() {
        let names: BTreeSet<_> = DEFAULTS.iter().map(|d| d.name).collect();
        assert_eq!(names.len(), DEFAULTS.len());
        for d in DEFAULTS {
            let texts = [Lang::Nb, Lang::Nn, Lang::En].map(|l| d.description(l));
            assert_eq!(BTreeSet::from(texts).len(), 3, "{}", d.name);
            assert!(texts.iter().all(|t| t.ends_with('.') && t.len() < 120), "{}", d.name);
        }
    }
}
