//! Random work of several people against a plain model in memory: each answer must be the model's.
//!
//! The models say once more, in the plainest words, who may do what and what comes of it. They share no code with the
//! server; where the two differ, one of them is wrong.

mod chat;
mod delegations;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::world::{Answer, Options, Person, World};

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Owner,
    Manager,
    Ana,
    Ben,
    /// Somebody of another team.
    Stranger,
}

impl Who {
    const ALL: [Self; 5] = [Self::Owner, Self::Manager, Self::Ana, Self::Ben, Self::Stranger];

    fn belongs(self) -> bool {
        self != Self::Stranger
    }

    /// Whether their role opens all of the team's delegations.
    fn sees_all(self) -> bool {
        matches!(self, Self::Owner | Self::Manager)
    }
}

/// The stranger less often than the others: most of what they try is refused.
fn anybody() -> impl Strategy<Value = Who> {
    prop_oneof![9 => prop::sample::select(Who::ALL[..4].to_vec()), 1 => Just(Who::Stranger)]
}

/// A team and a stranger.
struct Stage {
    world: World,
    people: [Person; 5],
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let world = World::with(Options::default().unlimited());
        let owner = world.claim("Olga").await;
        let team = world.team(&owner, "Ops").await;
        let elsewhere = world.team(&owner, "Elsewhere").await;
        let manager = world.join(&owner, &team, "manager", "Mia").await;
        let ana = world.join(&owner, &team, "member", "Ana").await;
        let ben = world.join(&owner, &team, "member", "Ben").await;
        let stranger = world.join(&owner, &elsewhere, "owner", "Sam").await;
        Self { world, people: [owner, manager, ana, ben, stranger], team }
    }

    fn person(&self, who: Who) -> &Person {
        &self.people[who as usize]
    }
}

/// Whether an answer is what the model says.
fn same<T: PartialEq + std::fmt::Debug>(answer: &Answer, found: T, expected: T) -> Result<(), TestCaseError> {
    prop_assert_eq!(found, expected, "{}", answer.text);
    Ok(())
}

fn on_stage<A, F>(acts: Vec<A>, play: F) -> Result<(), TestCaseError>
where
    F: AsyncFnOnce(Stage, Vec<A>) -> Result<(), TestCaseError>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { play(Stage::new().await, acts).await })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn delegations_are_what_the_model_says(acts in prop::collection::vec(delegations::any_act(), 40..160)) {
        on_stage(acts, delegations::play)?;
    }

    #[test]
    fn chat_is_what_the_model_says(acts in prop::collection::vec(chat::any_act(), 60..180)) {
        on_stage(acts, chat::play)?;
    }
}
