//! How often and how long: under way at once, scans of one person, attempts from one address, polls, and the timer.

use std::time::Duration;

use milton::domain::actor::{Actor, Caller};
use milton::jobs::Job as _;
use milton::jobs::qr_expiry::QrExpiry;
use serde_json::json;

use super::{LIFETIME, NewDevice, QR, ask, claimed, newest};
use crate::forge;
use crate::world::{Options, World};

#[tokio::test]
async fn three_are_under_way_from_one_network() {
    let (world, owner) = claimed().await;
    for [network, neighbour, elsewhere] in
        [["192.0.2.50", "192.0.2.50", "192.0.2.51"], ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"]]
    {
        let [here, neighbour, elsewhere] = [network, neighbour, elsewhere].map(|at| world.stranger().at(at));
        let first = NewDevice::begin(here.clone()).await;
        world.pass(Duration::from_secs(30));
        ask(&neighbour).await.expect(201);
        ask(&neighbour).await.expect(201);
        let refused = ask(&neighbour).await.problem(429, "quota-exceeded");
        assert_eq!(refused.header("retry-after"), "90", "until the first is over");
        let row = newest(&world, &owner, "auth.qr.created").await;
        assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("quota-exceeded")));
        ask(&elsewhere).await.expect(201);

        // Scanned and approved it is still under way; denied, fetched or expired it is not.
        let owner = owner.clone().at(network);
        first.scan(&owner).await.expect(200);
        ask(&here).await.problem(429, "quota-exceeded");
        first.approve(&owner, first.number().await).await.expect(200);
        ask(&here).await.problem(429, "quota-exceeded");
        first.fetch().await.expect(201);
        ask(&here).await.expect(201);
        world.pass(LIFETIME);
        ask(&here).await.expect(201);
    }
}

#[tokio::test]
async fn of_many_who_ask_at_once_three_are_let() {
    let (world, _) = claimed().await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let person = world.stranger();
        crowd.spawn(async move { ask(&person).await.status.as_u16() });
    }
    let let_in = crowd.join_all().await.into_iter().filter(|status| *status == 201).count();
    assert_eq!((let_in, forge::count(&world, "qr_logins")), (3, 3));
}

#[tokio::test]
async fn five_scans_in_ten_minutes_for_a_person() {
    let (world, owner) = World::claimed().await;
    let again = world.sign_in("owner@milton.test").await;
    for number in 0..5 {
        let device = NewDevice::begin(world.stranger().at(&format!("10.0.0.{number}"))).await;
        device.scan(if number % 2 == 0 { &owner } else { &again }).await.expect(200);
    }
    let device = NewDevice::begin(world.stranger()).await;
    let refused = device.scan(&owner).await.problem(429, "quota-exceeded");
    assert_eq!(refused.header("ratelimit-policy"), "\"qr-scans\";q=5;w=600");
    device.scan(&again).await.problem(429, "quota-exceeded");
    assert_eq!(device.state().await, "created");
    assert_eq!(newest(&world, &owner, "ratelimit.exceeded").await["detail"]["quota"], "qr-scans");
    world.pass(Duration::from_mins(2));
    let device = NewDevice::begin(world.stranger()).await;
    device.scan(&owner).await.expect(200);
}

#[tokio::test]
async fn ten_attempts_in_five_minutes_from_an_address() {
    let mut options = Options::default();
    options.quotas.remove("sign-ins");
    let world = World::with(options);
    let device = NewDevice::begin(world.stranger()).await;
    for _ in 0..9 {
        device.fetch().await.problem(409, "wrong-state");
    }
    device.fetch().await.problem(429, "quota-exceeded");
    ask(&world.stranger()).await.problem(429, "quota-exceeded");
    assert_eq!(device.state().await, "created", "to look is no attempt");
}

#[tokio::test]
async fn a_flood_of_polls_fills_no_disk() {
    let (world, owner) = claimed().await;
    let device = NewDevice::begin(world.stranger()).await;
    let size = world.audit_size();
    for _ in 0..200 {
        device.poll().await.expect(200);
    }
    assert_eq!(world.audit_size(), size, "a device that waits leaves no row");
    let liar = world.stranger().with("milton-poll", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for _ in 0..200 {
        liar.get(&format!("{QR}/{}", device.id)).await.problem(401, "invalid-token");
    }
    assert_eq!(world.audit_size(), size + 5, "five one by one");
    world.app.record_bursts(true).await.unwrap();
    assert_eq!(world.audit_size(), size + 6);
    assert_eq!(newest(&world, &owner, "auth.failure_burst").await["detail"]["count"], "195");
}

#[tokio::test]
async fn the_timer_notes_what_ran_out_in_one_row_and_nothing_in_none() {
    let (world, owner) = claimed().await;
    let job = Caller::local(Actor::Job("qr-expiry"));
    let devices = [
        NewDevice::begin(world.stranger()).await,
        NewDevice::scanned_by(world.stranger(), &owner).await,
        NewDevice::approved_by(world.stranger(), &owner).await,
    ];
    world.pass(LIFETIME.saturating_sub(Duration::from_micros(1)));
    let size = world.audit_size();
    QrExpiry.run(&world.app, &job).await.unwrap();
    assert_eq!(world.audit_size(), size, "nothing ran out yet");
    world.pass(Duration::from_micros(1));
    let denied = NewDevice::scanned_by(world.stranger(), &owner).await;
    denied.deny(&owner).await.expect(200);

    let size = world.audit_size();
    QrExpiry.run(&world.app, &job).await.unwrap();
    QrExpiry.run(&world.app, &job).await.unwrap();
    assert_eq!(world.audit_size(), size + 1);
    let row = newest(&world, &owner, "auth.qr.expired").await;
    assert_eq!((&row["detail"]["count"], &row["actor"]["kind"]), (&json!("3"), &json!("job")));
    assert_eq!(forge::number(&world, "SELECT count(*) FROM qr_logins WHERE state = 'expired'"), 3);
    for device in &devices {
        assert_eq!(device.state().await, "expired");
        device.scan(&owner).await.problem(409, "wrong-state");
        device.fetch().await.problem(409, "wrong-state");
    }
    assert_eq!(denied.state().await, "denied");
}
