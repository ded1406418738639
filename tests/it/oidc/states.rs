//! Every pair of states, of a trip and of a native app's code: what the tables in `app::oidc` say, tried.

use std::time::Duration;

use milton::base::clock::Clock;

use super::native::{VERIFIER, code, exchange};
use super::{Journey, ME, Stage, session, turned_away};
use crate::forge;

const STATES: [&str; 4] = ["made", "back", "used", "expired"];

/// Puts the one trip that is there into a state, behind the server's back.
fn put(stage: &Stage, into: &str) {
    let sql = match into {
        "made" => "UPDATE login_transactions SET returned_at = NULL, consumed_at = NULL",
        "back" => "UPDATE login_transactions SET returned_at = created_at, consumed_at = NULL",
        "used" => "UPDATE login_transactions SET returned_at = created_at, consumed_at = created_at",
        _ => "UPDATE login_transactions SET expires_at = created_at",
    };
    assert_eq!(forge::sql(&stage.world, sql, []), 1);
}

fn state(stage: &Stage) -> &'static str {
    let sql = "SELECT CASE WHEN consumed_at IS NOT NULL THEN 2 WHEN expires_at <= ";
    let now = stage.world.clock.now().micros();
    let rest = " THEN 3 WHEN returned_at IS NOT NULL THEN 1 ELSE 0 END FROM login_transactions";
    STATES[usize::try_from(forge::number(&stage.world, &format!("{sql}{now}{rest}"))).unwrap()]
}

#[tokio::test]
async fn a_trip_comes_back_from_one_state_alone() {
    for from in STATES {
        let stage = Stage::new().await;
        let journey = stage.leave().await;
        put(&stage, from);
        let landing = stage.back(&journey).await;
        if from == "made" {
            assert!(session(&landing).is_some());
            assert_eq!(state(&stage), "used", "back, and then used");
        } else {
            turned_away(&landing, "already-used");
            assert_eq!((state(&stage), stage.counts()), (from, [1, 1, 0]));
            assert_eq!(stage.rows("auth.oauth.returned").await[0]["outcome"], "failure");
        }
    }
}

/// The provider is slow; meanwhile the trip is put into each state.
#[tokio::test]
async fn a_trip_arrives_from_one_state_alone() {
    for from in STATES {
        let stage = Stage::new().await;
        let journey = stage.leave().await;
        let held = stage.lying.hold().await;
        let arriving = stage.back(&journey);
        let meddling = async {
            while stage.lying.hits("/token") == 0 {
                tokio::task::yield_now().await;
            }
            assert_eq!(state(&stage), "back", "while the provider is asked");
            put(&stage, from);
            drop(held);
        };
        let (landing, ()) = tokio::join!(arriving, meddling);
        if from == "back" {
            assert!(session(&landing).is_some());
            assert_eq!(state(&stage), "used");
        } else {
            turned_away(&landing, "already-used");
            assert_eq!((state(&stage), stage.counts()), (from, [1, 1, 0]), "nothing is made");
            assert_eq!(stage.rows("auth.oauth.failed").await[0]["detail"]["error"], "already-used");
        }
    }
}

#[tokio::test]
async fn ten_minutes_end_what_has_not_arrived() {
    for (from, to) in [("made", "expired"), ("back", "expired"), ("used", "used"), ("expired", "expired")] {
        let stage = Stage::new().await;
        let journey = stage.leave().await;
        put(&stage, from);
        stage.world.pass(Duration::from_mins(10));
        assert_eq!(state(&stage), to);
        turned_away(&stage.back(&Journey { ..journey }).await, "already-used");
    }
}

#[tokio::test]
async fn every_step_of_a_code() {
    let other = "another-verifier-another-verifier-another-verifier";
    for from in ["given", "exchanged", "expired"] {
        for (verifier, is_right) in [(VERIFIER, true), (other, false)] {
            let stage = Stage::new().await;
            let code = code(&stage).await;
            let session = match from {
                "exchanged" => Some(stage.world.person(&exchange(&stage, &code, VERIFIER).await.expect(201))),
                "expired" => {
                    stage.world.pass(Duration::from_mins(1));
                    None
                }
                _ => None,
            };
            let answer = exchange(&stage, &code, verifier).await;
            match (from, is_right) {
                ("given", true) => drop(answer.expect(201)),
                ("given", false) => {
                    answer.problem(401, "invalid-token");
                    exchange(&stage, &code, VERIFIER).await.expect(201);
                }
                ("expired", _) => drop(answer.problem(401, "expired-token")),
                _ => drop(answer.problem(409, "already-used")),
            }
            if let Some(session) = session {
                session.get(ME).await.problem(401, "revoked-token");
                stage.world.pass(Duration::from_mins(2));
                exchange(&stage, &code, VERIFIER).await.problem(409, "already-used");
            }
        }
    }
}
