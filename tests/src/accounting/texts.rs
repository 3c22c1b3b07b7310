//! What mails are called: the first line of each text in `templates/mail`, and each municipality's own settings.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{files_below, workspace};

/// Subjects and settings.
#[derive(Debug)]
pub struct Texts {
    subjects: BTreeMap<(String, String), String>,
    digests: BTreeMap<String, String>,
    /// By number.
    pub municipalities: BTreeMap<String, Municipality>,
    /// Every text of ours, in small letters: a value that stands in one of them names nobody.
    pub fixed: String,
}

/// One municipality's own settings.
#[derive(Debug)]
pub struct Municipality {
    /// Its name.
    pub name: String,
    /// `nb` or `nn`.
    pub form: String,
    /// The address that its mail is from.
    pub from: String,
    /// Who gets the reports.
    pub archivist: Option<String>,
}

impl Texts {
    /// Reads the texts of the workspace and the settings of a data folder.
    pub fn read(data: &Path) -> Self {
        let mut subjects = BTreeMap::new();
        let (mut fixed, mut digests) = (String::new(), BTreeMap::new());
        for file in files_below(&workspace().join("templates/mail")) {
            let text = fs::read_to_string(&file).expect("a text can be read");
            let kind = file.parent().and_then(Path::file_name).expect("each kind has a folder").to_string_lossy().into_owned();
            let form = file.file_stem().expect("a name").to_string_lossy().into_owned();
            if kind == "lead_digest" {
                digests.insert(form.clone(), text.clone());
            }
            subjects.insert((kind, form), text.lines().next().unwrap_or_default().to_owned());
            fixed.push_str(&text.to_lowercase());
        }
        let mut municipalities = BTreeMap::new();
        for file in files_below(&data.join("municipalities")).into_iter().filter(|f| f.extension().is_some_and(|x| x == "toml")) {
            let text = fs::read_to_string(&file).expect("settings can be read");
            let settings: toml::Table = text.parse().expect("settings are TOML");
            let value = |table: &toml::Table, key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            let mail = settings.get("mail").and_then(toml::Value::as_table).expect("settings have [mail]");
            let one = Municipality {
                name: value(&settings, "name").expect("a name"),
                form: value(&settings, "written_form").unwrap_or_default(),
                from: value(mail, "from").expect("a sender").to_lowercase(),
                archivist: value(mail, "archivist").map(|a| a.to_lowercase()),
            };
            municipalities.insert(value(&settings, "number").expect("a number"), one);
            fixed.push_str(&text.to_lowercase());
        }
        Self { subjects, digests, municipalities, fixed }
    }

    /// The subject of a mail; empty when there is no such text.
    pub fn subject(&self, kind: &str, form: &str, again: bool, municipality: &str) -> String {
        let form = if again { format!("{form}-second") } else { form.to_owned() };
        let name = self.municipalities.get(municipality).map_or("", |m| m.name.as_str());
        self.subjects.get(&(kind.to_owned(), form)).map_or_else(String::new, |s| s.replace("{municipality}", name))
    }

    /// What a weekly overview counts, as a mail says it: questions, minutes, evaluations, plans. `None` when one of the four is not there.
    pub fn counted(&self, form: &str, body: &str) -> Option<[usize; 4]> {
        let text = self.digests.get(form)?;
        let number = |what: &str| {
            let label = text.lines().find_map(|l| l.strip_suffix(what))?;
            body.lines().find_map(|l| l.strip_prefix(label))?.trim().parse().ok()
        };
        Some([number("{unanswered}")?, number("{unsent}")?, number("{unevaluated}")?, number("{unarchived}")?])
    }

    /// All kinds that there are texts for.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.subjects.keys().filter(|(_, form)| form == "nb").map(|(kind, _)| kind.as_str())
    }
}
