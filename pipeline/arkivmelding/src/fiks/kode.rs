//! What many elements are made of: codes, names, external keys.

use crate::{
    codes::Kode,
    keys::ExternalKey,
    xml::{Value, Xml},
};

/// Writes a code (type `kode`): `{kode, beskrivelse}`.
pub(super) fn kode(xml: &mut Xml, element: &'static str, kode: Kode) {
    xml.parent(element, |xml| {
        xml.leaf("mdk:kode", kode.0);
        xml.leaf("mdk:beskrivelse", kode.1);
    });
}

/// Writes a code of the receiver's own list, of which we know no description.
pub(super) fn kode_alone(xml: &mut Xml, element: &'static str, kode: &str) {
    xml.parent(element, |xml| xml.leaf("mdk:kode", kode));
}

/// Writes who (type `identifikatorer`): the name alone, for our ids mean nothing to the receiver.
pub(super) fn navn(xml: &mut Xml, element: &'static str, name: impl Value) {
    xml.parent(element, |xml| xml.leaf("mdk:navn", name));
}

/// Writes `referanseEksternNoekkel`, under the name that it has where it stands.
pub(super) fn ekstern_noekkel(xml: &mut Xml, element: &'static str, key: &ExternalKey) {
    xml.parent(element, |xml| {
        xml.leaf("mdk:fagsystem", &key.system);
        xml.leaf("mdk:noekkel", &key.key);
    });
}

/// Writes a reference to another unit by its external key: the receiver's own ids are not ours to know.
pub(super) fn referanse(xml: &mut Xml, element: &'static str, key: &ExternalKey) {
    xml.parent(element, |xml| ekstern_noekkel(xml, "mdk:referanseEksternNoekkel", key));
}
