//! Packaged files in, a sealed version of the case folder out.
