//! Certificates (RFC 5280): what of them a time stamp needs, and the path from a signer to an anchor.

use der::{Decode, Tag};
use pipeline_domain::Timestamp;
use x509_cert::{
    Certificate as Parsed,
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage},
};

use crate::{WitnessError, text::from_base64_any};

use super::{
    algorithm::{Algorithm, Key, has_signed},
    fields::{Field, Fields},
    refused,
};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// `id-kp-timeStamping`.
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// Critical extensions that are understood: basic constraints, key usage, extended key usage; names and policies restrict nothing here.
const UNDERSTOOD: [&str; 5] = ["2.5.29.19", "2.5.29.15", EXTENDED_KEY_USAGE, "2.5.29.17", "2.5.29.32"];
const LONGEST_PATH: usize = 6;

/// One certificate, with its bytes.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    pub(super) der: Vec<u8>,
    pub(super) parsed: Parsed,
}

/// Certificates that are believed because the operator says so: an authority's own, or that of whoever certified it.
#[derive(Clone, Debug)]
pub struct Anchors(Vec<Certificate>);

impl Anchors {
    /// From a PEM file with one certificate or more. Text around them is passed over.
    pub fn from_pem(text: &str) -> Result<Self, WitnessError> {
        let bodies = text.split(BEGIN).skip(1);
        let certificates = bodies.map(|body| {
            let body: String = body.split(END).next().unwrap_or_default().split_whitespace().collect();
            Certificate::read(&from_base64_any(&body).ok_or(refused("a PEM block is not base 64"))?)
        });
        let certificates: Vec<Certificate> = certificates.collect::<Result<_, _>>()?;
        if certificates.is_empty() { Err(refused("the file of anchors holds no certificate")) } else { Ok(Self(certificates)) }
    }
}

impl Certificate {
    pub(super) fn read(der: &[u8]) -> Result<Self, WitnessError> {
        let parsed = Parsed::from_der(der).map_err(|_| refused("a certificate cannot be read"))?;
        Ok(Self { der: der.to_vec(), parsed })
    }

    fn is_valid_at(&self, at: Timestamp) -> bool {
        let validity = self.parsed.tbs_certificate().validity();
        let (from, until) = (validity.not_before.to_unix_duration().as_secs(), validity.not_after.to_unix_duration().as_secs());
        u64::try_from(at.unix_seconds()).is_ok_and(|at| (from..=until).contains(&at))
    }

    /// Fields of the part that is signed, the signature's algorithm, and the signature.
    fn parts(&self) -> Result<(Field<'_>, Algorithm<'_>, &[u8]), WitnessError> {
        let mut fields = Field::of(&self.der)?.fields()?;
        let (signed, algorithm) = (fields.next(Tag::Sequence)?, Algorithm::read(fields.sequence()?)?);
        Ok((signed, algorithm, bits(fields.next(Tag::BitString)?)?))
    }

    /// The public key, with its algorithm as it stands there.
    pub(super) fn key(&self) -> Result<Key<'_>, WitnessError> {
        let (signed, ..) = self.parts()?;
        let mut fields = signed.fields()?;
        // Version, then serial number, signature, issuer, validity, subject.
        fields.optional(super::fields::constructed(0))?;
        for _ in 0..5 {
            fields.any()?;
        }
        let mut key: Fields<'_> = fields.sequence()?;
        Ok(Key { algorithm: Algorithm::read(key.sequence()?)?, bits: bits(key.next(Tag::BitString)?)? })
    }

    fn is_signed_by(&self, issuer: &Self) -> Result<bool, WitnessError> {
        let (signed, algorithm, signature) = self.parts()?;
        has_signed(&issuer.key()?, &algorithm, None, signed.whole, signature)
    }

    fn understands_all(&self) -> bool {
        let extensions = self.parsed.tbs_certificate().extensions();
        extensions.is_none_or(|all| all.iter().all(|e| !e.critical || UNDERSTOOD.contains(&e.extn_id.to_string().as_str())))
    }

    /// Whether it may certify others, with `below` certificates of authorities between it and the signer (RFC 5280 § 4.2.1.9, 4.2.1.3).
    fn may_certify(&self, below: usize) -> bool {
        let tbs = self.parsed.tbs_certificate();
        let Ok(Some((_, constraints))) = tbs.get_extension::<BasicConstraints>() else { return false };
        let usage_allows = match tbs.get_extension::<KeyUsage>() {
            Ok(usage) => usage.is_none_or(|(_, u)| u.key_cert_sign()),
            Err(_) => false,
        };
        constraints.ca && constraints.path_len_constraint.is_none_or(|most| below <= usize::from(most)) && usage_allows
    }

    /// Whether it may stamp time, and nothing else (RFC 3161 § 2.3).
    pub(super) fn is_for_time_stamping(&self) -> bool {
        let tbs = self.parsed.tbs_certificate();
        let purpose = match tbs.get_extension::<ExtendedKeyUsage>() {
            Ok(Some((true, ExtendedKeyUsage(purposes)))) => purposes.len() == 1 && purposes[0].to_string() == TIME_STAMPING,
            _ => false,
        };
        let usage = match tbs.get_extension::<KeyUsage>() {
            Ok(usage) => usage.is_none_or(|(_, u)| u.digital_signature() || u.non_repudiation()),
            Err(_) => false,
        };
        purpose && usage
    }
}

/// Whether a path of certificates, all valid then, leads from the signer to an anchor. `others` are those that came with the stamp.
pub(super) fn leads_to_anchor(signer: &Certificate, others: &[Certificate], anchors: &Anchors, at: Timestamp) -> Result<(), WitnessError> {
    let mut current = signer;
    for below in 0..LONGEST_PATH {
        if !current.is_valid_at(at) {
            return Err(refused("a certificate was not valid at the stamped time"));
        }
        if !current.understands_all() {
            return Err(refused("a certificate has a critical extension that is not understood"));
        }
        if anchors.0.iter().any(|a| a.der == current.der) {
            return Ok(());
        }
        let issued = |by: &&Certificate| {
            by.parsed.tbs_certificate().subject() == current.parsed.tbs_certificate().issuer()
                && by.may_certify(below)
                && current.is_signed_by(by).unwrap_or(false)
        };
        if let Some(anchor) = anchors.0.iter().find(issued) {
            return if anchor.is_valid_at(at) { Ok(()) } else { Err(refused("the anchor was not valid at the stamped time")) };
        }
        current = others.iter().find(issued).ok_or(refused("the signer's certificate does not lead to a configured anchor"))?;
    }
    Err(refused("the path of certificates is too long"))
}

/// Content of a bit string of whole bytes.
fn bits(field: Field<'_>) -> Result<&[u8], WitnessError> {
    match field.value.split_first() {
        Some((0, bits)) => Ok(bits),
        _ => Err(refused("a bit string has odd bits")),
    }
}
