//! OLE2 compound files made by hand: one FAT, every stream in whole sectors.

const SECTOR: usize = 512;
const FREE: u32 = 0xffff_ffff;
const END: u32 = 0xffff_fffe;

/// A compound file with these streams, all directly below the root. Each is padded to 4096 bytes, so none is a mini stream.
pub fn ole(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut fat = vec![0xffff_fffd];
    let mut sectors: Vec<u8> = Vec::new();
    let mut directory = vec![entry("Root Entry", 5, END, 0, if streams.is_empty() { FREE } else { 1 })];
    for (i, (name, bytes)) in streams.iter().enumerate() {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len().max(4096).next_multiple_of(SECTOR), 0);
        let first = u32::try_from(fat.len()).unwrap();
        chain(&mut fat, padded.len() / SECTOR);
        // Siblings hang to the right of one another: a list is a tree too.
        let right = if i + 1 < streams.len() { u32::try_from(i + 2).unwrap() } else { FREE };
        let mut e = entry(name, 2, first, u32::try_from(padded.len()).unwrap(), FREE);
        e[72..76].copy_from_slice(&right.to_le_bytes());
        directory.push(e);
        sectors.extend(padded);
    }
    while directory.len() % 4 != 0 {
        directory.push([0; 128]);
    }
    let first_directory = u32::try_from(fat.len()).unwrap();
    chain(&mut fat, directory.len() / 4);
    assert!(fat.len() <= SECTOR / 4, "one FAT sector is enough for the samples");
    fat.resize(SECTOR / 4, FREE);

    let mut out = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    out.resize(24, 0);
    out.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    out.resize(44, 0);
    out.extend(1u32.to_le_bytes());
    out.extend(first_directory.to_le_bytes());
    out.extend([0; 4]);
    out.extend(4096u32.to_le_bytes());
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend(0u32.to_le_bytes());
    out.resize(SECTOR, 0xff);
    out.extend(fat.iter().flat_map(|n| n.to_le_bytes()));
    out.extend(sectors);
    out.extend(directory.concat());
    out
}

fn chain(fat: &mut Vec<u32>, sectors: usize) {
    for i in 0..sectors {
        let next = u32::try_from(fat.len() + 1).unwrap();
        fat.push(if i + 1 == sectors { END } else { next });
    }
}

fn entry(name: &str, kind: u8, first: u32, size: u32, child: u32) -> [u8; 128] {
    let mut raw = [0u8; 128];
    for (i, unit) in name.encode_utf16().enumerate() {
        raw[i * 2..i * 2 + 2].copy_from_slice(&unit.to_le_bytes());
    }
    raw[64..66].copy_from_slice(&u16::try_from((name.encode_utf16().count() + 1) * 2).unwrap().to_le_bytes());
    (raw[66], raw[67]) = (kind, 1);
    for at in [68, 72] {
        raw[at..at + 4].copy_from_slice(&FREE.to_le_bytes());
    }
    raw[76..80].copy_from_slice(&child.to_le_bytes());
    raw[116..120].copy_from_slice(&first.to_le_bytes());
    raw[120..124].copy_from_slice(&size.to_le_bytes());
    raw
}

/// `CompObj` of Word, as PRONOM looks for it: `8` is Word 97 and later.
pub fn word_comp_obj(version: char) -> Vec<u8> {
    [&[0u8; 60][..], &[0x10, 0, 0, 0], format!("Word.Document.{version}\0").as_bytes(), &[0; 40]].concat()
}

/// The first record of a workbook: BIFF8 or BIFF5.
pub fn workbook(version: u8, more: &[u8]) -> Vec<u8> {
    [&[9, 8, 16, 0, 0, version, 5, 0][..], &[0; 12], more].concat()
}
