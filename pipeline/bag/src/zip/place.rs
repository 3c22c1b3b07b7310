//! A zip as a place where files lie.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Seek},
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{
    Limits,
    budget::{Budget, Purse},
    code_of,
    entries::{self, Entry},
};
use crate::{
    BagError, Code, Password,
    judge::{Findings, Listing, Place, read_pieces},
};

/// The files of a sound zip.
pub(crate) struct ZipPlace<R> {
    zip: ZipArchive<Budget<R>>,
    entries: BTreeMap<String, Entry>,
    listing: Listing,
    password: Option<Password>,
    purse: Purse,
}

impl<R: Read + Seek> ZipPlace<R> {
    /// A zip with one bag in it, seen from the bag's base folder. `None` when anything is wrong with the zip.
    pub fn open(zip: R, password: Option<&Password>, limits: &Limits, findings: &mut Findings) -> Result<Option<Self>, BagError> {
        let Some((mut place, folders)) = Self::structure(zip, password, limits, findings)? else { return Ok(None) };
        let tops: BTreeSet<&str> =
            place.entries.keys().chain(&folders).map(|path| path.split_once('/').map_or(path.as_str(), |(top, _)| top)).collect();
        let lone_folder = match tops.into_iter().collect::<Vec<_>>()[..] {
            [top] if !place.entries.contains_key(top) => Some(format!("{top}/")),
            _ => None,
        };
        let Some(base) = lone_folder else {
            findings.add(Code::ZipBaseFolder, None);
            return Ok(None);
        };
        let below = |path: &str| path.strip_prefix(&base).map(str::to_owned);
        place.entries = place.entries.iter().filter_map(|(path, entry)| Some((below(path)?, *entry))).collect();
        place.list();
        place.listing.has_payload_folder |= folders.iter().any(|f| below(f).is_some_and(|f| f == "data" || f.starts_with("data/")));
        Ok(Some(place))
    }

    /// Any zip. `None` when anything is wrong with its structure.
    pub fn open_any(zip: R, password: Option<&Password>, limits: &Limits, findings: &mut Findings) -> Result<Option<Self>, BagError> {
        let Some((mut place, _)) = Self::structure(zip, password, limits, findings)? else { return Ok(None) };
        place.list();
        Ok(Some(place))
    }

    fn structure(
        zip: R,
        password: Option<&Password>,
        limits: &Limits,
        findings: &mut Findings,
    ) -> Result<Option<(Self, BTreeSet<String>)>, BagError> {
        let (budget, purse) = Budget::new(zip, limits.directory_bytes());
        let mut zip = match ZipArchive::new(budget) {
            Ok(zip) => zip,
            Err(_) => {
                if let Some(source) = purse.system_error() {
                    return Err(BagError::Open { source });
                }
                findings.add(if purse.is_empty() { Code::ZipTooManyEntries } else { Code::ZipMalformed }, None);
                return Ok(None);
            }
        };
        purse.open();
        let entries = entries::judge(&mut zip, password.is_some(), limits, findings);
        if findings.has_errors() {
            return Ok(None);
        }
        let place = Self { zip, entries: entries.files, listing: Listing::default(), password: password.cloned(), purse };
        Ok(Some((place, entries.folders)))
    }

    fn list(&mut self) {
        self.listing.files = self.entries.iter().map(|(path, entry)| (path.clone(), entry.size_bytes)).collect();
        self.listing.has_payload_folder = self.entries.keys().any(|path| Listing::is_payload(path));
    }

    fn entry(&mut self, index: usize) -> Result<ZipFile<'_, Budget<R>>, Code> {
        let opened = match &self.password {
            Some(password) => self.zip.by_index_decrypt(index, password.reveal().as_bytes()),
            None => self.zip.by_index(index),
        };
        opened.map_err(|error| match error {
            ZipError::InvalidPassword => Code::ZipWrongPassword,
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => Code::ZipEncrypted,
            ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => Code::ZipMethod,
            ZipError::Io(_) => Code::Unreadable,
            _ => Code::ZipMalformed,
        })
    }
}

impl<R: Read + Seek> Place for ZipPlace<R> {
    fn listing(&self) -> &Listing {
        &self.listing
    }

    fn read(&mut self, path: &str, with: &mut dyn FnMut(&[u8])) -> Result<(), Code> {
        let Some(Entry { index, size_bytes }) = self.entries.get(path).copied() else { return Err(Code::Unreadable) };
        // The library stops an entry that gives more than it says; one that gives less is seen here.
        let read = read_pieces(&mut self.entry(index)?, with);
        match read {
            Ok(read) if read == size_bytes => Ok(()),
            Ok(_) => Err(Code::ZipSizeLie),
            Err(_) if self.purse.system_error().is_some() => Err(Code::Unreadable),
            Err(e) => Err(code_of(&e)),
        }
    }
}
