//! PDFs made by hand: a builder that numbers objects, writes the cross-reference table, and can leave out or add anything.

/// What a PDF is made of.
#[derive(Clone)]
pub struct Pdf {
    pub version: &'static str,
    /// Part and level of the claim, such as `("2", "B")`.
    pub claim: Option<(&'static str, &'static str)>,
    pub pages: usize,
    /// Into the catalogue.
    pub catalog: String,
    /// Into every page.
    pub page: String,
    /// Into the trailer.
    pub trailer: String,
    /// Further objects; the first has number 10 + pages.
    pub more: Vec<Vec<u8>>,
    pub output_intent: bool,
    pub id: bool,
    pub binary_comment: bool,
    pub xref_stream: bool,
}

impl Pdf {
    pub fn plain(version: &'static str) -> Self {
        Self {
            version,
            claim: None,
            pages: 1,
            catalog: String::new(),
            page: String::new(),
            trailer: String::new(),
            more: Vec::new(),
            output_intent: false,
            id: true,
            binary_comment: true,
            xref_stream: false,
        }
    }

    /// One that keeps every rule we know of.
    pub fn archive(part: &'static str, level: &'static str) -> Self {
        let mut pdf = Self { claim: Some((part, level)), output_intent: true, ..Self::plain(if part == "1" { "1.4" } else { "1.7" }) };
        if level == "A" {
            pdf.catalog = "/MarkInfo<</Marked true>>/StructTreeRoot<</Type/StructTreeRoot/K[]>>".to_owned();
        }
        pdf
    }

    /// Number of the first further object.
    pub fn first_more(&self) -> usize {
        10 + self.pages
    }

    pub fn build(&self) -> Vec<u8> {
        let mut objects: Vec<(usize, Vec<u8>)> = Vec::new();
        let mut catalog = format!("<</Type/Catalog/Pages 2 0 R{}", self.catalog);
        if let Some((part, level)) = self.claim {
            catalog.push_str("/Metadata 3 0 R");
            objects.push((3, stream("/Type/Metadata/Subtype/XML", xmp(part, level).as_bytes())));
        }
        if self.output_intent {
            catalog.push_str("/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile 4 0 R>>]");
            objects.push((4, stream("/N 3", &icc())));
        }
        objects.push((1, format!("{catalog}>>").into_bytes()));
        let kids: Vec<String> = (0..self.pages).map(|i| format!("{} 0 R", 10 + i)).collect();
        objects.push((2, format!("<</Type/Pages/Count {}/Kids[{}]>>", self.pages, kids.join(" ")).into_bytes()));
        objects.push((5, stream("", b"0 0 m 10 10 l S")));
        for i in 0..self.pages {
            objects.push((
                10 + i,
                format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 5 0 R/Resources<<>>{}>>", self.page).into_bytes(),
            ));
        }
        objects.extend(self.more.iter().enumerate().map(|(i, o)| (self.first_more() + i, o.clone())));
        objects.sort();
        self.write(&objects)
    }

    fn write(&self, objects: &[(usize, Vec<u8>)]) -> Vec<u8> {
        let mut out = format!("%PDF-{}\n", self.version).into_bytes();
        if self.binary_comment {
            out.extend(b"%\xe2\xe3\xcf\xd3\n");
        }
        let mut places = Vec::new();
        for (number, body) in objects {
            places.push((*number, out.len()));
            out.extend(format!("{number} 0 obj\n").bytes());
            out.extend(body);
            out.extend(b"\nendobj\n");
        }
        let size = places.last().unwrap().0 + 2;
        let id = if self.id { "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]" } else { "" };
        let start = out.len();
        if self.xref_stream {
            let rows: Vec<u8> =
                places.iter().flat_map(|(_, at)| [&[1u8][..], &u32::try_from(*at).unwrap().to_be_bytes(), &[0]].concat()).collect();
            let index: Vec<String> = places.iter().map(|(n, _)| format!("{n} 1")).collect();
            let dict = format!("/Type/XRef/Size {size}/W[1 4 1]/Index[{}]/Root 1 0 R{id}{}", index.join(" "), self.trailer);
            out.extend(format!("{} 0 obj\n", size - 1).bytes());
            out.extend(stream(&dict, &rows));
            out.extend(b"\nendobj\n");
        } else {
            out.extend(b"xref\n0 1\n0000000000 65535 f \n");
            for (number, at) in &places {
                out.extend(format!("{number} 1\n{at:010} 00000 n \n").bytes());
            }
            out.extend(format!("trailer\n<</Size {size}/Root 1 0 R{id}{}>>\n", self.trailer).bytes());
        }
        out.extend(format!("startxref\n{start}\n%%EOF\n").bytes());
        out
    }
}

/// A stream object's body.
pub fn stream(dict: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("<<{dict}/Length {}>>\nstream\n", bytes.len()).as_bytes(), bytes, b"\nendstream"].concat()
}

fn xmp(part: &str, level: &str) -> String {
    let conformance = if level.is_empty() { String::new() } else { format!("<pdfaid:conformance>{level}</pdfaid:conformance>") };
    format!(
        "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"><pdfaid:part>{part}</pdfaid:part>{conformance}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    )
}

/// The shell of a colour profile: its length, and its mark.
fn icc() -> Vec<u8> {
    let mut out = vec![0; 128];
    out[..4].copy_from_slice(&128u32.to_be_bytes());
    out[36..40].copy_from_slice(b"acsp");
    out
}
