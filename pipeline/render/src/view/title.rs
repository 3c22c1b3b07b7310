//! Title of a document: its type, and its school year when it has one. Never a name: the title is metadata of the file, and
//! type and name together reveal that the person is a client (DOMAIN § 7).

use pipeline_domain::{Content, PlanSnapshot, Snapshot, WrittenForm};

pub(super) fn title(snapshot: &Snapshot) -> String {
    let nn = snapshot.written_form == WrittenForm::Nn;
    match &snapshot.content {
        Content::PlanSnapshot(PlanSnapshot::Ip(_)) => "Individuell plan".into(),
        Content::PlanSnapshot(PlanSnapshot::Es(_)) => if nn { "Enkelt samspel" } else { "Enkelt samspill" }.into(),
        Content::PlanSnapshot(PlanSnapshot::Sl(_)) => "Stafettlogg".into(),
        Content::PlanSnapshot(PlanSnapshot::Iop(plan)) => format!("Individuell opplæringsplan {}", plan.school_year.as_str()),
        Content::MeetingMinutes(_) => "Møtereferat".into(),
        Content::AnnualReport(report) => format!("Årsrapport {}", report.school_year.as_str()),
    }
}
