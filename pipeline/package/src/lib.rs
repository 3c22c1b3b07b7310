//! Rendered document in, files of a case-folder version out.
