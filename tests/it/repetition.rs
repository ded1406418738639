//! `Idempotency-Key`: a request that is sent again is answered again, and nothing is done twice.

use std::time::Duration;

use milton::jobs::answer_clean_up::AnswerCleanUp;
use serde_json::{Value, json};

use crate::forge;
use crate::world::{Answer, Options, Person, World};

const KEY: &str = "idempotency-key";

struct Stage {
    world: World,
    owner: Person,
    team: String,
}

impl Stage {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::open_with(folder, Options::default(), |jobs| jobs.with(AnswerCleanUp));
        let owner = world.claim("Olga").await;
        let team = world.team(&owner, "Ops").await;
        Self { world, owner, team }
    }

    fn list(&self) -> String {
        format!("/api/v1/teams/{}/delegations", self.team)
    }

    async fn count(&self) -> usize {
        self.owner.get(&self.list()).await.expect(200).json["items"].as_array().unwrap().len()
    }
}

async fn create(person: &Person, stage: &Stage, key: &str, title: &str) -> Answer {
    person.clone().with(KEY, key).post(&stage.list(), &json!({"title": title})).await
}

fn parts(answer: &Answer) -> [Value; 4] {
    let header = |name| Value::from(answer.header(name));
    [answer.json.clone(), header("location"), header("etag"), header("milton-audit")]
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_is_done_once() {
    let stage = Stage::new().await;
    let first = create(&stage.owner, &stage, "k-1", "Once").await.expect(201);
    assert!(first.headers.get("idempotency-replayed").is_none());
    let rows = stage.world.audit_size();
    for key in ["k-1", "\"k-1\""] {
        let again = create(&stage.owner, &stage, key, "Once").await.expect(201);
        assert_eq!(parts(&again), parts(&first));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(
        (stage.count().await, stage.world.audit_size()),
        (1, rows),
        "nothing happened, and nothing is on record"
    );
    create(&stage.owner, &stage, "k-2", "Once").await.expect(201);
    stage.owner.post(&stage.list(), &json!({"title": "Once"})).await.expect(201);
    assert_eq!(stage.count().await, 3);
}

#[tokio::test]
async fn many_at_once_are_done_once() {
    let stage = Stage::new().await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (person, list) = (stage.owner.clone().with(KEY, "storm"), stage.list());
        crowd.spawn(async move { person.post(&list, &json!({"title": "Once"})).await });
    }
    let answers = crowd.join_all().await;
    let first = parts(&answers[0]);
    assert!(answers.into_iter().all(|answer| parts(&answer.expect(201)) == first));
    assert_eq!(stage.count().await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_person() {
    let stage = Stage::new().await;
    let ana = stage.world.join(&stage.owner, &stage.team, "member", "Ana").await;
    create(&stage.owner, &stage, "k", "Once").await.expect(201);
    let other = create(&stage.owner, &stage, "k", "Twice").await.problem(422, "invalid");
    assert_eq!(other.text("/errors/0/pointer"), "Idempotency-Key");
    stage.owner.clone().with(KEY, "k").post("/api/v1/teams", &json!({"title": "Once"})).await.problem(422, "invalid");
    let hers = create(&ana, &stage, "k", "Once").await.expect(201);
    assert_eq!(hers.text("/delegator/name"), "Ana");
    let long = "x".repeat(256);
    for bad in ["", "a b", &long] {
        create(&stage.owner, &stage, bad, "Once").await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn what_failed_may_be_tried_again_under_its_key() {
    let stage = Stage::new().await;
    create(&stage.owner, &stage, "k", "").await.problem(422, "invalid");
    create(&stage.owner, &stage, "k", "Now").await.expect(201);
}

#[tokio::test]
async fn a_repetition_costs_nothing_and_is_answered_when_the_quota_is_used_up() {
    let stage = Stage::new().await;
    let first = create(&stage.owner, &stage, "k-0", "Work").await.expect(201);
    for nth in 1..20 {
        create(&stage.owner, &stage, &format!("k-{nth}"), "Work").await.expect(201);
    }
    create(&stage.owner, &stage, "k-20", "Work").await.problem(429, "quota-exceeded");
    assert_eq!(parts(&create(&stage.owner, &stage, "k-0", "Work").await.expect(201)), parts(&first));
}

#[tokio::test]
async fn whoever_lost_the_right_is_not_answered_any_more() {
    let stage = Stage::new().await;
    let ana = stage.world.join(&stage.owner, &stage.team, "member", "Ana").await;
    create(&ana, &stage, "k", "Hers").await.expect(201);
    stage.world.cast(&stage.team, &ana, None);
    create(&ana, &stage, "k", "Hers").await.problem(403, "access-denied");
}

#[tokio::test]
async fn what_is_shown_once_is_not_shown_again() {
    let stage = Stage::new().await;
    let paths = [
        (format!("/api/v1/teams/{}/invitations", stage.team), json!({"role": "member"})),
        ("/api/v1/me/api-keys".to_owned(), json!({"name": "CI", "scopes": ["team:read"]})),
    ];
    for (path, body) in paths {
        let keyed = stage.owner.clone().with(KEY, &path.replace('/', "-"));
        let token = keyed.post(&path, &body).await.expect(201).text("/token");
        let again = keyed.post(&path, &body).await.problem(409, "already-made");
        assert!(!again.json.to_string().contains(&token));
        keyed.post(&path, &json!({"role": "manager", "name": "x", "scopes": []})).await.problem(422, "invalid");
        assert_eq!(stage.owner.get(&path).await.expect(200).json["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn answers_are_sealed_kept_for_a_day_and_then_forgotten() {
    let stage = Stage::new().await;
    let first = create(&stage.owner, &stage, "my-own-key", "Plumbago").await.expect(201);
    let file = std::fs::read(stage.world.folder().join("milton.db")).unwrap();
    let wal = std::fs::read(stage.world.folder().join("milton.db-wal")).unwrap_or_default();
    for secret in ["my-own-key", "Plumbago"] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!holds(&file) && !holds(&wal), "{secret}");
    }
    stage.world.pass(Duration::from_hours(23));
    assert_eq!(parts(&create(&stage.owner, &stage, "my-own-key", "Plumbago").await.expect(201)), parts(&first));
    stage.world.pass(Duration::from_hours(2));
    let owner = stage.world.sign_in_again(&stage.owner).await;
    let anew = create(&owner, &stage, "my-own-key", "Plumbago").await.expect(201);
    assert_ne!(anew.text("/id"), first.text("/id"));
    assert_eq!(forge::count(&stage.world, "idempotency_keys"), 1);
    stage.world.pass(Duration::from_hours(25));
    let owner = stage.world.sign_in_again(&owner).await;
    owner.post("/api/v1/admin/jobs/answer-clean-up/run", &json!({})).await.expect(200);
    assert_eq!(forge::count(&stage.world, "idempotency_keys"), 0);
}
