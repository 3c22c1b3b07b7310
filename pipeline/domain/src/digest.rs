//! Digests, lower-case hexadecimal wherever they are written.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::Digest;

use crate::NotValid;

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $algo:ty, $len:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $len]);

        impl $name {
            /// Digest of these bytes.
            pub fn of(bytes: &[u8]) -> Self {
                Self(<$algo>::digest(bytes).into())
            }

            /// A digest that was computed while streaming.
            pub fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = NotValid;
            fn from_str(s: &str) -> Result<Self, NotValid> {
                let bad = NotValid(stringify!($name));
                if s.len() != $len * 2 || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(bad);
                }
                let mut out = [0u8; $len];
                for (i, byte) in out.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(&s[2 * i..2 * i + 2], 16).map_err(|_| bad)?;
                }
                Ok(Self(out))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotValid;
            fn try_from(s: String) -> Result<Self, NotValid> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(d: $name) -> String {
                d.to_string()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

digest! {
    /// SHA-256 (FIPS 180-4): Noark `sjekksum`, content identity.
    Sha256, sha2::Sha256, 32, "^[0-9a-f]{64}$"
}
digest! {
    /// SHA-512 (FIPS 180-4): OCFL manifests.
    Sha512, sha2::Sha512, 64, "^[0-9a-f]{128}$"
}
