//! JSON in, a Snapshot or every Problem out.
