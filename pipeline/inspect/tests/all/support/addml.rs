//! `arkivuttrekk.xml` of the whole extract.

/// The four XML files, in the order in which they are listed.
pub const XML: [&str; 4] = ["arkivstruktur", "endringslogg", "loependeJournal", "offentligJournal"];

/// What the description says, each to be changed by a test.
#[derive(Clone)]
pub struct Said {
    pub before_info: &'static str,
    pub version: &'static str,
    pub period: [&'static str; 2],
    pub screening: &'static str,
    pub disposed: &'static str,
    pub disposals: &'static str,
    pub own_metadata: Option<&'static str>,
    pub documents: u64,
    pub folders: u64,
    pub records: Option<u64>,
    /// Names of the data objects, in order.
    pub objects: Vec<&'static str>,
    /// More schemas of the structure.
    pub own_schemas: Vec<&'static str>,
    /// A file whose checksum is given wrongly.
    pub wrong_checksum: Option<&'static str>,
    /// A file whose checksum is left out.
    pub no_checksum: Option<&'static str>,
    /// A file that is not listed as a schema.
    pub unlisted: Option<&'static str>,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            before_info: "",
            version: "5.0",
            period: ["skarpt", "skarpt"],
            screening: "true",
            disposed: "false",
            disposals: "false",
            own_metadata: Some("false"),
            documents: 3,
            folders: 2,
            records: Some(4),
            objects: XML.to_vec(),
            own_schemas: Vec::new(),
            wrong_checksum: None,
            no_checksum: None,
            unlisted: None,
        }
    }
}

fn value(name: &str, value: &str) -> String {
    format!("<property name=\"{name}\"><value>{value}</value></property>")
}

fn group(name: &str, inner: &str) -> String {
    format!("<property name=\"{name}\"><properties>{inner}</properties></property>")
}

fn count(element: &str, number: u64) -> String {
    let inner = value("elementPath", &format!("//{element}")) + &value("value", &number.to_string());
    format!("<property name=\"numberOfOccurrences\"><value>{element}</value><properties>{inner}</properties></property>")
}

/// Writes it; `digest` gives the SHA-256 of a file that is there.
pub fn write(said: &Said, digest: impl Fn(&str) -> Option<String>) -> String {
    let file = |name: &str| {
        let mut inner = value("name", name);
        let digest = digest(name).unwrap_or_else(|| "0".repeat(64));
        let digest = if said.wrong_checksum == Some(name) { "1".repeat(64) } else { digest };
        if said.no_checksum != Some(name) {
            inner += &group("checksum", &(value("algorithm", "SHA-256") + &value("value", &digest)));
        }
        group("file", &inner)
    };
    let schema = |name: &str| if said.unlisted == Some(name) { String::new() } else { group("schema", &file(name)) };
    let object = |name: &&str| {
        let mut inner = file(&format!("{name}.xml")) + &schema(&format!("{name}.xsd")) + &schema("metadatakatalog.xsd");
        if *name == "arkivstruktur" {
            inner += &said.own_schemas.iter().map(|s| schema(s)).collect::<String>();
            inner += &group("info", &(count("mappe", said.folders) + &said.records.map_or(String::new(), |n| count("registrering", n))));
        }
        format!("<dataObject name=\"{name}\"><properties>{inner}</properties></dataObject>\n")
    };
    let kind =
        format!("<property name=\"type\"><value>Noark 5</value><properties>{}</properties></property>", value("version", said.version));
    let more = group("periode", &(value("inngaaendeSkille", said.period[0]) + &value("utgaaendeSkille", said.period[1])))
        + &value("inneholderSkjermetInformasjon", said.screening)
        + &value("omfatterDokumenterSomErKassert", said.disposed)
        + &value("inneholderDokumenterSomSkalKasseres", said.disposals)
        + &said.own_metadata.map_or(String::new(), |text| value("inneholderVirksomhetsspesifikkeMetadata", text))
        + &value("antallDokumentfiler", &said.documents.to_string());
    let info = group("info", &(kind + &group("additionalInfo", &more)));
    let objects: String = said.objects.iter().map(object).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<addml xmlns=\"http://www.arkivverket.no/standarder/addml\">\n<dataset>\n\
         <reference/>\n<dataObjects>\n<dataObject name=\"uttrekk\">\n<properties>{}{info}</properties>\n\
         <dataObjects>\n{objects}</dataObjects>\n</dataObject>\n</dataObjects>\n</dataset>\n</addml>\n",
        said.before_info
    )
}
