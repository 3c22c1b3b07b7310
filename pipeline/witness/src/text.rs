//! Base 64 and hexadecimal, one spelling each.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use pipeline_domain::Sha256;

/// RFC 4648 § 4, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads it back. `None` for any other spelling, and for other than `N` bytes.
pub(crate) fn from_base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    from_base64_any(text)?.try_into().ok()
}

/// Reads back any number of bytes.
pub(crate) fn from_base64_any(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// RFC 4648 § 5, without padding: survives addresses and line breaks.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads it back.
pub(crate) fn from_base64url<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// A root or another hash.
pub(crate) fn hash_from_base64(text: &str) -> Option<Sha256> {
    from_base64(text).map(Sha256::from_bytes)
}

/// A number as the specifications write it: digits, no zero in front.
pub(crate) fn number(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    is_plain.then(|| text.parse().ok()).flatten()
}
