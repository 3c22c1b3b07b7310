//! A writer dies at each step of the protocol; an opening afterwards finds every acknowledged version, and nothing torn.
