//! The subject's address protection is raised while a document is on its way: it is screened anew before it is archived.

use arkivflyt_tests::{Happenings, On, Tool, files_below, sample_json, working_house};
use serde_json::json;

use crate::judged;

const BEFORE: &str = "2026-11-20T09:00:00+01:00";
const NOW: &str = "2026-11-23T09:00:00+01:00";

#[test]
fn what_was_handed_in_before_is_screened_by_what_holds_now() {
    for sample in ["plan-snapshot/full-ip.json", "plan-snapshot/nynorsk-ip.json"] {
        let house = working_house(On::Sqlite).unwrap();
        let mut plan = Happenings::of(sample, 90);
        house.hears(BEFORE, &plan.event("plan.created", BEFORE, &json!({})));
        let unit = plan.case()["unit_name"].as_str().unwrap().to_owned();
        // The plan is handed in and waits; then the protection is raised; then it is carried on.
        let document = sample_json(sample);
        house.feed(["submit", "-"], document.to_string().as_bytes()).expect(0);
        plan.case()["address_protection"] = json!("strictly_confidential");
        house.hears(NOW, &plan.event("address_protection.changed", NOW, &json!({})));
        house.run(["run-once"]).expect(0);
        let [case] = &house.case_folders()[..] else { panic!("one case folder") };
        let files = files_below(case);
        let xml: Vec<_> = files.iter().filter(|f| f.extension().is_some_and(|x| x == "xml")).collect();
        assert!(!xml.is_empty());
        for file in xml {
            assert!(!std::fs::read_to_string(file).unwrap().contains(&unit), "{}", file.display());
        }
        let pdfs: Vec<_> = files.iter().filter(|f| f.extension().is_some_and(|x| x == "pdf")).collect();
        assert_eq!(pdfs.len(), 1);
        if let Some(tool) = Tool::find("pdftotext") {
            let text = tool.pass(vec![pdfs[0].clone().into_os_string(), "-".into()]);
            assert!(!text.contains(&unit), "{text}");
        }
        judged::folders(&house);
    }
}
