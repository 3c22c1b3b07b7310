//! The byte signatures of the formats on the policy list.
//!
//! Source: PRONOM (The National Archives, Open Government Licence), signature file V125 as siegfried uses it; the tests
//! compare every row with siegfried. Where PRONOM lets a distance grow without bound we bound it, and say so.

use std::sync::LazyLock;

use super::pattern::Pattern;

/// One signature as it is written down.
pub(super) struct Row {
    /// What it stands for.
    pub puid: &'static str,
    /// A higher rank wins: PRONOM's "has priority over".
    pub rank: u8,
    /// From the first byte on, after at most `slack` others.
    pub start: &'static str,
    /// Bytes that may stand before `start`.
    pub slack: usize,
    /// Somewhere in the file, or empty.
    pub within: &'static str,
    /// Near the end, or empty.
    pub end: &'static str,
    /// Bytes that may stand after `end`.
    pub end_slack: usize,
}

const fn bof(rank: u8, puid: &'static str, start: &'static str) -> Row {
    Row { puid, rank, start, slack: 0, within: "", end: "", end_slack: 0 }
}

impl Row {
    const fn slack(self, slack: usize) -> Self {
        Self { slack, ..self }
    }
    const fn within(self, within: &'static str) -> Self {
        Self { within, ..self }
    }
    const fn end(self, end: &'static str, end_slack: usize) -> Self {
        Self { end, end_slack, ..self }
    }
}

/// A signature that is ready to match.
pub(super) struct Signature {
    pub row: &'static Row,
    start: Pattern,
    within: Option<Pattern>,
    end: Option<Pattern>,
}

impl Signature {
    pub(super) fn fits(&self, data: &[u8]) -> bool {
        self.start.at_start(data, self.row.slack)
            && self.end.as_ref().is_none_or(|p| p.at_end(data, self.row.end_slack))
            && self.within.as_ref().is_none_or(|p| p.anywhere(data))
    }
}

/// All signatures.
pub(super) static SIGNATURES: LazyLock<Vec<Signature>> = LazyLock::new(|| {
    let read = |text: &str| Pattern::read(text).expect("the tests read every pattern of the table");
    let optional = |text: &str| (!text.is_empty()).then(|| read(text));
    ROWS.iter().map(|row| Signature { row, start: read(row.start), within: optional(row.within), end: optional(row.end) }).collect()
});

/// A claim of PDF/A as elements or attributes: the part before the conformance.
macro_rules! part_first {
    ($puid:literal, $part:literal, $level:literal) => {
        bof(3, $puid, "'%PDF-1.'[30:37]").within(concat!(
            "'xmlns:pdfaid='(22|27)'http://www.aiim.org/pdfa/ns/id/'*'pdfaid:part'(3D22|3D27|'>')'",
            $part,
            "'(22|27|'</pdfaid:part>'){0-120}'pdfaid:conformance'('>'|3D22|3D27)'",
            $level,
            "'(22|27|'</pdfaid:conformance>')"
        ))
    };
}

/// The same with the conformance before the part.
macro_rules! level_first {
    ($puid:literal, $part:literal, $level:literal) => {
        bof(3, $puid, "'%PDF-1.'[30:37]").within(concat!(
            "'xmlns:pdfaid='(22|27)'http://www.aiim.org/pdfa/ns/id/'*'pdfaid:conformance'('>'|3D22|3D27)'",
            $level,
            "'(22|27|'</pdfaid:conformance>'){0-120}'pdfaid:part'(3D22|3D27|'>')'",
            $part,
            "'(22|27|'</pdfaid:part>')"
        ))
    };
}

/// ISO 19005-4: part 4, and a conformance level or none.
const PDFA4: &str = "'pdfaid:part'(3D22|3D27|'>')'4'(22|27|'</pdfaid:part>')";
/// siegfried looks this far back for the end of an image.
const JPEG_TAIL: usize = 65_536;
const PNG_END: &str = "00000000'IEND'AE426082";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    bof(1, "fmt/14", "'%PDF-1.0'").end("'%%EOF'", 1024),
    bof(1, "fmt/15", "'%PDF-1.1'").end("'%%EOF'", 1024),
    bof(1, "fmt/16", "'%PDF-1.2'").end("'%%EOF'", 1024),
    bof(1, "fmt/17", "'%PDF-1.3'").end("'%%EOF'", 1024),
    bof(1, "fmt/18", "'%PDF-1.4'").end("'%%EOF'", 1024),
    bof(1, "fmt/19", "'%PDF-1.5'").end("'%%EOF'", 1024),
    bof(1, "fmt/20", "'%PDF-1.6'").end("'%%EOF'", 1024),
    bof(1, "fmt/276", "'%PDF-1.7'").end("'%%EOF'", 1024),
    bof(1, "fmt/1129", "'%PDF-2.0'").end("'%%EOF'", 1024),
    bof(2, "fmt/2050", "'%PDF-1.7'").within("'<pdfuaid:part>1</pdfuaid:part>'"),
    part_first!("fmt/95", "1", "A"),
    level_first!("fmt/95", "1", "A"),
    part_first!("fmt/354", "1", "B"),
    level_first!("fmt/354", "1", "B"),
    part_first!("fmt/476", "2", "A"),
    level_first!("fmt/476", "2", "A"),
    part_first!("fmt/477", "2", "B"),
    level_first!("fmt/477", "2", "B"),
    part_first!("fmt/478", "2", "U"),
    level_first!("fmt/478", "2", "U"),
    part_first!("fmt/479", "3", "A"),
    level_first!("fmt/479", "3", "A"),
    part_first!("fmt/480", "3", "B"),
    level_first!("fmt/480", "3", "B"),
    part_first!("fmt/481", "3", "U"),
    level_first!("fmt/481", "3", "U"),
    bof(3, "fmt/1910", "'%PDF-2.0'").within(PDFA4),
    bof(4, "fmt/1911", "'%PDF-2.0'").within("'pdfaid:part'(3D22|3D27|'>')'4'(22|27|'</pdfaid:part>')*'pdfaid:conformance'('>'|3D22|3D27)'E'"),
    bof(4, "fmt/1912", "'%PDF-2.0'").within("'pdfaid:part'(3D22|3D27|'>')'4'(22|27|'</pdfaid:part>')*'pdfaid:conformance'('>'|3D22|3D27)'F'"),

    bof(2, "fmt/353", "'II'2A00"),
    bof(2, "fmt/353", "'MM'002A"),
    bof(2, "fmt/1917", "'II'2B000800"),
    bof(2, "fmt/1917", "'MM'002B0008"),
    bof(1, "fmt/41", "FFD8FF").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/42", "FFD8FFE0{2}'JFIF'000100(00|01|02)").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/43", "FFD8FFE0{2}'JFIF'000101(00|01|02)").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/44", "FFD8FFE0{2}'JFIF'000102(00|01|02)").end("FFD9", JPEG_TAIL),
    bof(2, "x-fmt/390", "FFD8FFE1{2}'Exif'00004D4D002A*900000070000000430323130").end("FFD9", JPEG_TAIL),
    bof(2, "x-fmt/390", "FFD8FFE1{2}'Exif'000049492A00*009007000400000030323130").end("FFD9", JPEG_TAIL),
    bof(2, "x-fmt/391", "FFD8FFE1{2}'Exif'00004D4D002A*900000070000000430323230").end("FFD9", JPEG_TAIL),
    bof(2, "x-fmt/391", "FFD8FFE1{2}'Exif'000049492A00*009007000400000030323230").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/645", "FFD8FFE1{2}'Exif'00004D4D002A*900000070000000430323231").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/645", "FFD8FFE1{2}'Exif'000049492A00*009007000400000030323231").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/1507", "FFD8FFE1{2}'Exif'00004D4D002A*9000000700000004303233[30:39]").end("FFD9", JPEG_TAIL),
    bof(2, "fmt/1507", "FFD8FFE1{2}'Exif'000049492A00*0090070004000000303233[30:39]").end("FFD9", JPEG_TAIL),
    bof(1, "fmt/11", "89'PNG'0D0A1A0A0000000D'IHDR'").end(PNG_END, 0),
    bof(2, "fmt/12", "89'PNG'0D0A1A0A0000000D'IHDR'*('iCCP'|'sPLT'|'sRGB')").end(PNG_END, 0),
    bof(3, "fmt/13", "89'PNG'0D0A1A0A0000000D'IHDR'*'iTXt'").end(PNG_END, 0),
    bof(4, "fmt/935", "89'PNG'0D0A1A0A0000000D'IHDR'*'acTL'*'fcTL'00000000").end(PNG_END, 0),
    bof(2, "x-fmt/392", "0000000C'jP  '0D0A870A{4}'ftypjp2'"),
    bof(2, "fmt/151", "0000000C'jP  '0D0A870A{4}'ftypjpx'"),
    bof(2, "fmt/3", "'GIF87a'").end("3B", 4),
    bof(2, "fmt/4", "'GIF89a'").end("3B", 4),
    bof(2, "fmt/566", "'RIFF'{4}'WEBPVP8 '"),
    bof(2, "fmt/567", "'RIFF'{4}'WEBPVP8L'"),
    bof(2, "fmt/568", "'RIFF'{4}'WEBPVP8X'"),
    bof(2, "fmt/115", "'BM'{4}00000000{4}0C000000{4}0100(01|04|08|18)00"),
    bof(2, "fmt/116", "'BM'{12}28000000{8}0100(01|04|08|10|18|20)00(00|01|02)000000"),
    bof(2, "fmt/117", "'BM'{4}00000000{4}28000000{8}0100(10|20)0003000000"),
    bof(2, "fmt/118", "'BM'{4}00000000{4}6C000000{8}0100(01|04|08|10|18|20)00(00|01|02|03)00000000"),
    bof(2, "fmt/119", "'BM'{4}00000000{4}7C000000{8}0100(01|04|08|10|18|20)00(00|01|02|03|04|05)00000000"),
    bof(2, "fmt/1101", "{4}'ftyp'('mif1'|'msf1'|'heic'|'heix'|'hevc'|'hevx')"),
    bof(2, "fmt/2062", "{4}'ftypavif'"),

    bof(1, "fmt/111", "D0CF11E0A1B11AE1{20}FEFF"),
    bof(1, "x-fmt/263", "'PK'0304"),
    bof(1, "x-fmt/263", "'PK'0506").end("'PK'0506{18}", 65_531),
    bof(2, "fmt/484", "'7z'BCAF271C"),
    bof(2, "x-fmt/264", "'Rar!'1A0700{2}73{34}14"),
    bof(2, "fmt/411", "'Rar!'1A0700{2}73{34}1D"),
    bof(2, "fmt/613", "'Rar!'1A070100"),
    bof(1, "x-fmt/266", "1F8B08"),
    bof(1, "x-fmt/268", "'BZh'??314159265359"),
    bof(1, "fmt/1098", "FD'7zXZ'00").end("'YZ'", 0),
    bof(1, "x-fmt/265", "[21:EF]{104}[30:37][20:37]00{5}[30:37][20:37]00{5}[30:37][20:37]00{10}[30:37](00|20){10}[30:37](00|20){5}[30:37][00:37](00|20)"),

    bof(1, "fmt/969", "'{\\rtf0\\'('ansi'|'mac'|'pc'|'pca')"),
    bof(1, "fmt/45", "'{\\rt'('f'|'f1')5C('ansi'|'mac'|'pc'|'pca')"),
    bof(2, "fmt/50", "'{\\rt'('f'|'f1'){0-1}5C('ansi'|'mac'|'pc'|'pca')'\\ansicpg'"),
    bof(3, "fmt/52", "'{\\rt'('f'|'f1')5C('ansi'|'mac'|'pc'|'pca')'\\ansicpg'*'\\stshfdbch'{1-4}'\\stshfloch'{1-4}'\\stshfhich'{1-4}'\\stshfbi'"),
    bof(4, "fmt/53", "'{\\rt'('f'|'f1'){0-15}('ansi'|'mac'|'pc'|'pca')'\\ansicpg'*'\\stshfdbch'{1-4}'\\stshfloch'{1-4}'\\stshfhich'{1-4}'\\stshfbi'*'\\lsdstimax'"),
    bof(5, "fmt/355", "'{\\rt'('f'|'f1'){0-15}('ansi'|'mac'|'pc'|'pca')'\\ansicpg'*'\\stshfdbch'{1-5}'\\stshfloch'{1-5}'\\stshfhich'{1-5}'\\stshfbi'*5C('*\\colorschememapping'|'aflelev'|'*\\datastore'|'*\\defchp')"),

    bof(3, "fmt/101", "'<?xml version='(22|27)'1.0'(22|27)").slack(3),
    bof(5, "fmt/91", "'<?xml version=\"1.0\"'*'<svg'*'svg>'"),
    bof(6, "fmt/92", "'<?xml version=\"1.0\"'*'<svg'*'version=\"1.1\"'*'svg>'"),
    bof(6, "fmt/413", "'<?xml version=\"1.0\"'*'<svg'*'version=\"1.2\"'*'svg>'"),
    bof(1, "fmt/96", "3C('HTML'|'html')").slack(1024).end("'</'('HTML'|'html'|'BODY'|'body')'>'", 1024),
    bof(2, "fmt/97", "'<!'('DOCTYPE'|'doctype')20('HTML'|'html')20('PUBLIC'|'public')' \"-//'{1-16}'//'('DTD'|'dtd')20{0-64}('HTML'|'html')' 2.0'").slack(1024),
    bof(2, "fmt/98", "'<!'('DOCTYPE'|'doctype')20('HTML'|'html')20('PUBLIC'|'public')' \"-//'{1-16}'//'('DTD'|'dtd')20{0-64}('HTML'|'html')' 3.2'").slack(1024),
    bof(2, "fmt/99", "'<!'('DOCTYPE'|'doctype')20('HTML'|'html')20('PUBLIC'|'public')' \"-//'{1-16}'//'('DTD'|'dtd')20{0-64}('HTML'|'html')' 4.'('0 '|'0/')").slack(1024),
    bof(2, "fmt/100", "'<!'('DOCTYPE'|'doctype')20('HTML'|'html')20('PUBLIC'|'public')' \"-//'{1-16}'//'('DTD'|'dtd')20{0-64}('HTML'|'html')' 4.01'").slack(1024),
    bof(2, "fmt/471", "'<!'('DOCTYPE'|'doctype'){0-4}('HTML'|'html')'>'").slack(1024),
    bof(4, "fmt/102", "'<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0'").slack(1024).within("'<html xmlns=\"http://www.w3.org/1999/xhtml\"'*'<title>'*'</title>'"),
    bof(4, "fmt/103", "'<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.1'").slack(1024).within("'<html xmlns=\"http://www.w3.org/1999/xhtml\"'*'<title>'*'</title>'"),

    bof(1, "fmt/6", "'RIFF'{4}'WAVE'"),
    bof(2, "fmt/141", "'RIFF'{4}'WAVEfmt '100000000100{14}*'data'"),
    bof(2, "fmt/142", "'RIFF'{4}'WAVEfmt '[!10]{21}*'data'"),
    bof(2, "fmt/279", "'fLaC'(80|00)000022"),
    bof(2, "fmt/203", "'OggS'0002{23}'vorbis'00000000{19}'OggS'"),
    bof(2, "fmt/199", "{4}'ftyp'{0-64}('mp42'|'mp41'|'isom'|'iso2')*'moov'"),
    bof(3, "x-fmt/384", "{4}'ftypqt  '"),

    bof(1, "x-fmt/409", "'MZ'"),
    bof(2, "x-fmt/411", "'MZ'*'PE'0000"),
    bof(2, "fmt/688", "7F'ELF'010101"),
    bof(2, "fmt/689", "7F'ELF'010201"),
    bof(2, "fmt/690", "7F'ELF'020101"),
    bof(2, "fmt/691", "7F'ELF'020201"),
    bof(2, "fmt/692", "(FEEDFACE|CEFAEDFE)"),
    bof(2, "fmt/693", "(FEEDFACF|CFFAEDFE)"),
    bof(2, "x-fmt/415", "CAFEBABE"),
    bof(2, "x-fmt/428", "4C0000000114020000000000C000000000000046"),
    bof(2, "fmt/31", "'AC1006'"),
    bof(2, "fmt/32", "'AC1009'"),
    bof(2, "fmt/33", "'AC1012'"),
    bof(2, "fmt/34", "'AC1014'"),
    bof(2, "fmt/35", "'AC1015'"),
    bof(2, "fmt/36", "'AC1018'"),
    bof(2, "fmt/434", "'AC1024'0000"),
    bof(2, "fmt/531", "'AC1027'"),
    bof(2, "fmt/1395", "'AC1032'"),
];

#[cfg(test)]
mod tests {
    use super::{Pattern, ROWS, SIGNATURES};
    use crate::Format;

    #[test]
    fn every_signature_reads_and_belongs_to_a_format() {
        assert_eq!(SIGNATURES.len(), ROWS.len());
        for row in ROWS {
            assert!(Format::find(row.puid).is_some(), "{} is not in the policy table", row.puid);
        }
    }

    /// A gap in a part that is looked for everywhere costs its length at every place.
    #[test]
    fn gaps_of_searched_parts_are_short() {
        for row in ROWS {
            let start = Pattern::read(row.start).unwrap();
            assert!(start.longest_searched_gap(1) <= 128, "{}", row.puid);
            for text in [row.within, row.end].into_iter().filter(|t| !t.is_empty()) {
                assert!(Pattern::read(text).unwrap().longest_searched_gap(0) <= 128, "{}", row.puid);
            }
        }
    }
}
