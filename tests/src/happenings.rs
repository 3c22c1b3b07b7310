//! Events of the source system, made up around the case of a sample.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{Daemon, House, Letter, decoded, files_below, found_in, good_samples, letters, needles, personal_values, samples_folder};

const LONG: Duration = Duration::from_secs(120);

/// One plan as the source system tells of it.
#[derive(Clone, Debug)]
pub struct Happenings {
    case: Value,
    standing: Value,
    system: Value,
    form: Value,
    made: u32,
    name: u32,
}

impl Happenings {
    /// About the plan of a sample (`consent-record/full.json`). `name` keeps the ids of different tellers apart.
    pub fn of(sample: &str, name: u32) -> Self {
        let sample: Value = sample_json(sample);
        let (form, case) = (&sample["written_form"], &sample["case"]);
        let lead = json!({ "email": "rask.myrull@example.com", "written_form": form, "person": person(1) });
        Self {
            case: case.clone(),
            standing: json!({ "lead": person(1), "unit": person(901), "lead_contact": lead }),
            system: sample["source"]["system"].clone(),
            form: form.clone(),
            made: 0,
            name,
        }
    }

    /// The plan's case, to be changed.
    pub fn case(&mut self) -> &mut Value {
        &mut self.case
    }

    /// Who runs the plan, to be changed.
    pub fn standing(&mut self) -> &mut Value {
        &mut self.standing
    }

    /// One event, with what goes with it.
    pub fn event(&mut self, name: &str, at: &str, with: &Value) -> Value {
        self.made += 1;
        let mut content = json!({ "event": name, "standing": self.standing });
        for (key, value) in with.as_object().into_iter().flatten() {
            content[key] = value.clone();
        }
        json!({
            "schema": "arkivflyt/event/1",
            "id": format!("00000000-0000-5000-8000-{:06x}{:06x}", self.name, self.made),
            "occurred_at": at,
            "source": { "system": self.system, "record": format!("event-{}-{}", self.name, self.made), "event": name },
            "case": self.case,
            "written_form": self.form,
            "synthetic": true,
            "content": content,
        })
    }
}

/// A pseudonym, the same for the same number.
pub fn person(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012x}")
}

/// A sample as JSON.
pub fn sample_json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(samples_folder().join(name)).expect("a sample")).expect("samples are JSON")
}

impl House {
    /// Hands something in at this time, and lets it be seen to the end.
    #[track_caller]
    pub fn hears(&self, clock: &str, what: &Value) {
        let mut command = self.command(["submit", "-", "--wait", "--json", "--clock", clock]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("the program starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), what.to_string().as_bytes()).expect("it reads");
        let out = child.wait_with_output().expect("the program ends");
        let said = String::from_utf8_lossy(&out.stdout);
        assert!(out.status.success(), "{said}\n{}", String::from_utf8_lossy(&out.stderr));
    }

    /// Makes the job of a schedule at this time, and lets a daemon do it and all that comes of it.
    #[track_caller]
    pub fn does(&self, schedule: &str, clock: &str) {
        let made = self.command(["schedule", "run-now", schedule, "--clock", clock]).output().expect("the program starts");
        assert!(made.status.success(), "{schedule}: {}", String::from_utf8_lossy(&made.stderr));
        let daemon = Daemon::start(self.command(["serve", "--clock", clock]), self);
        // What is put off by a clock that stands still is put off for ever: whoever looks for late mail once more comes back then.
        self.until_without(LONG, &["ready", "waiting", "running"]);
        assert!(daemon.stop(LONG).success());
        let jobs = self.run_now(["jobs", "list", "--kind", schedule, "--json"]).expect(0).json();
        let jobs = jobs["jobs"].as_array().expect("a list");
        assert!(jobs.iter().all(|job| job["state"] == "done"), "{jobs:#?}");
    }

    /// Every mail that left or waits: kind, recipient (`guardian:0`), state.
    #[track_caller]
    pub fn told(&self, kind: &str) -> Vec<(String, String)> {
        let list = self.run_now(["mail", "list", "--json"]).expect(0).json();
        let of_kind = list["mails"].as_array().expect("a list").iter().filter(|m| m["kind"] == kind);
        let mut told: Vec<_> = of_kind.map(|m| (who(&m["recipient"]), m["state"].as_str().expect("a state").to_owned())).collect();
        told.sort();
        told
    }

    /// Who is told on paper.
    #[track_caller]
    pub fn on_paper(&self) -> Vec<String> {
        let list = self.run_now(["mail", "list", "--json"]).expect(0).json();
        list["on_paper"].as_array().expect("a list").iter().map(|p| who(&p["recipient"])).collect()
    }

    /// Mails as their receivers see them, oldest file name first; none without Python. None of them says anything about anybody.
    #[track_caller]
    pub fn neutral_letters(&self) -> Vec<Letter> {
        let letters = letters(&files_below(&self.at("mail"))).unwrap_or_default();
        let mut values = personal_values(&good_samples());
        // Ordinary words that are a whole field somewhere, and name nobody.
        values.retain(|text, _| !["samtykke", "hver uke", "evalueringar", "evalueringer"].contains(&text.to_lowercase().as_str()));
        let needles = needles(&values);
        for letter in &letters {
            let text = decoded(letter);
            assert_eq!(letter.defects, Vec::<String>::new(), "{text}");
            let found = found_in(&text, &needles);
            assert!(found.is_empty(), "{found:?} in\n{text}");
            for word in PLAN_WORDS {
                assert!(!text.to_lowercase().contains(word), "«{word}» in\n{text}");
            }
        }
        letters
    }
}

/// What a plan is called, in both written forms. (`samspill` alone is also the name of a system that one logs in to.)
const PLAN_WORDS: [&str; 6] = ["individuell", "enkelt samsp", "stafett", "opplæring", "iop", "hovedperson"];

fn who(recipient: &Value) -> String {
    let who = recipient["who"].as_str().expect("a class");
    recipient["index"].as_u64().map_or_else(|| who.to_owned(), |n| format!("{who}:{n}"))
}
