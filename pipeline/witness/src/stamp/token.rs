//! What an answer says: `TimeStampResp`, the signed data in it (RFC 5652 § 5), and `TSTInfo` (RFC 3161 § 2.4.2). Nothing is verified here.

use der::{Tag, asn1::ObjectIdentifier};
use pipeline_domain::Timestamp;

use crate::WitnessError;

use super::{
    algorithm::Algorithm,
    certificate::Certificate,
    fields::{Field, Fields, constructed, primitive},
    refused,
};

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
/// `id-ct-TSTInfo`.
pub(super) const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
/// Answers are a few kilobytes.
const LONGEST: usize = 256 * 1024;

/// The signed data of an answer.
pub(super) struct Token<'a> {
    /// The content, as it was hashed.
    pub(super) content: &'a [u8],
    pub(super) certificates: Vec<Certificate>,
    pub(super) signer: Signer<'a>,
}

/// `SignerInfo`: who signed, and what.
pub(super) struct Signer<'a> {
    pub(super) id: SignerId<'a>,
    pub(super) digest: ObjectIdentifier,
    /// All bytes of the signed attributes, with the tag that is hashed.
    pub(super) signed_bytes: Vec<u8>,
    pub(super) attributes: Vec<(ObjectIdentifier, Field<'a>)>,
    pub(super) algorithm: Algorithm<'a>,
    pub(super) signature: &'a [u8],
}

/// How the signer's certificate is named.
pub(super) enum SignerId<'a> {
    /// Bytes of the issuer's name, content of the serial number.
    IssuerAndSerial(&'a [u8], &'a [u8]),
    /// The subject key identifier.
    KeyId(&'a [u8]),
}

/// `TSTInfo`.
pub(super) struct Info<'a> {
    pub(super) policy: ObjectIdentifier,
    pub(super) algorithm: ObjectIdentifier,
    pub(super) imprint: &'a [u8],
    pub(super) serial: &'a [u8],
    pub(super) time: Timestamp,
    pub(super) accuracy_s: Option<u64>,
    pub(super) nonce: Option<&'a [u8]>,
}

/// Reads an answer, or the token alone.
pub(super) fn read(answer: &[u8]) -> Result<Token<'_>, WitnessError> {
    if answer.len() > LONGEST {
        return Err(refused("the answer is too long"));
    }
    let outer = Field::of(answer)?;
    let mut fields = outer.fields()?;
    let first = fields.any()?;
    if first.tag == Tag::ObjectIdentifier {
        return signed_data(outer);
    }
    // PKIStatus: granted, or granted with changes. Anything else comes without a token.
    match first.fields()?.next(Tag::Integer)?.number()? {
        0 | 1 => {}
        _ => return Err(refused("the authority did not grant it")),
    }
    let token = fields.next(Tag::Sequence)?;
    fields.end()?;
    signed_data(token)
}

fn signed_data(content_info: Field<'_>) -> Result<Token<'_>, WitnessError> {
    let mut fields = content_info.fields()?;
    if fields.next(Tag::ObjectIdentifier)?.oid()?.to_string() != SIGNED_DATA {
        return Err(refused("the token is no signed data"));
    }
    let mut data = fields.next(constructed(0))?.fields()?.sequence()?;
    data.next(Tag::Integer)?;
    data.next(Tag::Set)?;
    let mut content = data.sequence()?;
    if content.next(Tag::ObjectIdentifier)?.oid()?.to_string() != TST_INFO {
        return Err(refused("what was signed is no time stamp"));
    }
    let content = content.next(constructed(0))?.fields()?.next(Tag::OctetString)?.value;
    let certificates = match data.optional(constructed(0))? {
        Some(field) => certificates(field.fields()?)?,
        None => Vec::new(),
    };
    data.optional(constructed(1))?;
    let mut signers = data.next(Tag::Set)?.fields()?;
    let signer = signer(signers.sequence()?)?;
    signers.end().map_err(|_| refused("a time stamp has exactly one signer"))?;
    Ok(Token { content, certificates, signer })
}

/// Other kinds than X.509 certificates are passed over.
fn certificates(fields: Fields<'_>) -> Result<Vec<Certificate>, WitnessError> {
    fields.rest()?.into_iter().filter(|f| f.tag == Tag::Sequence).map(|f| Certificate::read(f.whole)).collect()
}

fn signer(mut fields: Fields<'_>) -> Result<Signer<'_>, WitnessError> {
    fields.next(Tag::Integer)?;
    let id = match fields.optional(primitive(0))? {
        Some(key) => SignerId::KeyId(key.value),
        None => {
            let mut id = fields.sequence()?;
            SignerId::IssuerAndSerial(id.next(Tag::Sequence)?.whole, id.next(Tag::Integer)?.value)
        }
    };
    let digest = Algorithm::read(fields.sequence()?)?.oid;
    let signed = fields.optional(constructed(0))?.ok_or(refused("nothing but the content is signed"))?;
    let mut signed_bytes = signed.whole.to_vec();
    // RFC 5652 § 5.4: hashed as a SET OF, whatever tag it stands under.
    signed_bytes[0] = 0x31;
    let attributes = signed.fields()?.rest()?.into_iter().map(attribute).collect::<Result<_, _>>()?;
    let algorithm = Algorithm::read(fields.sequence()?)?;
    let signature = fields.next(Tag::OctetString)?.value;
    Ok(Signer { id, digest, signed_bytes, attributes, algorithm, signature })
}

/// An attribute and its one value.
fn attribute(field: Field<'_>) -> Result<(ObjectIdentifier, Field<'_>), WitnessError> {
    let mut fields = field.fields()?;
    let oid = fields.next(Tag::ObjectIdentifier)?.oid()?;
    let mut values = fields.next(Tag::Set)?.fields()?;
    let value = values.any()?;
    values.end().map_err(|_| refused("an attribute has more than one value"))?;
    Ok((oid, value))
}

/// Reads the content.
pub(super) fn info(content: &[u8]) -> Result<Info<'_>, WitnessError> {
    let mut fields = Field::of(content)?.fields()?;
    if fields.next(Tag::Integer)?.number()? != 1 {
        return Err(refused("a time stamp of another version than 1"));
    }
    let policy = fields.next(Tag::ObjectIdentifier)?.oid()?;
    let mut imprint = fields.sequence()?;
    let algorithm = Algorithm::read(imprint.sequence()?)?.oid;
    let imprint = imprint.next(Tag::OctetString)?.value;
    let serial = fields.next(Tag::Integer)?.value;
    let time = time(fields.next(Tag::GeneralizedTime)?.value).ok_or(refused("the stamped time cannot be read"))?;
    let accuracy_s = match fields.optional(Tag::Sequence)? {
        Some(accuracy) => Some(seconds(accuracy.fields()?)?),
        None => None,
    };
    fields.optional(Tag::Boolean)?;
    let nonce = fields.optional(Tag::Integer)?.map(|n| n.value);
    Ok(Info { policy, algorithm, imprint, serial, time, accuracy_s, nonce })
}

/// `Accuracy`: seconds, and any milli- or microseconds as one more.
fn seconds(mut fields: Fields<'_>) -> Result<u64, WitnessError> {
    let whole = fields.optional(Tag::Integer)?.map_or(Ok(0), Field::number)?;
    let has_part = fields.rest()?.iter().any(|part| part.value.iter().any(|b| *b != 0));
    Ok(whole.saturating_add(u64::from(has_part)))
}

/// `YYYYMMDDhhmmss[.s…]Z` (RFC 3161 § 2.4.2). The fraction is cut.
fn time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 14 || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let part = |from: usize, to: usize| &whole[from..to];
    format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let read = |t: &str| time(t.as_bytes()).map(|t| t.rfc3339_utc());
        assert_eq!(read("20261123083000Z").as_deref(), Some("2026-11-23T08:30:00Z"));
        assert_eq!(read("20261123083000.999Z").as_deref(), Some("2026-11-23T08:30:00Z"));
        for bad in ["20261123083000", "202611230830Z", "20261323083000Z", "20261123083000.Z", "2026112308300xZ", ""] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
