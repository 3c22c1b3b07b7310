//! Honest files of every format.

use image::ImageFormat;
use pipeline_attach::State::NeedsManualConversion;

use super::oles::{ole, word_comp_obj, workbook};
use super::pdfs::{Pdf, stream};
use super::pictures::{self, chunk, png_with};
use super::zips::{SHEET, SLIDES, WORD, odf, ooxml, part, zip};
use super::{Sample, caught, picture, taken};

/// Files that are what they say.
pub fn honest() -> Vec<Sample> {
    [portable(), images(), offices(), texts(), others()].concat()
}

fn portable() -> Vec<Sample> {
    let mut out: Vec<Sample> = [
        ("1.0", "fmt/14"),
        ("1.1", "fmt/15"),
        ("1.2", "fmt/16"),
        ("1.3", "fmt/17"),
        ("1.4", "fmt/18"),
        ("1.5", "fmt/19"),
        ("1.6", "fmt/20"),
        ("1.7", "fmt/276"),
        ("2.0", "fmt/1129"),
    ]
    .map(|(version, puid)| taken(&format!("pdf-{version}.pdf"), Pdf::plain(version).build(), puid))
    .to_vec();
    for (part, level, puid) in [
        ("1", "A", "fmt/95"),
        ("1", "B", "fmt/354"),
        ("2", "A", "fmt/476"),
        ("2", "B", "fmt/477"),
        ("2", "U", "fmt/478"),
        ("3", "A", "fmt/479"),
        ("3", "B", "fmt/480"),
        ("3", "U", "fmt/481"),
    ] {
        out.push(taken(&format!("pdfa-{part}{level}.pdf"), Pdf::archive(part, level).build(), puid));
    }
    for (level, puid) in [("", "fmt/1910"), ("E", "fmt/1911"), ("F", "fmt/1912")] {
        let pdf = Pdf { version: "2.0", ..Pdf::archive("4", level) };
        out.push(caught(&format!("pdfa-4{level}.pdf"), pdf.build(), Some(puid), NeedsManualConversion, "attachment_needs_conversion"));
    }
    let attributes = br#"<x xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:conformance="U" pdfaid:part="2"/>"#;
    let by_attributes =
        Pdf { more: vec![stream("/Type/Metadata/Subtype/XML", attributes)], catalog: "/Metadata 11 0 R".into(), ..Pdf::archive("2", "U") };
    out.push(taken("pdfa-attributter.pdf", Pdf { claim: None, ..by_attributes }.build(), "fmt/478"));
    let accessible = Pdf { more: vec![stream("", b"<pdfuaid:part>1</pdfuaid:part>")], ..Pdf::plain("1.7") };
    out.push(taken("pdfua.pdf", accessible.build(), "fmt/2050"));
    out.push(taken("xref-stream.pdf", Pdf { xref_stream: true, ..Pdf::archive("2", "B") }.build(), "fmt/477"));
    out
}

fn images() -> Vec<Sample> {
    let jpeg = |minor: u8| [b"\xff\xd8".to_vec(), pictures::jfif(minor), pictures::jpeg_body()].concat();
    let bmp = |header: u8, bits: u8, compression: u8| {
        let mut out = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0".to_vec();
        out.extend([header, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, bits, 0, compression, 0, 0, 0]);
        out.resize(14 + usize::from(header) + 16, 0);
        out
    };
    let ftyp = |brand: &[u8; 4]| [b"\0\0\0\x18ftyp", brand.as_slice(), b"\0\0\0\0mif1heic\0\0\0\x08mdat"].concat();
    let jp2 = |brand: &[u8; 4]| [b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftyp", brand.as_slice(), b"\0\0\0\0jp2 "].concat();
    let srgb = chunk(b"sRGB", &[0]);
    let itxt = chunk(b"iTXt", b"Comment\0\0\0\0\0hei");
    let frames =
        [chunk(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]), chunk(b"fcTL", &[&[0; 4][..], &[0, 0, 0, 24, 0, 0, 0, 16], &[0; 14]].concat())];
    let mut gif = picture(ImageFormat::Gif);
    gif[3..6].copy_from_slice(b"87a");
    let raw = [b"\xff\xd8".to_vec(), pictures::jpeg_body()].concat();
    vec![
        taken("rå.jpg", raw, "fmt/41"),
        taken("jfif-100.jpg", jpeg(0), "fmt/42"),
        taken("jfif-101.jpeg", jpeg(1), "fmt/43"),
        taken("jfif-102.JPG", jpeg(2), "fmt/44"),
        taken("exif-21.jpg", pictures::exif_jpeg(b"0210"), "x-fmt/390"),
        taken("exif-22.jpg", pictures::exif_jpeg(b"0220"), "x-fmt/391"),
        taken("exif-221.jpg", pictures::exif_jpeg(b"0221"), "fmt/645"),
        taken("exif-23.jpg", pictures::exif_jpeg(b"0232"), "fmt/1507"),
        taken("png-10.png", picture(ImageFormat::Png), "fmt/11"),
        taken("png-11.png", png_with(&[srgb]), "fmt/12"),
        taken("png-12.png", png_with(&[itxt]), "fmt/13"),
        taken("animert.png", png_with(&frames), "fmt/935"),
        taken("gif-87.gif", gif, "fmt/3"),
        taken("gif-89.gif", picture(ImageFormat::Gif), "fmt/4"),
        taken("tapsfri.webp", picture(ImageFormat::WebP), "fmt/567"),
        taken("tap.webp", pictures::LOSSY_WEBP.to_vec(), "fmt/566"),
        taken("utvidet.webp", pictures::turned_webp(), "fmt/568"),
        taken("bmp-2.bmp", [b"BM\x1a\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\x02\0\x02\0\x01\0\x18\0".as_slice(), &[0; 16]].concat(), "fmt/115"),
        taken("bmp-3.bmp", bmp(40, 24, 0), "fmt/116"),
        taken("bmp-nt.bmp", bmp(40, 32, 3), "fmt/117"),
        taken("bmp-4.bmp", bmp(108, 32, 3), "fmt/118"),
        taken("bmp-5.bmp", bmp(124, 32, 3), "fmt/119"),
        taken("lite.tif", b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec(), "fmt/353"),
        taken("stor.tiff", b"MM\0*\0\0\0\x08\0\0\0\0\0\0".to_vec(), "fmt/353"),
        taken("stor64.tif", [b"II+\0\x08\0\0\0".as_slice(), &[0; 16]].concat(), "fmt/1917"),
        taken("stor64-16.tif", [b"II+\0\x08\0\0\0\x10".as_slice(), &[0; 15]].concat(), "fmt/1917")
            .differs("PRONOM takes a BigTIFF whose directory begins at byte 16 for a Zoomify image"),
        taken("skanning.jp2", jp2(b"jp2 "), "x-fmt/392"),
        taken("skanning.jpx", jp2(b"jpx "), "fmt/151"),
        taken("mobil.heic", ftyp(b"heic"), "fmt/1101"),
        taken("mobil2.heic", ftyp(b"mif1"), "fmt/1101"),
        taken("nett.avif", ftyp(b"avif"), "fmt/2062"),
    ]
}

fn offices() -> Vec<Sample> {
    let comp_obj = word_comp_obj('8');
    let mut out = vec![
        taken("brev.docx", ooxml(WORD, &[]), "fmt/412"),
        taken("tall.xlsx", ooxml(SHEET, &[]), "fmt/214"),
        taken("vis.pptx", ooxml(SLIDES, &[]), "fmt/215"),
        taken("mal.dotx", ooxml(&WORD.replace("document.main", "template.main"), &[]), "fmt/597"),
        taken("mal.xltx", ooxml(&SHEET.replace("sheet.main", "template.main"), &[]), "fmt/598"),
        taken("mal.potx", ooxml(&SLIDES.replace("presentation.main", "template.main"), &[]), "fmt/631"),
        taken("vis.ppsx", ooxml(&SLIDES.replace("presentation.main", "slideshow.main"), &[]), "fmt/629"),
        taken("binær.xlsb", ooxml("application/vnd.ms-excel.sheet.binary.macroEnabled.main", &[]), "fmt/595"),
        taken("gammel.doc", ole(&[("WordDocument", &[0; 32]), ("\u{1}CompObj", &comp_obj)]), "fmt/40"),
        taken("mal.dot", ole(&[("WordDocument", &[[0; 10].as_slice(), &[1, 0]].concat()), ("\u{1}CompObj", &comp_obj)]), "x-fmt/45"),
        taken("word6.doc", ole(&[("WordDocument", &[0; 32]), ("\u{1}CompObj", &word_comp_obj('6'))]), "fmt/39"),
        taken("ukjent.doc", ole(&[("WordDocument", &[0; 32])]), "fmt/609"),
        taken("gammel.xls", ole(&[("Workbook", &workbook(6, &[]))]), "fmt/61"),
        taken("eldre.xls", ole(&[("Book", &workbook(5, &[]))]), "fmt/59"),
        taken("gammel.ppt", ole(&[("PowerPoint Document", b"lysark")]), "fmt/126"),
        taken("post.msg", ole(&[("__properties_version1.0", &[0; 32]), ("__nameid_version1.0", &[0; 8])]), "x-fmt/430"),
        taken("annet.ole", ole(&[("Noe", b"annet")]), "fmt/111"),
    ];
    let documents: [(&str, &str, [&'static str; 5]); 4] = [
        ("text", "odt", ["fmt/136", "fmt/290", "fmt/291", "fmt/1756", "fmt/2044"]),
        ("spreadsheet", "ods", ["fmt/137", "fmt/294", "fmt/295", "fmt/1755", "fmt/2045"]),
        ("presentation", "odp", ["fmt/138", "fmt/292", "fmt/293", "fmt/1754", "fmt/2046"]),
        ("graphics", "odg", ["fmt/139", "fmt/296", "fmt/297", "fmt/1753", "fmt/2048"]),
    ];
    for (kind, extension, puids) in documents {
        for (version, puid) in ["1.0", "1.1", "1.2", "1.3", "1.4"].into_iter().zip(puids) {
            out.push(taken(&format!("v{version}.{extension}"), odf(kind, version, &[]), puid));
        }
    }
    out
}

fn texts() -> Vec<Sample> {
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("hei på deg".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let html = |kind: &str| format!("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML {kind}//EN\"><html><body>hei</body></html>").into_bytes();
    let xhtml = |kind: &str| {
        format!("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML {kind} Strict//EN\" \"x\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>x</title></head></html>").into_bytes()
    };
    let mail = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: hei\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhei\r\n".to_vec();
    let by_hand = "attachment_needs_conversion";
    let styles = "\\ansicpg1252\\stshfdbch0\\stshfloch0\\stshfhich0\\stshfbi0 ";
    vec![
        taken("notat.txt", "Møtet er flyttet til fredag. Čáhppes skriver.", "x-fmt/111"),
        taken("merke.txt", "\u{feff}hei", "x-fmt/111"),
        caught("latin1.txt", b"bl\xe5b\xe6r er godt\n".to_vec(), Some("x-fmt/111"), NeedsManualConversion, by_hand),
        caught("utf16.txt", utf16, Some("x-fmt/111"), NeedsManualConversion, by_hand),
        taken("liste.csv", "navn;tall\nmål;1\ntiltak;2\n", "x-fmt/18"),
        taken("komma.csv", "a,b\n\"1,\n2\",3\n", "x-fmt/18"),
        taken("tabell.txt", "a;b\n1;2\n", "x-fmt/18").differs("siegfried knows tables by their extension only"),
        taken("data.json", "{\"a\": [1, 2, {\"b\": null}]}", "fmt/817"),
        taken("data.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>", "fmt/101"),
        taken("bom.xml", "\u{feff}<?xml version=\"1.0\"?><a/>", "fmt/101"),
        taken("uten.xml", "<a><b/></a>", "fmt/101").differs("PRONOM's signature wants the XML declaration"),
        taken("html5.html", "<!DOCTYPE html>\n<html><body>hei</body></html>", "fmt/471"),
        taken("html.htm", "<html><body>hei</body></html>", "fmt/96"),
        taken("html20.html", html("2.0"), "fmt/97"),
        taken("html32.html", html("3.2"), "fmt/98"),
        taken("html40.html", html("4.0"), "fmt/99"),
        taken("html401.html", html("4.01"), "fmt/100"),
        taken("xhtml10.html", xhtml("1.0"), "fmt/102"),
        taken("xhtml11.html", xhtml("1.1"), "fmt/103"),
        taken("tegning10.svg", "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><rect/></svg>", "fmt/91"),
        taken("tegning11.svg", "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"><rect/></svg>", "fmt/92"),
        taken("tegning12.svg", "<?xml version=\"1.0\"?><svg version=\"1.2\" baseProfile=\"tiny\"><rect/></svg>", "fmt/413"),
        taken("bar.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\"/>", "fmt/92")
            .differs("PRONOM's signature wants the XML declaration"),
        taken("brev.eml", mail, "fmt/950"),
        taken("kort.eml", "From: a@example.com\r\nSubject: hei\r\n\r\nhei\r\n", "fmt/278")
            .differs("PRONOM knows a letter by its mail program or its MIME fields"),
        taken("rtf0.rtf", "{\\rtf0\\ansi hei}", "fmt/969"),
        taken("rtf1.rtf", "{\\rtf1\\ansi\\deff0 hei}", "fmt/45"),
        taken("rtf15.rtf", "{\\rtf1\\ansi\\ansicpg1252\\deff0 hei}", "fmt/50"),
        taken("rtf17.rtf", format!("{{\\rtf1\\ansi{styles}hei}}"), "fmt/52"),
        taken("rtf18.rtf", format!("{{\\rtf1\\ansi{styles}\\lsdstimax156 hei}}"), "fmt/53"),
        taken("rtf19.rtf", format!("{{\\rtf1\\ansi{styles}\\lsdstimax156{{\\*\\datastore 00}} hei}}"), "fmt/355"),
    ]
}

fn others() -> Vec<Sample> {
    let mp3 = [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 413]].concat();
    let wav = |format: u8| {
        [
            b"RIFF\x34\0\0\0WAVEfmt ".as_slice(),
            &[format, 0, 0, 0, 1, 0, 1, 0, 64, 31, 0, 0, 128, 62, 0, 0, 2, 0, 16, 0, 0, 0],
            b"data\x08\0\0\0",
            &[0; 8],
        ]
        .concat()
    };
    let film = |brand: &[u8; 4]| [b"\0\0\0\x14ftyp", brand.as_slice(), b"\0\0\0\0", brand, b"\0\0\0\x08moov"].concat();
    let rar = |version: u8| [b"Rar!\x1a\x07\0\xcf\x90\x73".as_slice(), &[0; 34], &[version], &[0; 40]].concat();
    let mut tar = vec![0u8; 1536];
    tar[..5].copy_from_slice(b"a.txt");
    tar[100..108].copy_from_slice(b"0000644\0");
    tar[108..116].copy_from_slice(b"0001750\0");
    tar[116..124].copy_from_slice(b"0001750\0");
    tar[124..136].copy_from_slice(b"00000000003\0");
    tar[136..148].copy_from_slice(b"14524553100\0");
    tar[148..156].copy_from_slice(b"010044\0 ");
    tar[257..263].copy_from_slice(b"ustar\0");
    let drawings = [
        ("AC1006", "fmt/31"),
        ("AC1009", "fmt/32"),
        ("AC1012", "fmt/33"),
        ("AC1014", "fmt/34"),
        ("AC1015", "fmt/35"),
        ("AC1018", "fmt/36"),
        ("AC1024", "fmt/434"),
        ("AC1027", "fmt/531"),
        ("AC1032", "fmt/1395"),
    ];
    let mut out = vec![
        taken("samling.zip", zip(&[part("a.txt", "hei").deflated(), part("mappe/b.txt", "hei")]), "x-fmt/263"),
        taken("tom.zip", zip(&[]), "x-fmt/263"),
        taken("i-zip.zip", zip(&[part("inni.zip", zip(&[part("a.txt", "hei")]))]), "x-fmt/263"),
        taken("pakke.7z", b"7z\xbc\xaf\x27\x1c\0\x04aaaaaaaaaaaaaaaaaaaaaaaa".to_vec(), "fmt/484"),
        taken("pakke.rar", b"Rar!\x1a\x07\x01\0aaaaaaaaaaaaaaaa".to_vec(), "fmt/613"),
        taken("pakke2.rar", rar(0x14), "x-fmt/264"),
        taken("pakke29.rar", rar(0x1d), "fmt/411"),
        taken("pakke.xz", b"\xfd7zXZ\0\0\x04aaaaaaaaaaaaaaaaYZ".to_vec(), "fmt/1098"),
        taken("pakke.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\x04\0\x9d\x0cL\xb0\x03\0\0\0".to_vec(), "x-fmt/266"),
        taken("pakke.bz2", b"BZh91AY&SYaaaa".to_vec(), "x-fmt/268"),
        taken("pakke.tar", tar, "x-fmt/265"),
        taken("lyd.mp3", mp3.repeat(20), "fmt/134"),
        taken("merket.mp3", [b"ID3\x03\0\0\0\0\0\0".to_vec(), mp3.repeat(20)].concat(), "fmt/134"),
        taken("pcm.wav", wav(16), "fmt/141"),
        taken("utvidet.wav", wav(18), "fmt/142"),
        taken("uvanlig.wav", b"RIFF\x0c\0\0\0WAVELIST\0\0\0\0".to_vec(), "fmt/6"),
        taken("lyd.flac", [b"fLaC\0\0\0\x22".as_slice(), &[0; 34]].concat(), "fmt/279"),
        taken(
            "lyd.ogg",
            [b"OggS\0\x02".as_slice(), &[0; 20], b"\x01\x1e\x01vorbis\0\0\0\0", &[0; 19], b"OggS", &[0; 30]].concat(),
            "fmt/203",
        ),
        taken("film.mp4", film(b"isom"), "fmt/199"),
        taken("film.mov", film(b"qt  "), "x-fmt/384"),
    ];
    out.extend(drawings.map(|(mark, puid)| taken(&format!("{mark}.dwg"), [mark.as_bytes(), &[0; 100]].concat(), puid)));
    out
}
