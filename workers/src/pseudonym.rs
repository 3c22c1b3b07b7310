//! Keys for what the database may know only as «the same as before»: addresses, and the one place of a person.
//!
//! Made with HMAC-SHA256 (RFC 2104) under a key of this installation, since a plain digest of an address or a national id is found
//! by trying them all. The key lies in `people.key` in the data folder, is made when first needed, and belongs to every backup: with
//! another key, blocked addresses would be written to again.

use std::{fs, io, path::Path};

use hmac::{Hmac, KeyInit, Mac};
use pipeline_domain::{Case, EmailAddress, ErrorCode, NationalId, PlanType, Sha256};
use pipeline_store::{AddressKey, Slot};
use uuid::Uuid;

use crate::{data::DurableBatch, failure::Failure};

/// Name of the key's file in the data folder.
pub const KEY_FILE: &str = "people.key";
const KEY_BYTES: usize = 32;

/// Makes keys.
#[derive(Clone)]
pub struct Pseudonyms {
    key: [u8; KEY_BYTES],
}

impl Pseudonyms {
    /// With the installation's key, which is made if there is none.
    pub fn open(data_folder: &Path) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::retry(ErrorCode::ArchiveWrite, format!("cannot read or make {KEY_FILE}: {e}"));
        let path = data_folder.join(KEY_FILE);
        let bytes = match fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // Another process may be quicker: what is there counts.
                let mut batch = DurableBatch::new(data_folder.to_owned());
                batch.add(KEY_FILE, &new_key()).and_then(|()| batch.finish()).map_err(failed)?;
                fs::read(&path).map_err(failed)?
            }
            read => read.map_err(failed)?,
        };
        let damaged = || Failure::give_up(ErrorCode::ConfigInvalid, format!("{KEY_FILE} is not a key: restore it from backup"));
        Ok(Self { key: bytes.try_into().map_err(|_| damaged())? })
    }

    /// The key of an address. Upper and lower case are the same.
    pub fn address(&self, address: &EmailAddress) -> AddressKey {
        AddressKey::from_keyed_digest(self.digest("address", &address.expose().to_lowercase()))
    }

    /// The one place that the case's person has for a plan of its type. `None` where there may be several plans, and where nobody
    /// knows the person's id.
    pub fn slot(&self, case: &Case) -> Option<Slot> {
        let id = case.subject_national_id.as_ref()?;
        (case.plan_type == PlanType::Ip).then(|| self.slot_of(&case.municipality_number, id))
    }

    fn slot_of(&self, municipality: &impl std::fmt::Display, id: &NationalId) -> Slot {
        let text = format!("{municipality}:{}", id.expose_for_archive_metadata());
        Slot::from_keyed_digest(self.digest("slot:ip", &text))
    }

    fn digest(&self, purpose: &str, text: &str) -> Sha256 {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        Sha256::from_bytes(mac.finalize().into_bytes().into())
    }
}

/// 32 bytes that nobody can guess.
#[expect(clippy::disallowed_methods, reason = "an installation draws its keys by chance, once")]
pub fn new_key() -> [u8; KEY_BYTES] {
    let random = || Uuid::new_v4().into_bytes();
    // A version 4 id has 122 random bits: three of them make a key that is hashed to its length.
    let material = [random(), random(), random()].concat();
    *Sha256::of(&material).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> EmailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_is_made_once_and_decides_everything() {
        let folder = tempfile::tempdir().unwrap();
        let (first, again) = (Pseudonyms::open(folder.path()).unwrap(), Pseudonyms::open(folder.path()).unwrap());
        let one = address("blid.fjellbekk@example.com");
        assert_eq!(first.address(&one), again.address(&one));
        assert_eq!(first.address(&one), first.address(&address("Blid.Fjellbekk@example.com")));
        assert_ne!(first.address(&one), first.address(&address("rask.myrull@example.com")));
        let elsewhere = tempfile::tempdir().unwrap();
        assert_ne!(first.address(&one), Pseudonyms::open(elsewhere.path()).unwrap().address(&one));
    }

    #[test]
    fn half_a_key_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEY_FILE), [7; 16]).unwrap();
        assert_eq!(Pseudonyms::open(folder.path()).err().unwrap().code, ErrorCode::ConfigInvalid);
    }
}
