//! What the command line says, in bokmål, nynorsk and English.

use pipeline_domain::Lang;

/// One text in the reader's language.
pub fn pick(lang: Lang, nb: &'static str, nn: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Nb => nb,
        Lang::Nn => nn,
        Lang::En => en,
    }
}
