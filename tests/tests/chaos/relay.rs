//! The mail relay in trouble, and workers that die while they send: each mail arrives once, or is shown as doubtful and left to a
//! person.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use arkivflyt_tests::{House, On, Postfix, Shape, letters, live_at_postfix, minutes_for_postfix, working_house};

use crate::{
    calm::{calm_down, until_ready},
    peace::{drop_papers, papers, talkative, turn},
};

/// A relay that failed is tried again after a minute, and a bit.
const NEXT_TRY: Duration = Duration::from_secs(150);
/// Whoever wants to become the one that sends tries every two seconds.
const TAKEN_OVER: Duration = Duration::from_secs(8);

/// What a relay does with a message that it has got in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Takes,
    /// Hangs up without a word, once.
    Drops,
    /// Says nothing for as long as this is its manner.
    Holds,
}

struct Desk {
    manner: Manner,
    /// Message ids, in the order they came.
    got: Vec<String>,
}

/// A relay of our own on loopback.
#[derive(Clone)]
struct Relay {
    port: u16,
    desk: Arc<Mutex<Desk>>,
}

impl Relay {
    fn open(manner: Manner) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Self { port: door.local_addr().unwrap().port(), desk: Arc::new(Mutex::new(Desk { manner, got: Vec::new() })) };
        let inside = relay.clone();
        std::thread::spawn(move || {
            for guest in door.incoming().flatten() {
                let relay = inside.clone();
                // Who hangs up in the middle is the sender's end, not ours.
                std::thread::spawn(move || relay.talk(guest).ok());
            }
        });
        relay
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn becomes(&self, manner: Manner) {
        self.desk().manner = manner;
    }

    fn got(&self) -> Vec<String> {
        self.desk().got.clone()
    }

    fn talk(&self, guest: TcpStream) -> std::io::Result<()> {
        let mut says = guest.try_clone()?;
        let mut lines = BufReader::new(guest).lines();
        says.write_all(b"220 relay.example.test ESMTP\r\n")?;
        while let Some(line) = lines.next() {
            let word = line?.to_uppercase();
            let answer: &[u8] = match word.get(..4).unwrap_or_default() {
                "EHLO" => b"250-relay.example.test\r\n250 8BITMIME\r\n",
                "DATA" => {
                    says.write_all(b"354 go on\r\n")?;
                    let mut id = String::new();
                    loop {
                        let Some(line) = lines.next() else { return Ok(()) };
                        let line = line?;
                        if line == "." {
                            break;
                        }
                        if let Some(found) = line.strip_prefix("Message-ID: ") {
                            id = found.trim().to_owned();
                        }
                    }
                    if !self.takes(id) {
                        return Ok(());
                    }
                    b"250 2.0.0 taken\r\n"
                }
                "QUIT" => b"221 2.0.0 bye\r\n",
                _ => b"250 2.0.0 ok\r\n",
            };
            says.write_all(answer)?;
        }
        Ok(())
    }

    /// Whether the sender is told.
    fn takes(&self, id: String) -> bool {
        let mut desk = self.desk();
        desk.got.push(id);
        match desk.manner {
            Manner::Takes => true,
            Manner::Drops => {
                desk.manner = Manner::Takes;
                false
            }
            Manner::Holds => {
                while desk.manner == Manner::Holds {
                    drop(desk);
                    std::thread::sleep(Duration::from_millis(20));
                    desk = self.desk();
                }
                false
            }
        }
    }

    fn serves(&self, house: &House) {
        let transport = format!(
            "transport = {{ kind = \"smtp\", host = \"127.0.0.1\", port = {}, security = \"plaintext_loopback\", hello_name = \"avsender.fjellvik.example.org\" }}",
            self.port
        );
        fs::write(house.at("arkivflyt.toml"), format!("[mail]\n{transport}\n")).unwrap();
    }
}

/// States of all mails, in order.
fn states(house: &House) -> Vec<String> {
    let list = house.run_now(["mail", "list", "--limit", "10000", "--json"]).expect(0).json();
    let mut states: Vec<String> = list["mails"].as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect();
    states.sort();
    states
}

/// Waits until no mail waits any more.
#[track_caller]
fn until_told(house: &House) {
    house.until(NEXT_TRY, |house| {
        let states = states(house);
        let open = |s: &String| ["queued", "sending", "body_sent"].contains(&s.as_str());
        if !states.is_empty() && !states.iter().any(open) { Ok(()) } else { Err(format!("{states:?}")) }
    });
}

/// Of `mails` one is in doubt, and none came twice.
#[track_caller]
fn one_in_doubt(house: &House, relay: &Relay, mails: usize) {
    let states = states(house);
    assert_eq!(states.iter().filter(|s| *s == "doubtful").count(), 1, "{states:?}");
    assert_eq!(states.iter().filter(|s| *s == "accepted").count(), mails - 1, "{states:?}");
    let got = relay.got();
    assert_eq!(got.len(), mails, "{got:?}");
    assert_eq!(got.iter().collect::<BTreeSet<_>>().len(), mails, "one came twice: {got:?}");
    house.run_now(["verify"]).expect(0);
}

/// Two documents with two mails each, of different case folders.
fn two_with_mail() -> Vec<arkivflyt_tests::Made> {
    let mut mailed: Vec<_> = papers(40).into_iter().filter(|p| p.shape == Shape::Mailed).collect();
    mailed.dedup_by(|a, b| a.plan == b.plan);
    mailed.truncate(2);
    mailed
}

#[test]
fn a_relay_that_hangs_up_after_the_body_leaves_a_doubt_and_no_second_mail() {
    let _turn = turn();
    for on in On::BOTH {
        let Some(house) = working_house(on).map(talkative) else { continue };
        let relay = Relay::open(Manner::Drops);
        relay.serves(&house);
        let worker = house.serve();
        drop_papers(&house, &two_with_mail());
        house.until(NEXT_TRY, |house| {
            let states = states(house);
            if states.iter().any(|s| s == "doubtful") { Ok(()) } else { Err(format!("{states:?}")) }
        });
        until_told(&house);
        calm_down(&house, vec![worker], 4);
        // Neither a restart nor time makes the doubtful one go again.
        let worker = house.serve();
        until_ready(&house, &worker);
        std::thread::sleep(Duration::from_secs(4));
        house.run_now(["retry", "--failed"]).expect(0);
        std::thread::sleep(Duration::from_secs(3));
        calm_down(&house, vec![worker], 4);
        one_in_doubt(&house, &relay, 4);
    }
}

#[test]
fn a_worker_killed_between_body_and_reply_is_followed_by_another_that_sends_the_rest() {
    let _turn = turn();
    for on in On::BOTH {
        let Some(house) = working_house(on).map(talkative) else { continue };
        let relay = Relay::open(Manner::Holds);
        relay.serves(&house);
        let sender = house.worker("mail");
        until_ready(&house, &sender);
        // It is the one that sends before anyone else tries.
        std::thread::sleep(Duration::from_secs(3));
        let other = house.serve();
        until_ready(&house, &other);
        drop_papers(&house, &two_with_mail());
        house.until(NEXT_TRY, |_| if relay.got().len() == 1 { Ok(()) } else { Err("nothing was sent") });
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(relay.got().len(), 1, "one sends at a time");
        sender.kill();
        let killed = Instant::now();
        relay.becomes(Manner::Takes);
        house.until(NEXT_TRY, |_| if relay.got().len() > 1 { Ok(()) } else { Err("nobody sends") });
        eprintln!("{on:?}: the other sends {:?} after the first was killed", killed.elapsed());
        assert!(killed.elapsed() < TAKEN_OVER, "{on:?}: {:?}:\n{}", killed.elapsed(), other.log());
        until_told(&house);
        calm_down(&house, vec![other], 4);
        one_in_doubt(&house, &relay, 4);
    }
}

#[test]
fn mails_wait_for_a_relay_that_is_away_and_arrive_once() {
    let _turn = turn();
    let Some(postfix) = Postfix::prepare() else { return };
    let mut houses = Vec::new();
    let mut number = 0;
    for on in On::BOTH {
        let Some(house) = working_house(on).map(talkative) else { continue };
        live_at_postfix(&house);
        fs::write(house.at("arkivflyt.toml"), postfix.transport(postfix.port, "plaintext_loopback")).unwrap();
        let workers = vec![house.serve(), house.serve()];
        workers.iter().for_each(|worker| until_ready(&house, worker));
        for _ in 0..2 {
            number += 1;
            house.drop_in(&format!("{number}.json"), &minutes_for_postfix(number));
        }
        houses.push((house, workers));
    }
    // All is archived, and has met a relay that is not there.
    for (house, _) in &houses {
        house.until(Duration::from_secs(60), |house| {
            let seen = house.sql("select count(*) from outbox where attempts > 0");
            if seen != "0" && states(house).len() >= 2 { Ok(()) } else { Err(format!("{seen} tried of {:?}", states(house))) }
        });
    }
    std::thread::sleep(Duration::from_secs(5));
    postfix.up();
    let mut expected = 0;
    for (house, workers) in houses {
        until_told(&house);
        let states = states(&house);
        assert!(states.iter().all(|s| s == "accepted"), "{states:?}");
        expected += states.len();
        calm_down(&house, workers, 2);
    }
    let files = postfix.wait_for(expected);
    let Some(letters) = letters(&files) else { return };
    let ids: BTreeSet<&str> = letters.iter().map(|l| l.header("Message-ID")).collect();
    assert_eq!(ids.len(), expected, "no mail came twice");
    postfix.down();
}
