//! A schema of our own making, with what the official ones have not: judged by hand.

use super::*;
use crate::{
    Note,
    xml::{self, Element, Ending, Visit},
};

const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:element name="root"><xs:complexType><xs:sequence>
    <xs:element name="colour" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="red"/><xs:enumeration value="blue"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="code" type="code" minOccurs="0" maxOccurs="2"/>
    <xs:element name="amount" type="amount" minOccurs="0"/>
    <xs:element name="listed" minOccurs="0"><xs:simpleType><xs:list itemType="xs:string"/></xs:simpleType></xs:element>
    <xs:element name="open" type="xs:anyType" minOccurs="0"/>
  </xs:sequence><xs:attribute name="kind" type="xs:boolean" use="required"/></xs:complexType></xs:element>
  <xs:simpleType name="short"><xs:restriction base="xs:string"><xs:maxLength value="4"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="code"><xs:restriction base="short"><xs:pattern value="[a-z]+"/><xs:pattern value="\d+"/></xs:restriction></xs:simpleType>
  <xs:complexType name="amount"><xs:simpleContent><xs:extension base="xs:integer"><xs:attribute name="unit" type="short"/></xs:extension></xs:simpleContent></xs:complexType>
</xs:schema>"#;

struct Run<'m> {
    validator: Validator<'m>,
    notes: Vec<Note>,
}

impl Visit for Run<'_> {
    fn start(&mut self, element: &Element<'_>) {
        self.validator.start(element);
    }

    fn end(&mut self, ending: &Ending<'_>) {
        self.validator.end(ending);
        self.notes.extend(self.validator.breaches.drain(..).map(|b| b.note));
    }
}

/// What is wrong with the inside of a root, and whether something was not read.
fn judge(inside: &str) -> (Vec<Note>, bool) {
    let mut schemas = Schemas::none();
    schemas.add("t.xsd", SCHEMA.as_bytes().to_vec()).unwrap();
    let model = schemas.model();
    let text = format!("<root xmlns=\"urn:t\" xmlns:xsi=\"{}\" kind=\"true\">{inside}</root>", xml::XSI);
    let mut run = Run { validator: Validator::new(&model), notes: Vec::new() };
    let outcome = xml::read(text.as_bytes(), &Limits::default(), &|| false, &mut run);
    assert_eq!(outcome.fault, None, "{inside}");
    (run.notes, run.validator.has_unread)
}

#[test]
fn values_and_their_restrictions() {
    let check = |inside: &str, expected: &[Note]| assert_eq!(judge(inside), (expected.to_vec(), false), "{inside}");
    check("", &[]);
    check("<colour>red</colour><code>abcd</code><code>12</code>", &[]);
    check("<colour>green</colour>", &[Note::ValueInvalid]);
    check("<code>abcde</code>", &[Note::ValueInvalid]);
    check("<code>ab1</code>", &[Note::ValueInvalid]);
    check("<code>a</code><code>b</code><code>c</code>", &[Note::ElementUnexpected]);
    check("<amount unit=\"kr\"> 12 </amount>", &[]);
    check("<amount unit=\"kroner\">12</amount>", &[Note::ValueInvalid]);
    check("<amount>12 kr</amount>", &[Note::ValueInvalid]);
    check("<amount other=\"x\">12</amount>", &[Note::AttributeUnexpected]);
    check("<amount xsi:nil=\"true\"/>", &[Note::AttributeUnexpected, Note::ValueInvalid]);
    check("text", &[Note::TextUnexpected]);
}

#[test]
fn anything_goes_where_the_schema_says_so() {
    let check = |inside: &str, expected: &[Note]| assert_eq!(judge(inside), (expected.to_vec(), false), "{inside}");
    check("<open><x xmlns=\"urn:other\" y=\"1\">text</x></open>", &[]);
    // What a schema declares is judged wherever it stands.
    check("<open><root/></open>", &[Note::AttributeMissing]);
    check("<open xsi:type=\"code\">ab1</open>", &[Note::ValueInvalid]);
    check("<open xsi:type=\"none\"/>", &[Note::TypeUnknown]);
}

#[test]
fn what_is_not_read_is_said() {
    assert_eq!(judge("<listed>a b</listed>"), (Vec::new(), true));
    assert_eq!(judge("<colour>red</colour>"), (Vec::new(), false));
}
