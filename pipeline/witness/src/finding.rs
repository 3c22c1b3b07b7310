//! What an audit finds. Each attack has a code of its own.

use std::fmt;

use pipeline_domain::{CaseFolderId, codes};

codes! {
    /// What is wrong.
    FindingCode {
        CheckpointForeign "checkpoint_foreign":
            "Sjekkpunktet gjelder en annen logg." | "Sjekkpunktet gjeld ein annan logg." | "The checkpoint is of another log.";
        CheckpointUnsigned "checkpoint_unsigned":
            "Sjekkpunktet er ikke signert av noen av loggens nøkler."
            | "Sjekkpunktet er ikkje signert av nokon av nøklane til loggen."
            | "The checkpoint is signed by none of the log's keys.";
        CheckpointKeyRetired "checkpoint_key_retired":
            "Sjekkpunktet er signert med en nøkkel som ikke gjaldt ved denne størrelsen."
            | "Sjekkpunktet er signert med ein nøkkel som ikkje gjaldt ved denne storleiken."
            | "The checkpoint is signed by a key that did not count at its size.";
        CheckpointDoubtful "checkpoint_doubtful":
            "Sjekkpunktet sier noe annet enn loggen, men er signert med en nøkkel som er kommet på avveie, og beviser ingenting alene."
            | "Sjekkpunktet seier noko anna enn loggen, men er signert med ein nøkkel som er komen på avvegar, og provar ingenting åleine."
            | "The checkpoint contradicts the log, but its key has leaked: by itself it proves nothing.";
        CheckpointMissing "checkpoint_missing":
            "Loggen har ikke noe sjekkpunkt som kan leses." | "Loggen har ikkje noko sjekkpunkt som kan lesast." | "The log has no checkpoint that can be read.";
        LogRolledBack "log_rolled_back":
            "Loggen er kortere enn et sjekkpunkt som er sendt ut: det nyeste er fjernet."
            | "Loggen er kortare enn eit sjekkpunkt som er sendt ut: det nyaste er fjerna."
            | "The log is shorter than a checkpoint that was sent out: the newest has been removed.";
        LogRewritten "log_rewritten":
            "Loggen inneholder ikke det som et utsendt sjekkpunkt bekrefter: historien er skrevet om."
            | "Loggen inneheld ikkje det som eit utsendt sjekkpunkt stadfestar: historia er skriven om."
            | "The log does not hold what a checkpoint that was sent out attests: history has been rewritten.";
        TileDamaged "tile_damaged":
            "En fil i loggen mangler eller er endret." | "Ei fil i loggen manglar eller er endra." | "A file of the log is missing or changed.";
        LeafUnreadable "leaf_unreadable":
            "En linje i loggen kan ikke leses." | "Ei linje i loggen kan ikkje lesast." | "A leaf of the log cannot be read.";
        LeafMisplaced "leaf_misplaced":
            "En linje i loggen har et annet nummer enn plassen sin." | "Ei linje i loggen har eit anna nummer enn plassen sin." | "A leaf bears another number than its place.";
        LeafContradicts "leaf_contradicts":
            "To linjer i loggen sier ulike ting om samme versjon." | "To linjer i loggen seier ulike ting om same versjon." | "Two leaves say different things about the same version.";
        VersionRewritten "version_rewritten":
            "En versjon i arkivmappen er ikke den som loggen bekrefter: innhold eller fortegnelse er byttet ut."
            | "Ein versjon i arkivmappa er ikkje den som loggen stadfestar: innhald eller liste er bytt ut."
            | "A version of the folder is not the one that the log attests: content or inventory has been replaced.";
        VersionMissing "version_missing":
            "En versjon som loggen bekrefter, finnes ikke i arkivmappen."
            | "Ein versjon som loggen stadfestar, finst ikkje i arkivmappa."
            | "A version that the log attests is not in the folder.";
        VersionUnlogged "version_unlogged":
            "En versjon i arkivmappen står ikke i loggen." | "Ein versjon i arkivmappa står ikkje i loggen." | "A version of the folder is not in the log.";
        FolderMissing "folder_missing":
            "En arkivmappe som loggen bekrefter, finnes ikke." | "Ei arkivmappe som loggen stadfestar, finst ikkje." | "A folder that the log attests is not there.";
        ChainBroken "chain_broken":
            "En versjon viser til en annen forrige versjon enn den som ligger i mappen."
            | "Ein versjon viser til ein annan førre versjon enn den som ligg i mappa."
            | "A version names another version before it than the one in the folder.";
        SealMissing "seal_missing":
            "Arkivmappen er forseglet ifølge loggen, men seglet mangler." | "Arkivmappa er forsegla ifølgje loggen, men seglet manglar." | "The log says that the folder is sealed, but the seal is gone.";
        SealInvalid "seal_invalid":
            "Seglet passer ikke til mappen, eller er ikke laget av arkivet." | "Seglet passar ikkje til mappa, eller er ikkje laga av arkivet." | "The seal does not fit the folder, or is not the archive's.";
        SealKeyRetired "seal_key_retired":
            "Seglet er laget med en nøkkel som ikke gjaldt da." | "Seglet er laga med ein nøkkel som ikkje gjaldt då." | "The seal was made with a key that did not count then.";
        AccessLogRolledBack "access_log_rolled_back":
            "Tilgangsloggen er kortere enn loggen bekrefter, eller er skrevet om."
            | "Tilgangsloggen er kortare enn loggen stadfestar, eller er skriven om."
            | "The access log is shorter than the log attests, or has been rewritten.";
    }
}

/// Where something is wrong. Ids, numbers and paths of the log only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A version of a case folder.
    Version(CaseFolderId, u32),
    /// A case folder.
    Folder(CaseFolderId),
    /// A leaf.
    Leaf(u64),
    /// A checkpoint of this size.
    Checkpoint(u64),
    /// A file below the log's folder.
    File(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(folder, version) => write!(f, "{folder} v{version}"),
            Self::Folder(folder) => write!(f, "{folder}"),
            Self::Leaf(index) => write!(f, "leaf {index}"),
            Self::Checkpoint(size) => write!(f, "checkpoint {size}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What.
    pub code: FindingCode,
    /// Where.
    pub at: Place,
}

impl Finding {
    pub(crate) fn new(code: FindingCode, at: Place) -> Self {
        Self { code, at }
    }
}
