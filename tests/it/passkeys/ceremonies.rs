//! Ceremonies: every pair of the table in `domain/passkey.rs`, and every answer that comes from elsewhere.

use std::time::Duration;

use serde_json::Value;

use super::authenticator::{Authenticator, Moment, PRESENT};
use super::{Ceremony, FIVE_MINUTES, MINE, SIGN_IN, STEP_UP, Stage};
use crate::forge;
use crate::world::{Answer, Person};

const KINDS: [&str; 3] = [MINE, SIGN_IN, STEP_UP];

impl Stage {
    /// A good answer, or one of somebody whom the authenticator did not verify.
    fn answer_to(&mut self, path: &str, ceremony: &Ceremony, good: bool) -> Value {
        let moment = if good { Moment::TRUE } else { Moment { flags: PRESENT, ..Moment::TRUE } };
        if path == MINE {
            Authenticator::new(b"another").create(&ceremony.options, moment)
        } else {
            self.phone.get(&ceremony.options, moment)
        }
    }

    fn state(&self, ceremony: &Ceremony) -> &'static str {
        let id = ceremony.id.as_str().unwrap();
        let is = |condition: &str| {
            let query = format!("SELECT count(*) FROM passkey_ceremonies WHERE id = '{id}' AND {condition}");
            forge::number(&self.world, &query) == 1
        };
        let now = milton::base::clock::Clock::now(&*self.world.clock).micros();
        if is("consumed_at IS NOT NULL") {
            "used"
        } else if is(&format!("expires_at <= {now}")) {
            "expired"
        } else {
            "begun"
        }
    }

    /// Brings a new ceremony into a state.
    async fn ceremony_that_is(&mut self, state: &str, path: &str) -> Ceremony {
        let caller = self.caller(path);
        let ceremony = Ceremony::begin(&caller, path).await;
        match state {
            "used" => {
                let wrong = self.answer_to(path, &ceremony, false);
                send(&caller, path, &ceremony, &wrong).await.expect(403);
            }
            "expired" => self.world.pass(FIVE_MINUTES),
            _ => {}
        }
        ceremony
    }
}

async fn send(person: &Person, path: &str, ceremony: &Ceremony, credential: &Value) -> Answer {
    if path == MINE { ceremony.keep(person, credential).await } else { ceremony.answer(person, path, credential).await }
}

#[tokio::test]
async fn every_state_and_everything_that_can_happen_in_it() {
    for path in KINDS {
        for (state, after_right, after_wrong, after_time) in [
            ("begun", "used", "used", "expired"),
            ("used", "used", "used", "used"),
            ("expired", "expired", "expired", "expired"),
        ] {
            let mut stage = Stage::new().await;
            let caller = stage.caller(path);
            for (good, after) in [(true, after_right), (false, after_wrong)] {
                let ceremony = stage.ceremony_that_is(state, path).await;
                assert_eq!(stage.state(&ceremony), state, "{path}");
                let before = stage.counts();
                let answer = stage.answer_to(path, &ceremony, good);
                let answer = send(&caller, path, &ceremony, &answer).await;
                if state == "begun" && good {
                    assert!(answer.status.is_success(), "{path}: {}", answer.text);
                } else {
                    let reason = if state == "begun" { "unverified" } else { "ceremony" };
                    stage.refused(answer, path, reason).await;
                    assert_eq!(stage.counts(), before, "{path} {state} {good}");
                }
                assert_eq!(stage.state(&ceremony), after, "{path} {state} {good}");
            }
            let ceremony = stage.ceremony_that_is(state, path).await;
            stage.world.pass(FIVE_MINUTES);
            assert_eq!(stage.state(&ceremony), after_time, "{path} {state}");
        }
    }
}

#[tokio::test]
async fn a_finished_ceremony_cannot_be_replayed() {
    for path in KINDS {
        let mut stage = Stage::new().await;
        let caller = stage.caller(path);
        let ceremony = Ceremony::begin(&caller, path).await;
        let answer = stage.answer_to(path, &ceremony, true);
        assert!(send(&caller, path, &ceremony, &answer).await.status.is_success());
        let before = stage.counts();
        let new = match path {
            MINE => Authenticator::new(b"a third").create(&ceremony.options, Moment::TRUE),
            _ => stage.answer_to(path, &ceremony, true),
        };
        for replay in [answer, new] {
            let again = send(&caller, path, &ceremony, &replay).await;
            stage.refused(again, path, "ceremony").await;
            assert_eq!(stage.counts(), before, "{path}");
        }
    }
}

#[tokio::test]
async fn a_ceremony_lives_five_minutes_to_the_microsecond() {
    let mut stage = Stage::new().await;
    let almost = Duration::from_micros(299_999_999);
    for (span, lives) in [(almost, true), (FIVE_MINUTES, false)] {
        let stranger = stage.world.stranger();
        let ceremony = Ceremony::begin(&stranger, SIGN_IN).await;
        stage.world.pass(span);
        let answer = stage.answer_to(SIGN_IN, &ceremony, true);
        let answer = send(&stranger, SIGN_IN, &ceremony, &answer).await;
        assert_eq!(answer.status == 201, lives, "{}", answer.text);
    }
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_refused_and_spoils_nothing() {
    let mut stage = Stage::new().await;
    let others = [stage.ben.clone(), stage.ana_again().await];
    for path in [MINE, STEP_UP] {
        let ceremony = Ceremony::begin(&stage.ana.clone(), path).await;
        for other in &others {
            let answer = stage.answer_to(path, &ceremony, true);
            let answer = send(other, path, &ceremony, &answer).await;
            stage.refused(answer, path, "ceremony").await;
            assert_eq!(stage.state(&ceremony), "begun", "another session's answer");
        }
    }
    for (begun_for, answered_at) in KINDS.iter().flat_map(|one| KINDS.map(|other| (*one, other))) {
        if begun_for == answered_at {
            continue;
        }
        let ceremony = Ceremony::begin(&stage.caller(begun_for), begun_for).await;
        let before = stage.counts();
        let answer = stage.answer_to(answered_at, &ceremony, true);
        let answer = send(&stage.caller(answered_at), answered_at, &ceremony, &answer).await;
        stage.refused(answer, answered_at, "ceremony").await;
        assert_eq!((stage.state(&ceremony), stage.counts()), ("begun", before), "{begun_for} at {answered_at}");
        let right = stage.answer_to(begun_for, &ceremony, true);
        let right = send(&stage.caller(begun_for), begun_for, &ceremony, &right).await;
        let is_taken = begun_for == MINE && right.status == 403;
        assert!(right.status.is_success() || is_taken, "it is still open: {}", right.text);
    }
}

/// Sends all of these at once; answers how many counted. The others are the one refusal.
async fn at_once(caller: &Person, path: &'static str, answers: Vec<(Ceremony, Value)>) -> usize {
    let mut crowd = tokio::task::JoinSet::new();
    for (ceremony, answer) in answers {
        let caller = caller.clone();
        crowd.spawn(async move { send(&caller, path, &ceremony, &answer).await });
    }
    let (winners, losers): (Vec<_>, Vec<_>) =
        crowd.join_all().await.into_iter().partition(|answer| answer.status.is_success());
    for loser in losers {
        loser.problem(403, "passkey-refused");
    }
    winners.len()
}

#[tokio::test]
async fn of_many_answers_at_once_one_counts() {
    let mut stage = Stage::new().await;
    for path in KINDS {
        let caller = stage.caller(path);
        let ceremony = Ceremony::begin(&caller, path).await;
        let answer = stage.answer_to(path, &ceremony, true);
        assert_eq!(at_once(&caller, path, vec![(ceremony, answer); 8]).await, 1, "{path}");
    }
    let ana = stage.ana.clone();
    let ceremony = Ceremony::begin(&ana, MINE).await;
    let new = |number| Authenticator::new(&[number; 16]).create(&ceremony.options, Moment::TRUE);
    let answers = (0..8).map(|number| (ceremony.clone(), new(number))).collect();
    assert_eq!(at_once(&ana, MINE, answers).await, 1, "one ceremony makes one passkey");
}

#[tokio::test]
async fn of_two_copies_at_once_one_counts() {
    let mut stage = Stage::new().await;
    for path in [SIGN_IN, STEP_UP] {
        let caller = stage.caller(path);
        let mut answers = Vec::new();
        let counter = stage.phone.counter;
        for _ in 0..4 {
            let ceremony = Ceremony::begin(&caller, path).await;
            stage.phone.counter = counter;
            let answer = stage.phone.get(&ceremony.options, Moment::TRUE);
            answers.push((ceremony, answer));
        }
        assert_eq!(at_once(&caller, path, answers).await, 1, "{path}");
    }
}

#[tokio::test]
async fn what_a_ceremony_remembers_is_sealed() {
    let stage = Stage::new().await;
    let ceremony = Ceremony::begin(&stage.ana, STEP_UP).await;
    let challenge = ceremony.options["challenge"].as_str().unwrap();
    assert_eq!(challenge.len(), 43, "256 random bits");
    for entry in std::fs::read_dir(stage.world.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in [challenge, "registration_policy", "phone"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
    }
}
