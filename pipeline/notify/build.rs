//! The mail texts are compiled in; a changed or new text file must rebuild the room.

fn main() {
    println!("cargo:rerun-if-changed=../../templates/mail");
}
