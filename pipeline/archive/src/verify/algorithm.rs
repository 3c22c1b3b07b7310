//! Digest algorithms: those of the standard, and those of extension 0009.

use sha2::Digest;

use super::blake2b::Blake2b;

/// An algorithm that we can compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
    Sha512Short,
    /// With the length of the digest in bytes.
    Blake2b(u8),
    /// Not a digest but a length in decimal (extension 0009).
    Size,
}

impl Algorithm {
    /// By the name that inventories use.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha256" => Self::Sha256,
            "sha512" => Self::Sha512,
            "sha512/256" => Self::Sha512Short,
            "blake2b-512" => Self::Blake2b(64),
            "blake2b-384" => Self::Blake2b(48),
            "blake2b-256" => Self::Blake2b(32),
            "blake2b-160" => Self::Blake2b(20),
            "size" => Self::Size,
            _ => return None,
        })
    }

    /// Length of its digests in hexadecimal; `None` where there is no fixed one.
    pub(super) fn hex_len(self) -> Option<usize> {
        Some(match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 | Self::Sha512Short => 64,
            Self::Sha512 => 128,
            Self::Blake2b(n) => 2 * usize::from(n),
            Self::Size => return None,
        })
    }

    /// Whether a text has the form of this algorithm's digests.
    pub(super) fn fits(self, digest: &str) -> bool {
        match self.hex_len() {
            Some(len) => digest.len() == len && digest.bytes().all(|b| b.is_ascii_hexdigit()),
            None => !digest.is_empty() && digest.bytes().all(|b| b.is_ascii_digit()),
        }
    }

    /// Digest of these bytes, lower case.
    pub(super) fn of(self, bytes: &[u8]) -> String {
        let mut sum = Sum::new(self);
        sum.update(bytes);
        sum.finish()
    }
}

/// A digest under way.
pub(super) enum Sum {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Sha512Short(sha2::Sha512_256),
    Blake2b(Blake2b),
    Size(u64),
}

impl Sum {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(Digest::new()),
            Algorithm::Sha1 => Self::Sha1(Digest::new()),
            Algorithm::Sha256 => Self::Sha256(Digest::new()),
            Algorithm::Sha512 => Self::Sha512(Digest::new()),
            Algorithm::Sha512Short => Self::Sha512Short(Digest::new()),
            Algorithm::Blake2b(len) => Self::Blake2b(Blake2b::new(len)),
            Algorithm::Size => Self::Size(0),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(sum) => sum.update(bytes),
            Self::Sha1(sum) => sum.update(bytes),
            Self::Sha256(sum) => sum.update(bytes),
            Self::Sha512(sum) => sum.update(bytes),
            Self::Sha512Short(sum) => sum.update(bytes),
            Self::Blake2b(sum) => sum.update(bytes),
            Self::Size(sum) => *sum += bytes.len() as u64,
        }
    }

    pub(super) fn finish(self) -> String {
        match self {
            Self::Md5(sum) => hex(&sum.finalize()),
            Self::Sha1(sum) => hex(&sum.finalize()),
            Self::Sha256(sum) => hex(&sum.finalize()),
            Self::Sha512(sum) => hex(&sum.finalize()),
            Self::Sha512Short(sum) => hex(&sum.finalize()),
            Self::Blake2b(sum) => hex(&sum.finish()),
            Self::Size(sum) => sum.to_string(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_nothing_are_those_of_the_standard() {
        for (name, starts) in [
            ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
            ("sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"),
            ("sha512", "cf83e1357eefb8bdf1542850d66d8007d620e405"),
            ("sha512/256", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7"),
            ("blake2b-512", "786a02f742015903c6c6fd852552d272912f4740"),
            ("size", "0"),
        ] {
            let algorithm = Algorithm::named(name).unwrap();
            let digest = algorithm.of(b"");
            assert!(digest.starts_with(starts), "{name} {digest}");
            assert!(algorithm.fits(&digest), "{name}");
        }
    }
}
