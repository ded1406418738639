//! The state machine, over the API: each step from each state, and what the clock does to it.

use std::time::Duration;

use milton::domain::qr_sign_in::{State, Step};

use super::{LIFETIME, NewDevice, claimed};
use crate::world::{Answer, Person, World};

const STEPS: [Step; 4] = [Step::Scan, Step::Approve, Step::Deny, Step::Consume];
const INSTANT: Duration = Duration::from_micros(1);

/// A device whose sign-in stands so, in a network of its own, where its approver is too.
async fn in_state(world: &World, owner: &Person, state: State, network: usize) -> (NewDevice, Person) {
    let address = format!("10.0.0.{network}");
    let (person, owner) = (world.stranger().at(&address), owner.clone().at(&address));
    let device = match state {
        State::Created | State::Expired => NewDevice::begin(person).await,
        State::Scanned | State::Denied => NewDevice::scanned_by(person, &owner).await,
        State::Approved | State::Consumed => NewDevice::approved_by(person, &owner).await,
    };
    match state {
        State::Denied => drop(device.deny(&owner).await.expect(200)),
        State::Consumed => drop(device.fetch().await.expect(201)),
        State::Expired => world.pass(LIFETIME),
        State::Created | State::Scanned | State::Approved => {}
    }
    assert_eq!(device.state().await, state.as_str());
    (device, owner)
}

async fn take(step: Step, device: &NewDevice, owner: &Person) -> Answer {
    match step {
        Step::Scan => device.scan(owner).await,
        Step::Approve => {
            let number = device.poll().await.expect(200).json["number"].as_u64();
            device.approve(owner, number.unwrap_or(10)).await
        }
        Step::Deny => device.deny(owner).await,
        Step::Consume | Step::Expire => device.fetch().await,
    }
}

#[tokio::test]
async fn each_step_from_each_state() {
    let (world, owner) = claimed().await;
    let mut network = 0;
    for (state, step) in State::ALL.into_iter().flat_map(|state| STEPS.map(|step| (state, step))) {
        network += 1;
        let (device, owner) = in_state(&world, &owner, state, network).await;
        let answer = take(step, &device, &owner).await;
        // Nobody has scanned these two: whoever decides about them decides about somebody else's.
        let is_nobodys = matches!(state, State::Created | State::Expired) && matches!(step, Step::Approve | Step::Deny);
        let expected = match step.from(state) {
            Some(_) if step == Step::Consume => 201,
            Some(_) => 200,
            None if is_nobodys => 403,
            None => 409,
        };
        assert_eq!(answer.status.as_u16(), expected, "{state:?} {step:?}: {}", answer.text);
        let next = step.from(state).unwrap_or(state);
        assert_eq!(device.state().await, next.as_str(), "{state:?} {step:?}");
    }
}

#[tokio::test]
async fn two_minutes_to_the_microsecond_for_every_step() {
    for (state, step) in [
        (State::Created, Step::Scan),
        (State::Scanned, Step::Approve),
        (State::Scanned, Step::Deny),
        (State::Approved, Step::Consume),
    ] {
        let (world, owner) = claimed().await;
        let (device, owner) = in_state(&world, &owner, state, 1).await;
        let (late, _) = in_state(&world, &owner, state, 1).await;
        let number = late.poll().await.json["number"].as_u64().unwrap_or(10);
        world.pass(LIFETIME.saturating_sub(INSTANT));
        assert!(take(step, &device, &owner).await.status.is_success(), "{state:?}");
        world.pass(INSTANT);
        assert_eq!(late.state().await, "expired", "the clock counts, whatever is written down");
        let refused =
            if step == Step::Approve { late.approve(&owner, number).await } else { take(step, &late, &owner).await };
        refused.problem(409, "wrong-state");
    }
}
