//! A document without end ends as a coded failure, and the next one is set at once.

use std::{fs, time::Instant};

use arkivflyt_tests::{House, good_samples, samples_folder};
use serde_json::{Value, json};

/// A document that intake must take, and that nobody can set in a second: the largest sample, many times over.
fn monster(goals: usize) -> Vec<u8> {
    let many = good_samples().into_iter().find(|s| s.name == "plan-snapshot/many-goals.json").unwrap();
    let mut document = many.json();
    document["id"] = "00000000-0000-4000-8000-00000000dead".into();
    document["case"]["plan_id"] = "00000000-0000-4000-9000-00000000dead".into();
    let list = |v: &Value| v.as_array().unwrap().clone();
    let (one_goal, one_measure) = (list(&document["content"]["goals"])[0].clone(), list(&document["content"]["measures"])[0].clone());
    let text = one_goal["main_goal"].as_str().unwrap().to_owned();
    let long = std::iter::repeat_n(text.as_str(), 150).collect::<Vec<_>>().join(" ");
    let goals: Vec<Value> = (0..goals).map(|i| json!({ "id": format!("m{i}"), "main_goal": format!("{i} {long}") })).collect();
    let mut measure = one_measure;
    measure["goal"] = "m0".into();
    document["content"]["goals"] = goals.into();
    document["content"]["measures"] = vec![measure].into();
    document["content"]["evaluations"] = json!([]);
    document.to_string().into_bytes()
}

fn ends_as(house: &House, document: &[u8], code: &str) {
    fs::write(house.at("inbox/a-monster.json"), document).unwrap();
    let small = samples_folder().join("meeting-minutes/minimal.json");
    fs::copy(small, house.at("inbox/b-small.json")).unwrap();
    let start = Instant::now();
    let run = house.run(["run-once", "--json"]).expect(3);
    let report = run.json();
    assert_eq!((report["accepted"].as_u64(), report["archived"].as_u64()), (Some(2), Some(1)), "{run}");
    let stopped: Vec<&Value> = report["failed"].as_array().unwrap().iter().chain(report["retried"].as_array().unwrap()).collect();
    assert_eq!(stopped.len(), 1, "{run}");
    assert_eq!((stopped[0]["code"].as_str(), stopped[0]["stage"].as_str()), (Some(code), Some("render")), "{run}");
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    let next = samples_folder().join("plan-snapshot/minimal-ip.json");
    let start = Instant::now();
    house.ask(0, ["submit".as_ref(), next.as_os_str(), "--wait".as_ref()]);
    assert!(start.elapsed().as_secs() < 20, "the next one was not set at once: {:?}", start.elapsed());
    assert_eq!(house.ask(0, ["verify"])["valid"], true);
}

#[test]
fn too_long_on_the_clock() {
    let house = House::new().with("RENDER__WALL_LIMIT_S", "1").with("RENDER__CHILDREN", "2");
    ends_as(&house, &monster(400), "render_limit_time");
}

#[test]
fn too_long_on_the_processor() {
    let house = House::new().with("RENDER__CPU_LIMIT_S", "1").with("RENDER__CHILDREN", "1");
    ends_as(&house, &monster(400), "render_limit_time");
}

#[test]
fn too_much_memory() {
    let house = House::new().with("RENDER__MEMORY_LIMIT_MIB", "512").with("RENDER__CHILDREN", "1");
    ends_as(&house, &monster(500), "render_limit_memory");
}
