//! Row 16: from 1 May those who lead an IOP are reminded of its annual report every week, until it is finalised.

use arkivflyt_tests::{Happenings, On, person, sample_json, working_house};
use serde_json::json;

#[test]
fn an_annual_report_is_asked_for_every_week_until_it_comes() {
    for (plan, report, words) in [
        ("plan-snapshot/full-iop.json", "iop-annual-report/full.json", "En oppgave venter på deg"),
        ("plan-snapshot/nynorsk-iop.json", "iop-annual-report/nynorsk.json", "Ei oppgåve ventar på deg"),
    ] {
        let house = working_house(On::Sqlite).unwrap();
        let now = "2026-03-02T09:00:00+01:00";
        let mut iop = Happenings::of(plan, 16);
        let form = sample_json(plan)["written_form"].clone();
        let professional = json!({ "email": "varm.skogsti@example.com", "written_form": form, "person": person(5) });
        iop.standing()["professional_lead_contact"] = professional;
        house.hears(now, &iop.event("plan.created", now, &json!({})));
        house.hears(now, &sample_json(plan));
        let whom = || house.told("annual_report_due").into_iter().map(|(who, _)| who).collect::<Vec<_>>();
        // 1 May 2026 is a Friday.
        house.does("annual_report.remind", "2026-04-27T07:00:00+02:00");
        assert_eq!(whom(), Vec::<String>::new());
        for (at, weeks) in [
            ("2026-05-04T07:00:00+02:00", 1),
            ("2026-05-04T09:00:00+02:00", 1),
            ("2026-05-11T07:00:00+02:00", 2),
            ("2026-06-08T07:00:00+02:00", 3),
        ] {
            house.does("annual_report.remind", at);
            let mut expected = [vec!["lead"; weeks], vec!["professional_lead"; weeks]].concat();
            expected.sort_unstable();
            assert_eq!(whom(), expected, "{at}");
        }
        // Finalised on 12 June.
        house.hears("2026-06-12T14:00:00+02:00", &sample_json(report));
        house.does("annual_report.remind", "2026-06-15T07:00:00+02:00");
        assert_eq!(whom().len(), 6);
        let letters = house.neutral_letters();
        assert!(letters.is_empty() || letters.iter().filter(|l| l.header("subject").contains(words)).count() == 6, "{letters:#?}");
    }
}
