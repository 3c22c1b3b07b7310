//! What survives a restart: the traits and their conformance suite.
