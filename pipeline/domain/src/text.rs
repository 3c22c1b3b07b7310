//! Text from people. Never in a log or an error: `Debug` prints `***`, there is no `Display`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $max:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(length(min = 1, max = $max), regex(pattern = $pattern))] String);

        impl $name {
            /// Wraps a text that intake has checked.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself, for papers and archive metadata only.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

text! {
    /// Running text: one or more paragraphs, 1–20 000 characters, at least one that shows.
    Text, 20000, r"\S"
}
text! {
    /// One line of text, such as a role, a place or a service: 1–300 characters, no line break.
    Line, 300, r"^[^\r\n]*\S[^\r\n]*$"
}
text! {
    /// A person's name: 1–200 characters on one line.
    Name, 200, r"^[^\r\n]*\S[^\r\n]*$"
}
