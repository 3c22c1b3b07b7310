//! Words of a run report: a closed list, each with its texts in `templates/shared/terms.toml` under `run_<id>`.

use pipeline_domain::WrittenForm;

/// Which run a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReportKind {
    /// `archive.semiannual`.
    Semiannual,
    /// `fixity.check`.
    Fixity,
    /// `report.archive`.
    ArchiveReport,
    /// `school_year.close`.
    SchoolYearClose,
    /// `annual_report.remind`.
    AnnualReportRemind,
    /// Rows of the access log, on request.
    AccessExtract,
    /// Who could see a plan on a day, on request.
    AccessEvidence,
    /// The yearly report on roles.
    RoleReport,
}

impl ReportKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Semiannual,
        Self::Fixity,
        Self::ArchiveReport,
        Self::SchoolYearClose,
        Self::AnnualReportRemind,
        Self::AccessExtract,
        Self::AccessEvidence,
        Self::RoleReport,
    ];

    /// Name of the schedule, or of the request.
    pub fn id(self) -> &'static str {
        match self {
            Self::Semiannual => "archive.semiannual",
            Self::Fixity => "fixity.check",
            Self::ArchiveReport => "report.archive",
            Self::SchoolYearClose => "school_year.close",
            Self::AnnualReportRemind => "annual_report.remind",
            Self::AccessExtract => "access.extract",
            Self::AccessEvidence => "access.who",
            Self::RoleReport => "report.roles",
        }
    }

    /// Title on paper and in the file's own metadata.
    pub fn title(self, form: WrittenForm) -> &'static str {
        match (self, form) {
            (Self::Semiannual, WrittenForm::Nb) => "Halvårlig arkivkjøring",
            (Self::Semiannual, WrittenForm::Nn) => "Halvårleg arkivkøyring",
            (Self::Fixity, _) => "Kontroll av arkivmappene",
            (Self::ArchiveReport, _) => "Arkivrapport",
            (Self::SchoolYearClose, WrittenForm::Nb) => "Planer etter skoleslutt",
            (Self::SchoolYearClose, WrittenForm::Nn) => "Planar etter skuleslutt",
            (Self::AnnualReportRemind, WrittenForm::Nb) => "Årsrapporter som mangler",
            (Self::AnnualReportRemind, WrittenForm::Nn) => "Årsrapportar som manglar",
            (Self::AccessExtract, _) => "Utskrift av tilgangsloggen",
            (Self::AccessEvidence, WrittenForm::Nb) => "Hvem kunne se planen",
            (Self::AccessEvidence, WrittenForm::Nn) => "Kven kunne sjå planen",
            (Self::RoleReport, WrittenForm::Nb) => "Roller og tilganger i året",
            (Self::RoleReport, WrittenForm::Nn) => "Roller og tilgangar i året",
        }
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $variant:ident $id:literal;)+) => {
        /// A heading, a column, a figure, a word or a sentence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Label { $($(#[$doc])* $variant,)+ }

        impl Label {
            /// Every label.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The published name, in the JSON file. Never renamed.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// Its key in the catalogue.
            pub fn term(self) -> &'static str {
                match self { $(Self::$variant => concat!("run_", $id),)+ }
            }
        }
    };
}

labels! {
    // Lists, also as figures.
    /// Never archived, or not for 190 days.
    Overdue "overdue";
    /// Failed for good.
    Failed "failed";
    /// Accepted, not archived yet.
    Waiting "waiting";
    /// Told on paper.
    OnPaper "on_paper";
    /// Mail that failed or is doubtful.
    Mails "mails";
    /// Case folders with a fault.
    Damaged "damaged";
    /// All case folders.
    Folders "folders";
    /// IOPs not rolled over and not closed.
    NotRolledOver "not_rolled_over";
    /// IOPs without an annual report.
    NoAnnualReport "no_annual_report";
    // What the rows of a list are.
    /// Of `overdue`.
    OverdueMeaning "overdue_meaning";
    /// Of `failed`.
    FailedMeaning "failed_meaning";
    /// Of `waiting`.
    WaitingMeaning "waiting_meaning";
    /// Of `on_paper`.
    OnPaperMeaning "on_paper_meaning";
    /// Of `mails`.
    MailsMeaning "mails_meaning";
    /// Of `damaged`.
    DamagedMeaning "damaged_meaning";
    /// Of `folders`.
    FoldersMeaning "folders_meaning";
    /// Of `not_rolled_over`.
    NotRolledOverMeaning "not_rolled_over_meaning";
    /// Of `no_annual_report`.
    NoAnnualReportMeaning "no_annual_report_meaning";
    // Figures.
    /// Documents archived in the period.
    Archived "archived";
    /// Documents refused in the period.
    Refused "refused";
    /// Case folders that were read.
    Checked "checked";
    /// Files that were read.
    Files "files";
    /// Mebibytes that were read.
    Mebibytes "mebibytes";
    /// Plans that the source system is asked for.
    Requested "requested";
    // Columns.
    /// Case folder.
    CaseFolder "case_folder";
    /// Document and version.
    Document "document";
    /// Code.
    Code "code";
    /// When something was archived last.
    LastArchived "last_archived";
    /// When the plan was archived last.
    LastSnapshot "last_snapshot";
    /// When the folder was opened.
    Opened "opened";
    /// How many documents.
    Documents "documents";
    /// How many wait.
    WaitingCount "waiting_count";
    /// How many failed.
    FailedCount "failed_count";
    /// How many are told on paper.
    OnPaperCount "on_paper_count";
    /// Since when.
    Since "since";
    /// Who, as a role.
    Recipient "recipient";
    /// What is wrong.
    Finding "finding";
    /// In which file.
    Place "place";
    /// State of a mail.
    State "state";
    /// School year.
    SchoolYear "school_year";
    // Words.
    /// Never.
    Never "never";
    /// Of the plan.
    Subject "subject";
    /// Guardian.
    Guardian "guardian";
    /// Recipient of minutes.
    MinutesRecipient "minutes_recipient";
    /// Participant of the plan.
    Participant "participant";
    /// Called to a meeting.
    Invited "invited";
    /// Who leads the plan.
    Lead "lead";
    /// Who led it before a transfer.
    FormerLead "former_lead";
    /// Who takes over in a transfer.
    NewLead "new_lead";
    /// The professional lead.
    ProfessionalLead "professional_lead";
    /// The local administrator.
    LocalAdmin "local_admin";
    /// Who asked for a print.
    Requester "requester";
    /// The archivist.
    Archivist "archivist";
    /// A mail that failed.
    MailFailed "mail_failed";
    /// A mail of which nobody knows.
    MailDoubtful "mail_doubtful";
    /// Content is not what its checksum says.
    Changed "changed";
    /// Something is missing.
    Missing "missing";
    /// Something that does not belong here.
    Foreign "foreign";
    /// Not of the form that the standard or we ask for.
    Form "form";
    /// The receipt and the folder disagree.
    Receipt "receipt";
    /// Cannot be read.
    Unreadable "unreadable";
    /// The storage root as such.
    WholeArchive "whole_archive";
    // Remarks.
    /// The time that the run may wait is over, and documents still wait.
    StillWaiting "still_waiting";
    /// The source system has been asked for plans.
    RequestRemark "request_remark";
    /// Refused documents belong to no municipality.
    RefusedRemark "refused_remark";
    /// Case folders that could not be read for what they say of themselves.
    UnreadRemark "unread_remark";
    // Access: lists, columns, words and remarks.
    /// What a document about access is about.
    Concerns "concerns";
    /// Of `concerns`.
    ConcernsMeaning "concerns_meaning";
    /// From which day on.
    FromDay "from_day";
    /// On which day.
    OnDay "on_day";
    /// Rows of the access log.
    AccessRows "access_rows";
    /// Who stands behind P1, P2 ….
    Persons "persons";
    /// What refusals mean.
    DenyReasons "deny_reasons";
    /// Who could see the plan.
    CouldSee "could_see";
    /// Who did.
    DidSee "did_see";
    /// Roles and who held them.
    RolesHeld "roles_held";
    /// What was done with roles.
    RolesUsed "roles_used";
    /// Oversight that nobody used.
    UnusedRoles "unused_roles";
    /// Of `access_rows`.
    AccessRowsMeaning "access_rows_meaning";
    /// Of `persons`.
    PersonsMeaning "persons_meaning";
    /// Of `deny_reasons`.
    DenyReasonsMeaning "deny_reasons_meaning";
    /// Of `could_see`.
    CouldSeeMeaning "could_see_meaning";
    /// Of `did_see`.
    DidSeeMeaning "did_see_meaning";
    /// Of `roles_held`.
    RolesHeldMeaning "roles_held_meaning";
    /// Of `roles_used`.
    RolesUsedMeaning "roles_used_meaning";
    /// Of `unused_roles`.
    UnusedRolesMeaning "unused_roles_meaning";
    /// How many rows.
    AccessRowCount "access_row_count";
    /// Attempts that were denied.
    Denied "denied";
    /// When something was done.
    When "when";
    /// Who did it.
    Who "who";
    /// In which role.
    Role "role";
    /// What was done.
    What "what";
    /// Number of the document in its folder.
    DocumentNo "document_no";
    /// The stated reason.
    Reason "reason";
    /// Allowed, or why not.
    Answer "answer";
    /// What a code means.
    Meaning "meaning";
    /// A person's pseudonym.
    Pseudonym "pseudonym";
    /// What could be done.
    Could "could";
    /// Last day.
    Until "until";
    /// Whether the register supports it.
    Supported "supported";
    /// What a role was given over.
    Over "over";
    /// Who held a role.
    Holders "holders";
    /// Times it was given.
    Granted "granted";
    /// Times it was ended.
    Withdrawn "withdrawn";
    /// Times it ran out.
    RunOut "run_out";
    /// Looks into plans and packages.
    Looks "looks";
    /// Prints and exports.
    TakenOut "taken_out";
    /// Everything else.
    Other "other";
    /// Allowed without a reason that is asked for.
    WithoutReason "without_reason";
    /// Allowed.
    Allowed "allowed";
    /// A grant supports it.
    SupportGranted "support_granted";
    /// No grant supports it.
    SupportMissing "support_missing";
    /// What the chain is for.
    AccessRemark "access_remark";
    /// On what evidence rests.
    AccessFactsRemark "access_facts_remark";
}

impl Label {
    /// How much room its column asks for.
    pub(super) fn width(self) -> &'static str {
        match self {
            Self::Document | Self::Place | Self::Meaning | Self::Pseudonym | Self::What => "wide",
            Self::Finding | Self::Code | Self::Role | Self::Reason => "fill",
            _ => "narrow",
        }
    }
}
