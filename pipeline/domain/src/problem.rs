//! What is wrong with a document: collected, all of it, never the offending value, since it may be a diagnosis.

use std::fmt;

use serde::Serialize;

use crate::failure::codes;

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Which rule was broken.
    pub code: ProblemCode,
    /// Where: a JSON pointer (RFC 6901) made of known field names and positions only. Empty for the whole document.
    pub at: String,
    /// What the rule asks for here, such as `min_items=1` or `format=date`. From the schema, never from the document.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(code: ProblemCode, at: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { code, at: at.into(), rule: rule.into() }
    }
}

impl ProblemCode {
    /// What it is called that a required field is missing from an object of the type `definition`.
    pub fn of_missing(definition: &str, field: &str) -> Self {
        match (definition, field) {
            // A report with a goal that nobody assessed cannot be finalised (DOMAIN § 6.5): a rule of its own.
            ("GoalAssessment", "development") => Self::GoalWithoutAssessment,
            _ => Self::RequiredFieldMissing,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "/" } else { &self.at };
        write!(f, "{} at {}", self.code, at)?;
        if !self.rule.is_empty() {
            write!(f, " ({})", self.rule)?;
        }
        Ok(())
    }
}

codes! {
    /// Rules a document can break.
    ProblemCode {
        NotUtf8 "not_utf8":
            "Filen er ikke gyldig UTF-8. Lagre den som UTF-8."
            | "Fila er ikkje gyldig UTF-8. Lagre ho som UTF-8."
            | "The file is not valid UTF-8. Save it as UTF-8.";
        JsonSyntax "json_syntax":
            "Filen er ikke gyldig JSON. Se linje og kolonne."
            | "Fila er ikkje gyldig JSON. Sjå linje og kolonne."
            | "The file is not valid JSON. See line and column.";
        JsonDuplicateKey "json_duplicate_key":
            "Samme felt står to ganger i samme objekt. Behold ett."
            | "Same felt står to gonger i same objekt. Behald eitt."
            | "The same field stands twice in one object. Keep one.";
        JsonTooDeep "json_too_deep":
            "JSON-en er nøstet for dypt."
            | "JSON-en er nøsta for djupt."
            | "The JSON is nested too deeply.";
        DocumentTooLarge "document_too_large":
            "Dokumentet er for stort. Del det opp i kildesystemet."
            | "Dokumentet er for stort. Del det opp i kjeldesystemet."
            | "The document is too large. Divide it in the source system.";
        SchemaUnknown "schema_unknown":
            "Feltet «schema» navngir ingen kjent dokumenttype og versjon. Se «arkivflyt schema»."
            | "Feltet «schema» namngir ingen kjend dokumenttype og versjon. Sjå «arkivflyt schema»."
            | "The field `schema` names no known document type and version. See `arkivflyt schema`.";
        FieldUnknown "field_unknown":
            "Ukjent felt. Fjern det, eller rett navnet."
            | "Ukjent felt. Fjern det, eller rett namnet."
            | "Unknown field. Remove it or correct its name.";
        FieldTypeWrong "field_type_wrong":
            "Feltet har feil type."
            | "Feltet har feil type."
            | "The field has the wrong type.";
        RequiredFieldMissing "required_field_missing":
            "Et påkrevd felt mangler. Fyll det ut i kildesystemet, og send på nytt."
            | "Eit påkravt felt manglar. Fyll det ut i kjeldesystemet, og send på nytt."
            | "A required field is missing. Fill it in in the source system and send again.";
        ValueNotAllowed "value_not_allowed":
            "Verdien er ikke en av de tillatte."
            | "Verdien er ikkje ein av dei tillatne."
            | "The value is not one of those allowed.";
        TextEmpty "text_empty":
            "Teksten er tom."
            | "Teksten er tom."
            | "The text is empty.";
        TextTooLong "text_too_long":
            "Teksten er for lang."
            | "Teksten er for lang."
            | "The text is too long.";
        TextForm "text_form":
            "Teksten har ikke den formen feltet krever."
            | "Teksten har ikkje den forma feltet krev."
            | "The text does not have the form that the field asks for.";
        ListTooShort "list_too_short":
            "Listen har for få elementer."
            | "Lista har for få element."
            | "The list has too few items.";
        ListTooLong "list_too_long":
            "Listen har for mange elementer."
            | "Lista har for mange element."
            | "The list has too many items.";
        NumberOutOfRange "number_out_of_range":
            "Tallet er utenfor det tillatte området."
            | "Talet er utanfor det tillatne området."
            | "The number is outside the allowed range.";
        DateImpossible "date_impossible":
            "Datoen finnes ikke, eller er ikke skrevet ÅÅÅÅ-MM-DD."
            | "Datoen finst ikkje, eller er ikkje skriven ÅÅÅÅ-MM-DD."
            | "The date does not exist or is not written YYYY-MM-DD.";
        TimeImpossible "time_impossible":
            "Tidspunktet finnes ikke, eller er ikke skrevet som RFC 3339 med tidssone."
            | "Tidspunktet finst ikkje, eller er ikkje skrive som RFC 3339 med tidssone."
            | "The time does not exist or is not written as RFC 3339 with an offset.";
        IdInvalid "id_invalid":
            "ID-en er ikke en gyldig UUID."
            | "ID-en er ikkje ein gyldig UUID."
            | "The id is not a valid UUID.";
        EmailInvalid "email_invalid":
            "E-postadressen er ikke gyldig."
            | "E-postadressa er ikkje gyldig."
            | "The e-mail address is not valid.";
        NationalIdShape "national_id_shape":
            "Et fødselsnummer eller D-nummer har elleve siffer og begynner med en dato."
            | "Eit fødselsnummer eller D-nummer har elleve siffer og byrjar med ein dato."
            | "A national id has eleven digits and begins with a date.";
        NationalIdCheckDigit "national_id_check_digit":
            "Kontrollsifrene i fødselsnummeret stemmer ikke."
            | "Kontrollsifra i fødselsnummeret stemmer ikkje."
            | "The check digits of the national id do not fit.";
        NationalIdNotSynthetic "national_id_not_synthetic":
            "Et syntetisk dokument kan ikke ha et ekte fødselsnummer."
            | "Eit syntetisk dokument kan ikkje ha eit ekte fødselsnummer."
            | "A synthetic document cannot hold a real national id.";
        NationalIdSynthetic "national_id_synthetic":
            "Et ekte dokument kan ikke ha et syntetisk fødselsnummer."
            | "Eit ekte dokument kan ikkje ha eit syntetisk fødselsnummer."
            | "A real document cannot hold a synthetic national id.";
        SyntheticRefused "synthetic_refused":
            "Denne installasjonen tar ikke imot syntetiske dokumenter."
            | "Denne installasjonen tek ikkje imot syntetiske dokument."
            | "This installation does not take synthetic documents.";
        PeriodReversed "period_reversed":
            "Slutten på perioden kommer før starten."
            | "Slutten på perioden kjem før starten."
            | "The period ends before it begins.";
        SchoolYearInvalid "school_year_invalid":
            "Skoleåret må være to år på rad, som 2026/2027."
            | "Skuleåret må vere to år på rad, som 2026/2027."
            | "The school year must be two consecutive years, such as 2026/2027.";
        PlanTypeMismatch "plan_type_mismatch":
            "Denne dokumenttypen finnes ikke for plantypen."
            | "Denne dokumenttypen finst ikkje for plantypen."
            | "This document type does not exist for the plan type.";
        GoalRefUnknown "goal_ref_unknown":
            "Viser til et mål som ikke står i dokumentet."
            | "Viser til eit mål som ikkje står i dokumentet."
            | "Points to a goal that is not in the document.";
        GoalRefRepeated "goal_ref_repeated":
            "To mål har samme id."
            | "To mål har same id."
            | "Two goals have the same id.";
        GoalWithoutAssessment "goal_without_assessment":
            "Et mål mangler vurdering. Årsrapporten kan ikke ferdigstilles før alle mål er vurdert."
            | "Eit mål manglar vurdering. Årsrapporten kan ikkje ferdigstillast før alle mål er vurderte."
            | "A goal has no assessment. The annual report cannot be finalised until every goal is assessed.";
        ConsentScope "consent_scope":
            "Delingen varer lenger enn samtykket gjelder. Rett datoen, eller be om et nytt samtykke."
            | "Delinga varer lenger enn samtykket gjeld. Rett datoen, eller be om eit nytt samtykke."
            | "Something is shared for longer than the consent is valid. Correct the date, or ask for a new consent.";
        ConsentState "consent_state":
            "Tidspunktene passer ikke med hvor samtykket står: et utkast har ingen, et godkjent sier når, et trukket sier begge."
            | "Tidspunkta passar ikkje med kvar samtykket står: eit utkast har ingen, eit godkjent seier når, eit trekt seier begge."
            | "The times do not fit where the consent stands: a draft has none, an approved one says when, a withdrawn one says both.";
        MeetingPlace "meeting_place_missing":
            "Innkallingen sier verken sted eller digital lenke."
            | "Innkallinga seier verken stad eller digital lenkje."
            | "The invitation tells neither a place nor a digital link.";
        NotApproved "not_approved":
            "Dokumentet er et utkast. Det arkiveres når det er godkjent."
            | "Dokumentet er eit utkast. Det blir arkivert når det er godkjent."
            | "The document is a draft. It is archived once it is approved.";
        MunicipalityUnknown "municipality_unknown":
            "Kommunen er ikke satt opp i denne installasjonen."
            | "Kommunen er ikkje sett opp i denne installasjonen."
            | "The municipality is not set up in this installation.";
        BirthDateMismatch "birth_date_mismatch":
            "Fødselsdatoen og fødselsnummeret gjelder ikke samme dag."
            | "Fødselsdatoen og fødselsnummeret gjeld ikkje same dag."
            | "The birth date and the national id are not of the same day.";
        TooManyProblems "too_many_problems":
            "Dokumentet har flere feil enn de som vises. Rett disse, og send på nytt."
            | "Dokumentet har fleire feil enn dei som er viste. Rett desse, og send på nytt."
            | "The document has more problems than those shown. Correct these and send again.";
    }
}
