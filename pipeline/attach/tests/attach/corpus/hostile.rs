//! Files that lie, hide, or do harm.

use image::ImageFormat;
use pipeline_attach::State::{NeedsManualConversion, Refused, SetAside};

use super::oles::{ole, word_comp_obj, workbook};
use super::pdfs::{Pdf, stream};
use super::pictures::{self, chunk, png_with};
use super::zips::{self, SHEET, WORD, odf, ooxml, part, zip};
use super::{Sample, caught, picture};

/// Files that lie, hide, or do harm.
pub fn hostile() -> Vec<Sample> {
    [programs(), macros(), encrypted(), broken(), bombs(), two_faced(), unpackable(), false_archives()].concat()
}

fn programs() -> Vec<Sample> {
    let refused =
        |name: &str, bytes: &[u8], puid: &'static str| caught(name, bytes.to_vec(), Some(puid), Refused, "attachment_type_refused");
    let pe = [b"MZ".as_slice(), &[0; 58], &[64, 0, 0, 0], b"PE\0\0\x64\x86", &[0; 120]].concat();
    let elf = |class: u8, order: u8| [b"\x7fELF".as_slice(), &[class, order, 1], &[0; 60]].concat();
    let by_name = "siegfried takes the extension's word for text";
    vec![
        refused("dos.exe", &[b"MZ".as_slice(), &[0; 100]].concat(), "x-fmt/409"),
        refused("vindu.exe", &pe, "x-fmt/411"),
        refused("ferie.jpg", &pe, "x-fmt/411"),
        refused("a.elf", &elf(1, 1), "fmt/688"),
        refused("b.elf", &elf(1, 2), "fmt/689"),
        refused("c.elf", &elf(2, 1), "fmt/690"),
        refused("d.elf", &elf(2, 2), "fmt/691"),
        refused("mac", &[b"\xcf\xfa\xed\xfe".as_slice(), &[0; 28]].concat(), "fmt/693"),
        refused("mac32", &[b"\xfe\xed\xfa\xce".as_slice(), &[0; 28]].concat(), "fmt/692"),
        refused("a.class", &[b"\xca\xfe\xba\xbe\0\0\0\x34".as_slice(), &[0; 20]].concat(), "x-fmt/415"),
        refused("snarvei.lnk", &[b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F".as_slice(), &[0; 60]].concat(), "x-fmt/428"),
        refused("kjør.sh", b"#!/bin/sh\necho hei\n", "x-fmt/111"),
        refused("kjør.txt", b"#!/bin/sh\necho hei\n", "x-fmt/111"),
        refused("kjør.bat", b"@echo off\r\n", "x-fmt/111").differs(by_name),
        refused("kjør.js", b"var x = 1;\n", "x-fmt/111").differs(by_name),
        refused("side.php", b"<?php echo 1;", "x-fmt/111").differs(by_name),
        caught("i-arkiv.zip", zip(&[part("verktøy.exe", &pe)]), Some("x-fmt/263"), Refused, "attachment_type_refused"),
        caught("skjult.zip", zip(&[part("bilde.jpg", &pe)]), Some("x-fmt/263"), Refused, "attachment_type_refused"),
        caught("brev-exe.docx", ooxml(WORD, &[part("word/embeddings/a.bin", &pe)]), Some("fmt/412"), Refused, "attachment_type_refused"),
    ]
}

fn macros() -> Vec<Sample> {
    let refused = |name: &str, bytes: Vec<u8>, puid: &'static str| caught(name, bytes, Some(puid), Refused, "attachment_macros");
    let declared = [
        ("a.docm", "application/vnd.ms-word.document.macroEnabled.main+xml", "fmt/523"),
        ("a.dotm", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml", "fmt/599"),
        ("a.xlsm", "application/vnd.ms-excel.sheet.macroEnabled.main+xml", "fmt/445"),
        ("a.xltm", "application/vnd.ms-excel.template.macroEnabled.main+xml", "fmt/627"),
        ("a.xlam", "application/vnd.ms-excel.addin.macroEnabled.main+xml", "fmt/628"),
        ("a.pptm", "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", "fmt/487"),
        ("a.ppsm", "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml", "fmt/630"),
        ("a.potm", "application/vnd.ms-powerpoint.template.macroEnabled.main+xml", "fmt/632"),
        ("a.ppam", "application/vnd.ms-powerpoint.addin.macroEnabled.main+xml", "fmt/633"),
    ];
    let mut out: Vec<Sample> = declared.map(|(name, main, puid)| refused(name, ooxml(main, &[]), puid)).to_vec();
    let comp_obj = word_comp_obj('8');
    let slides = [&[0x02, 0x00, 0x00, 0x04, 12, 0, 0, 0][..], &[0; 4], &[1, 0, 0, 0], &[2, 0, 0, 0]].concat();
    let sheet = [0x85, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0];
    out.extend([
        refused("prosjekt.docx", ooxml(WORD, &[part("word/vbaProject.bin", "x")]), "fmt/412"),
        refused("STORE.docx", ooxml(WORD, &[part("word/VBAPROJECT.BIN", "x")]), "fmt/412"),
        refused("ark.xlsx", ooxml(SHEET, &[part("xl/macrosheets/sheet1.xml", "<a/>")]), "fmt/214"),
        refused("basic.odt", odf("text", "1.3", &[part("Basic/Standard/Module1.xml", "<a/>")]), "fmt/1756"),
        refused("makro.doc", ole(&[("WordDocument", &[0; 32]), ("\u{1}CompObj", &comp_obj), ("_VBA_PROJECT", b"x")]), "fmt/40"),
        refused("makro.xls", ole(&[("Workbook", &workbook(6, &[])), ("_VBA_PROJECT_CUR", b"x")]), "fmt/61"),
        refused("xlm.xls", ole(&[("Workbook", &workbook(6, &sheet))]), "fmt/61"),
        refused("makro.ppt", ole(&[("PowerPoint Document", &slides)]), "fmt/126"),
        refused(
            "brev-i-zip.zip",
            zip(&[part("brev.docm", ooxml("application/vnd.ms-word.document.macroEnabled.main+xml", &[]))]),
            "x-fmt/263",
        ),
    ]);
    out
}

fn encrypted() -> Vec<Sample> {
    let aside = |name: &str, bytes: Vec<u8>, puid: &'static str| caught(name, bytes, Some(puid), SetAside, "attachment_encrypted");
    let mut locked = part("hemmelig.txt", "hei");
    locked.encrypted = true;
    let comp_obj = word_comp_obj('8');
    let manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>";
    let filepass = [0x2f, 0, 2, 0, 0, 0];
    let flags = [[0; 10].as_slice(), &[0, 1], &[0; 20]].concat();
    vec![
        aside("passord.pdf", Pdf { trailer: "/Encrypt<</Filter/Standard/V 2>>".into(), ..Pdf::plain("1.7") }.build(), "fmt/276"),
        aside("passord.zip", zip(&[locked]), "x-fmt/263"),
        aside("passord.docx", ole(&[("EncryptionInfo", b"x"), ("EncryptedPackage", b"x")]), "fmt/494"),
        aside("passord.odt", odf("text", "1.2", &[part("META-INF/manifest.xml", manifest)]), "fmt/291"),
        aside("passord.doc", ole(&[("WordDocument", &flags), ("\u{1}CompObj", &comp_obj)]), "fmt/754"),
        aside("passord.xls", ole(&[("Workbook", &workbook(6, &filepass))]), "fmt/61"),
        aside("passord.ppt", ole(&[("PowerPoint Document", b"x"), ("EncryptedSummary", b"x")]), "fmt/126"),
    ]
}

fn broken() -> Vec<Sample> {
    let aside = |name: &str, bytes: Vec<u8>, puid: Option<&'static str>| caught(name, bytes, puid, SetAside, "attachment_broken");
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let mut crc = part("a.txt", "hei");
    crc.crc = Some(1);
    let mut nested = Pdf::plain("1.7");
    nested.more.push("[".repeat(20_000).into_bytes());
    let mut ring = Pdf::plain("1.7");
    ring.page = "/Kids[2 0 R]".into();
    let mut png = picture(ImageFormat::Png);
    png[40] ^= 1;
    let word = ole(&[("WordDocument", &[0; 9000]), ("\u{1}CompObj", &word_comp_obj('8'))]);
    vec![
        aside("tom.pdf", Vec::new(), None),
        aside("avkuttet.pdf", cut(Pdf::plain("1.7").build()), None),
        aside("uten-sider.pdf", Pdf { pages: 0, ..Pdf::plain("1.7") }.build(), Some("fmt/276")),
        aside("dyp.pdf", nested.build(), Some("fmt/276")),
        aside("ring.pdf", ring.build(), Some("fmt/276")),
        aside("avkuttet.jpg", cut(pictures::talkative_jpeg(1)), None),
        aside("avkuttet.png", cut(picture(ImageFormat::Png)), None),
        aside("sum.png", png, Some("fmt/11")),
        aside("tynn.png", pictures::png_of(0, 10), Some("fmt/11")),
        aside("avkuttet.zip", cut(zip(&[part("a.txt", vec![b'x'; 500])])), Some("x-fmt/263"))
            .differs("siegfried wants the end of the archive"),
        aside("sum.zip", zip(&[crc]), Some("x-fmt/263")),
        aside("avkuttet.doc", word[..4096].to_vec(), Some("fmt/111")),
        aside("slutt.pdf", [Pdf::plain("1.7").build(), vec![b'x'; 2000]].concat(), None),
    ]
}

fn bombs() -> Vec<Sample> {
    let aside = |name: &str, bytes: Vec<u8>, puid: &'static str| caught(name, bytes, Some(puid), SetAside, "attachment_expands");
    let zeros = part("nuller", vec![0u8; 8 * 1024 * 1024]).deflated();
    let mut lie = part("a.txt", vec![b' '; 100_000]).deflated();
    lie.claimed = Some(10);
    let deep = zip(&[part("1.zip", zip(&[part("2.zip", zip(&[part("a.txt", "hei")]))]))]);
    vec![
        aside("bombe.zip", zip(std::slice::from_ref(&zeros)), "x-fmt/263"),
        aside("bombe.docx", ooxml(WORD, &[zeros]), "fmt/412"),
        caught("løgn.zip", zip(&[lie]), Some("x-fmt/263"), SetAside, "attachment_broken"),
        aside("dyp.zip", deep, "x-fmt/263"),
        aside("overlapp.zip", zips::overlapping(), "x-fmt/263"),
    ]
}

fn two_faced() -> Vec<Sample> {
    let aside = |name: &str, bytes: Vec<u8>, puid: Option<&'static str>| caught(name, bytes, puid, SetAside, "attachment_suspicious");
    let archive = zip(&[part("a.txt", "hei")]);
    let pdf = Pdf::plain("1.4").build();
    let jpeg = picture(ImageFormat::Jpeg);
    let gif = picture(ImageFormat::Gif);
    let comment = png_with(&[chunk(b"tEXt", b"a\0<script>alert(1)</script>")]);
    vec![
        aside("bilde.jpg", [jpeg.clone(), archive.clone()].concat(), Some("fmt/44")),
        aside("bilde.gif", [gif, archive.clone()].concat(), None),
        aside("bilde.png", comment, Some("fmt/11")),
        aside("program.jpg", [jpeg, b"MZ\x90\0".to_vec()].concat(), Some("fmt/44")),
        aside("begge.pdf", [pdf.clone(), archive.clone()].concat(), Some("fmt/18")),
        aside("skjult.dat", [b"noe annet\0\0".to_vec(), pdf].concat(), None),
        aside("foran.zip", [b"xxxxxxxx".to_vec(), archive].concat(), None),
        aside("utenfor.zip", zip(&[part("../../etc/passwd", "x")]), Some("x-fmt/263")),
        aside("entitet.xml", b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".to_vec(), Some("fmt/101")),
        caught("bilde.pdf", picture(ImageFormat::Png), Some("fmt/11"), SetAside, "attachment_name_wrong"),
        caught("brev2.docx", zip(&[part("a.txt", "hei")]), Some("x-fmt/263"), SetAside, "attachment_name_wrong"),
        caught("side.jpg", b"<!DOCTYPE html><html></html>".to_vec(), Some("fmt/471"), SetAside, "attachment_name_wrong"),
    ]
}

/// PDFs that say PDF/A and are not.
/// Archives that do harm, or become something else, where they are unpacked (table of what readers do: PACKAGING § 4.8).
fn unpackable() -> Vec<Sample> {
    let aside = |name: &str, parts: &[zips::Part]| caught(name, zip(parts), Some("x-fmt/263"), SetAside, "attachment_suspicious");
    let two = |one: &str, other: &str| [part(one, "en"), part(other, "to")];
    vec![
        aside("opp.zip", &[part("../../ond.txt", "x")]),
        aside("opp-bakvendt.zip", &[part("..\\..\\ond.txt", "x")]),
        aside("lenke.zip", &[part("lenke", "/etc/passwd").linked()]),
        aside("fra-roten.zip", &[part("/etc/ond.txt", "x")]),
        aside("stasjon.zip", &[part("c:\\ond.txt", "x")]),
        aside("to-ganger.zip", &two("brev.txt", "brev.txt")),
        aside("store-og-små.zip", &two("Brev.txt", "brev.txt")),
        aside("sammensatt.zip", &two("\u{e5}.txt", "a\u{30a}.txt")),
        aside("to-navn.zip", &[part("brev.txt", "x").called("ondt.txt")]),
        aside("styretegn.zip", &[part("brev\u{1b}[2J.txt", "x")]),
        aside("reservert.zip", &[part("con.txt", "x")]),
        aside("blank-til-slutt.zip", &[part("brev.txt ", "x")]),
    ]
}

fn false_archives() -> Vec<Sample> {
    let kept = |name: &str, pdf: Pdf| caught(name, pdf.build(), Some("fmt/477"), NeedsManualConversion, "attachment_pdfa_false");
    let base = || Pdf::archive("2", "B");
    let with_catalog = |text: &str| Pdf { catalog: text.into(), ..base() };
    let mut font = base();
    font.more.push(b"<</Type/Font/Subtype/TrueType/BaseFont/Arial>>".to_vec());
    let mut lzw = base();
    lzw.more.push(stream("/Filter/LZWDecode", b"x"));
    vec![
        kept("uten-intent.pdf", Pdf { output_intent: false, ..base() }),
        kept("uten-id.pdf", Pdf { id: false, ..base() }),
        kept("uten-merke.pdf", Pdf { binary_comment: false, ..base() }),
        kept("skript.pdf", with_catalog("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")),
        kept("start.pdf", with_catalog("/OpenAction<</S/Launch/F(cmd.exe)>>")),
        kept("filer.pdf", with_catalog("/Names<</EmbeddedFiles<</Names[]>>>>")),
        kept("xfa.pdf", with_catalog("/AcroForm<</XFA(x)>>")),
        kept("font.pdf", font),
        kept("lzw.pdf", lzw),
    ]
}
