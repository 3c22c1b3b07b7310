//! What made-up plans say: plain and short, in bokmål and nynorsk. No diagnosis, no event that anyone could know again.

use pipeline_domain::WrittenForm;

/// One thing said in both written forms.
pub type Said = (&'static str, &'static str);

/// In this form.
pub fn say(form: WrittenForm, (nb, nn): Said) -> &'static str {
    match form {
        WrittenForm::Nb => nb,
        WrittenForm::Nn => nn,
    }
}

pub const GOALS: [Said; 12] = [
    ("Kommer tidsnok til avtaler minst fire av fem dager.", "Kjem tidsnok til avtalar minst fire av fem dagar."),
    ("Sier selv fra når en pause trengs.", "Seier sjølv frå når det trengst ein pause."),
    ("Deltar i en fast aktivitet hver uke.", "Er med på ein fast aktivitet kvar veke."),
    ("Har én voksen å gå til på hvert sted.", "Har éin vaksen å gå til på kvar stad."),
    ("Tar bussen alene til byen og hjem.", "Tek bussen åleine til byen og heim."),
    ("Leser en kort tekst og forteller hva den handler om.", "Les ein kort tekst og fortel kva han handlar om."),
    ("Lager enkel middag sammen med en annen.", "Lagar enkel middag saman med ein annan."),
    ("Bruker kalenderen på telefonen hver dag.", "Bruker kalenderen på telefonen kvar dag."),
    ("Sover til vanlig tid på hverdager.", "Søv til vanleg tid på kvardagar."),
    ("Er med i lek eller samtale i friminuttene.", "Er med i leik eller samtale i friminutta."),
    ("Øver med hjelpemiddelet uten påminning.", "Øver med hjelpemiddelet utan påminning."),
    ("Vet hvem som gjør hva i løpet av uka.", "Veit kven som gjer kva i løpet av veka."),
];

pub const MEASURES: [Said; 10] = [
    ("Fast samtale på mandag, ti minutter, med en kjent voksen.", "Fast samtale på måndag, ti minutt, med ein kjend vaksen."),
    ("Ukeplan med bilder henges opp på fredag.", "Vekeplan med bilete blir hengd opp på fredag."),
    ("Stille rom kan brukes når som helst, uten å spørre.", "Stille rom kan brukast når som helst, utan å spørje."),
    ("Følge til aktiviteten de fire første gangene.", "Følgje til aktiviteten dei fire første gongene."),
    ("Beskjeder gis én om gangen, og gjentas skriftlig.", "Beskjedar blir gjevne éin om gongen, og gjentekne skriftleg."),
    ("Øving to ganger i uka, et kvarter om gangen.", "Øving to gonger i veka, eit kvarter om gongen."),
    ("Felles beskjedbok mellom hjem og tjeneste.", "Felles meldingsbok mellom heim og teneste."),
    ("Hjelpemiddelet prøves i to uker før det vurderes.", "Hjelpemiddelet blir prøvd i to veker før det blir vurdert."),
    ("Timeplanen legges om slik at pausene blir lengre.", "Timeplanen blir lagd om slik at pausane blir lengre."),
    ("Én fast person ringer dagen før hver avtale.", "Éin fast person ringjer dagen før kvar avtale."),
];

pub const NEEDS: [Said; 6] = [
    (
        "Trenger at hverdagen henger sammen, og at de som hjelper, gir samme beskjed. Overganger tar tid, og det som er kjent, går best.",
        "Treng at kvardagen heng saman, og at dei som hjelper, gjev same beskjed. Overgangar tek tid, og det som er kjent, går best.",
    ),
    (
        "Har god støtte i familien og liker å få ting til. Blir sliten av mange avtaler på en dag.\n\nØnsker færre dører å banke på, og å vite \
         hvem som ringer.",
        "Har god støtte i familien og likar å få til ting. Blir trøytt av mange avtalar på ein dag.\n\nØnskjer færre dører å banke på, og å \
         vite kven som ringjer.",
    ),
    (
        "Er nøyaktig, har humor og husker godt det som blir fortalt. Trenger mer tid, og pauser før det blir for mye.",
        "Er nøyaktig, har humor og hugsar godt det som blir fortalt. Treng meir tid, og pausar før det blir for mykje.",
    ),
    (
        "Vil klare mest mulig selv. Det er vanskelig å komme i gang, og lettere når noen er i nærheten.",
        "Vil klare mest mogleg sjølv. Det er vanskeleg å kome i gang, og lettare når nokon er i nærleiken.",
    ),
    (
        "Liker å være ute og å bygge. Mange mennesker på én gang gjør det vanskelig å høre hva som blir sagt.",
        "Likar å vere ute og å byggje. Mange menneske på éin gong gjer det vanskeleg å høyre kva som blir sagt.",
    ),
    (
        "Har lyst til å begynne igjen etter en lang pause. Små steg og faste dager har virket før.",
        "Har lyst til å byrje att etter ein lang pause. Små steg og faste dagar har verka før.",
    ),
];

pub const EFFECTS: [Said; 6] = [
    ("Det går bedre enn i høst. Faste dager har virket.", "Det går betre enn i haust. Faste dagar har verka."),
    ("Tiltaket er prøvd i seks uker og virker når alle gjør likt.", "Tiltaket er prøvd i seks veker og verkar når alle gjer likt."),
    ("Noe framgang. Det stopper opp når noen er borte.", "Noko framgang. Det stoppar opp når nokon er borte."),
    ("Målet er nådd de fleste dager, og vi fortsetter som nå.", "Målet er nådd dei fleste dagar, og vi held fram som no."),
    ("Ikke kommet i gang ennå; utstyret kom sent.", "Ikkje kome i gang enno; utstyret kom seint."),
    ("Vi ser mer glede og færre avbrudd i løpet av dagen.", "Vi ser meir glede og færre avbrot i løpet av dagen."),
];

pub const NEXT: [Said; 4] = [
    ("Fortsetter til neste møte, og vurderes da.", "Held fram til neste møte, og blir vurdert då."),
    ("Trappes ned over fire uker.", "Blir trappa ned over fire veker."),
    ("Samme tiltak, men på færre steder.", "Same tiltak, men på færre stader."),
    ("Prøves på nytt etter ferien.", "Blir prøvd på nytt etter ferien."),
];

pub const VIEWS: [Said; 4] = [
    ("«Det er greit nå. Jeg vil fortsette.»", "«Det er greitt no. Eg vil halde fram.»"),
    ("«Jeg liker best når det er de samme som kommer.»", "«Eg likar best når det er dei same som kjem.»"),
    ("«Det var for mye i begynnelsen, men ikke nå.»", "«Det var for mykje i byrjinga, men ikkje no.»"),
    ("«Jeg vil bestemme dagen selv.»", "«Eg vil bestemme dagen sjølv.»"),
];

pub const ITEMS: [(Said, Said, Said); 6] = [
    (
        ("Siden sist", "Sidan sist"),
        (
            "Alle fortalte kort hvordan det har gått. Det meste er i gjenge.",
            "Alle fortalde kort korleis det har gått. Det meste er i gjenge.",
        ),
        ("Vi fortsetter som før.", "Vi held fram som før."),
    ),
    (
        ("Uka framover", "Veka framover"),
        ("Planen for uka ble gått gjennom, og to avtaler ble flyttet.", "Planen for veka vart gått gjennom, og to avtalar vart flytte."),
        ("Ny ukeplan henges opp på fredag.", "Ny vekeplan blir hengd opp på fredag."),
    ),
    (
        ("Hvem gjør hva", "Kven gjer kva"),
        ("Noen oppgaver var uklare. De ble fordelt på nytt.", "Nokre oppgåver var uklare. Dei vart fordelte på nytt."),
        ("Oppgavene står i planen.", "Oppgåvene står i planen."),
    ),
    (
        ("Tilpasninger", "Tilpassingar"),
        ("Det ble snakket om pauser, lyd og tid mellom avtaler.", "Det vart snakka om pausar, lyd og tid mellom avtalar."),
        ("Pausene gjøres lengre i en prøvetid.", "Pausane blir gjorde lengre i ei prøvetid."),
    ),
    (
        ("Veien videre", "Vegen vidare"),
        ("Målene ble gått gjennom ett for ett.", "Måla vart gått gjennom eitt for eitt."),
        ("To mål står som de er, ett skrives om.", "To mål står som dei er, eitt blir skrive om."),
    ),
    (
        ("Eventuelt", "Eventuelt"),
        ("Ønske om fast dag for møtene.", "Ønske om fast dag for møta."),
        ("Neste møte legges på samme ukedag.", "Neste møte blir lagt på same vekedag."),
    ),
];

pub const MESSAGES: [(Said, Said); 6] = [
    (
        ("Endret tid", "Endra tid"),
        (
            "Avtalen på torsdag flyttes en time. Gi beskjed om det ikke passer.",
            "Avtalen på torsdag blir flytta ein time. Gje beskjed om det ikkje passar.",
        ),
    ),
    (("Spørsmål", "Spørsmål"), ("Kan noen si meg hvem som følger på fredag?", "Kan nokon seie meg kven som følgjer på fredag?")),
    (("Takk", "Takk"), ("Det gikk fint i dag. Takk for hjelpen.", "Det gjekk fint i dag. Takk for hjelpa.")),
    (("Utstyr", "Utstyr"), ("Utstyret er kommet og kan hentes på kontoret.", "Utstyret er kome og kan hentast på kontoret.")),
    (("Ferie", "Ferie"), ("Jeg er borte i uke 8. Vikaren kjenner planen.", "Eg er borte i veke 8. Vikaren kjenner planen.")),
    (
        ("Til neste møte", "Til neste møte"),
        ("Kan vi sette av tid til å snakke om pausene?", "Kan vi setje av tid til å snakke om pausane?"),
    ),
];

pub const ROLES: [(Said, Said); 8] = [
    (("Kontaktlærer", "Kontaktlærar"), ("Skolen", "Skulen")),
    (("Helsesykepleier", "Helsesjukepleiar"), ("Helsestasjonen", "Helsestasjonen")),
    (("Ergoterapeut", "Ergoterapeut"), ("Rehabilitering", "Rehabilitering")),
    (("Fysioterapeut", "Fysioterapeut"), ("Rehabilitering", "Rehabilitering")),
    (("Miljøterapeut", "Miljøterapeut"), ("Dagtilbudet", "Dagtilbodet")),
    (("Støttekontakt", "Støttekontakt"), ("Fritid og deltakelse", "Fritid og deltaking")),
    (("Rådgiver", "Rådgjevar"), ("Pedagogisk-psykologisk tjeneste", "Pedagogisk-psykologisk teneste")),
    (("Saksbehandler", "Saksbehandlar"), ("Tjenestekontoret", "Tenestekontoret")),
];

pub const SUBJECTS: [Said; 4] = [("Norsk", "Norsk"), ("Matematikk", "Matematikk"), ("Engelsk", "Engelsk"), ("Naturfag", "Naturfag")];

pub const FILES: [Said; 5] = [
    ("Ukeplan", "Vekeplan"),
    ("Oversikt over avtaler", "Oversikt over avtalar"),
    ("Notat fra utprøving", "Notat frå utprøving"),
    ("Timeliste", "Timeliste"),
    ("Brev til foresatte", "Brev til føresette"),
];
