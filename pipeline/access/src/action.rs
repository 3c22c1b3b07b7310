//! What is asked for.

use pipeline_domain::codes;

codes! {
    /// What an actor wants to do: the letters of the table in DOMAIN § 4 spelt out, and the work around documents that
    /// SECURITY § 2 names beside it.
    Action {
        ReadPlan "read_plan":
            "lese planen" | "lese planen" | "read the plan";
        WritePlan "write_plan":
            "endre planen" | "endre planen" | "change the plan";
        ReadMinutes "read_minutes":
            "lese referater og vedlegg" | "lese referat og vedlegg" | "read minutes and attachments";
        WriteMinutes "write_minutes":
            "skrive referater og legge til vedlegg" | "skrive referat og leggje til vedlegg" | "write minutes and add attachments";
        ReadContact "read_contact":
            "se kontaktopplysninger om andre deltakere"
            | "sjå kontaktopplysningar om andre deltakarar"
            | "see other participants' contact data";
        ReadConsent "read_consent":
            "se samtykket" | "sjå samtykket" | "see the consent";
        WriteConsent "write_consent":
            "skrive samtykket" | "skrive samtykket" | "write the consent";
        RequestConsent "request_consent":
            "sende samtykket til godkjenning" | "sende samtykket til godkjenning" | "send the consent for approval";
        ApproveConsent "approve_consent":
            "godkjenne samtykket" | "godkjenne samtykket" | "approve the consent";
        WithdrawConsent "withdraw_consent":
            "trekke samtykket tilbake" | "trekkje samtykket tilbake" | "withdraw the consent";
        Print "print":
            "skrive ut" | "skrive ut" | "print";
        Export "export":
            "hente ut alt samlet" | "hente ut alt samla" | "export";
        OrderArchiving "order_archiving":
            "be om arkivering" | "be om arkivering" | "order archiving";
        ReadPackages "read_packages":
            "se arkivpakker, kvitteringer og rapporter"
            | "sjå arkivpakkar, kvitteringar og rapportar"
            | "see archive packages, receipts and reports";
        WritePackages "write_packages":
            "skrive arkivpakker" | "skrive arkivpakkar" | "write archive packages";
        AskToClose "ask_to_close":
            "be om at planen avsluttes" | "be om at planen blir avslutta" | "ask to close the plan";
        CreatePlan "create_plan":
            "opprette plan" | "opprette plan" | "create a plan";
        TransferPlan "transfer_plan":
            "overføre planansvaret" | "overføre planansvaret" | "transfer the plan";
        PassivisePlan "passivise_plan":
            "avslutte planen" | "avslutte planen" | "close the plan";
        ReopenPlan "reopen_plan":
            "gjenåpne planen" | "opne planen att" | "reopen the plan";
        SeeStatus "see_status":
            "se status uten navn og innhold" | "sjå status utan namn og innhald" | "see status without names or content";
        ManageMail "manage_mail":
            "stoppe varsler eller sende dem på nytt" | "stoppe varsel eller sende dei på nytt" | "stop notices or send them again";
        RetryFailed "retry_failed":
            "prøve feilet arbeid på nytt" | "prøve feila arbeid på nytt" | "retry failed work";
        ReadAccessLog "read_access_log":
            "se hvem som har sett planen" | "sjå kven som har sett planen" | "see who has looked at the plan";
        ManageAccess "manage_access":
            "styre brukere og tilganger" | "styre brukarar og tilgangar" | "manage users and access";
        ChangeSetup "change_setup":
            "endre oppsettet" | "endre oppsettet" | "change the setup";
    }
}

codes! {
    /// Column of the table in DOMAIN § 4; the last one is SECURITY § 2.
    Column {
        PlanContent "plan_content":
            "Planen" | "Planen" | "Plan content";
        Minutes "minutes":
            "Referater og vedlegg" | "Referat og vedlegg" | "Minutes and attachments";
        Contact "contact":
            "Andres kontaktopplysninger" | "Kontaktopplysningar om andre" | "Other participants' contact data";
        Consent "consent":
            "Samtykke" | "Samtykke" | "Consent";
        Printing "printing":
            "Utskrift" | "Utskrift" | "Print";
        Packages "packages":
            "Arkivpakker" | "Arkivpakkar" | "Archive packages";
        Lifecycle "lifecycle":
            "Start og slutt" | "Start og slutt" | "Start or close";
        Operations "operations":
            "Drift og innsyn" | "Drift og innsyn" | "Operations and insight";
    }
}
