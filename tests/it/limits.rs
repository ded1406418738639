//! Limits of one account and of one token, wherever the attempts come from.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use milton::base::entropy::SeededEntropy;
use serde_json::json;

use crate::forge;
use crate::sign_in::sign_in_token;
use crate::world::{Answer, Options, Person, World};

const LINK: &str = "/api/v1/auth/link";
const ME: &str = "/api/v1/me";
const OWNER: &str = "owner@milton.test";

/// The figures of the product, but for what is counted by address and person.
fn options() -> Options {
    Options { quotas: HashMap::from([("requests", 1_000_000)]), ..Options::default() }
}

/// Somebody at an address of their own.
fn from(world: &World, number: u8) -> Person {
    let mut person = world.stranger();
    person.address = [198, 51, 100, number].into();
    person
}

async fn open(world: &World, number: u8, token: &str) -> Answer {
    from(world, number).post(LINK, &json!({"token": token})).await
}

#[tokio::test]
async fn twenty_sign_ins_of_an_account_in_an_hour_from_all_addresses() {
    let world = World::with(options());
    let olga = world.claim("Olga").await;
    let team = world.team(&olga, "Ops").await;
    let ana = world.join(&olga, &team, "member", "Ana").await;
    ana.send(poem::http::Method::PATCH, ME, Some(&json!({"email": "ana@milton.test"}))).await.expect(200);
    for number in 0..20 {
        open(&world, number, &sign_in_token(&world, OWNER).await).await.expect(201);
    }
    let token = sign_in_token(&world, OWNER).await;
    let (hashes, sessions) = (world.app.hashes(), forge::count(&world, "sessions"));
    for _ in 0..2 {
        let refused = open(&world, 100, &token).await.problem(429, "quota-exceeded");
        assert!(refused.text("/detail").contains("sign-ins-of-account"), "{}", refused.text);
        assert_eq!(refused.header("retry-after"), "180");
        assert_eq!(refused.header("ratelimit-policy"), "\"sign-ins-of-account\";q=20;w=3600");
    }
    assert_eq!(world.app.hashes(), hashes + 1, "the link was compared, no session was made");
    assert_eq!(forge::count(&world, "sessions"), sessions);
    let rows = world.audit(&olga, "event=ratelimit.exceeded").await;
    assert_eq!(rows.len(), 1, "told once");
    assert_eq!((&rows[0]["resource_type"], &rows[0]["resource_id"]), (&json!("user"), &json!(olga.id)));
    assert_eq!((&rows[0]["outcome"], &rows[0]["address"]), (&json!("denied"), &json!("198.51.100.100")));

    open(&world, 101, &sign_in_token(&world, "ana@milton.test").await).await.expect(201);
    drop((olga, ana));
    let options = Options { clock: Arc::clone(&world.clock), entropy: Arc::new(SeededEntropy::new(2)), ..options() };
    let world = world.restart(options).await;
    open(&world, 102, &token).await.problem(429, "quota-exceeded");
    world.pass(Duration::from_mins(3));
    open(&world, 103, &token).await.expect(201);
}

/// Whoever guesses without a proof spends nothing of anybody's: the account is known after the proof alone.
#[tokio::test]
async fn nobody_is_locked_out_by_the_attempts_of_others() {
    let world = World::with(options());
    world.claim("Olga").await;
    let token = sign_in_token(&world, OWNER).await;
    for number in 0..60 {
        let wrong = forge::mistyped(&token, 30 + usize::from(number % 20));
        open(&world, number, &wrong).await.problem(401, "invalid-token");
    }
    open(&world, 61, &token).await.expect(201);
}

#[tokio::test]
async fn a_right_mac_with_a_wrong_secret_has_twenty_attempts() {
    let world = World::with(options());
    let olga = world.claim("Olga").await;
    olga.get(ME).await.expect(200);
    world.pass(Duration::from_mins(3));
    let link = sign_in_token(&world, OWNER).await;
    for token in [olga.token.as_ref().unwrap(), &link] {
        let attempt = async |number: u8| {
            let guess = forge::guess(&world, token, number);
            if token == &link {
                open(&world, number, &guess).await
            } else {
                let mut thief = from(&world, number);
                thief.token = Some(guess);
                thief.get(ME).await
            }
        };
        for number in 0..20 {
            attempt(number).await.problem(401, "invalid-token");
        }
        let hashes = world.app.hashes();
        for number in 20..40 {
            let refused = attempt(number).await.problem(429, "quota-exceeded");
            assert!(refused.text("/detail").contains("comparisons"), "{}", refused.text);
        }
        assert_eq!(world.app.hashes(), hashes);
    }
    let rows = world.audit(&olga, "event=ratelimit.exceeded").await;
    assert_eq!(rows.len(), 2, "once for each token");
    assert!(rows.iter().all(|row| row["detail"]["quota"] == "comparisons"));
    olga.get(ME).await.expect(200);
    world.pass(Duration::from_mins(3));
    open(&world, 50, &link).await.expect(201);
}
