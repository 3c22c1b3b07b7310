//! DER, one field after the other.

use der::{Decode, Header, Reader, SliceReader, Tag, asn1::ObjectIdentifier};

use crate::WitnessError;

use super::refused;

/// One field: its tag, its content, and all its bytes.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Fields of a sequence or set, from the first on.
#[derive(Clone)]
pub(super) struct Fields<'a>(SliceReader<'a>);

fn not_der() -> WitnessError {
    refused("not written as RFC 3161 and RFC 5652 say (DER)")
}

impl<'a> Field<'a> {
    /// The one field that these bytes are.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, WitnessError> {
        let mut fields = Fields::of(bytes)?;
        let field = fields.any()?;
        fields.end()?;
        Ok(field)
    }

    /// The fields within it.
    pub(super) fn fields(self) -> Result<Fields<'a>, WitnessError> {
        Fields::of(self.value)
    }

    /// Its object identifier.
    pub(super) fn oid(self) -> Result<ObjectIdentifier, WitnessError> {
        ObjectIdentifier::from_der(self.whole).map_err(|_| not_der())
    }

    /// Its number, if that is small and not negative.
    pub(super) fn number(self) -> Result<u64, WitnessError> {
        u64::from_der(self.whole).map_err(|_| not_der())
    }
}

impl<'a> Fields<'a> {
    /// Of these bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Result<Self, WitnessError> {
        SliceReader::new(bytes).map(Self).map_err(|_| not_der())
    }

    /// The next field, whatever it is.
    pub(super) fn any(&mut self) -> Result<Field<'a>, WitnessError> {
        let mut read = || {
            let whole = self.0.tlv_bytes()?;
            let mut inner = SliceReader::new(whole)?;
            let header = Header::decode(&mut inner)?;
            let value = inner.read_slice(header.length())?;
            Ok(Field { tag: header.tag(), value, whole })
        };
        read().map_err(|_: der::Error| not_der())
    }

    /// The next field, which must be one of these.
    pub(super) fn next(&mut self, tag: Tag) -> Result<Field<'a>, WitnessError> {
        self.any().and_then(|f| if f.tag == tag { Ok(f) } else { Err(not_der()) })
    }

    /// The next field if it is one of these.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Field<'a>>, WitnessError> {
        let is_next = !self.0.is_finished() && Tag::peek(&self.0).is_ok_and(|t| t == tag);
        if is_next { self.any().map(Some) } else { Ok(None) }
    }

    /// The next field as a sequence.
    pub(super) fn sequence(&mut self) -> Result<Fields<'a>, WitnessError> {
        self.next(Tag::Sequence)?.fields()
    }

    /// All that are left.
    pub(super) fn rest(mut self) -> Result<Vec<Field<'a>>, WitnessError> {
        let mut all = Vec::new();
        while !self.0.is_finished() {
            all.push(self.any()?);
        }
        Ok(all)
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), WitnessError> {
        self.0.finish().map_err(|_| not_der())
    }
}

/// `[n]` around other fields, or in the place of a set or sequence.
pub(super) fn constructed(n: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: der::TagNumber(n) }
}

/// `[n]` in the place of a simple field.
pub(super) fn primitive(n: u32) -> Tag {
    Tag::ContextSpecific { constructed: false, number: der::TagNumber(n) }
}
