//! The test in the place of a case archive and of whoever carries its messages: looks at what is dropped, and answers.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, Run, Tool, digest, shared};
use serde_json::{Value, json};

/// Both formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Digdir,
    Fiks,
}

/// A saksmappe of each plan's own.
pub const OWN: &str = "folder = { kind = \"own\" }\narchive_part = \"SAKARKIV\"";

/// The person's folder, which is found by its class.
pub const ELEVMAPPE: &str = "folder = { kind = \"by_class\" }\njournal_status = \"finalised\"\n\
    [[delivery.target.classification]]\nsystem = \"{system} - Person\"\nclass = \"{national_id}\"\ntitle = \"{name}\"";

impl Dialect {
    pub const BOTH: [Self; 2] = [Self::Digdir, Self::Fiks];

    pub fn id(self) -> &'static str {
        match self {
            Self::Digdir => "digdir",
            Self::Fiks => "fiks_arkiv_v1",
        }
    }
}

/// Sets up where municipality 9901 delivers.
pub fn sets_up(house: &House, dialect: Dialect, target: &str) -> Receiver {
    sets_up_in(house, "9901", dialect, target)
}

/// Sets up where a municipality delivers.
pub fn sets_up_in(house: &House, number: &str, dialect: Dialect, target: &str) -> Receiver {
    let file = house.at(&format!("municipalities/{number}.toml"));
    let before = fs::read_to_string(&file).unwrap();
    let before = before.split("\n[delivery]").next().unwrap();
    let delivery = format!("\n[delivery]\nexchange = \"sakarkiv\"\n[delivery.target]\ndialect = \"{}\"\n{target}\n", dialect.id());
    fs::write(&file, format!("{before}{delivery}")).unwrap();
    Receiver { folder: house.at("sakarkiv"), dialect }
}

/// The exchange folder, seen from the other side.
pub struct Receiver {
    pub folder: PathBuf,
    dialect: Dialect,
}

/// One message as it was dropped.
#[derive(Debug)]
pub struct Message {
    pub id: String,
    pub kind: String,
    pub xml: String,
}

impl Message {
    /// Every external key, in its order.
    pub fn keys(&self) -> Vec<&str> {
        self.xml.split("noekkel>").skip(1).step_by(2).map(|rest| rest.split('<').next().unwrap()).collect()
    }

    /// Whether it tells that the folder is closed.
    pub fn closes(&self) -> bool {
        self.xml.contains("avsluttetDato>")
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).map(|all| all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>());
    let mut names = entries.unwrap_or_default();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    names
}

impl Receiver {
    /// What waits to be carried, each judged by the official schemas and by what its own headers promise.
    pub fn waiting(&self) -> Vec<Message> {
        let out = self.folder.join("ut");
        names(&out).iter().map(|name| self.read(&out.join(name), name)).collect()
    }

    /// Carries everything: into `sendt/`, as the text for carriers says.
    pub fn carries(&self) -> Vec<Message> {
        let messages = self.waiting();
        for message in &messages {
            fs::rename(self.folder.join("ut").join(&message.id), self.folder.join("sendt").join(&message.id)).unwrap();
        }
        messages
    }

    fn read(&self, folder: &Path, name: &str) -> Message {
        let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let headers: Value = serde_json::from_str(&text("melding.json")).unwrap();
        assert_eq!(headers["meldingId"], name);
        let told: Vec<&Value> = headers["filer"].as_array().unwrap().iter().chain([&headers["payload"]]).collect();
        for file in &told {
            let bytes = fs::read(folder.join(file["navn"].as_str().unwrap())).unwrap();
            assert_eq!((&file["sha256"], file["stoerrelse"].as_u64()), (&json!(digest(&bytes)), Some(bytes.len() as u64)), "{file}");
        }
        assert_eq!(names(folder).len(), told.len() + 1, "nothing lies there that is not told of");
        let kind = headers["meldingType"].as_str().unwrap().to_owned();
        let schemas: &[&str] = match (self.dialect, kind.ends_with(".oppdater")) {
            (Dialect::Digdir, _) => &["digdir/arkivmelding.xsd", "digdir-docs/arkivmelding.xsd"],
            (Dialect::Fiks, false) => &["fiks-arkiv-v1/no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.xsd"],
            (Dialect::Fiks, true) => &["fiks-arkiv-v1/no.ks.fiks.arkiv.v1.arkivering.arkivmelding.oppdater.xsd"],
        };
        for schema in schemas {
            judge(schema, &folder.join("arkivmelding.xml"));
        }
        Message { id: name.to_owned(), kind, xml: text("arkivmelding.xml") }
    }

    /// It is archived there, as case 2026/17.
    pub fn accepts(&self, message: &Message) {
        self.accepts_as(message, "ok");
    }

    /// The same under a name of its own: receipts may come twice.
    pub fn accepts_as(&self, message: &Message, name: &str) {
        match self.dialect {
            Dialect::Digdir => self.lays_sbd(message, name, "OK"),
            Dialect::Fiks if message.kind.ends_with(".oppdater") => {
                self.lays_fiks(message, name, "arkivering.arkivmelding.oppdater.kvittering", None);
            }
            Dialect::Fiks => {
                let xml = fiks_receipt();
                self.lays_fiks(message, name, "arkivering.arkivmelding.opprett.kvittering", Some(("arkivmelding-kvittering.xml", &xml)));
            }
        }
    }

    /// It has come.
    pub fn has_received(&self, message: &Message) {
        assert_eq!(self.dialect, Dialect::Fiks, "DigDir has no such word");
        self.lays_fiks(message, "mottatt", "arkivering.arkivmelding.opprett.mottatt", None);
    }

    /// It is not taken, with words that tell of a person.
    pub fn refuses(&self, message: &Message) {
        match self.dialect {
            Dialect::Digdir => self.lays_sbd(message, "feil", "ERROR"),
            Dialect::Fiks => self.lays_fault(message, "ugyldigforespoersel"),
        }
    }

    /// One of the error messages of Fiks Arkiv.
    pub fn lays_fault(&self, message: &Message, fault: &str) {
        let xml = format!(
            "<{fault} xmlns=\"https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/feil/{fault}/v1\" \
             xmlns:f=\"https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/feil/feilmelding/v1\">\
             <f:feilId>5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8999</f:feilId><f:feilmelding>Fant ikke Stille Regnbue</f:feilmelding></{fault}>"
        );
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &xml).unwrap();
        judge(&format!("fiks-arkiv-v1/no.ks.fiks.arkiv.v1.feilmelding.{fault}.xsd"), file.path());
        self.lays_fiks(message, fault, &format!("feilmelding.{fault}"), Some(("feilmelding.xml", &xml)));
    }

    fn lays_sbd(&self, message: &Message, name: &str, kind: &str) {
        let body = json!({
            "receiptType": kind, "relatedToMessageId": message.id,
            "messages": [{ "code": "recno", "text": "315890" }, { "code": "melding", "text": "Gjelder Stille Regnbue" }],
        });
        let sbd = json!({ "standardBusinessDocumentHeader": { "headerVersion": "1.0" }, "arkivmelding_kvittering": body });
        self.lays_file(&format!("{name}-{}.json", message.id), sbd.to_string().as_bytes());
    }

    pub fn lays_fiks(&self, message: &Message, name: &str, kind: &str, payload: Option<(&str, &str)>) {
        let hidden = self.folder.join("inn").join(format!(".{name}-{}", message.id));
        fs::create_dir(&hidden).unwrap();
        let headers = json!({ "meldingType": format!("no.ks.fiks.arkiv.v1.{kind}"), "svarPaMelding": message.id });
        fs::write(hidden.join("melding.json"), headers.to_string()).unwrap();
        if let Some((file, xml)) = payload {
            fs::write(hidden.join(file), xml).unwrap();
        }
        fs::rename(&hidden, self.folder.join("inn").join(format!("{name}-{}", message.id))).unwrap();
    }

    /// Whatever it is, in one file.
    pub fn lays_file(&self, name: &str, bytes: &[u8]) {
        let hidden = self.folder.join("inn").join(format!(".{name}"));
        fs::write(&hidden, bytes).unwrap();
        fs::rename(&hidden, self.folder.join("inn").join(name)).unwrap();
    }
}

/// A whole receipt, in the words of the published schema.
fn fiks_receipt() -> String {
    let xml = "<arkivmeldingKvittering xmlns=\"https://ks-no.github.io/standarder/fiks-protokoll/fiks-arkiv/arkivmelding/opprett/kvittering/v1\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><mappeKvittering xsi:type=\"saksmappeKvittering\">\
         <systemID>5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8010</systemID><mappeID>2026/17</mappeID><opprettetAv>Stille Regnbue</opprettetAv>\
         <opprettetEllerEksisterende>Opprettet</opprettetEllerEksisterende></mappeKvittering>\
         <registreringKvittering xsi:type=\"journalpostKvittering\"><systemID>5d0c0e0a-6a51-4b0e-9d38-0d2f3f6a8400</systemID>\
         <registreringsID>2026/17-4</registreringsID><opprettetEllerEksisterende>Opprettet</opprettetEllerEksisterende>\
         </registreringKvittering></arkivmeldingKvittering>";
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), xml).unwrap();
    judge("fiks-arkiv-v1/no.ks.fiks.arkiv.v1.arkivering.arkivmelding.opprett.kvittering.xsd", file.path());
    xml.to_owned()
}

fn judge(schema: &str, file: &Path) {
    let (Some(xmllint), Some(schema)) = (Tool::find("xmllint"), shared(&format!("arkivmelding/{schema}"))) else { return };
    xmllint.pass(["--nonet".as_ref(), "--noout".as_ref(), "--schema".as_ref(), schema.as_os_str(), file.as_os_str()]);
}

/// A run at this time.
pub fn runs(house: &House, clock: &str) -> Run {
    let out = house.command(["run-once", "--json", "--clock", clock]).output().unwrap();
    Run { status: out.status, stdout: out.stdout, stderr: String::from_utf8_lossy(&out.stderr).into_owned() }
}

/// What is told of deliveries: part, state and code of each, oldest first.
pub fn deliveries(house: &House) -> Vec<(String, String, String)> {
    let list = house.ask(0, ["deliveries", "list"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list["deliveries"].as_array().unwrap().iter().map(|d| (text(&d["part"]), text(&d["state"]), text(&d["code"]))).collect()
}

/// How many deliveries stand so.
pub fn count(house: &House, state: &str) -> usize {
    deliveries(house).iter().filter(|(_, s, _)| s == state).count()
}
