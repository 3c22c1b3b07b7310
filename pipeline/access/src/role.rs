//! Who asks, and how they stand to the plan.

use pipeline_domain::codes;

codes! {
    /// System role (systemrolle). DOMAIN § 4.
    Role {
        Subject "subject":
            "hovedperson" | "hovudperson" | "subject";
        PlanOwner "plan_owner":
            "planeier" | "planeigar" | "plan owner";
        Guardian "guardian":
            "foresatt" | "føresett" | "guardian";
        LegalGuardian "legal_guardian":
            "verge" | "verje" | "legal guardian";
        Participant "participant":
            "deltaker" | "deltakar" | "participant";
        PlanLead "plan_lead":
            "planansvarlig" | "planansvarleg" | "plan lead";
        IopLead "iop_lead":
            "IOP-ansvarlig" | "IOP-ansvarleg" | "IOP lead";
        ProfessionalLead "professional_lead":
            "faglig ansvarlig" | "fagleg ansvarleg" | "professional lead";
        LocalAdmin "local_admin":
            "lokal administrator" | "lokal administrator" | "local administrator";
        Admin "admin":
            "administrator" | "administrator" | "administrator";
        Archivist "archivist":
            "arkivar" | "arkivar" | "archivist";
        Pipeline "pipeline":
            "systemet selv" | "systemet sjølv" | "the system itself";
    }
}

codes! {
    /// How the actor, in the role it acts in, stands to the plan. The caller works it out; a person with two hats asks twice.
    Relation {
        OwnPlan "own_plan":
            "planen gjelder vedkommende selv" | "planen gjeld vedkomande sjølv" | "the plan is about the actor";
        OwnChild "own_child":
            "planen gjelder eget barn eller den man er verge for"
            | "planen gjeld eige barn eller den ein er verje for"
            | "the plan is about the actor's child or ward";
        TakesPart "takes_part":
            "deltar i planen" | "deltek i planen" | "takes part in the plan";
        Leads "leads":
            "leder planen" | "leier planen" | "leads the plan";
        OwnUnit "own_unit":
            "planen hører til egen enhet" | "planen høyrer til eiga eining" | "the plan belongs to the actor's unit";
        OwnArea "own_area":
            "planen hører til eget område" | "planen høyrer til eige område" | "the plan belongs to the actor's area";
        OwnMunicipality "own_municipality":
            "planen hører til egen kommune" | "planen høyrer til eigen kommune" | "the plan belongs to the actor's municipality";
        JobInHand "job_in_hand":
            "jobben som er i arbeid, gjelder planen" | "jobben som er i arbeid, gjeld planen" | "the job in hand is about the plan";
        Unrelated "unrelated":
            "ingen tilknytning" | "inga tilknyting" | "none";
    }
}
