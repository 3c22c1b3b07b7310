//! A PDF file by its cross-reference chain (ISO 32000-1 § 7.5). Nothing is repaired: a file that needs it is broken.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::object::{Dict, Lexer, MAX_ITEMS, Object};
use crate::Limits;

/// Why a PDF cannot be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PdfFault {
    Broken,
    Encrypted,
    /// More objects or more expanded bytes than the limits allow.
    Bomb,
}

/// Where an object lies.
#[derive(Clone, Copy, Debug)]
enum Place {
    At(usize),
    InStream { stream: u32, index: usize },
}

/// A PDF all of whose objects could be read.
pub(super) struct File {
    pub trailer: Dict,
    pub objects: BTreeMap<u32, Loaded>,
    /// How the objects are listed and packed, which PDF/A-1 does not allow.
    pub has_compressed_objects: bool,
}

/// An object, and its bytes as they lie in the file when it is a stream.
pub(super) struct Loaded {
    pub object: Object,
    /// First and last-but-one position of a stream's bytes.
    pub stream: Option<(usize, usize)>,
}

struct Reading<'a> {
    data: &'a [u8],
    limits: &'a Limits,
    expanded: u64,
    /// Objects made so far.
    items: usize,
    /// Bytes read so far. Objects do not overlap in an honest file, so this stays near its size.
    read: usize,
}

impl File {
    pub(super) fn read(data: &[u8], limits: &Limits) -> Result<Self, PdfFault> {
        let mut reading = Reading { data, limits, expanded: 0, items: 0, read: 0 };
        let (places, trailer) = reading.cross_references()?;
        if trailer.has("Encrypt") {
            return Err(PdfFault::Encrypted);
        }
        let mut objects = BTreeMap::new();
        let mut packed: BTreeMap<u32, Vec<(usize, u32)>> = BTreeMap::new();
        for (number, place) in &places {
            match place {
                Place::At(at) => {
                    objects.insert(*number, reading.object_at(*at, Some(*number), &places)?);
                }
                Place::InStream { stream, index } => packed.entry(*stream).or_default().push((*index, *number)),
            }
        }
        let has_compressed_objects = !packed.is_empty() || trailer.is("Type", "XRef");
        for (stream, wanted) in packed {
            let holder = objects.get(&stream).ok_or(PdfFault::Broken)?;
            let unpacked = reading.object_stream(holder, &wanted)?;
            objects.extend(unpacked.into_iter().map(|(n, object)| (n, Loaded { object, stream: None })));
        }
        Ok(Self { trailer, objects, has_compressed_objects })
    }

    /// Follows references until something else stands there.
    pub(super) fn resolve<'s>(&'s self, object: &'s Object) -> &'s Object {
        let mut object = object;
        for _ in 0..16 {
            let Object::Ref(number) = object else { return object };
            object = self.objects.get(number).map_or(&Object::Null, |l| &l.object);
        }
        &Object::Null
    }

    /// The value of a key, with its reference followed.
    pub(super) fn get<'s>(&'s self, dict: &'s Dict, key: &str) -> &'s Object {
        dict.get(key).map_or(&Object::Null, |o| self.resolve(o))
    }

    /// The dictionary under a key.
    pub(super) fn dict<'s>(&'s self, dict: &'s Dict, key: &str) -> Option<&'s Dict> {
        self.get(dict, key).dict()
    }

    /// The stream that a key refers to, with its dictionary.
    pub(super) fn stream<'s>(&'s self, dict: &'s Dict, key: &str) -> Option<(&'s Dict, (usize, usize))> {
        let Some(Object::Ref(number)) = dict.get(key) else { return None };
        let loaded = self.objects.get(number)?;
        Some((loaded.object.dict()?, loaded.stream?))
    }

    /// The document catalogue.
    pub(super) fn catalog(&self) -> Option<&Dict> {
        self.dict(&self.trailer, "Root")
    }
}

/// Expands a stream that is plain or packed with deflate alone; for metadata and colour profiles.
pub(super) fn plain_stream(data: &[u8], dict: &Dict, span: (usize, usize), most: u64) -> Option<Vec<u8>> {
    let raw = data.get(span.0..span.1)?;
    match filters(dict).as_slice() {
        [] => Some(raw.to_vec()),
        [only] if only == b"FlateDecode" && !dict.has("DecodeParms") => {
            let mut out = Vec::new();
            ZlibDecoder::new(raw).take(most).read_to_end(&mut out).ok()?;
            Some(out)
        }
        _ => None,
    }
}

/// Names of a stream's filters, in order.
pub(super) fn filters(dict: &Dict) -> Vec<Vec<u8>> {
    match dict.get("Filter") {
        Some(Object::Name(name)) => vec![name.clone()],
        Some(Object::Array(names)) => names.iter().filter_map(|n| n.name().map(<[u8]>::to_vec)).collect(),
        _ => Vec::new(),
    }
}

type Places = BTreeMap<u32, Place>;

impl Reading<'_> {
    /// Every object's place, newest first, and the newest trailer.
    fn cross_references(&mut self) -> Result<(Places, Dict), PdfFault> {
        let mut next = Some(self.start().ok_or(PdfFault::Broken)?);
        let (mut places, mut freed, mut newest, mut seen) = (Places::new(), HashSet::new(), None, HashSet::new());
        while let Some(at) = next {
            if !seen.insert(at) || seen.len() > 1024 {
                return Err(PdfFault::Broken);
            }
            let trailer = self.section(at, &mut places, &mut freed)?;
            if let Some(hybrid) = trailer.get("XRefStm").and_then(Object::index) {
                self.section(hybrid, &mut places, &mut freed)?;
            }
            next = trailer.get("Prev").map(|p| p.index().ok_or(PdfFault::Broken)).transpose()?;
            newest.get_or_insert(trailer);
        }
        Ok((places, newest.ok_or(PdfFault::Broken)?))
    }

    /// The number after the last `startxref`.
    fn start(&self) -> Option<usize> {
        let from = self.data.len().saturating_sub(2048);
        let at = memchr::memmem::rfind(&self.data[from..], b"startxref")? + from;
        Lexer::new(self.data, at + 9).digits().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < self.data.len())
    }

    fn section(&mut self, at: usize, places: &mut Places, freed: &mut HashSet<u32>) -> Result<Dict, PdfFault> {
        let mut lexer = Lexer::new(self.data, at);
        if lexer.take(b"xref") { self.table(lexer, places, freed) } else { self.xref_stream(at, places, freed) }
    }

    fn note(&self, number: u32, place: Place, places: &mut Places, freed: &HashSet<u32>) -> Result<(), PdfFault> {
        if places.len() >= self.limits.pdf_objects as usize && !places.contains_key(&number) {
            return Err(PdfFault::Bomb);
        }
        if !freed.contains(&number) {
            places.entry(number).or_insert(place);
        }
        Ok(())
    }

    /// A table as text (§ 7.5.4).
    fn table(&self, mut lexer: Lexer<'_>, places: &mut Places, freed: &mut HashSet<u32>) -> Result<Dict, PdfFault> {
        while !lexer.take(b"trailer") {
            let first = lexer.digits().ok_or(PdfFault::Broken)?;
            let count = lexer.digits().ok_or(PdfFault::Broken)?;
            for i in 0..count {
                let at = lexer.digits().ok_or(PdfFault::Broken)?;
                lexer.digits().ok_or(PdfFault::Broken)?;
                let number = u32::try_from(first.saturating_add(i)).map_err(|_| PdfFault::Broken)?;
                if lexer.take(b"n") {
                    let at = usize::try_from(at).map_err(|_| PdfFault::Broken)?;
                    self.note(number, Place::At(at), places, freed)?;
                } else if lexer.take(b"f") {
                    if !places.contains_key(&number) && freed.len() <= self.limits.pdf_objects as usize {
                        freed.insert(number);
                    }
                } else {
                    return Err(PdfFault::Broken);
                }
            }
        }
        match lexer.object() {
            Some(Object::Dict(trailer)) => Ok(trailer),
            _ => Err(PdfFault::Broken),
        }
    }

    /// A table as a stream (§ 7.5.8).
    fn xref_stream(&mut self, at: usize, places: &mut Places, freed: &mut HashSet<u32>) -> Result<Dict, PdfFault> {
        let loaded = self.object_at(at, None, &Places::new())?;
        let dict = loaded.object.dict().filter(|d| d.is("Type", "XRef")).ok_or(PdfFault::Broken)?.clone();
        let rows = self.unpack(&dict, loaded.stream.ok_or(PdfFault::Broken)?)?;
        let widths: Vec<usize> = dict.get("W").and_then(Object::array).ok_or(PdfFault::Broken)?.iter().filter_map(Object::index).collect();
        let [w0, w1, w2] = widths[..] else { return Err(PdfFault::Broken) };
        if widths.iter().any(|w| *w > 8) || w0 + w1 + w2 == 0 {
            return Err(PdfFault::Broken);
        }
        let size = dict.get("Size").and_then(Object::index).ok_or(PdfFault::Broken)?;
        let ranges: Vec<usize> = match dict.get("Index").and_then(Object::array) {
            Some(list) => list.iter().filter_map(Object::index).collect(),
            None => vec![0, size],
        };
        let mut rows = rows.chunks_exact(w0 + w1 + w2);
        for range in ranges.chunks_exact(2) {
            for (i, row) in rows.by_ref().take(range[1]).enumerate() {
                let number = u32::try_from(range[0].saturating_add(i)).map_err(|_| PdfFault::Broken)?;
                let value = |from: usize, len: usize| row[from..from + len].iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
                let kind = if w0 == 0 { 1 } else { value(0, w0) };
                match kind {
                    0 if !places.contains_key(&number) => {
                        freed.insert(number);
                    }
                    1 => self.note(number, Place::At(value(w0, w1)), places, freed)?,
                    2 => {
                        let stream = u32::try_from(value(w0, w1)).map_err(|_| PdfFault::Broken)?;
                        self.note(number, Place::InStream { stream, index: value(w0 + w1, w2) }, places, freed)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(dict)
    }

    /// `N G obj … endobj`, and where its stream lies.
    fn object_at(&mut self, at: usize, number: Option<u32>, places: &Places) -> Result<Loaded, PdfFault> {
        let mut lexer = Lexer::new(self.data, at);
        let said = lexer.digits().ok_or(PdfFault::Broken)?;
        lexer.digits().ok_or(PdfFault::Broken)?;
        if !lexer.take(b"obj") || number.is_some_and(|n| u64::from(n) != said) {
            return Err(PdfFault::Broken);
        }
        let object = lexer.object().ok_or(PdfFault::Broken)?;
        self.count(&lexer, at, self.data.len())?;
        let Some(dict) = object.dict() else { return Ok(Loaded { object, stream: None }) };
        if !lexer.take(b"stream") {
            return Ok(Loaded { object, stream: None });
        }
        let body = &self.data[lexer.at..];
        let from = lexer.at + if body.starts_with(b"\r\n") { 2 } else { usize::from(body.starts_with(b"\n")) };
        let len = match dict.get("Length") {
            Some(Object::Ref(number)) => self.length(*number, places),
            Some(direct) => direct.index(),
            None => None,
        };
        let to = len.and_then(|len| from.checked_add(len)).filter(|to| *to <= self.data.len()).ok_or(PdfFault::Broken)?;
        if !Lexer::new(self.data, to).take(b"endstream") {
            return Err(PdfFault::Broken);
        }
        Ok(Loaded { object, stream: Some((from, to)) })
    }

    /// Counts what was read from `at` on, out of `of` bytes; overlapping objects and heaps of them are noticed here.
    fn count(&mut self, lexer: &Lexer<'_>, at: usize, of: usize) -> Result<(), PdfFault> {
        self.items += lexer.items;
        self.read = self.read.saturating_add(lexer.at.saturating_sub(at));
        let most = self.data.len().max(of).saturating_mul(2).saturating_add(usize::try_from(self.expanded).unwrap_or(usize::MAX));
        if self.items > MAX_ITEMS || self.read > most { Err(PdfFault::Bomb) } else { Ok(()) }
    }

    /// A stream's length that stands in an object of its own.
    fn length(&self, number: u32, places: &Places) -> Option<usize> {
        let Place::At(at) = places.get(&number)? else { return None };
        let mut lexer = Lexer::new(self.data, *at);
        (lexer.digits()? == u64::from(number)).then_some(())?;
        lexer.digits()?;
        lexer.take(b"obj").then(|| lexer.object()?.index())?
    }

    /// Objects that are packed together (§ 7.5.7).
    fn object_stream(&mut self, holder: &Loaded, wanted: &[(usize, u32)]) -> Result<Vec<(u32, Object)>, PdfFault> {
        let dict = holder.object.dict().filter(|d| d.is("Type", "ObjStm")).ok_or(PdfFault::Broken)?;
        let first = dict.get("First").and_then(Object::index).ok_or(PdfFault::Broken)?;
        let count = dict.get("N").and_then(Object::index).ok_or(PdfFault::Broken)?;
        let bytes = self.unpack(dict, holder.stream.ok_or(PdfFault::Broken)?)?;
        let mut head = Lexer::new(&bytes, 0);
        let mut offsets = Vec::new();
        for _ in 0..count.min(self.limits.pdf_objects as usize) {
            let number = head.digits().ok_or(PdfFault::Broken)?;
            let at = head.digits().and_then(|n| usize::try_from(n).ok()).ok_or(PdfFault::Broken)?;
            offsets.push((number, at));
        }
        let mut out = Vec::new();
        for (index, number) in wanted {
            let (said, at) = offsets.get(*index).ok_or(PdfFault::Broken)?;
            let at = first.checked_add(*at).ok_or(PdfFault::Broken)?;
            if *said != u64::from(*number) {
                return Err(PdfFault::Broken);
            }
            let mut lexer = Lexer::new(&bytes, at);
            out.push((*number, lexer.object().ok_or(PdfFault::Broken)?));
            self.count(&lexer, at, bytes.len())?;
        }
        Ok(out)
    }

    /// A stream of objects or references: plain, or deflated with a PNG predictor at most.
    fn unpack(&mut self, dict: &Dict, span: (usize, usize)) -> Result<Vec<u8>, PdfFault> {
        let raw = &self.data[span.0..span.1];
        let left = self.limits.pdf_expanded_bytes - self.expanded;
        let bytes = match filters(dict).as_slice() {
            [] => raw.to_vec(),
            [only] if only == b"FlateDecode" => {
                let mut out = Vec::new();
                ZlibDecoder::new(raw).take(left + 1).read_to_end(&mut out).map_err(|_| PdfFault::Broken)?;
                out
            }
            _ => return Err(PdfFault::Broken),
        };
        if bytes.len() as u64 > left {
            return Err(PdfFault::Bomb);
        }
        self.expanded += bytes.len() as u64;
        let parms = dict.get("DecodeParms").and_then(Object::dict);
        let value = |key: &str, default: usize| parms.and_then(|p| p.get(key)).and_then(Object::index).unwrap_or(default);
        match value("Predictor", 1) {
            1 => Ok(bytes),
            10..=15 => unpredict(&bytes, value("Columns", 1)).ok_or(PdfFault::Broken),
            _ => Err(PdfFault::Broken),
        }
    }
}

/// Undoes the PNG predictors (PNG § 9) for rows of single bytes.
fn unpredict(bytes: &[u8], columns: usize) -> Option<Vec<u8>> {
    if columns == 0 || columns > 65_536 {
        return None;
    }
    let mut above = vec![0u8; columns];
    let mut out = Vec::with_capacity(bytes.len());
    for row in bytes.chunks_exact(columns + 1) {
        let mut line = row[1..].to_vec();
        for i in 0..columns {
            let (left, corner) = if i == 0 { (0, 0) } else { (line[i - 1], above[i - 1]) };
            let guess = match row[0] {
                0 => 0,
                1 => left,
                2 => above[i],
                3 => u8::midpoint(left, above[i]),
                4 => paeth(left, above[i], corner),
                _ => return None,
            };
            line[i] = line[i].wrapping_add(guess);
        }
        out.extend_from_slice(&line);
        above = line;
    }
    Some(out)
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
    let guess = a + b - c;
    let (da, db, dc) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        above
    } else {
        corner
    }
}
