//! Mail through a real Postfix on loopback: each arrives once, and none is lost while the relay is away.

use std::{collections::BTreeSet, fs};

use arkivflyt_tests::{House, Letter, Postfix, letters, live_at_postfix, minutes_for_postfix};

fn house() -> House {
    let house = House::new();
    live_at_postfix(&house);
    house
}

fn states(house: &House) -> Vec<String> {
    let list = house.run_now(["mail", "list", "--json"]).expect(0).json();
    list["mails"].as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect()
}

fn hand_in(house: &House, number: u8) -> arkivflyt_tests::Run {
    fs::write(house.at("inbox/minutes.json"), minutes_for_postfix(number)).unwrap();
    house.run_now(["run-once", "--json"])
}

#[test]
fn each_mail_arrives_once_and_none_is_lost_while_the_relay_is_away() {
    let Some(postfix) = Postfix::prepare() else { return };
    let house = house();
    let settings = |text: String| fs::write(house.at("arkivflyt.toml"), text).unwrap();

    // The relay is down: the document is archived all the same, and its mails wait.
    settings(postfix.transport(postfix.port, "plaintext_loopback"));
    let run = hand_in(&house, 1);
    let json = run.json();
    assert_eq!((json["archived"].as_u64(), json["mails"]["sent"].as_u64()), (Some(1), Some(0)), "{run}");
    let waiting = states(&house);
    assert!(waiting.len() >= 2 && waiting.iter().all(|s| s == "queued"), "{waiting:?}");
    assert!(json["mails"]["later"].as_u64() >= Some(1), "{run}");

    // It comes back: they are due after a minute, and arrive once.
    postfix.up();
    let later = ["run-once", "--json", "--clock", "2099-01-01T00:00:00Z"];
    let run = house.run_now(later).expect(0);
    assert_eq!(run.json()["mails"]["sent"].as_u64(), Some(waiting.len() as u64), "{run}");
    assert!(states(&house).iter().all(|s| s == "accepted"), "{:?}", states(&house));
    postfix.wait_for(waiting.len());
    assert_eq!(house.run_now(later).expect(0).json()["mails"]["sent"], 0);
    let mut expected = waiting.len();

    // The other two ways in, each with our own authority.
    for (number, port, security) in
        [(2, postfix.port, "starttls"), (3, postfix.port + 1, "implicit_tls"), (4, postfix.port + 2, "starttls")]
    {
        settings(postfix.transport(port, security));
        let run = hand_in(&house, number).expect(0);
        let sent = run.json()["mails"]["sent"].as_u64().unwrap() as usize;
        assert!(sent >= 2, "{security}: {run}");
        expected += sent;
        postfix.wait_for(expected);
    }

    // A port that wants TLS turns plain text away: nothing is sent, nothing is lost.
    settings(postfix.transport(postfix.port + 2, "plaintext_loopback"));
    let run = hand_in(&house, 5);
    assert_eq!((run.json()["archived"].as_u64(), run.json()["mails"]["sent"].as_u64()), (Some(1), Some(0)), "{run}");
    let files = postfix.wait_for(expected);

    let Some(letters) = letters(&files) else { return };
    let ids: BTreeSet<&str> = letters.iter().map(|l| l.header("Message-ID")).collect();
    assert_eq!(ids.len(), expected, "no mail came twice");
    letters.iter().for_each(sound);
    postfix.down();
}

fn sound(letter: &Letter) {
    assert!(letter.defects.is_empty(), "{letter:?}");
    assert_eq!(letter.to, ["ok@example.test"], "one receiver, and no other is told: {letter:?}");
    assert!(letter.header("Cc").is_empty() && letter.header("Bcc").is_empty());
    assert!(letter.header("Subject").len() > 5 && letter.body.len() > 50, "{letter:?}");
}
