//! Attempts, retry and the decision what comes next. Knows no documents.
