//! What stopped us: one code per failure, with a text that says what to do next and holds no personal data.

/// What the runner does after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same work may succeed later.
    Retry,
    /// The same work will fail again: a person must look.
    GiveUp,
}

/// What becomes of work that failed once more. Decided by the queue, written down by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Tried again at this instant, not before.
    RetryAt(crate::Timestamp),
    /// Left for a person.
    Failed,
}

/// Declares a closed list of codes with their texts in bokmål, nynorsk and English: an enum with `ALL`, `id`, `from_id`,
/// `text`, `Display` and `Serialize`. Rooms with lists of their own (roles, reasons) use it too; they need `serde`.
#[macro_export]
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $id:literal : $nb:literal | $nn:literal | $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $en] $variant,)+
        }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The published code. Never renamed.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// The code with this published name.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|c| c.id() == id)
            }

            /// What it means and what to do next.
            pub fn text(self, lang: $crate::Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, $crate::Lang::Nb) => $nb,
                      (Self::$variant, $crate::Lang::Nn) => $nn,
                      (Self::$variant, $crate::Lang::En) => $en,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.id())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.id())
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// Failures a user can meet (DOMAIN § 10 and what the shell adds).
    ErrorCode {
        DuplicateSnapshot "duplicate_snapshot":
            "Dette innholdet er arkivert før. Ingenting mer å gjøre."
            | "Dette innhaldet er arkivert før. Ikkje noko meir å gjere."
            | "This content is archived already. Nothing more to do.";
        DocumentIdReused "document_id_reused":
            "Dokument-ID og versjon er brukt før med annet innhold. Send rettelsen med neste versjonsnummer."
            | "Dokument-ID og versjon er brukt før med anna innhald. Send rettinga med neste versjonsnummer."
            | "The document id and version were used before with other content. Send the correction with the next version number.";
        PlanExists "plan_exists":
            "Personen har en aktiv plan av dette slaget fra før, og det skal bare være én. Avslutt den andre først, eller bruk den."
            | "Personen har ein aktiv plan av dette slaget frå før, og det skal berre vere éin. Avslutt den andre først, eller bruk han."
            | "The person has an active plan of this kind already, and there shall be one only. Close the other first, or use it.";
        ConsentMissing "consent_missing":
            "Det finnes ikke noe samtykke som gjelder. Be om samtykke og vent på svar; inntil da deles og varsles det ikke."
            | "Det finst ikkje noko samtykke som gjeld. Be om samtykke og vent på svar; inntil då blir ingenting delt eller varsla."
            | "There is no consent that holds. Ask for one and wait for the answer; until then nothing is shared and nobody is notified.";
        ConsentExpired "consent_expired":
            "Samtykket har gått ut. Be om et nytt; inntil det er gitt, deles og varsles det ikke."
            | "Samtykket har gått ut. Be om eit nytt; inntil det er gitt, blir ingenting delt eller varsla."
            | "The consent has run out. Ask for a new one; until it is given nothing is shared and nobody is notified.";
        FolderClosed "folder_closed":
            "Arkivmappen er lukket. Gjenåpne planen først, og send på nytt."
            | "Arkivmappa er lukka. Opne planen att først, og send på nytt."
            | "The case folder is closed. Reopen the plan first, then send again.";
        NothingToPrint "nothing_to_print":
            "Det som er bedt om, ligger ikke i arkivet, eller ikke ennå. Se i «case show» hva mappen har, send planen, og be om det på nytt."
            | "Det som er bedt om, ligg ikkje i arkivet, eller ikkje enno. Sjå i «case show» kva mappa har, send planen, og be om det på nytt."
            | "What was asked for is not in the archive, or not yet. See what the folder has with `case show`, send the plan, and ask again.";
        DocumentMissing "document_missing":
            "Den mottatte filen finnes ikke lenger i «accepted». Hent den fra sikkerhetskopi, eller send dokumentet på nytt."
            | "Den mottekne fila finst ikkje lenger i «accepted». Hent ho frå tryggingskopi, eller send dokumentet på nytt."
            | "The accepted file is no longer in `accepted`. Restore it from backup or send the document again.";
        RenderTemplate "render_template":
            "Dokumentet kan ikke settes opp etter malen. Kjør «arkivflyt check templates», og meld feilen med koden."
            | "Dokumentet kan ikkje setjast opp etter malen. Køyr «arkivflyt check templates», og meld feilen med koden."
            | "The document cannot be laid out with its template. Run `arkivflyt check templates` and report the code.";
        RenderWarning "render_warning":
            "Oppsettet ga et varsel, og et varsel kan skjule tomme sider. Kjør «arkivflyt check templates», og meld feilen."
            | "Oppsettet gav eit varsel, og eit varsel kan skjule tomme sider. Køyr «arkivflyt check templates», og meld feilen."
            | "Typesetting gave a warning, and a warning can hide empty pages. Run `arkivflyt check templates` and report it.";
        RenderLimitTime "render_limit_time":
            "Det tok for lang tid å sette opp dokumentet. Del det opp i kildesystemet, og send på nytt."
            | "Det tok for lang tid å setje opp dokumentet. Del det opp i kjeldesystemet, og send på nytt."
            | "The document took too long to typeset. Divide it in the source system and send again.";
        RenderLimitMemory "render_limit_memory":
            "Dokumentet brukte for mye minne. Del det opp i kildesystemet, og send på nytt."
            | "Dokumentet brukte for mykje minne. Del det opp i kjeldesystemet, og send på nytt."
            | "The document used too much memory. Divide it in the source system and send again.";
        RenderCrashed "render_crashed":
            "Prosessen som setter opp dokumentet, stoppet uventet. Prøv igjen; skjer det på nytt, meld feilen med dokument-ID."
            | "Prosessen som set opp dokumentet, stoppa uventa. Prøv igjen; skjer det på nytt, meld feilen med dokument-ID."
            | "The typesetting process stopped unexpectedly. Try again; if it repeats, report it with the document id.";
        PdfaInvalid "pdfa_invalid":
            "PDF-en ble ikke gyldig PDF/A og er ikke arkivert. Meld feilen med dokument-ID."
            | "PDF-en vart ikkje gyldig PDF/A og er ikkje arkivert. Meld feilen med dokument-ID."
            | "The PDF did not become valid PDF/A and is not archived. Report it with the document id.";
        MetadataInvalid "metadata_invalid":
            "Metadataene kan ikke skrives som gyldig XML. Rett teksten i kildesystemet, eller meld feilen med dokument-ID."
            | "Metadataa kan ikkje skrivast som gyldig XML. Rett teksten i kjeldesystemet, eller meld feilen med dokument-ID."
            | "The metadata cannot be written as valid XML. Correct the text in the source system or report the document id.";
        PackageTooLarge "package_too_large":
            "Pakken er større enn grensen i oppsettet. Hev grensen, eller del dokumentet."
            | "Pakken er større enn grensa i oppsettet. Hev grensa, eller del dokumentet."
            | "The package is larger than the configured limit. Raise the limit or divide the document.";
        ArchiveWrite "archive_write":
            "Kan ikke skrive til arkivlageret. Se etter ledig plass, rettigheter og disk, og kjør på nytt."
            | "Kan ikkje skrive til arkivlageret. Sjå etter ledig plass, rettar og disk, og køyr på nytt."
            | "The archive store cannot be written. Check free space, permissions and disk, then run again.";
        ArchiveDiskFull "archive_disk_full":
            "Disken til arkivlageret er full. Frigjør plass, og kjør på nytt; ingenting er tapt."
            | "Disken til arkivlageret er full. Frigjer plass, og køyr på nytt; ingenting er tapt."
            | "The archive disk is full. Free some space and run again; nothing is lost.";
        ArchiveConflict "archive_conflict":
            "En annen prosess la til en versjon i samme mappe. Kjøres på nytt av seg selv."
            | "Ein annan prosess la til ein versjon i same mappe. Blir køyrt på nytt av seg sjølv."
            | "Another process added a version to the same folder. It is run again by itself.";
        ArchiveDamaged "archive_damaged":
            "Arkivmappen er skadet og må ses på. Kjør «arkivflyt case verify» på mappen, og hent den fra sikkerhetskopi."
            | "Arkivmappa er skadd og må sjåast på. Køyr «arkivflyt case verify» på mappa, og hent ho frå tryggingskopi."
            | "The case folder is damaged and must be looked at. Run `arkivflyt case verify` on it and restore it from backup.";
        JobLeaseLost "job_lease_lost":
            "Arbeidsprosessen som hadde jobben, døde eller hang. Jobben tas opp igjen av seg selv; skjer det ofte, se på minne og disk."
            | "Arbeidsprosessen som hadde jobben, døydde eller hang. Jobben blir teken opp att av seg sjølv; skjer det ofte, sjå på minne og disk."
            | "The worker that had the job died or hung. The job is taken up again by itself; if it happens often, look at memory and disk.";
        JobTimedOut "job_timed_out":
            "Jobben brukte lengre tid enn grensen. Den prøves igjen; skjer det på nytt, se loggen rundt jobb-ID-en."
            | "Jobben brukte lengre tid enn grensa. Han blir prøvd på nytt; skjer det igjen, sjå loggen rundt jobb-ID-en."
            | "The job took longer than its limit. It is tried again; if it repeats, read the log around the job id.";
        JobPanicked "job_panicked":
            "Jobben stoppet på en intern feil. Meld feilen med jobb-ID; den kan prøves igjen med «arkivflyt jobs retry»."
            | "Jobben stoppa på ein intern feil. Meld feilen med jobb-ID; han kan prøvast på nytt med «arkivflyt jobs retry»."
            | "The job stopped on an internal error. Report it with the job id; `arkivflyt jobs retry` tries it again.";
        JobUnknownKind "job_unknown_kind":
            "Denne versjonen kjenner ikke jobbtypen eller argumentene. Oppgrader programmet, eller bruk «arkivflyt jobs discard»."
            | "Denne versjonen kjenner ikkje jobbtypen eller argumenta. Oppgrader programmet, eller bruk «arkivflyt jobs discard»."
            | "This version does not know the job's kind or arguments. Upgrade the program, or use `arkivflyt jobs discard`.";
        JobUnknown "job_unknown":
            "Det finnes ingen jobb med dette nummeret. «arkivflyt jobs list» viser dem som finnes."
            | "Det finst ingen jobb med dette nummeret. «arkivflyt jobs list» viser dei som finst."
            | "There is no job with this number. `arkivflyt jobs list` shows those there are.";
        ScheduleUnknown "schedule_unknown":
            "Det finnes ingen tidsplan med dette navnet. «arkivflyt schedule list» viser dem som finnes."
            | "Det finst ingen tidsplan med dette namnet. «arkivflyt schedule list» viser dei som finst."
            | "There is no schedule with this name. `arkivflyt schedule list` shows those there are.";
        BackupFailed "backup_failed":
            "Sikkerhetskopien ble ikke ferdig og er ikke gyldig. Se etter plass og rettigheter, og ta en ny."
            | "Tryggingskopien vart ikkje ferdig og er ikkje gyldig. Sjå etter plass og rettar, og ta ein ny."
            | "The backup was not finished and is not valid. Look at space and permissions, then take a new one.";
        BackupDamaged "backup_damaged":
            "Sikkerhetskopien er skadet eller ufullstendig og kan ikke brukes. Bruk en annen kopi."
            | "Tryggingskopien er skadd eller ufullstendig og kan ikkje brukast. Bruk ein annan kopi."
            | "The backup is damaged or incomplete and cannot be used. Use another one.";
        BackupTargetNotEmpty "backup_target_not_empty":
            "Målet er ikke tomt, og ingenting skrives over. Velg en tom mappe og en tom database."
            | "Målet er ikkje tomt, og ingenting blir skrive over. Vel ei tom mappe og ein tom database."
            | "The target is not empty and nothing is overwritten. Choose an empty folder and an empty database.";
        ExportFailed "export_failed":
            "Eksporten ble ikke ferdig, og ingen ZIP-fil er laget. Se etter plass, rettigheter og det som er nevnt, og prøv på nytt."
            | "Eksporten vart ikkje ferdig, og inga ZIP-fil er laga. Sjå etter plass, rettar og det som er nemnt, og prøv på nytt."
            | "The export was not finished and no ZIP file was made. Check space, permissions and what is named, then try again.";
        ExportDamaged "export_damaged":
            "En fil i arkivmappen kan ikke leses eller er ikke den som ble arkivert. Ingenting er eksportert. Kjør «arkivflyt case verify»."
            | "Ei fil i arkivmappa kan ikkje lesast eller er ikkje den som vart arkivert. Ingenting er eksportert. Køyr «arkivflyt case verify»."
            | "A file in the case folder cannot be read or is not the one that was archived. Nothing was exported. Run `arkivflyt case verify`.";
        StoreUnavailable "store_unavailable":
            "Databasen svarer ikke eller er låst. Se at ingen annen prosess holder den, og kjør på nytt."
            | "Databasen svarer ikkje eller er låst. Sjå at ingen annan prosess held han, og køyr på nytt."
            | "The database does not answer or is locked. See that no other process holds it, then run again.";
        StoreInconsistent "store_inconsistent":
            "En rad i databasen kan ikke leses. Ta vare på databasen, og meld feilen med tabell og id."
            | "Ei rad i databasen kan ikkje lesast. Ta vare på databasen, og meld feilen med tabell og id."
            | "A row in the database cannot be read. Keep the database and report the table and id.";
        StoreNewer "store_newer":
            "Databasen er laget av en nyere versjon. Oppgrader programmet."
            | "Databasen er laga av ein nyare versjon. Oppgrader programmet."
            | "The database was made by a newer version. Upgrade the program.";
        NotInitialised "not_initialised":
            "Mappen er ikke satt opp. Kjør «arkivflyt init» først."
            | "Mappa er ikkje sett opp. Køyr «arkivflyt init» først."
            | "The data folder is not set up. Run `arkivflyt init` first.";
        RecipientWithoutAddress "recipient_without_address":
            "Mottakeren har ingen e-postadresse eller er reservert. Gi beskjed på papir; se papirlisten."
            | "Mottakaren har inga e-postadresse eller er reservert. Gi beskjed på papir; sjå papirlista."
            | "The recipient has no e-mail address or is reserved. Tell them on paper; see the paper list.";
        MailRefused "mail_refused":
            "E-posttjeneren avviste meldingen for godt. Se koden, rett adressen eller oppsettet, og send på nytt."
            | "E-posttenaren avviste meldinga for godt. Sjå koden, rett adressa eller oppsettet, og send på nytt."
            | "The mail server refused the message for good. See the code, correct the address or set-up, and send again.";
        MailTemporary "mail_temporary":
            "E-posttjeneren tok ikke imot nå. Prøves igjen av seg selv."
            | "E-posttenaren tok ikkje imot no. Blir prøvd på nytt av seg sjølv."
            | "The mail server did not accept the message now. It is tried again by itself.";
        MailDoubtful "mail_doubtful":
            "Forbindelsen ble brutt etter at meldingen var sendt. Se om mottakeren har fått den før du sender på nytt."
            | "Sambandet vart brote etter at meldinga var send. Sjå om mottakaren har fått ho før du sender på nytt."
            | "The connection broke after the message was sent. See whether the recipient has it before you send again.";
        ClosingWaits "closing_waits":
            "Planen kan ikke lukkes ennå: referater, samtykker eller dokumenter mangler. Send dem, eller skriv i avslutningsnotatet hva som står igjen."
            | "Planen kan ikkje lukkast enno: referat, samtykke eller dokument manglar. Send dei, eller skriv i avslutningsnotatet kva som står att."
            | "The plan cannot be closed yet: minutes, consents or documents are missing. Send them, or name in the closing note what is outstanding.";
        DeliveryRefused "delivery_refused":
            "Sakarkivet tok ikke imot dokumentet. Be arkivet se på meldingen, rett målet i oppsettet om det er feil, og send på nytt."
            | "Sakarkivet tok ikkje imot dokumentet. Be arkivet sjå på meldinga, rett målet i oppsettet om det er feil, og send på nytt."
            | "The case archive did not take the document. Ask the archive to look at the message, correct the target in the configuration if it is wrong, and send again.";
        DeliveryDoubtful "delivery_doubtful":
            "Sakarkivet har ikke svart innen fristen. Se etter om dokumentet er der og om meldinger blir båret, før du sender på nytt."
            | "Sakarkivet har ikkje svart innan fristen. Sjå etter om dokumentet er der og om meldingar blir borne, før du sender på nytt."
            | "The case archive has not answered in time. See whether the document is there and whether messages are carried before you send again.";
        DeliveryIncomplete "delivery_incomplete":
            "Målet i oppsettet spør etter noe saken ikke har, for eksempel fødselsnummer. Før det inn i fagsystemet, eller rett målet."
            | "Målet i oppsettet spør etter noko saka ikkje har, til dømes fødselsnummer. Før det inn i fagsystemet, eller rett målet."
            | "The target in the configuration asks for something that the case does not have, such as a national id. Add it in the source system or correct the target.";
        DeliveryUnwritable "delivery_unwritable":
            "Utvekslingsmappen eller en fil til den kan ikke leses eller skrives. Se etter plass og rettigheter; det prøves igjen av seg selv."
            | "Utvekslingsmappa eller ei fil til ho kan ikkje lesast eller skrivast. Sjå etter plass og rettar; det blir prøvd igjen av seg sjølv."
            | "The exchange folder or a file for it cannot be read or written. Check space and permissions; it is tried again by itself.";
        DeliveryWaits "delivery_waits":
            "Planen kan ikke lukkes ennå: sakarkivet har ikke kvittert for alle dokumentene. Den lukkes av seg selv når kvitteringene er kommet."
            | "Planen kan ikkje lukkast enno: sakarkivet har ikkje kvittert for alle dokumenta. Han blir lukka av seg sjølv når kvitteringane er komne."
            | "The plan cannot be closed yet: the case archive has not receipted every document. It is closed by itself when the receipts have come.";
        ReceiptUnknown "receipt_unknown":
            "Noe som kom fra sakarkivet, svarer ikke på noen melding herfra eller kan ikke leses. Det ligger i «ukjent» i utvekslingsmappen; se på det der."
            | "Noko som kom frå sakarkivet, svarer ikkje på noka melding herifrå eller kan ikkje lesast. Det ligg i «ukjent» i utvekslingsmappa; sjå på det der."
            | "Something that came from the case archive answers no message of ours or cannot be read. It lies in `ukjent` in the exchange folder; look at it there.";
        AddressBounced "address_bounced":
            "E-post til adressen kommer tilbake, og det sendes ikke mer dit. Gi beskjed på papir, og be om en ny adresse."
            | "E-post til adressa kjem tilbake, og det blir ikkje sendt meir dit. Gi beskjed på papir, og be om ei ny adresse."
            | "Mail to the address comes back, and no more is sent there. Tell the person on paper, and ask for a new address.";
        NoticeOpened "notice_opened":
            "Mottakeren har åpnet det varselet gjelder. Påminnelsen er ikke sendt, og ingenting må gjøres."
            | "Mottakaren har opna det varselet gjeld. Påminninga er ikkje send, og ingenting må gjerast."
            | "The recipient has opened what the notice tells of. The reminder was not sent, and nothing needs doing.";
        NoticeExpired "notice_expired":
            "Møtet er i gang eller over, og varselet ble ikke sendt. Si fra til mottakeren på annen måte."
            | "Møtet er i gang eller over, og varselet vart ikkje sendt. Sei frå til mottakaren på annan måte."
            | "The meeting has begun or is over, and the notice was not sent. Tell the recipient in another way.";
        ConfigInvalid "config_invalid":
            "Oppsettet kan ikke brukes. Rett filen og nøkkelen som er nevnt, og kjør «arkivflyt check config»."
            | "Oppsettet kan ikkje brukast. Rett fila og nøkkelen som er nemnd, og køyr «arkivflyt check config»."
            | "The configuration cannot be used. Correct the file and key that are named and run `arkivflyt check config`.";
        MailConfig "mail_config":
            "Oppsettet for e-post er feil eller utrygt. Kjør «arkivflyt check config»."
            | "Oppsettet for e-post er feil eller utrygt. Køyr «arkivflyt check config»."
            | "The mail set-up is wrong or unsafe. Run `arkivflyt check config`.";
        AccessFlagsContradict "access_flags_contradict":
            "To av flaggene sier imot hverandre. Gi bare ett av hvert slag; «arkivflyt access explain --help» viser dem."
            | "To av flagga seier imot kvarandre. Gi berre eitt av kvart slag; «arkivflyt access explain --help» viser dei."
            | "Two of the flags contradict each other. Give one of each kind; `arkivflyt access explain --help` lists them.";
        AccessLogDamaged "access_log_damaged":
            "En rad i tilgangsloggen kan ikke leses eller passer ikke i kjeden. Ta vare på loggen, og finn ut hvem som har skrevet i den."
            | "Ei rad i tilgangsloggen kan ikkje lesast eller passar ikkje i kjeda. Ta vare på loggen, og finn ut kven som har skrive i han."
            | "A row of the access log cannot be read or does not fit the chain. Keep the log and find out who wrote in it.";
        AccessLogUnwritable "access_log_unwritable":
            "Tilgangsloggen kan ikke skrives, og da vises ingenting. Se etter plass og rettigheter i mappen «access», og prøv på nytt."
            | "Tilgangsloggen kan ikkje skrivast, og då blir ingenting vist. Sjå etter plass og rettar i mappa «access», og prøv på nytt."
            | "The access log cannot be written, so nothing is shown. Check space and permissions of the folder `access`, then try again.";
        AccessRegisterDamaged "access_register_damaged":
            "Registeret over tilganger kan ikke leses. Ta vare på «grants.jsonl» i mappen «access», og hent det fra sikkerhetskopien."
            | "Registeret over tilgangar kan ikkje lesast. Ta vare på «grants.jsonl» i mappa «access», og hent det frå tryggingskopien."
            | "The register of access cannot be read. Keep `grants.jsonl` in the folder `access` and bring it back from the backup.";
        NotAuthorised "not_authorised":
            "Dette vises ikke uten rett til det. Oppgi rollen du handler i (--as) og en grunn (--reason), eller spør den som har rollen."
            | "Dette blir ikkje vist utan rett til det. Oppgi rolla du handlar i (--as) og ein grunn (--reason), eller spør den som har rolla."
            | "This is not shown without the right to it. State the role you act in (--as) and a reason (--reason), or ask whoever has the role.";
        InboxNotRegular "inbox_not_regular":
            "Dette er ikke en vanlig fil (lenke, rør eller enhet) og blir ikke lest. Legg inn selve filen."
            | "Dette er ikkje ei vanleg fil (lenkje, røyr eller eining) og blir ikkje lese. Legg inn sjølve fila."
            | "This is not an ordinary file (link, pipe or device) and is not read. Put the file itself here.";
        InboxUnreadable "inbox_unreadable":
            "Filen kan ikke leses eller flyttes, og ligger der den lå. Gi programmet rettigheter til fil og mappe, og kjør på nytt."
            | "Fila kan ikkje lesast eller flyttast, og ligg der ho låg. Gi programmet rettar til fil og mappe, og køyr på nytt."
            | "The file cannot be read or moved and was left where it lay. Give the program rights to file and folder, then run again.";
        InboxStillChanging "inbox_still_changing":
            "Filen ble endret mens den ble lest. Vent til den er ferdig skrevet, og send på nytt."
            | "Fila vart endra medan ho vart lesen. Vent til ho er ferdig skriven, og send på nytt."
            | "The file changed while it was read. Wait until it is fully written, then send again.";
        AttachmentTypeRefused "attachment_type_refused":
            "Vedlegg av denne typen blir ikke tatt imot, for eksempel programmer og skript. Send innholdet som PDF eller bilde."
            | "Vedlegg av denne typen blir ikkje tekne imot, til dømes program og skript. Send innhaldet som PDF eller bilete."
            | "Attachments of this type are not taken, such as programs and scripts. Send the content as PDF or an image.";
        AttachmentMacros "attachment_macros":
            "Vedlegget inneholder makroer. Lagre det uten makroer, for eksempel som DOCX eller PDF, og send på nytt."
            | "Vedlegget inneheld makroar. Lagre det utan makroar, til dømes som DOCX eller PDF, og send på nytt."
            | "The attachment holds macros. Save it without macros, for instance as DOCX or PDF, and send again.";
        AttachmentTooLarge "attachment_too_large":
            "Vedlegget er større enn grensen i oppsettet (byte, sider eller piksler). Del det opp, eller hev grensen."
            | "Vedlegget er større enn grensa i oppsettet (byte, sider eller pikslar). Del det opp, eller hev grensa."
            | "The attachment is larger than the configured limit (bytes, pages or pixels). Divide it or raise the limit.";
        AttachmentTooMany "attachment_too_many":
            "Saken har flere eller større vedlegg enn grensen i oppsettet. Velg ut det som skal arkiveres, eller hev grensen."
            | "Saka har fleire eller større vedlegg enn grensa i oppsettet. Vel ut det som skal arkiverast, eller hev grensa."
            | "The case has more or larger attachments than the configured limit. Choose what to archive or raise the limit.";
        AttachmentEncrypted "attachment_encrypted":
            "Vedlegget er kryptert eller har passord og kan ikke leses om noen år. Fjern passordet, og send på nytt."
            | "Vedlegget er kryptert eller har passord og kan ikkje lesast om nokre år. Fjern passordet, og send på nytt."
            | "The attachment is encrypted or has a password and cannot be read in years to come. Remove the password and send again.";
        AttachmentBroken "attachment_broken":
            "Vedlegget er skadet eller ikke helt. Åpne originalen, lagre den på nytt, og send den igjen."
            | "Vedlegget er skadd eller ikkje heilt. Opne originalen, lagre han på nytt, og send han igjen."
            | "The attachment is damaged or not whole. Open the original, save it anew and send it again.";
        AttachmentExpands "attachment_expands":
            "Vedlegget pakker ut til langt mer enn det ser ut som, eller har arkiver inni arkiver. En fagperson må se på det."
            | "Vedlegget pakkar ut til langt meir enn det ser ut som, eller har arkiv inni arkiv. Ein fagperson må sjå på det."
            | "The attachment unpacks to far more than it seems, or holds archives within archives. A specialist must look at it.";
        AttachmentSuspicious "attachment_suspicious":
            "Vedlegget kan leses som flere filtyper samtidig, eller skjuler innhold. Lagre det på nytt fra originalen, og send igjen."
            | "Vedlegget kan lesast som fleire filtypar samstundes, eller skjuler innhald. Lagre det på nytt frå originalen, og send igjen."
            | "The attachment can be read as several file types at once or hides content. Save it anew from the original and send again.";
        AttachmentNameWrong "attachment_name_wrong":
            "Filnavnet sier en annen type enn det filen er. Gi filen riktig etternavn, og send på nytt."
            | "Filnamnet seier ein annan type enn det fila er. Gi fila rett etternamn, og send på nytt."
            | "The file name says another type than the file is. Give the file the right extension and send again.";
        AttachmentPdfaFalse "attachment_pdfa_false":
            "PDF-en sier at den er PDF/A, men er det ikke. Originalen er tatt vare på; lag en PDF/A-kopi, og send den."
            | "PDF-en seier at han er PDF/A, men er det ikkje. Originalen er teken vare på; lag ein PDF/A-kopi, og send han."
            | "The PDF claims to be PDF/A but is not. The original is kept; make a PDF/A copy and send it.";
        AttachmentNeedsConversion "attachment_needs_conversion":
            "Originalen er tatt vare på, men formatet er ikke et arkivformat. Lag en PDF/A-kopi, og send den."
            | "Originalen er teken vare på, men formatet er ikkje eit arkivformat. Lag ein PDF/A-kopi, og send han."
            | "The original is kept, but its format is not an archive format. Make a PDF/A copy and send it.";
        AttachmentMissing "attachment_missing":
            "Filen til vedlegget kom ikke, og dokumentet er arkivert uten den. Send den som et eget vedlegg; legg filen i inbox/attachments først."
            | "Fila til vedlegget kom ikkje, og dokumentet er arkivert utan ho. Send ho som eit eige vedlegg; legg fila i inbox/attachments først."
            | "The attachment's file did not come and the document is archived without it. Send it as an attachment of its own; put the file in inbox/attachments first.";
        AttachmentUnreadable "attachment_unreadable":
            "Vedlegget kunne ikke leses fra disk. Se etter rettigheter og disk; det blir prøvd på nytt."
            | "Vedlegget kunne ikkje lesast frå disk. Sjå etter rettar og disk; det blir prøvd på nytt."
            | "The attachment could not be read from disk. Check permissions and disk; it is tried again.";
        WitnessWrite "witness_write":
            "Kan ikke skrive til revisjonsloggen, og ingenting er lagt til i den. Se etter ledig plass, rettigheter og disk; det prøves igjen."
            | "Kan ikkje skrive til revisjonsloggen, og ingenting er lagt til i han. Sjå etter ledig plass, rettar og disk; det blir prøvd på nytt."
            | "The audit log cannot be written, and nothing was added to it. Check free space, permissions and disk; it is tried again.";
        WitnessLogDamaged "witness_log_damaged":
            "Revisjonsloggen er skadet, forkortet eller skrevet om. Ta vare på den, og kjør «arkivflyt audit verify»."
            | "Revisjonsloggen er skadd, forkorta eller skriven om. Ta vare på han, og køyr «arkivflyt audit verify»."
            | "The audit log is damaged, shortened or rewritten. Keep it, and run `arkivflyt audit verify`.";
        WitnessKey "witness_key":
            "En nøkkel til revisjonsloggen kan ikke brukes. Se etter fil, eier og rettigheter (0600), og i nøkkelhistorien."
            | "Ein nøkkel til revisjonsloggen kan ikkje brukast. Sjå etter fil, eigar og rettar (0600), og i nøkkelhistoria."
            | "A key of the audit log cannot be used. Check its file, owner and mode (0600), and the history of keys.";
        TimeStampRefused "time_stamp_refused":
            "Tidsstempelet er ikke til å stole på, eller tjenesten avviste. Se etter at tjenesten og sertifikatet i oppsettet hører sammen."
            | "Tidsstempelet er ikkje til å stole på, eller tenesta avviste. Sjå etter at tenesta og sertifikatet i oppsettet høyrer saman."
            | "The time stamp is not to be believed, or the authority refused. Check that service and certificate in the configuration belong together.";
        TimeStampUnreachable "time_stamp_unreachable":
            "Tidsstempeltjenesten svarte ikke. Arkivet er like helt, og det spørres igjen. Se etter adresse, nett og brannmur."
            | "Tidsstempeltenesta svarte ikkje. Arkivet er like heilt, og det blir spurt på nytt. Sjå etter adresse, nett og brannmur."
            | "The time-stamp authority did not answer. The archive is no less whole, and it is asked again. Check address, network and firewall.";
        ExtractEmpty "extract_empty":
            "Ingen avsluttet mappe med filer i perioden og arkivdelene det er spurt om. Se «arkivflyt extract --dry-run»."
            | "Inga avslutta mappe med filer i perioden og arkivdelane det er spurt om. Sjå «arkivflyt extract --dry-run»."
            | "No closed folder with files in the period and the parts that were asked for. See `arkivflyt extract --dry-run`.";
        ExtractSchemaMissing "extract_schema_missing":
            "Et offisielt skjema mangler. Hent skjemaene fra Nasjonalarkivet, og nevn mappen de ligger i (--schemas)."
            | "Eit offisielt skjema manglar. Hent skjemaa frå Nasjonalarkivet, og nemn mappa dei ligg i (--schemas)."
            | "An official schema is missing. Get the schemas from the National Archives and name the folder they lie in (--schemas).";
        ExtractDamaged "extract_damaged":
            "Noe i en arkivmappe kan ikke leses eller er ikke det som ble arkivert. Ingenting er levert. Kjør «arkivflyt case verify»."
            | "Noko i ei arkivmappe kan ikkje lesast eller er ikkje det som vart arkivert. Ingenting er levert. Køyr «arkivflyt case verify»."
            | "Something in a case folder cannot be read or is not what was archived. Nothing was delivered. Run `arkivflyt case verify`.";
        ExtractLeak "extract_leak":
            "Skjermede ord står i en offentlig tittel eller i offentlig journal. Ingenting er levert. Enhetene er nevnt; noen må se på dem."
            | "Skjerma ord står i ein offentleg tittel eller i offentleg journal. Ingenting er levert. Einingane er nemnde; nokon må sjå på dei."
            | "Screened words stand in a public title or in the public journal. Nothing was delivered. The units are named; somebody must look.";
        ExtractRefused "extract_refused":
            "Kontrollen før forsegling fant feil, og uttrekket er ikke laget. Funnene er nevnt; data endres aldri for å bestå."
            | "Kontrollen før forsegling fann feil, og uttrekket er ikkje laga. Funna er nemnde; data blir aldri endra for å bestå."
            | "The check before sealing found errors and no extract was made. The findings are named; data is never changed to pass.";
        ExtractDiskFull "extract_disk_full":
            "Disken er full, og uttrekket er ikke ferdig. Frigjør plass, og kjør på nytt: det fortsetter der det slapp."
            | "Disken er full, og uttrekket er ikkje ferdig. Frigjer plass, og køyr på nytt: det held fram der det slapp."
            | "The disk is full and the extract is not finished. Free some space and run again: it goes on where it stopped.";
        ExtractFailed "extract_failed":
            "Uttrekket ble ikke ferdig, og ingenting er levert. Se etter plass, rettigheter og det som er nevnt, og kjør på nytt."
            | "Uttrekket vart ikkje ferdig, og ingenting er levert. Sjå etter plass, rettar og det som er nemnt, og køyr på nytt."
            | "The extract was not finished and nothing was delivered. Check space, permissions and what is named, then run again.";
    }
}
