//! One document on its way into a dialect: what both writers ask for.

use std::collections::{BTreeMap, BTreeSet};

use pipeline_domain::{FileName, LogicalPath, Sha256};
use uuid::Uuid;

use crate::{
    ArkivmeldingError, Dialect, MessageId, Placeholder, Sender, Target, TargetFolder,
    codes::Journalposttype,
    keys::{self, ExternalKey},
    model::{CaseFolder, Closed, Object, Party, Registration},
    target::JournalPostType,
    template::Values,
};

/// Names in the message by path in the case folder.
pub(crate) type Names = BTreeMap<LogicalPath, FileName>;

/// A class of the folder with its places filled.
pub(crate) struct Klasse {
    pub system: String,
    pub id: String,
    pub title: Option<String>,
    pub is_personal: bool,
}

/// Everything that a dialect's writer needs.
pub(crate) struct Draft<'a> {
    pub id: MessageId,
    pub target: &'a Target,
    pub folder: &'a CaseFolder,
    pub folder_key: ExternalKey,
    /// `systemID` of the folder, for a dialect without external keys.
    pub folder_id: Uuid,
    pub registration: &'a Registration,
    pub classes: Vec<Klasse>,
    pub names: Names,
    /// Whether this message closes the folder.
    pub closes: bool,
}

impl Draft<'_> {
    /// Title of the folder at the receiver: ours, or a personal folder's.
    pub fn folder_title(&self) -> String {
        match (&self.target.folder, self.folder.subject()) {
            (TargetFolder::ByClass { title }, Some(subject)) => format!("{title}\n{}", subject.name.expose()),
            (TargetFolder::ByClass { title }, None) => title.clone(),
            (TargetFolder::Own {} | TargetFolder::ByKey { .. }, _) => self.folder.title.expose().to_owned(),
        }
    }

    /// The same for the public: what is hidden is replaced by six asterisks (M025).
    pub fn folder_public_title(&self) -> String {
        match &self.target.folder {
            TargetFolder::ByClass { title } => format!("{title} ******"),
            TargetFolder::Own {} | TargetFolder::ByKey { .. } => self.folder.public_title.expose().to_owned(),
        }
    }

    /// Parties of the folder: of a person's folder the person alone, for the others are parties to the plan.
    pub fn parties(&self) -> impl Iterator<Item = &Party> {
        let is_person_folder = matches!(self.target.folder, TargetFolder::ByClass { .. });
        self.folder.parties.iter().filter(move |p| !is_person_folder || p.role == "Hovedperson")
    }

    /// The closing, in the message that closes.
    pub fn closing(&self) -> Option<&Closed> {
        self.folder.closed.as_ref().filter(|_| self.closes)
    }

    /// Type of the registration at the receiver.
    pub fn journalposttype(&self) -> Journalposttype {
        match self.target.journal_post_type {
            JournalPostType::AsArchived => self.registration.kind,
            JournalPostType::InternalWithoutFollowUp => Journalposttype::OrganinterntUtenOppfoelging,
        }
    }

    /// Name of a file in the message.
    pub fn name_of(&self, object: &Object) -> &FileName {
        self.names.get(&object.path).expect("every file of the registration has a name")
    }
}

/// How the receiver knows the folder: by external key (Fiks Arkiv), by `systemID` (DigDir). A person's folder has its own, since several
/// plans lie in it.
pub(crate) fn folder_identity(folder: &CaseFolder, target: &Target, sender: Sender<'_>) -> Result<(ExternalKey, Uuid), ArkivmeldingError> {
    match &target.folder {
        TargetFolder::Own {} => Ok((ExternalKey::of_plan(&target.system, folder.plan), folder.system_id)),
        TargetFolder::ByClass { .. } => {
            let person = folder.subject().and_then(|s| s.national_id.as_ref());
            let person = person.ok_or(ArkivmeldingError::Asks { placeholder: Placeholder::NationalId })?;
            let pseudonym = keys::pseudonym(sender.municipality, person);
            Ok((ExternalKey::of_person(&target.system, pseudonym), pseudonym))
        }
        TargetFolder::ByKey { system, key } => {
            let system = system.clone().unwrap_or_else(|| target.system.clone());
            let key = key.fill(&Values { target, sender, folder })?;
            Ok((ExternalKey { system, key }, folder.system_id))
        }
    }
}

/// The configured classes, or the plan type's own class where none is configured and the folder is ours.
pub(crate) fn classes(folder: &CaseFolder, target: &Target, sender: Sender<'_>) -> Result<Vec<Klasse>, ArkivmeldingError> {
    let own = || Klasse {
        system: match target.dialect {
            Dialect::Digdir => folder.class.system.to_string(),
            Dialect::FiksArkivV1 => target.system.clone(),
        },
        id: folder.class.id.clone(),
        title: Some(folder.class.title.clone()),
        is_personal: false,
    };
    if target.classification.is_empty() && target.folder == (TargetFolder::Own {}) {
        return Ok(vec![own()]);
    }
    let values = Values { target, sender, folder };
    let filled = target.classification.iter().map(|class| {
        Ok(Klasse {
            system: class.system.fill(&values)?,
            id: class.class.fill(&values)?,
            title: class.title.as_ref().map(|t| t.fill(&values)).transpose()?,
            is_personal: class.is_personal(),
        })
    });
    filled.collect()
}

/// The last part of the path; where two files would bear one name, something made of the whole path.
pub(crate) fn names(registration: &Registration) -> Names {
    let paths: BTreeSet<&LogicalPath> = registration.objects().map(|o| &o.path).collect();
    let is_alone = |path: &LogicalPath| paths.iter().filter(|other| last(other) == last(path)).count() == 1;
    paths.iter().map(|path| ((*path).clone(), if is_alone(path) { own_name(path) } else { made_name(path) })).collect()
}

fn last(path: &LogicalPath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

fn own_name(path: &LogicalPath) -> FileName {
    last(path).parse().unwrap_or_else(|_| made_name(path))
}

/// Sixteen hexadecimal digits and the extension.
fn made_name(path: &LogicalPath) -> FileName {
    let digest = Sha256::of(path.as_str().as_bytes()).to_string();
    let extension = last(path).rsplit_once('.').map(|(_, e)| e).filter(|e| e.len() <= 8).unwrap_or("bin");
    format!("{}.{extension}", &digest[..16]).parse().expect("hexadecimal digits and a part of a name make a name")
}
