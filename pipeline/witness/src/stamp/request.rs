//! What is sent to an authority: `TimeStampReq` (RFC 3161 § 2.4.1).

use super::{
    Imprint,
    algorithm::{SHA256, SHA512},
};

/// A number that the answer must repeat, so that it is no old one. From outside: nobody may guess it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce(pub [u8; 8]);

impl Nonce {
    /// Content of the DER integer: positive, and no longer than it must be.
    pub(super) fn integer(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.0.iter().copied().skip_while(|b| *b == 0).collect();
        if bytes.first().is_none_or(|b| b & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        bytes
    }
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What shall be stamped.
    pub imprint: Imprint,
    /// What the answer must repeat. `None` where the answer is carried by hand and may take days.
    pub nonce: Option<Nonce>,
}

impl Imprint {
    pub(super) fn algorithm(&self) -> der::asn1::ObjectIdentifier {
        match self {
            Self::Sha256(_) => SHA256,
            Self::Sha512(_) => SHA512,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(digest) => digest.as_bytes(),
            Self::Sha512(digest) => digest.as_bytes(),
        }
    }
}

impl Request {
    /// As it is sent. The authority's certificate is asked for, so that the answer can be judged alone.
    pub fn to_der(&self) -> Vec<u8> {
        let algorithm = sequence(&[field(0x06, self.imprint.algorithm().as_bytes()), field(0x05, &[])]);
        let imprint = sequence(&[algorithm, field(0x04, self.imprint.bytes())]);
        let nonce = self.nonce.map_or_else(Vec::new, |n| field(0x02, &n.integer()));
        sequence(&[field(0x02, &[1]), imprint, nonce, field(0x01, &[0xff])])
    }
}

fn sequence(fields: &[Vec<u8>]) -> Vec<u8> {
    field(0x30, &fields.concat())
}

/// A request is at most some hundred bytes: its lengths take one byte.
fn field(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).ok().filter(|l| *l < 128).expect("the longest field is an imprint of 64 bytes");
    [&[tag, length], value].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positive_and_short() {
        for (bytes, integer) in [
            ([0; 8], vec![0]),
            ([0, 0, 0, 0, 0, 0, 0, 1], vec![1]),
            ([0, 0, 0, 0, 0, 0, 0, 0x80], vec![0, 0x80]),
            ([0xff; 8], [&[0][..], &[0xff; 8]].concat()),
        ] {
            assert_eq!(Nonce(bytes).integer(), integer);
        }
    }
}
