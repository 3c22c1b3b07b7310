//! The judgement of an answer (RFC 3161 § 2.4.2, RFC 5652 § 5.6, RFC 5816).

use der::{Encode, Tag, asn1::ObjectIdentifier};
use x509_cert::ext::pkix::SubjectKeyIdentifier;

use crate::WitnessError;

use super::{
    Anchors, Imprint, Nonce, Stamp,
    algorithm::{self, Algorithm, SHA1, SHA256, has_signed},
    certificate::{Certificate, leads_to_anchor},
    fields::Field,
    refused,
    token::{self, Signer, SignerId, TST_INFO, Token},
};

const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
/// `signingCertificate` (RFC 2634), by SHA-1.
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
/// `signingCertificateV2` (RFC 5035).
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// Judges an answer (DER, a `.tsr` file, or the token alone): is it a stamp over this imprint, by an authority that leads to an anchor?
///
/// `nonce` is that of the request, when the answer is fresh. A kept stamp is judged without.
pub fn verify(answer: &[u8], imprint: &Imprint, nonce: Option<&Nonce>, anchors: &Anchors) -> Result<Stamp, WitnessError> {
    let token = token::read(answer)?;
    let info = token::info(token.content)?;
    if info.algorithm != imprint.algorithm() || info.imprint != imprint.bytes() {
        return Err(refused("it stamps something else"));
    }
    if nonce.is_some_and(|n| info.nonce != Some(&n.integer())) {
        return Err(refused("it does not repeat the request's nonce"));
    }
    let signer = signing_certificate(&token)?;
    judge_signature(&token, signer)?;
    if !signer.is_for_time_stamping() {
        return Err(refused("the signer's certificate is not for time stamping alone"));
    }
    leads_to_anchor(signer, &token.certificates, anchors, info.time)?;
    let serial = info.serial.iter().map(|b| format!("{b:02x}")).collect();
    Ok(Stamp { time: info.time, accuracy_s: info.accuracy_s, serial, policy: info.policy.to_string() })
}

fn signing_certificate<'a>(token: &'a Token<'_>) -> Result<&'a Certificate, WitnessError> {
    let is_meant = |certificate: &&Certificate| {
        let tbs = certificate.parsed.tbs_certificate();
        match token.signer.id {
            SignerId::IssuerAndSerial(issuer, serial) => {
                tbs.issuer().to_der().is_ok_and(|i| i == issuer) && plain(tbs.serial_number().as_bytes()) == plain(serial)
            }
            SignerId::KeyId(id) => {
                tbs.get_extension::<SubjectKeyIdentifier>().is_ok_and(|e| e.is_some_and(|(_, key)| key.0.as_bytes() == id))
            }
        }
    };
    token.certificates.iter().find(is_meant).ok_or(refused("the signer's certificate did not come with it"))
}

/// A number without the zero that only says that it is positive.
fn plain(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

fn judge_signature(token: &Token<'_>, certificate: &Certificate) -> Result<(), WitnessError> {
    let signer = &token.signer;
    if signer.digest == SHA1 {
        return Err(refused("the content is hashed with SHA-1"));
    }
    if one(signer, CONTENT_TYPE)?.is_none_or(|t| t.oid().is_ok_and(|t| t.to_string() != TST_INFO)) {
        return Err(refused("the signature is over another type of content"));
    }
    let hashed = algorithm::digest(signer.digest, token.content)?;
    if one(signer, MESSAGE_DIGEST)?.is_none_or(|d| d.tag != Tag::OctetString || d.value != hashed) {
        return Err(refused("the signature is over other content"));
    }
    if !names_certificate(signer, certificate)? {
        return Err(refused("the signature names another certificate"));
    }
    let is_good = has_signed(&certificate.key()?, &signer.algorithm, Some(signer.digest), &signer.signed_bytes, signer.signature)?;
    is_good.then_some(()).ok_or(refused("the signature does not verify"))
}

/// The attribute of this name. Two of them are none.
fn one<'a>(signer: &Signer<'a>, name: &str) -> Result<Option<Field<'a>>, WitnessError> {
    let mut found = signer.attributes.iter().filter(|(oid, _)| oid.to_string() == name).map(|(_, value)| *value);
    let first = found.next();
    if found.next().is_some() { Err(refused("an attribute stands there twice")) } else { Ok(first) }
}

/// Whether the first certificate identifier in the signed attributes is of this certificate: else somebody else's with the same name
/// could be put beside the signature.
fn names_certificate(signer: &Signer<'_>, certificate: &Certificate) -> Result<bool, WitnessError> {
    let (attribute, by_default): (Field<'_>, ObjectIdentifier) =
        match (one(signer, SIGNING_CERTIFICATE_V2)?, one(signer, SIGNING_CERTIFICATE)?) {
            (Some(v2), _) => (v2, SHA256),
            (None, Some(v1)) => (v1, SHA1),
            (None, None) => return Err(refused("the signature names no certificate")),
        };
    let mut id = attribute.fields()?.sequence()?.sequence()?;
    let named = match id.optional(Tag::Sequence)? {
        Some(algorithm) => Algorithm::read(algorithm.fields()?)?.oid,
        None => by_default,
    };
    let hash = id.next(Tag::OctetString)?.value;
    Ok(algorithm::digest(named, &certificate.der)? == hash)
}
