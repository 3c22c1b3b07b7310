//! Time stamps on closed case folders: `logs/vN.tsr`, an authority's answer (RFC 3161) over `vN/inventory.json`.
//!
//! They are asked for when a folder is closed and sealed already: an authority that is away holds nothing up.

use std::{collections::BTreeSet, fs, io, time::Duration};

use pipeline_archive::CaseArchive;
use pipeline_domain::{CaseFolderId, ErrorCode, Sha512};
use pipeline_witness::{
    Deed, Leaf, WitnessError,
    stamp::{self, Anchors, Imprint, Nonce, Request, Transport},
};

use super::{Witness, seals::seal_name};
use crate::{config::TimeStampConfig, data::DataFolder, failure::Failure, pseudonym::new_key};

/// Media types of RFC 3161 § 3.4.
const QUERY: &str = "application/timestamp-query";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// An answer has some kilobytes; what has more is none.
const MOST_BYTES: u64 = 64 << 10;

/// `v3.tsr`.
pub fn stamp_name(version: u32) -> String {
    format!("v{version}.tsr")
}

/// The authority that is configured, and the certificates that make its word believed.
pub struct TimeStamps {
    agent: ureq::Agent,
    url: String,
    anchors: Anchors,
}

impl TimeStamps {
    /// Reads the certificates. Asks nobody.
    pub fn of(config: &TimeStampConfig, data: &DataFolder) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::give_up(ErrorCode::ConfigInvalid, format!("witness.time_stamp.anchors: {why}"));
        let text = fs::read_to_string(data.resolve(&config.anchors)).map_err(|e| wrong(e.kind().to_string()))?;
        let anchors = Anchors::from_pem(&text).map_err(|e| wrong(e.to_string()))?;
        let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        Ok(Self { agent, url: config.url.clone(), anchors })
    }

    /// What a stamp that lies there is worth.
    pub fn judge(&self, token: &[u8], inventory: &[u8]) -> Result<stamp::Stamp, WitnessError> {
        stamp::verify(token, &Imprint::Sha512(Sha512::of(inventory)), None, &self.anchors)
    }

    /// A new stamp over an inventory. Blocks for as long as the authority takes.
    fn ask(&self, inventory: &[u8]) -> Result<Vec<u8>, WitnessError> {
        let chance = new_key();
        let nonce = Nonce(chance[..8].try_into().expect("eight bytes"));
        let request = Request { imprint: Imprint::Sha512(Sha512::of(inventory)), nonce: Some(nonce) };
        stamp::obtain(self, &request, &self.anchors).map(|(_, answer)| answer)
    }
}

impl Transport for TimeStamps {
    fn exchange(&self, request: &[u8]) -> io::Result<Vec<u8>> {
        let mut answer = self.agent.post(&self.url).content_type(QUERY).send(request).map_err(ureq::Error::into_io)?;
        answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec().map_err(ureq::Error::into_io)
    }
}

/// What came of asking for the stamps of one municipality.
#[derive(Debug, Default)]
pub struct Stamped {
    /// Stamps that were put in their places now.
    pub stamped: u64,
    /// Seals that have no stamp yet.
    pub waiting: u64,
    /// Why they wait.
    pub trouble: Option<Failure>,
}

impl Witness {
    /// Asks for a stamp on each sealed version that has none, until the authority fails. Done again after a crash, it goes on.
    pub fn stamp_sealed(&self, archive: &CaseArchive, stamps: &TimeStamps) -> Result<Stamped, Failure> {
        let arkivlager = self.place.arkivlager();
        let mut result = Stamped::default();
        for (folder, version) in self.sealed()? {
            let names = CaseArchive::log_names(arkivlager, &folder)?;
            // A disposed folder has neither.
            if !names.contains(&seal_name(version)) || names.contains(&stamp_name(version)) {
                continue;
            }
            let Some(inventory) = CaseArchive::stored_inventory(arkivlager, &folder, version)? else { continue };
            if result.trouble.is_some() {
                result.waiting += 1;
                continue;
            }
            match stamps.ask(&inventory) {
                // Somebody else may be quicker: what lies there counts.
                Ok(token) => result.stamped += u64::from(archive.put_log(&folder, &stamp_name(version), &token)?),
                Err(trouble) => (result.waiting, result.trouble) = (1, Some(trouble.into())),
            }
        }
        Ok(result)
    }

    /// Versions that the log says are sealed.
    fn sealed(&self) -> Result<BTreeSet<(CaseFolderId, u32)>, Failure> {
        let mut sealed = BTreeSet::new();
        let size = self.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        self.log.reader().for_each_entry(size, |_, entry| {
            if let Ok((_, Leaf::Commit(commit))) = Leaf::parse(entry)
                && matches!(commit.deed, Deed::Sealed(_))
            {
                sealed.insert((commit.object, commit.head));
            }
        })?;
        Ok(sealed)
    }
}
