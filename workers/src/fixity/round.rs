//! One round through the case folders of a municipality: which ones, how deep, and which are done. A round that was interrupted goes on.

use std::{
    collections::BTreeSet,
    fmt, fs,
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    str::FromStr,
};

use pipeline_archive::Depth;
use pipeline_domain::{CaseFolderId, NotValid, Sha256, Timestamp};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::{
    Journal, Known,
    journal::{name, replace},
};

/// A part of all folders, in hundredths of a percent: `5%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percent(u32);

impl Percent {
    /// So many of them, at least one of any.
    pub fn of(self, all: usize) -> usize {
        all.saturating_mul(self.0 as usize).div_ceil(10_000)
    }
}

impl FromStr for Percent {
    type Err = NotValid;
    fn from_str(s: &str) -> Result<Self, NotValid> {
        let bad = NotValid("percentage");
        let (whole, part) = s.strip_suffix('%').ok_or(bad)?.split_once('.').unwrap_or((s.trim_end_matches('%'), "0"));
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || whole.len() > 3 || part.len() > 2 {
            return Err(bad);
        }
        let hundredths = whole.parse::<u32>().map_err(|_| bad)? * 100 + format!("{part:0<2}").parse::<u32>().map_err(|_| bad)?;
        if (1..=10_000).contains(&hundredths) { Ok(Self(hundredths)) } else { Err(bad) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole}%"),
            (whole, part) => write!(f, "{whole}.{part:02}%"),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub depth: Depth,
    /// All without it.
    pub sample: Option<Percent>,
}

/// What is kept of a round that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    schema: String,
    run: String,
    started_at: Timestamp,
    depth: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample: Option<Percent>,
    /// Numbers of the folders of a sample: it must not change while folders are checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<BTreeSet<String>>,
}

const SCHEMA: &str = "arkivflyt/fixity_round/1";

/// A round under way. Nobody else is on one in the same municipality.
#[derive(Debug)]
pub struct Round {
    note: Note,
    path: PathBuf,
    depth: Depth,
    /// Whether it had been begun before.
    pub resumed: bool,
    _lock: File,
}

/// Whether a round could be begun.
#[derive(Debug)]
pub enum Begun {
    Here(Round),
    /// Another process is on one.
    Busy,
}

impl Round {
    /// Begins a round, or goes on with one of the same kind that was interrupted. `anew` begins from the start in any case.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin(journal: &Journal, known: &Known, wish: Wish, folders: &[CaseFolderId], now: Timestamp, anew: bool) -> io::Result<Begun> {
        journal.make()?;
        let path = journal.file("round.json");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(journal.file("round.lock"))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(Begun::Busy);
        }
        let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
        let same = |note: &Note| note.schema == SCHEMA && note.depth == name(wish.depth) && note.sample == wish.sample;
        if let Some(note) = kept.filter(|note| !anew && same(note)) {
            return Ok(Begun::Here(Self { note, path, depth: wish.depth, resumed: true, _lock: lock }));
        }
        let run = known.unused(&format!("{}-{}", name(wish.depth), now.rfc3339_utc()));
        let chosen = wish.sample.map(|sample| choose(sample, folders, known, wish.depth, &run));
        let note =
            Note { schema: SCHEMA.to_owned(), run, started_at: now, depth: name(wish.depth).to_owned(), sample: wish.sample, chosen };
        replace(&path, &serde_json::to_vec(&note)?)?;
        Ok(Begun::Here(Self { note, path, depth: wish.depth, resumed: false, _lock: lock }))
    }

    /// Its name on the lines of the journal.
    pub fn run(&self) -> &str {
        &self.note.run
    }

    /// When it was begun.
    pub fn started_at(&self) -> Timestamp {
        self.note.started_at
    }

    /// Whether the folder is part of it.
    pub fn holds(&self, folder: &CaseFolderId) -> bool {
        self.note.chosen.as_ref().is_none_or(|chosen| chosen.contains(&folder.case_number()))
    }

    /// Whether it was checked in this round and was whole. One that was not is checked again, so that the round can tell of it.
    pub fn is_done(&self, folder: &CaseFolderId, known: &Known) -> bool {
        known.last(folder, self.depth).is_some_and(|check| check.run == self.note.run && check.codes.is_empty())
    }

    /// The round is through: the next begins from the start.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

/// Those that were checked longest ago, so that all have their turn; between equals, by a digest that differs from round to round.
fn choose(sample: Percent, folders: &[CaseFolderId], known: &Known, depth: Depth, run: &str) -> BTreeSet<String> {
    let lot = |folder: &CaseFolderId| Sha256::of(format!("{run}/{folder}").as_bytes());
    let mut all: Vec<_> =
        folders.iter().map(|folder| (known.last(folder, depth).map(|check| check.at), lot(folder), folder.case_number())).collect();
    all.sort();
    all.into_iter().take(sample.of(folders.len())).map(|(_, _, case)| case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::DataFolder,
        fixity::{Check, Judgement},
    };

    #[test]
    fn percentages() {
        for (text, of_200) in [("5%", 10), ("0.5%", 1), ("0.01%", 1), ("100%", 200), ("33.33%", 67), ("2.50%", 5)] {
            assert_eq!(text.parse::<Percent>().unwrap().of(200), of_200, "{text}");
        }
        assert_eq!("2.5%".parse::<Percent>().unwrap().to_string(), "2.50%");
        assert_eq!("5%".parse::<Percent>().unwrap().of(0), 0);
        for wrong in ["", "%", "5", "0%", "0.00%", "101%", "100.01%", "-5%", "5.%", ".5%", "5.123%", "5 %", "1000%"] {
            assert!(wrong.parse::<Percent>().is_err(), "{wrong}");
        }
    }

    fn folders(count: u32) -> Vec<CaseFolderId> {
        (1..=count).map(|sequence| CaseFolderId { municipality: "9901".parse().unwrap(), year: 2026, sequence }).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_000_000 + second).unwrap()
    }

    fn here(begun: Begun) -> Round {
        match begun {
            Begun::Here(round) => round,
            Begun::Busy => panic!("somebody else is on a round"),
        }
    }

    #[test]
    fn a_sample_takes_those_that_waited_longest_until_all_had_their_turn() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(&DataFolder::create(dir.path()).unwrap(), &"9901".parse().unwrap());
        let (all, wish) = (folders(10), Wish { depth: Depth::Data, sample: Some("30%".parse().unwrap()) });
        let mut seen = BTreeSet::new();
        for turn in 0..4 {
            let mut pen = journal.pen().unwrap();
            let round = here(Round::begin(&journal, &journal.read().unwrap(), wish, &all, at(turn), false).unwrap());
            let mine: Vec<_> = all.iter().filter(|folder| round.holds(folder)).collect();
            assert_eq!((mine.len(), round.resumed), (3, false));
            for folder in mine {
                seen.insert(folder.clone());
                pen.write(&Check::of(folder, &Judgement::default(), Depth::Data, round.run(), at(turn))).unwrap();
            }
            round.finish().unwrap();
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn an_interrupted_round_goes_on_with_the_same_folders_and_another_kind_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::of(&DataFolder::create(dir.path()).unwrap(), &"9901".parse().unwrap());
        let mut pen = journal.pen().unwrap();
        let (all, wish) = (folders(10), Wish { depth: Depth::Data, sample: Some("50%".parse().unwrap()) });
        let begin = |known: &Known, wish, second, anew| Round::begin(&journal, known, wish, &all, at(second), anew).unwrap();
        let round = here(begin(&Known::default(), wish, 0, false));
        assert!(matches!(begin(&Known::default(), wish, 0, false), Begun::Busy));
        let mine: Vec<_> = all.iter().filter(|folder| round.holds(folder)).cloned().collect();
        let mut damaged = Judgement::default();
        damaged.broken.push("v1/inventory.json".to_owned());
        pen.write(&Check::of(&mine[0], &Judgement::default(), Depth::Data, round.run(), at(1))).unwrap();
        pen.write(&Check::of(&mine[1], &damaged, Depth::Data, round.run(), at(1))).unwrap();
        drop(round);

        let known = journal.read().unwrap();
        let again = here(begin(&known, wish, 100, false));
        assert!(again.resumed && again.started_at() == at(0));
        assert_eq!(all.iter().filter(|folder| again.holds(folder)).cloned().collect::<Vec<_>>(), mine);
        assert_eq!(mine.iter().filter(|folder| again.is_done(folder, &known)).count(), 1, "a damaged folder is told again");
        drop(again);
        assert!(!here(begin(&known, wish, 100, true)).resumed);
        assert!(!here(begin(&known, Wish { sample: None, ..wish }, 100, false)).resumed);
    }
}
