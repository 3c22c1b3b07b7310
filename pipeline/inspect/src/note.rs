//! What exactly is wrong within a rule, or why a rule was not judged.

pipeline_domain::codes! {
    /// A closed list, so that no text of the extract ever stands in a finding.
    Note {
        ElementUnexpected "element_unexpected": "Elementet er ukjent, står på feil plass, eller står for mange ganger." | "Elementet er ukjent, står på feil plass, eller står for mange gonger." | "The element is unknown, out of place, or there too often.";
        ElementsMissing "elements_missing": "Påkrevde elementer mangler på slutten av elementet." | "Påkravde element manglar på slutten av elementet." | "Required elements are missing at the element's end.";
        TextUnexpected "text_unexpected": "Tekst der bare elementer kan stå." | "Tekst der berre element kan stå." | "Text where only elements may stand.";
        ValueInvalid "value_invalid": "Verdien er ikke av elementets type." | "Verdien er ikkje av typen til elementet." | "The value is not of the element's type.";
        DateInvalid "date_invalid": "Verdien er ikke en dato (xs:date)." | "Verdien er ikkje ein dato (xs:date)." | "The value is not a date (xs:date).";
        DateTimeInvalid "date_time_invalid": "Verdien er ikke et tidspunkt (xs:dateTime)." | "Verdien er ikkje eit tidspunkt (xs:dateTime)." | "The value is not a date and time (xs:dateTime).";
        AttributeUnexpected "attribute_unexpected": "Et attributt som skjemaet ikke har." | "Eit attributt som skjemaet ikkje har." | "An attribute that the schema does not have.";
        AttributeMissing "attribute_missing": "Et påkrevd attributt mangler." | "Eit påkravd attributt manglar." | "A required attribute is missing.";
        TypeUnknown "type_unknown": "xsi:type nevner en type som skjemaene ikke har, eller som ikke kan stå her." | "xsi:type nemner ein type som skjemaa ikkje har, eller som ikkje kan stå her." | "xsi:type names a type that the schemas do not have, or that may not stand here.";
        RootUnknown "root_unknown": "Rotelementet finnes ikke i skjemaet." | "Rotelementet finst ikkje i skjemaet." | "The root element is not in the schema.";
        SchemaNotListed "schema_not_listed": "Eget skjema eller metadatakatalog.xsd er ikke ført opp for filen." | "Eige skjema eller metadatakatalog.xsd er ikkje ført opp for fila." | "Its own schema or metadatakatalog.xsd is not listed for the file.";
        OwnSchemaNotListed "own_schema_not_listed": "Uttrekket har virksomhetsspesifikke metadata, men skjemaet deres er ikke ført opp under arkivstruktur." | "Uttrekket har verksemdsspesifikke metadata, men skjemaet deira er ikkje ført opp under arkivstruktur." | "The extract has metadata of its own, and their schema is not listed under arkivstruktur.";
        ChecksumMissing "checksum_missing": "Algoritme eller sjekksum mangler." | "Algoritme eller sjekksum manglar." | "The algorithm or the checksum is missing.";
        AlgorithmUnknown "algorithm_unknown": "Algoritmen er ikke SHA-256." | "Algoritmen er ikkje SHA-256." | "The algorithm is not SHA-256.";
        FolderMissing "folder_missing": "Det er ingen dokumentmappe." | "Det er inga dokumentmappe." | "There is no document folder.";
        NotListed "not_listed": "Journalen er ikke ført opp i arkivuttrekk.xml." | "Journalen er ikkje ført opp i arkivuttrekk.xml." | "The journal is not listed in arkivuttrekk.xml.";
        FileMissing "file_missing": "Filen mangler." | "Fila manglar." | "The file is missing.";
        JournalsDiffer "journals_differ": "De to journalene er ulike." | "Dei to journalane er ulike." | "The two journals differ.";
        StructureDiffers "structure_differs": "Journalene er like, men arkivstrukturen er annerledes, og periodeskillet er skarpt." | "Journalane er like, men arkivstrukturen er annleis, og periodeskiljet er skarpt." | "The journals agree, the archive structure differs, and the period is sharp.";
        NoJournalDate "no_journal_date": "Det er ingen journaldato." | "Det er ingen journaldato." | "There is no journal date.";

        NoSchemas "no_schemas": "Ikke kontrollert: det er ikke sagt hvor skjemaene er, eller skjemaet for denne filen er ikke blant dem." | "Ikkje kontrollert: det er ikkje sagt kvar skjemaa er, eller skjemaet for denne fila er ikkje blant dei." | "Not checked: no schemas were named, or the schema of this file is not among them.";
        SchemaFeature "schema_feature": "Bare delvis kontrollert: skjemaet bruker noe som ikke kontrolleres her (se listen over det skjemaet har)." | "Berre delvis kontrollert: skjemaet bruker noko som ikkje blir kontrollert her (sjå lista over det skjemaet har)." | "Checked in part: the schema uses something that is not checked here (see the list of what the schema has).";
        OtherVersion "other_version": "Ikke kontrollert: uttrekket er av en eldre versjon av Noark 5, og skjemaene er for 5.0." | "Ikkje kontrollert: uttrekket er av ein eldre versjon av Noark 5, og skjemaa er for 5.0." | "Not checked: the extract is of an older version of Noark 5, and the schemas are of 5.0.";
        NeedsFile "needs_file": "Ikke kontrollert: en fil som trengs, mangler eller kan ikke leses til slutten." | "Ikkje kontrollert: ei fil som trengst, manglar eller kan ikkje lesast til slutten." | "Not checked: a file that is needed is missing or cannot be read to its end.";
        NeedsValue "needs_value": "Ikke kontrollert: verdien som det skal sammenlignes med, mangler i arkivuttrekk.xml." | "Ikkje kontrollert: verdien som det skal samanliknast med, manglar i arkivuttrekk.xml." | "Not checked: the value to compare with is missing in arkivuttrekk.xml.";
        NeedsPlace "needs_place": "Ikke kontrollert: mappen eller tar-filen kunne ikke ses på i sin helhet." | "Ikkje kontrollert: mappa eller tar-fila kunne ikkje sjåast på i heilskap." | "Not checked: the folder or tar could not be looked at as a whole.";
        Stopped "stopped": "Ikke kontrollert: kontrollen ble stoppet." | "Ikkje kontrollert: kontrollen vart stoppa." | "Not checked: the check was stopped.";
    }
}
