//! Which algorithms are believed. SHA-1 is, only where a certificate is named by it (RFC 2634), never under a signature.

use der::{Tag, asn1::ObjectIdentifier};
use ring::{digest, signature as alg};

use crate::WitnessError;

use super::{
    fields::{Field, Fields, constructed},
    refused,
};

pub(super) const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
pub(super) const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
pub(super) const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const RSA_SHA256: &str = "1.2.840.113549.1.1.11";
const RSA_SHA384: &str = "1.2.840.113549.1.1.12";
const RSA_SHA512: &str = "1.2.840.113549.1.1.13";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const ED25519: &str = "1.3.101.112";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

/// `AlgorithmIdentifier`: a name, and what belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Algorithm<'a> {
    pub(super) oid: ObjectIdentifier,
    parameters: Option<Field<'a>>,
}

impl<'a> Algorithm<'a> {
    /// From its two fields.
    pub(super) fn read(mut fields: Fields<'a>) -> Result<Self, WitnessError> {
        let oid = fields.next(Tag::ObjectIdentifier)?.oid()?;
        let mut rest = fields.rest()?;
        let parameters = rest.pop();
        if rest.is_empty() { Ok(Self { oid, parameters }) } else { Err(refused("an algorithm has too many parameters")) }
    }

    /// The curve of an elliptic-curve key.
    fn curve(&self) -> Option<String> {
        self.parameters?.oid().ok().map(|c| c.to_string())
    }

    /// The digest under a PSS signature (RFC 8017 § A.2.3): `[0]` in its parameters.
    fn pss_digest(&self) -> Option<ObjectIdentifier> {
        let mut fields = self.parameters.filter(|p| p.tag == Tag::Sequence)?.fields().ok()?;
        let mut inner = fields.optional(constructed(0)).ok()??.fields().ok()?;
        Some(Algorithm::read(inner.sequence().ok()?).ok()?.oid)
    }
}

/// Digest of these bytes. Refused for algorithms that are not believed.
pub(super) fn digest(algorithm: ObjectIdentifier, bytes: &[u8]) -> Result<Vec<u8>, WitnessError> {
    let algorithm = match algorithm {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        _ => return Err(refused("an unknown digest")),
    };
    Ok(digest::digest(algorithm, bytes).as_ref().to_vec())
}

/// A public key as it stands in a certificate: `SubjectPublicKeyInfo`.
pub(super) struct Key<'a> {
    pub(super) algorithm: Algorithm<'a>,
    pub(super) bits: &'a [u8],
}

/// Whether this key signed the message. `hashed` is the digest that the signer names beside a bare RSA signature.
pub(super) fn has_signed(
    key: &Key<'_>,
    signed: &Algorithm<'_>,
    hashed: Option<ObjectIdentifier>,
    message: &[u8],
    signature: &[u8],
) -> Result<bool, WitnessError> {
    let kind = key.algorithm.oid.to_string();
    let algorithm: &dyn alg::VerificationAlgorithm = match (kind.as_str(), signed.oid.to_string().as_str()) {
        (RSA, RSA_SHA256) => &alg::RSA_PKCS1_2048_8192_SHA256,
        (RSA, RSA_SHA384) => &alg::RSA_PKCS1_2048_8192_SHA384,
        (RSA, RSA_SHA512) => &alg::RSA_PKCS1_2048_8192_SHA512,
        (RSA, RSA) => match hashed {
            Some(SHA256) => &alg::RSA_PKCS1_2048_8192_SHA256,
            Some(SHA384) => &alg::RSA_PKCS1_2048_8192_SHA384,
            Some(SHA512) => &alg::RSA_PKCS1_2048_8192_SHA512,
            _ => return Err(refused("an RSA signature over an unknown digest")),
        },
        (RSA | RSA_PSS, RSA_PSS) => match signed.pss_digest() {
            Some(SHA256) => &alg::RSA_PSS_2048_8192_SHA256,
            Some(SHA384) => &alg::RSA_PSS_2048_8192_SHA384,
            Some(SHA512) => &alg::RSA_PSS_2048_8192_SHA512,
            _ => return Err(refused("an RSA-PSS signature over an unknown digest")),
        },
        (_, ECDSA_SHA256) => match key.algorithm.curve().as_deref() {
            Some(P256) => &alg::ECDSA_P256_SHA256_ASN1,
            Some(P384) => &alg::ECDSA_P384_SHA256_ASN1,
            _ => return Err(refused("an unknown curve")),
        },
        (_, ECDSA_SHA384) => match key.algorithm.curve().as_deref() {
            Some(P256) => &alg::ECDSA_P256_SHA384_ASN1,
            Some(P384) => &alg::ECDSA_P384_SHA384_ASN1,
            _ => return Err(refused("an unknown curve")),
        },
        (ED25519, ED25519) => &alg::ED25519,
        _ => return Err(refused("an unknown signature algorithm")),
    };
    Ok(alg::UnparsedPublicKey::new(algorithm, key.bits).verify(message, signature).is_ok())
}
