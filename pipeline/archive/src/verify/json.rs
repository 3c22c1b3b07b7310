//! JSON as it stands in the file: keys in order, duplicates kept. Two keys of one name are how an inventory can say two
//! things at once, so a map type will not do.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A JSON value. Numbers and truth values mean nothing in an inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    Other,
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// `None` unless the bytes are one JSON value in UTF-8.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn object(&self) -> Option<&[(String, Json)]> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// First member of this name.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        self.object()?.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// An array of nothing but texts.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        let Self::Array(items) = self else { return None };
        items.iter().map(|i| i.text().map(str::to_owned)).collect()
    }

    /// Whether two members of an object bear one name.
    pub(super) fn has_twins(&self) -> bool {
        let Self::Object(members) = self else { return false };
        let mut seen = std::collections::HashSet::new();
        !members.iter().all(|(key, _)| seen.insert(key))
    }

    /// Whether both say the same; order of members has no meaning.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(a), Self::Object(b)) => a.len() == b.len() && a.iter().all(|(k, v)| other.get(k).is_some_and(|w| v.same(w))),
            (Self::Array(a), Self::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(v, w)| v.same(w)),
            _ => self == other,
        }
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_kept() {
        let json = Json::parse(br#"{"a":"1","b":[],"a":"2"}"#).unwrap();
        assert!(json.has_twins());
        assert_eq!(json.object().unwrap().len(), 3);
        assert!(!Json::parse(br#"{"a":1,"A":1}"#).unwrap().has_twins());
    }

    #[test]
    fn hostile_json_is_refused_without_harm() {
        assert!(Json::parse(&b"[".repeat(100_000)).is_none());
        assert!(Json::parse(b"\xef\xbb\xbf{}").is_none());
        assert!(Json::parse(b"{\"a\":\"\xff\"}").is_none());
        assert!(Json::parse(b"{} {}").is_none());
        assert!(Json::parse(b"").is_none());
    }
}
