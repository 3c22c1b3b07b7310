//! Row 13: goals and measures are a tree with states and history; what is no tree is refused, and the paper of a plan tells what changed
//! since the one that was archived before it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use arkivflyt_tests::{House, Pdf, Tool, essence, samples_folder};
use serde_json::{Value, json};

use crate::judged;

/// A plan, what it was in September, and what its new paper says about the difference.
struct Told {
    sample: &'static str,
    heading: &'static str,
    since: &'static str,
    words: [&'static str; 7],
    unchanged: &'static str,
}

const NB: Told = Told {
    sample: "plan-snapshot/full-ip.json",
    heading: "Endret siden sist arkivert",
    since: "Sammenlignet med øyeblikksbildet fra 1. september 2026 kl. 10.00, versjon 1",
    words: [
        "Endret Delmål 1.1 Blid får med seg beskjeder og gjennomgang i alle fag uten å måtte spørre læringspartneren. fra Ikke startet til Delvis nådd",
        "Endret Mål 2 Blid skal ha minst én fast aktivitet på fritiden sammen med jevnaldrende, og glede seg til den. ny ordlyd",
        "Nytt Mål 3",
        "Fjernet Mål Et mål som ikke er med lenger.",
        "Endret Tiltak Mikrofon til alle som snakker i klassen frist",
        "Nytt Utfordringer",
        "Endret Deltakere og bidrag: 2 nye",
    ],
    unchanged: "Ingenting er endret.",
};

const NN: Told = Told {
    sample: "plan-snapshot/nynorsk-ip.json",
    heading: "Endra sidan sist arkivert",
    since: "Samanlikna med augneblinksbiletet frå 1. september 2026 kl. 10.00, versjon 1",
    words: [
        "Endra Delmål 1.1 Timeplanen har ikkje meir enn eitt etasjebyte om dagen. frå Ikkje starta til Nådd",
        "Endra Mål 2 Djerv skal halde på styrken i armar og bein. ny ordlyd",
        "Nytt Mål 3",
        "Fjerna Mål Et mål som ikke er med lenger.",
        "Endra Tiltak Timeplan med faste rom i første etasje frist",
        "Nytt Utfordringar",
        "Endra Deltakarar og bidrag: 2 nye",
    ],
    unchanged: "Ingenting er endra.",
};

fn sample(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).unwrap()).unwrap()
}

/// The same plan on another day, in another shape.
fn before(sample: &Value) -> Value {
    let mut plan = taken(sample, "11111111-1111-4111-8111-111111111111", "2026-09-01T10:00:00+02:00", 1);
    let content = &mut plan["content"];
    content["goals"][0]["sub_goals"][0]["status"] = json!("not_started");
    content["goals"][1]["main_goal"] = json!("Det samme målet med andre ord.");
    let gone = json!({ "id": "m99", "main_goal": "Et mål som ikke er med lenger.", "status": "in_progress" });
    let goals = content["goals"].as_array_mut().unwrap();
    goals.remove(2);
    goals.push(gone);
    content["measures"][0]["due"] = json!("2026-12-01");
    let named = content["goals"].to_string();
    for list in ["measures", "evaluations"] {
        for item in content[list].as_array_mut().into_iter().flatten() {
            let there = item["goal"].as_str().is_some_and(|goal| named.contains(&format!("\"{goal}\"")));
            if !there {
                item.as_object_mut().unwrap().remove("goal");
            }
        }
    }
    content.as_object_mut().unwrap().remove("challenges");
    let people = content["participants"].as_array_mut().unwrap();
    people.truncate(people.len() - 2);
    plan
}

/// The plan as another document, taken at another instant.
fn taken(plan: &Value, id: &str, at: &str, version: u32) -> Value {
    let mut plan = plan.clone();
    plan["id"] = json!(id);
    plan["occurred_at"] = json!(at);
    plan["content"]["snapshot_at"] = json!(at);
    plan["content"]["produced_at"] = json!(at);
    plan["content"]["version"] = json!(version);
    plan
}

fn submit(house: &House, document: &Value) {
    house.feed(["submit", "-", "--wait", "--json"], document.to_string().as_bytes()).expect(0);
}

/// The PDFs of the only case folder, by number.
fn papers(house: &House) -> Vec<PathBuf> {
    let [case] = &house.case_folders()[..] else { panic!("one case folder") };
    let folder = house.ask(0, ["case", "list"])["folders"][0]["case_folder"].as_str().unwrap().to_owned();
    let shown = house.ask(0, ["case", "show", folder.as_str()]);
    shown["documents"].as_array().unwrap().iter().map(|d| case.join(d["pdf"].as_str().unwrap())).collect()
}

/// Whether the words stand one after the other, cell by cell as the page is read aloud, wherever lines break.
#[track_caller]
fn says(paper: &Path, words: &str) {
    let Some(pdftotext) = Tool::find("pdftotext") else { return };
    let text = pdftotext.pass(["-raw".as_ref(), paper.as_os_str(), "-".as_ref()]);
    assert!(essence(&text).contains(&essence(words)), "no «{words}» in\n{text}");
}

#[test]
fn row_13_goals_and_measures_the_paper_tells_what_changed() {
    for told in [NB, NN] {
        let house = House::new();
        let now = sample(told.sample);
        submit(&house, &before(&now));
        let preview = house.feed(["case", "preview", "-", "--json"], now.to_string().as_bytes()).expect(0).json();
        let counts = |list: &str| preview["changes"][list].clone();
        assert_eq!((&counts("goals")["removed"], &counts("parts")["added"]), (&json!(1), &json!(1)), "{preview}");
        assert!(counts("measures")["changed"].as_u64() >= Some(1), "{preview}");
        assert!(!preview.to_string().contains("Et mål som ikke er med"), "what is archived is not told to whoever has a file: {preview}");
        assert_eq!(preview["changes"]["since_version"], 1, "{preview}");
        submit(&house, &now);
        // Taken at another instant and nothing else: the paper says that nothing changed.
        submit(&house, &taken(&now, "22222222-2222-4222-8222-222222222222", "2026-11-20T10:00:00+01:00", 9));
        let papers = papers(&house);
        let [first, second, third] = &papers[..] else { panic!("three plans: {papers:?}") };
        for paper in [second, third] {
            judged::paper(paper);
        }
        let Some(pdf) = judged::paper(first) else { return };
        assert!(!pdf.text.contains(told.heading), "the first plan follows none:\n{}", pdf.text);
        for words in told.words.iter().chain([&told.heading, &told.since]) {
            says(second, words);
        }
        says(third, told.unchanged);
        judged::folders(&house);
    }
}

#[test]
fn row_13_goals_and_measures_the_same_paper_however_it_came_there() {
    let now = sample(NB.sample);
    let documents = [before(&now), now.clone(), taken(&now, "22222222-2222-4222-8222-222222222222", "2026-11-20T10:00:00+01:00", 9)];
    // One by one.
    let one_by_one = House::new();
    documents.iter().for_each(|d| submit(&one_by_one, d));
    // All at once from the drop folder: a plan is set only when the one before it is in its place.
    let at_once = House::new();
    for (n, document) in documents.iter().enumerate() {
        fs::write(at_once.at(&format!("inbox/{n}.json")), document.to_string()).unwrap();
    }
    at_once.run(["run-once"]).expect(0);
    // Once more, with a document of another kind between them, and the newest plan sent twice.
    let with_others = House::new();
    submit(&with_others, &documents[0]);
    submit(&with_others, &sample("meeting-minutes/full.json"));
    submit(&with_others, &documents[1]);
    submit(&with_others, &documents[1]);
    let bytes = |house: &House| papers(house).iter().map(|p| fs::read(p).unwrap()).collect::<Vec<_>>();
    assert_eq!(bytes(&one_by_one).len(), 3);
    assert!(bytes(&one_by_one) == bytes(&at_once), "the same papers, one by one and all at once");
    assert!(bytes(&with_others)[2] == bytes(&one_by_one)[1], "minutes in between change nothing");
    assert_eq!(bytes(&with_others).len(), 3, "nothing is archived twice");
}

#[test]
fn row_13_goals_and_measures_an_older_plan_that_comes_late_is_compared_with_its_own_past() {
    let house = House::new();
    let now = sample(NB.sample);
    submit(&house, &now);
    submit(&house, &before(&now));
    let papers = papers(&house);
    let Some(late) = Pdf::read(&papers[1]) else { return };
    assert!(!late.text.contains(NB.heading), "nothing was archived that is older:\n{}", late.text);
}

#[test]
fn row_13_goals_and_measures_what_is_no_tree_is_refused() {
    let house = House::new();
    for (sample_name, written) in [("plan-snapshot/full-ip.json", "nb"), ("plan-snapshot/nynorsk-ip.json", "nn")] {
        let good = sample(sample_name);
        assert_eq!(good["written_form"], written);
        let refused = |change: &dyn Fn(&mut Value), code: &str| {
            let mut plan = good.clone();
            change(&mut plan["content"]);
            let answer = house.feed(["submit", "-", "--wait", "--json"], plan.to_string().as_bytes()).expect(5).json();
            let problems = answer["documents"][0]["problems"].to_string();
            assert!(problems.contains(&format!("\"{code}\"")), "{code} expected: {problems}");
            assert!(!problems.contains("sitt eige barn") && !problems.contains("m77"), "the value is not told: {problems}");
        };
        // Orphans: what points to a goal that is not there.
        refused(&|c| c["measures"][0]["goal"] = json!("m77"), "goal_ref_unknown");
        refused(&|c| c["evaluations"][0]["goal"] = json!("m77.1"), "goal_ref_unknown");
        // Cycles: a goal under itself, or under one of its own sub-goals.
        refused(&|c| c["goals"][0]["sub_goals"][0]["id"] = c["goals"][0]["id"].clone(), "goal_ref_repeated");
        refused(&|c| c["goals"][1]["id"] = c["goals"][0]["sub_goals"][0]["id"].clone(), "goal_ref_repeated");
        // No other way to say who is whose parent, and so none to make a ring of.
        refused(&|c| c["goals"][0]["parent"] = json!("m2"), "field_unknown");
        refused(&|c| c["goals"][0]["sub_goals"][0]["sub_goals"] = json!([]), "field_unknown");
    }
    assert!(house.case_folders().is_empty(), "nothing of it was archived");
}
