//! The samples are inside the program: build again when one changes.

fn main() {
    println!("cargo::rerun-if-changed=../samples");
}
