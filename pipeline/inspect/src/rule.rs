//! The closed list of rules: id, what it means and what to do, in bokmål, nynorsk and English.
//!
//! `N5.nn` are the tests of Arkade 5 (2.12.4) that can give an error, with its own numbers. `A`, `S` and `T` are what makes that
//! tool crash, miscount or cut a path wrongly: the ADDML description, the structure, the layout. `X` is what cannot be read
//! safely. `B` is beyond the tool: no error there, but depots and users have met it. `RULES.md` names the test of each.

use crate::finding::Severity;

pipeline_domain::codes! {
    /// A rule that an extract can break. Ids are published and never renamed.
    Rule {
        FilesPresent "N5.01":
            "En XML- eller XSD-fil mangler. Legg filen i uttrekket, eller ta den ut av arkivuttrekk.xml om den ikke skal være med."
            | "Ei XML- eller XSD-fil manglar. Legg fila i uttrekket, eller ta ho ut av arkivuttrekk.xml om ho ikkje skal vere med."
            | "An XML or XSD file is missing. Put it in the extract, or take it out of arkivuttrekk.xml if it does not belong.";
        ListedChecksums "N5.02":
            "Sjekksummen i arkivuttrekk.xml mangler eller stemmer ikke med filen. Finn ut hvorfor filen er endret, og lag uttrekket på nytt."
            | "Sjekksummen i arkivuttrekk.xml manglar eller stemmer ikkje med fila. Finn ut kvifor fila er endra, og lag uttrekket på nytt."
            | "The checksum in arkivuttrekk.xml is missing or is not that of the file. Find out why the file changed and make the extract anew.";
        Schema "N5.03":
            "XML-filen følger ikke skjemaet sitt, eller skjemaet er ikke ført opp i arkivuttrekk.xml. Rett systemet som laget uttrekket; rett ikke dataene for hånd."
            | "XML-fila følgjer ikkje skjemaet sitt, eller skjemaet er ikkje ført opp i arkivuttrekk.xml. Rett systemet som laga uttrekket; rett ikkje dataa for hand."
            | "The XML file does not follow its schema, or the schema is not listed in arkivuttrekk.xml. Correct the system that made the extract; never the data by hand.";
        FolderCount "N5.10":
            "Antallet mapper er et annet enn det arkivuttrekk.xml sier. Lag uttrekket på nytt, og se etter mapper som er falt ut."
            | "Talet på mapper er eit anna enn det arkivuttrekk.xml seier. Lag uttrekket på nytt, og sjå etter mapper som er falne ut."
            | "The number of folders (mappe) is not what arkivuttrekk.xml says. Make the extract anew and look for folders that fell out.";
        ClassMixesFolders "N5.12":
            "En klasse har både underklasser og mapper. Legg mappene på den nederste klassen."
            | "Ein klasse har både underklassar og mapper. Legg mappene på den nedste klassen."
            | "A class holds both classes and folders. Hang the folders on the lowest class.";
        CaseStatus "N5.15":
            "Saksstatus er ikke «Avsluttet» eller «Utgår». Avslutt saken før avlevering."
            | "Saksstatus er ikkje «Avsluttet» eller «Utgår». Avslutt saka før avlevering."
            | "The case status is neither «Avsluttet» nor «Utgår». Close the case before the deposit.";
        RecordCount "N5.16":
            "Antallet registreringer er et annet enn det arkivuttrekk.xml sier. Lag uttrekket på nytt, og se etter registreringer som er falt ut."
            | "Talet på registreringar er eit anna enn det arkivuttrekk.xml seier. Lag uttrekket på nytt, og sjå etter registreringar som er falne ut."
            | "The number of registrations is not what arkivuttrekk.xml says. Make the extract anew and look for registrations that fell out.";
        JournalEntryType "N5.17":
            "Journalposttypen er tom eller ikke en av de fem i Noark 5 (M082). Rett typen i fagsystemet."
            | "Journalposttypen er tom eller ikkje ein av dei fem i Noark 5 (M082). Rett typen i fagsystemet."
            | "The journal entry's type is empty or not one of the five of Noark 5 (M082). Correct it in the source system.";
        ClassMixesRecords "N5.19":
            "En klasse har både underklasser og registreringer. Legg registreringene i mapper på den nederste klassen."
            | "Ein klasse har både underklassar og registreringar. Legg registreringane i mapper på den nedste klassen."
            | "A class holds both classes and registrations. Put the registrations in folders on the lowest class.";
        JournalStatus "N5.22":
            "Journalstatus er ikke «Arkivert» eller «Utgår». Ferdigstill journalposten før avlevering."
            | "Journalstatus er ikkje «Arkivert» eller «Utgår». Gjer journalposten ferdig før avlevering."
            | "The journal status is neither «Arkivert» nor «Utgår». Finish the journal entry before the deposit.";
        DocumentStatus "N5.25":
            "Dokumentstatus er ikke «Dokumentet er ferdigstilt». Ferdigstill dokumentet før avlevering."
            | "Dokumentstatus er ikkje «Dokumentet er ferdigstilt». Gjer dokumentet ferdig før avlevering."
            | "The document status is not «Dokumentet er ferdigstilt». Finish the document before the deposit.";
        RecordDate "N5.27":
            "Opprettelsesdatoen til en registrering er ikke en dato mellom år 1 og 9999. Rett datoen i fagsystemet."
            | "Opprettingsdatoen til ei registrering er ikkje ein dato mellom år 1 og 9999. Rett datoen i fagsystemet."
            | "A registration's creation date is not a date between the years 1 and 9999. Correct it in the source system.";
        FileCount "N5.28":
            "Dokumentmappen mangler, er tom, eller har et annet antall filer enn arkivuttrekk.xml sier. Se etter filer som er falt ut eller kommet til."
            | "Dokumentmappa manglar, er tom, eller har eit anna tal filer enn arkivuttrekk.xml seier. Sjå etter filer som er falne ut eller komne til."
            | "The document folder is missing, is empty, or holds another number of files than arkivuttrekk.xml says. Look for files that were lost or added.";
        FileFormat "N5.29":
            "Format stemmer ikke med filendelsen. Skriv filendelsen uten punktum i format, og PRONOM-koden i formatDetaljer."
            | "Format stemmer ikkje med filendinga. Skriv filendinga utan punktum i format, og PRONOM-koden i formatDetaljer."
            | "The format is not the file's extension. Write the extension without its dot in format, and the PRONOM code in formatDetaljer.";
        FileChecksum "N5.30":
            "Dokumentfilen har ikke den SHA-256-sjekksummen som arkivstruktur.xml sier. Hent filen fra arkivet på nytt; ikke endre sjekksummen."
            | "Dokumentfila har ikkje den SHA-256-sjekksummen som arkivstruktur.xml seier. Hent fila frå arkivet på nytt; ikkje endre sjekksummen."
            | "The document file does not have the SHA-256 checksum that arkivstruktur.xml gives. Fetch the file from the archive again; do not change the checksum.";
        ReferredFileMissing "N5.32":
            "Dokumentobjektet viser til en fil som ikke finnes. Legg filen på plass, eller rett stien (skråstreker, store og små bokstaver)."
            | "Dokumentobjektet viser til ei fil som ikkje finst. Legg fila på plass, eller rett stien (skråstrekar, store og små bokstavar)."
            | "The document object refers to a file that is not there. Put it in place, or correct the path (slashes, letter case).";
        StrayFile "N5.33":
            "Filen ligger i dokumentmappen, men ingen viser til den. Ta den ut, eller finn dokumentobjektet som mangler."
            | "Fila ligg i dokumentmappa, men ingen viser til henne. Ta ho ut, eller finn dokumentobjektet som manglar."
            | "The file lies in the document folder and nothing refers to it. Take it out, or find the document object that is missing.";
        ScreeningFlag "N5.42":
            "inneholderSkjermetInformasjon i arkivuttrekk.xml stemmer ikke med om noe er skjermet. Rett verdien i systemet som laget uttrekket."
            | "inneholderSkjermetInformasjon i arkivuttrekk.xml stemmer ikkje med om noko er skjerma. Rett verdien i systemet som laga uttrekket."
            | "inneholderSkjermetInformasjon in arkivuttrekk.xml does not say whether anything is screened. Correct it in the system that made the extract.";
        DisposalFlag "N5.44":
            "inneholderDokumenterSomSkalKasseres stemmer ikke med om det finnes kassasjonsvedtak. Utelat kassasjon for det som skal bevares, eller rett verdien."
            | "inneholderDokumenterSomSkalKasseres stemmer ikkje med om det finst kassasjonsvedtak. Utelat kassasjon for det som skal bevarast, eller rett verdien."
            | "inneholderDokumenterSomSkalKasseres does not say whether there is any kassasjon. Leave kassasjon out for what is kept, or correct the value.";
        DisposedFlag "N5.45":
            "omfatterDokumenterSomErKassert stemmer ikke med om det finnes utførte kassasjoner. Rett verdien i systemet som laget uttrekket."
            | "omfatterDokumenterSomErKassert stemmer ikkje med om det finst utførte kassasjonar. Rett verdien i systemet som laga uttrekket."
            | "omfatterDokumenterSomErKassert does not say whether there is any utfoertKassasjon. Correct it in the system that made the extract.";
        SystemIdUnique "N5.47":
            "To enheter har samme systemID. Gi hver enhet sin egen, i systemet som laget uttrekket."
            | "To einingar har same systemID. Gi kvar eining sin eigen, i systemet som laga uttrekket."
            | "Two units have one systemID. Give each its own, in the system that made the extract.";
        SeriesReference "N5.48":
            "referanseArkivdel viser ikke til en arkivdel i uttrekket som selv bruker slike referanser. Utelat elementet, eller vis til enhetens egen arkivdel."
            | "referanseArkivdel viser ikkje til ein arkivdel i uttrekket som sjølv bruker slike referansar. Utelat elementet, eller vis til eininga sin eigen arkivdel."
            | "referanseArkivdel does not point to a series in the extract that itself uses such references. Leave the element out, or point to the unit's own series.";
        ClassReference "N5.51":
            "referanseSekundaerKlassifikasjon viser ikke til en klasse i uttrekket. Ta klassen med, eller utelat referansen."
            | "referanseSekundaerKlassifikasjon viser ikkje til ein klasse i uttrekket. Ta med klassen, eller utelat referansen."
            | "referanseSekundaerKlassifikasjon does not point to a class in the extract. Include the class, or leave the reference out.";
        JournalCount "N5.59":
            "Journalene mangler, er ulike i antall, eller har et annet antall enn arkivstrukturen. Lag begge journalene fra samme utvalg."
            | "Journalane manglar, er ulike i tal, eller har eit anna tal enn arkivstrukturen. Lag begge journalane frå same utval."
            | "The journals are missing, differ in number, or differ from the archive structure. Make both journals from one selection.";
        JournalDates "N5.60":
            "Start- eller sluttdato i journalene er ulike, eller er ikke første og siste journaldato. Bruk minste og største journaldato."
            | "Start- eller sluttdato i journalane er ulike, eller er ikkje første og siste journaldato. Bruk minste og største journaldato."
            | "The journals' first or last dates differ, or are not the first and last journaldato. Use the smallest and largest journaldato.";
        ChangeLogPresent "N5.61":
            "endringslogg.xml mangler. Ta med endringsloggen; den skal ha minst én endring."
            | "endringslogg.xml manglar. Ta med endringsloggen; han skal ha minst éi endring."
            | "endringslogg.xml is missing. Include the change log; it must hold at least one change.";
        ChangeLogReference "N5.62":
            "Endringsloggen viser til en enhet som ikke er i uttrekket. Ta bare med endringer for enheter som er med, og skriv systemID likt."
            | "Endringsloggen viser til ei eining som ikkje er i uttrekket. Ta berre med endringar for einingar som er med, og skriv systemID likt."
            | "The change log refers to a unit that is not in the extract. Include only changes of units that are, and write systemID alike.";
        EmptyElement "N5.63":
            "Et element er uten innhold. Utelat elementer uten verdi; CDATA regnes ikke som innhold."
            | "Eit element er utan innhald. Utelat element utan verdi; CDATA blir ikkje rekna som innhald."
            | "An element has no content. Leave out elements without a value; CDATA does not count as content.";

        AddmlReadable "A.01":
            "arkivuttrekk.xml mangler eller kan ikke leses. Uten den kan uttrekket ikke kontrolleres; lag uttrekket på nytt."
            | "arkivuttrekk.xml manglar eller kan ikkje lesast. Utan den kan uttrekket ikkje kontrollerast; lag uttrekket på nytt."
            | "arkivuttrekk.xml is missing or cannot be read. The extract cannot be checked without it; make the extract anew.";
        AddmlInfo "A.02":
            "Egenskapen info står ikke først, eller har ikke type og additionalInfo som de to første. Følg malen i Noark 5, vedlegg 5."
            | "Eigenskapen info står ikkje først, eller har ikkje type og additionalInfo som dei to første. Følg malen i Noark 5, vedlegg 5."
            | "The property info does not stand first, or does not begin with type and additionalInfo. Follow the template of Noark 5, annex 5.";
        AddmlVersion "A.03":
            "Type er ikke «Noark 5» med versjon 3.1, 4.0 eller 5.0. Skriv 5.0 for Noark 5 versjon 5."
            | "Type er ikkje «Noark 5» med versjon 3.1, 4.0 eller 5.0. Skriv 5.0 for Noark 5 versjon 5."
            | "The type is not «Noark 5» with version 3.1, 4.0 or 5.0. Write 5.0 for Noark 5 version 5.";
        AddmlPeriod "A.04":
            "inngaaendeSkille og utgaaendeSkille må være nøyaktig «skarpt» eller «mykt», i denne rekkefølgen, først i additionalInfo."
            | "inngaaendeSkille og utgaaendeSkille må vere nøyaktig «skarpt» eller «mykt», i denne rekkjefølgja, først i additionalInfo."
            | "inngaaendeSkille and utgaaendeSkille must be exactly «skarpt» or «mykt», in this order, first in additionalInfo.";
        AddmlValues "A.05":
            "En verdi i additionalInfo mangler, eller er ikke true, false eller et helt tall. Skriv alle fem verdiene."
            | "Ein verdi i additionalInfo manglar, eller er ikkje true, false eller eit heilt tal. Skriv alle fem verdiane."
            | "A value in additionalInfo is missing, or is not true, false or a whole number. Write all five values.";
        AddmlFirst "A.06":
            "Det første dataobjektet er ikke arkivstruktur. Sett arkivstruktur først."
            | "Det første dataobjektet er ikkje arkivstruktur. Set arkivstruktur først."
            | "The first data object is not arkivstruktur. Put arkivstruktur first.";
        AddmlCounts "A.07":
            "numberOfOccurrences for registrering mangler eller er ikke et tall; kontrollverktøyet krasjer. Skriv tallene for mappe og registrering."
            | "numberOfOccurrences for registrering manglar eller er ikkje eit tal; kontrollverktøyet krasjar. Skriv tala for mappe og registrering."
            | "numberOfOccurrences for registrering is missing or no number; the test tool crashes. Write the numbers for mappe and registrering.";
        AddmlNames "A.08":
            "Et dataobjekt har et ukjent navn eller ingen fil; kontrollverktøyet krasjer. Bare arkivstruktur, endringslogg, loependeJournal og offentligJournal kan føres opp."
            | "Eit dataobjekt har eit ukjent namn eller inga fil; kontrollverktøyet krasjar. Berre arkivstruktur, endringslogg, loependeJournal og offentligJournal kan førast opp."
            | "A data object has an unknown name or no file; the test tool crashes. Only arkivstruktur, endringslogg, loependeJournal and offentligJournal may be listed.";

        RecordPlace "S.01":
            "En registrering ligger rett under en klasse eller arkivdel; kontrollverktøyet krasjer. Legg registreringen i en mappe."
            | "Ei registrering ligg rett under ein klasse eller arkivdel; kontrollverktøyet krasjar. Legg registreringa i ei mappe."
            | "A registration lies right under a class or a series; the test tool crashes. Put it in a folder.";
        TypePrefix "S.02":
            "xsi:type er skrevet med et annet prefiks eller med prefiks i verdien; journalposter blir ikke talt. Skriv xsi:type=\"journalpost\"."
            | "xsi:type er skrive med eit anna prefiks eller med prefiks i verdien; journalpostar blir ikkje talde. Skriv xsi:type=\"journalpost\"."
            | "xsi:type is written with another prefix, or a prefix in its value; journal entries are not counted. Write xsi:type=\"journalpost\".";
        NestedFolder "S.03":
            "En mappe ligger i en mappe; kontrollverktøyet teller da feil. Bruk ett nivå av mapper."
            | "Ei mappe ligg i ei mappe; kontrollverktøyet tel då feil. Bruk eitt nivå av mapper."
            | "A folder lies in a folder; the test tool then miscounts. Use one level of folders.";

        ContentName "T.01":
            "Navnet begynner med «dokument» uten å være dokumentmappen; i en tar regnes filen som dokumentfil. Gi den et annet navn."
            | "Namnet byrjar med «dokument» utan å vere dokumentmappa; i ein tar blir fila rekna som dokumentfil. Gi ho eit anna namn."
            | "The name begins with «dokument» and is not the document folder; in a tar the file counts as a document. Give it another name.";
        DocumentName "T.02":
            "Stien under dokumentmappen har ordet «dokumenter»; i en tar kuttes stien på feil sted. Bruk nøytrale filnavn."
            | "Stien under dokumentmappa har ordet «dokumenter»; i ein tar blir stien kutta på feil stad. Bruk nøytrale filnamn."
            | "The path below the document folder holds the word «dokumenter»; in a tar it is cut at the wrong place. Use opaque file names.";
        TarRoot "T.03":
            "Tar-filen har ikke én rotmappe med samme navn som filen. Pakk mappen <uuid> i <uuid>.tar."
            | "Tar-fila har ikkje éi rotmappe med same namn som fila. Pakk mappa <uuid> i <uuid>.tar."
            | "The tar does not have one root folder of its own name. Pack the folder <uuid> in <uuid>.tar.";
        PackageParts "T.04":
            "DIAS-pakken mangler en fil eller mappe som formatkontrollen krever. Lag pakken på nytt med alle delene."
            | "DIAS-pakken manglar ei fil eller mappe som formatkontrollen krev. Lag pakken på nytt med alle delane."
            | "The DIAS package lacks a file or folder that the format check requires. Make the package anew with all its parts.";
        DocumentFolders "T.05":
            "Det finnes flere dokumentmapper; kontrollverktøyet ser bare den ene. Bruk én."
            | "Det finst fleire dokumentmapper; kontrollverktøyet ser berre den eine. Bruk éi."
            | "There is more than one document folder; the test tool sees only one. Use one.";

        NotWellFormed "X.01":
            "Filen er ikke velformet XML 1.0 i UTF-8, eller slutter for tidlig. Overfør eller lag den på nytt."
            | "Fila er ikkje velforma XML 1.0 i UTF-8, eller sluttar for tidleg. Overfør eller lag ho på nytt."
            | "The file is not well-formed XML 1.0 in UTF-8, or ends too early. Transfer or make it again.";
        Doctype "X.02":
            "Filen har en DOCTYPE. Den kan skjule entiteter og blir ikke lest; lag filen uten."
            | "Fila har ein DOCTYPE. Den kan skjule entitetar og blir ikkje lesen; lag fila utan."
            | "The file has a DOCTYPE. It can hide entities and is not read; make the file without it.";
        XmlLimit "X.03":
            "XML-filen er dypere, eller har større verdier eller flere enheter, enn grensen. Se på filen før den leses, eller hev grensen."
            | "XML-fila er djupare, eller har større verdiar eller fleire einingar, enn grensa. Sjå på fila før ho blir lesen, eller hev grensa."
            | "The XML file is deeper, or holds larger values or more units, than the limit. Look at the file first, or raise the limit.";
        NotAFile "X.04":
            "En lenke, enhet eller annen spesialfil. Lenker blir ikke fulgt; bytt den ut med selve filen."
            | "Ei lenkje, eining eller anna spesialfil. Lenkjer blir ikkje følgde; byt ho ut med sjølve fila."
            | "A link, a device or another special file. Links are not followed; replace it with the file itself.";
        UnsafeName "X.05":
            "Et navn fører ut av uttrekket, er absolutt, er ikke UTF-8, eller er ugyldig på vanlige systemer. Lag pakken på nytt."
            | "Eit namn fører ut av uttrekket, er absolutt, er ikkje UTF-8, eller er ugyldig på vanlege system. Lag pakken på nytt."
            | "A name leads out of the extract, is absolute, is not UTF-8, or is invalid on common systems. Make the package anew.";
        DuplicateName "X.06":
            "To oppføringer har samme navn; programmer velger ulikt mellom dem. Lag pakken på nytt."
            | "To oppføringar har same namn; program vel ulikt mellom dei. Lag pakken på nytt."
            | "Two entries have one name; programs choose differently between them. Make the package anew.";
        TarDamaged "X.07":
            "Tar-filen er skadet, slutter for tidlig, eller bruker utvidelser som ikke leses. Overfør den på nytt, eller pakk som vanlig ustar eller pax."
            | "Tar-fila er skadd, sluttar for tidleg, eller bruker utvidingar som ikkje blir lesne. Overfør ho på nytt, eller pakk som vanleg ustar eller pax."
            | "The tar is damaged, ends too early, or uses extensions that are not read. Transfer it again, or pack as plain ustar or pax.";
        TooMuch "X.08":
            "Flere oppføringer, dypere mapper eller lengre navn enn grensen; resten er ikke sett på. Hev grensen, eller del uttrekket."
            | "Fleire oppføringar, djupare mapper eller lengre namn enn grensa; resten er ikkje sett på. Hev grensa, eller del uttrekket."
            | "More entries, deeper folders or longer names than the limit; the rest was not looked at. Raise the limit, or divide the extract.";
        Unreadable "X.09":
            "En fil eller mappe kan ikke leses, eller endret seg under kontrollen. Se på rettigheter og disk, og kjør på nytt."
            | "Ei fil eller mappe kan ikkje lesast, eller endra seg under kontrollen. Sjå på rettar og disk, og køyr på nytt."
            | "A file or folder cannot be read, or changed while it was checked. Look at permissions and disk, and run again.";

        RecordType "B.01":
            "En registrering mangler xsi:type. Senere import har feilet på dette; skriv journalpost eller arkivnotat."
            | "Ei registrering manglar xsi:type. Seinare import har feila på dette; skriv journalpost eller arkivnotat."
            | "A registration has no xsi:type. Later imports have failed on this; write journalpost or arkivnotat.";
        EmptyFile "B.02":
            "Dokumentfilen er tom (N5.64). Finn ut om innholdet er gått tapt."
            | "Dokumentfila er tom (N5.64). Finn ut om innhaldet er gått tapt."
            | "The document file is empty (N5.64). Find out whether its content was lost.";
        SharedFile "B.03":
            "Flere dokumentobjekter viser til samme fil (N5.34). Kravet er én referanse per fil; lag en kopi med eget navn."
            | "Fleire dokumentobjekt viser til same fil (N5.34). Kravet er éin referanse per fil; lag ein kopi med eige namn."
            | "Several document objects refer to one file (N5.34). The rule is one reference per file; make a copy with its own name.";
        FileSize "B.04":
            "filstoerrelse er ikke filens størrelse i byte. Skriv størrelsen som et helt tall."
            | "filstoerrelse er ikkje storleiken til fila i byte. Skriv storleiken som eit heilt tal."
            | "filstoerrelse is not the file's size in bytes. Write the size as a whole number.";
        ChecksumAlgorithm "B.05":
            "sjekksumAlgoritme er ikke SHA256, men kontrollen bruker alltid SHA-256. Skriv SHA256."
            | "sjekksumAlgoritme er ikkje SHA256, men kontrollen bruker alltid SHA-256. Skriv SHA256."
            | "sjekksumAlgoritme is not SHA256, but the check always uses SHA-256. Write SHA256.";
        OtherSchema "B.06":
            "Skjemaet i uttrekket er ikke det offisielle, byte for byte (krav 6.4.18). Legg ved det offisielle."
            | "Skjemaet i uttrekket er ikkje det offisielle, byte for byte (krav 6.4.18). Legg ved det offisielle."
            | "The schema in the extract is not the official one, byte for byte (requirement 6.4.18). Include the official one.";
        VoidedWithFiles "B.07":
            "En enhet med status «Utgår» har fortsatt filer. Behold metadataene, men utelat filene."
            | "Ei eining med status «Utgår» har framleis filer. Behald metadataa, men utelat filene."
            | "A unit with status «Utgår» still has files. Keep the metadata and leave the files out.";
        CodeList "B.08":
            "En verdi er ikke på den obligatoriske listen i Noark 5. Rett verdien i fagsystemet."
            | "Ein verdi er ikkje på den obligatoriske lista i Noark 5. Rett verdien i fagsystemet."
            | "A value is not on the obligatory list of Noark 5. Correct it in the source system.";
        SeriesStatus "B.09":
            "Arkivdelstatus er ikke «Avsluttet periode». Avslutt perioden før avlevering."
            | "Arkivdelstatus er ikkje «Avsluttet periode». Avslutt perioden før avlevering."
            | "The series' status is not «Avsluttet periode». Close the period before the deposit.";
        JournalOrder "B.10":
            "Journalen er ikke sortert på journalår og journalsekvensnummer (krav 6.4.30)."
            | "Journalen er ikkje sortert på journalår og journalsekvensnummer (krav 6.4.30)."
            | "The journal is not sorted by year and sequence number (requirement 6.4.30).";
        OwnMetadataFlag "B.11":
            "inneholderVirksomhetsspesifikkeMetadata i arkivuttrekk.xml stemmer ikke med innholdet. Rett verdien i systemet som laget uttrekket."
            | "inneholderVirksomhetsspesifikkeMetadata i arkivuttrekk.xml stemmer ikkje med innhaldet. Rett verdien i systemet som laga uttrekket."
            | "inneholderVirksomhetsspesifikkeMetadata in arkivuttrekk.xml does not say what is there. Correct it in the system that made the extract.";
        JournalSum "B.12":
            "antallJournalposter i journalen er ikke antallet oppføringer i den. Lag journalen på nytt."
            | "antallJournalposter i journalen er ikkje talet på oppføringar i han. Lag journalen på nytt."
            | "The journal's antallJournalposter is not the number of its entries. Make the journal anew.";
        CaseCollision "B.13":
            "To filnavn skiller seg bare i store og små bokstaver. På noen systemer er de samme fil; gi dem ulike navn."
            | "To filnamn skil seg berre i store og små bokstavar. På nokre system er dei same fil; gi dei ulike namn."
            | "Two file names differ in letter case only. On some systems they are one file; give them different names.";
    }
}

impl Rule {
    /// How bad it is to break it. The layout traps of a tar are only advice in a folder: see [`crate::Finding::severity`].
    pub fn severity(self) -> Severity {
        use Rule::*;
        match self {
            NestedFolder | PackageParts | DocumentFolders | CaseCollision => Severity::Warning,
            RecordType | EmptyFile | SharedFile | FileSize | ChecksumAlgorithm | OtherSchema | VoidedWithFiles => Severity::Warning,
            CodeList | SeriesStatus | JournalOrder | OwnMetadataFlag | JournalSum => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether it is one of the tests of the national tool that can give an error.
    pub fn is_national(self) -> bool {
        self.id().starts_with("N5.")
    }
}
