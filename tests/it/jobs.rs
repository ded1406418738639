//! Jobs under a clock that jumps, a server that stops, and work that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use milton::app::App;
use milton::base::clock::{ManualClock, Timestamp};
use milton::base::entropy::SeededEntropy;
use milton::domain::Error;
use milton::domain::actor::Caller;
use milton::domain::schedule::Schedule;
use milton::jobs::{Job, Jobs};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::forge;
use crate::world::{Options, Person, World};

const JOBS: &str = "/api/v1/admin/jobs";
const RUN: &str = "/api/v1/admin/jobs/token-clean-up/run";
const RUNS: &str = "/api/v1/admin/jobs/token-clean-up/runs";
const DAY: Duration = Duration::from_hours(24);

/// A server that starts when the clock shows this.
fn at(moment: &str) -> Options {
    let clock = Arc::new(ManualClock::at(Timestamp::parse(moment).unwrap()));
    Options { clock, entropy: Arc::new(SeededEntropy::new(moment.len() as u64)), ..Options::default() }
}

impl World {
    /// The timers look at the clock.
    async fn look(&self) {
        self.jobs.look(&self.app).await;
    }

    /// Moves the clock to this moment, forward only, and lets the timers look.
    async fn until(&self, moment: &str) {
        let (now, then) = (milton::base::clock::Clock::now(&*self.clock), Timestamp::parse(moment).unwrap());
        assert!(then >= now);
        self.pass(then.since(now));
        self.look().await;
    }
}

/// What is on record of the clean-up: cause and moment of each run, newest first.
async fn runs(owner: &Person) -> Vec<(String, String)> {
    let runs = owner.get(RUNS).await.expect(200);
    let text = |run: &Value, field: &str| run[field].as_str().unwrap().to_owned();
    runs.json["items"].as_array().unwrap().iter().map(|run| (text(run, "cause"), text(run, "scheduled_for"))).collect()
}

fn run(cause: &str, moment: &str) -> (String, String) {
    (cause.to_owned(), moment.to_owned())
}

/// The owner, signed in anew: a token lives one day.
async fn owner(world: &World) -> Person {
    world.sign_in("owner@milton.test").await
}

#[tokio::test]
async fn a_daily_job_runs_at_its_moment_once_and_is_on_record() {
    let (world, olga) = World::claimed().await;
    world.until("2026-03-02T02:29:59.999999Z").await;
    assert_eq!(runs(&olga).await, []);
    let waiting = olga.get(JOBS).await.expect(200).json["items"][1].clone();
    assert_eq!(
        waiting,
        json!({"name": "token-clean-up", "schedule": "daily at 02:30 UTC", "next_at": "2026-03-02T02:30:00Z"})
    );
    world.pass(Duration::from_micros(1));
    let size = world.audit_size();
    for _ in 0..3 {
        world.look().await;
    }
    assert_eq!(runs(&olga).await, [run("schedule", "2026-03-02T02:30:00Z")]);
    let rows = world.audit(&olga, "").await;
    let rows: Vec<_> = rows.iter().filter(|row| row["seq"].as_i64().unwrap() > size).collect();
    let events: Vec<_> = rows.iter().map(|row| row["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["system.job.run", "token.expired_cleanup", "system.job.started"]);
    assert!(rows.iter().all(|row| row["actor"] == json!({"kind": "job"}) && row["outcome"] == "success"));
    let expected = json!({"job": "token-clean-up", "cause": "schedule", "outcome": "success", "affected": "1",
        "scheduled_for": "2026-03-02T02:30:00Z"});
    assert_eq!((&rows[0]["detail"], &rows[0]["resource_type"]), (&expected, &json!("job-run")));

    let job = olga.get(JOBS).await.expect(200).json["items"][1].clone();
    assert_eq!(job["next_at"], "2026-03-03T02:30:00Z");
    let id = rows[0]["resource_id"].as_str().unwrap();
    assert_eq!((job["last"]["id"].as_str(), &job["last"]["outcome"]), (Some(id), &json!("success")));
    assert_eq!((&job["last"]["affected"], &job["last"]["finished_at"]), (&json!(1), &json!("2026-03-02T02:30:00Z")));
}

#[tokio::test]
async fn missed_days_are_made_up_for_by_one_run_a_minute_after_the_start() {
    let (world, olga) = World::claimed().await;
    drop(olga);
    let world = world.restart(at("2026-03-09T08:00:00Z")).await;
    world.look().await;
    let olga = owner(&world).await;
    assert_eq!(runs(&olga).await, []);
    let job = olga.get(JOBS).await.expect(200).json["items"][1].clone();
    assert_eq!(job["next_at"], "2026-03-09T08:01:00Z");
    world.until("2026-03-09T08:00:59.999999Z").await;
    assert_eq!(runs(&olga).await, []);
    for moment in ["2026-03-09T08:01:00Z", "2026-03-09T08:02:00Z", "2026-03-09T23:59:00Z"] {
        world.until(moment).await;
        assert_eq!(runs(&olga).await, [run("missed", "2026-03-09T02:30:00Z")]);
    }
    world.until("2026-03-10T02:31:00Z").await;
    assert_eq!(runs(&olga).await[0], run("schedule", "2026-03-10T02:30:00Z"));
}

#[tokio::test]
async fn a_new_server_has_missed_nothing() {
    let (world, olga) = World::claimed().await;
    for moment in ["2026-03-01T09:01:00Z", "2026-03-01T12:00:00Z"] {
        world.until(moment).await;
    }
    assert_eq!(runs(&olga).await, []);
}

#[tokio::test]
async fn neither_a_restart_nor_a_clock_set_back_serves_a_moment_twice() {
    let (world, olga) = World::claimed().await;
    drop(olga);
    world.until("2026-03-03T02:30:00Z").await;
    let count = |world: &World| forge::count(world, "job_runs");
    assert_eq!(count(&world), 1);
    let mut world = world;
    for start in ["2026-03-03T02:30:01Z", "2026-03-03T02:29:00Z", "2026-03-01T12:00:00Z"] {
        world = world.restart(at(start)).await;
        world.look().await;
        world.pass(Duration::from_mins(2));
        world.look().await;
    }
    // The clock stands on the first of March: the second's moment was left out and is served, the third's is not again.
    world.until("2026-03-02T02:31:00Z").await;
    world.until("2026-03-03T02:31:00Z").await;
    world.until("2026-03-04T02:31:00Z").await;
    let moments = "SELECT count(DISTINCT scheduled_for) FROM job_runs WHERE job = 'token-clean-up'";
    assert_eq!((count(&world), forge::number(&world, moments)), (3, 3));
}

/// A process that died in the middle leaves a run without an end: the next one says so, and serves no moment again.
#[tokio::test]
async fn a_run_that_was_cut_short_is_closed_and_not_repeated() {
    let (world, olga) = World::claimed().await;
    drop(olga);
    let row = "INSERT INTO job_runs (id, job, scheduled_for, cause, started_at) VALUES \
        ('01957000-0000-7000-8000-000000000001', 'token-clean-up', 1772418600000000, 'schedule', 1772418600000000)";
    forge::sql(&world, row, []);
    let world = world.restart(at("2026-03-02T02:35:00Z")).await;
    let olga = owner(&world).await;
    let under_way = olga.get(RUNS).await.expect(200).json["items"][0].clone();
    assert!(under_way.get("outcome").is_none());
    world.look().await;
    world.until("2026-03-02T02:40:00Z").await;
    let all = olga.get(RUNS).await.expect(200).json["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["outcome"], &all[0]["finished_at"]), (&json!("failure"), &json!("2026-03-02T02:35:00Z")));
    assert!(all[0].get("affected").is_none(), "nobody knows");
    let rows = world.audit(&olga, "event=system.job.run").await;
    assert_eq!((&rows[0]["outcome"], &rows[0]["detail"]["error"]), (&json!("failure"), &json!("cut short")));
}

#[tokio::test]
async fn by_hand_as_often_as_one_likes_and_beside_the_schedule() {
    let (world, olga) = World::claimed().await;
    for _ in 0..2 {
        let over = olga.post(RUN, &json!({})).await.expect(200);
        assert_eq!((over.text("/cause"), over.text("/outcome")), ("hand".to_owned(), "success".to_owned()));
        assert_eq!(over.text("/scheduled_for"), "2026-03-01T09:00:00Z");
        let row = world.audit(&olga, "event=system.job.started").await.remove(0);
        assert_eq!(over.header("milton-audit"), row["seq"].to_string());
        assert_eq!((&row["actor"]["user_id"], &row["resource_id"]), (&json!(olga.id), &json!(over.text("/id"))));
        let end = world.audit(&olga, "event=system.job.run").await.remove(0);
        assert_eq!((&end["actor"], &end["request_id"]), (&json!({"kind": "job"}), &row["request_id"]));
    }
    // In the very moment of the schedule, too.
    world.pass(Duration::from_hours(17) + Duration::from_mins(30));
    olga.post(RUN, &json!({})).await.expect(200);
    world.look().await;
    let causes: Vec<_> = runs(&olga).await.into_iter().map(|(cause, _)| cause).collect();
    assert_eq!(causes.iter().filter(|cause| *cause == "hand").count(), 3);
    assert_eq!(causes.iter().filter(|cause| *cause == "schedule").count(), 1);

    let first = olga.get(&format!("{RUNS}?limit=3")).await.expect(200);
    let next = olga.get(&format!("{RUNS}?limit=3&cursor={}", first.text("/next_cursor"))).await.expect(200);
    assert_eq!((first.json["items"].as_array().unwrap().len(), next.json["items"].as_array().unwrap().len()), (3, 1));
    olga.get(&format!("{RUNS}?cursor=*")).await.problem(422, "invalid");
    for path in ["/no-such/runs", "/%2e%2e/runs"] {
        olga.get(&format!("{JOBS}{path}")).await.problem(404, "not-found");
    }
    olga.post(&format!("{JOBS}/no-such/run"), &json!({})).await.problem(404, "not-found");
}

#[tokio::test]
async fn what_comes_round_every_minute_is_not_on_record_but_shows_its_last_run() {
    let (world, olga) = World::claimed().await;
    let bursts = async || olga.get(JOBS).await.expect(200).json["items"][0].clone();
    assert_eq!(
        bursts().await,
        json!({"name": "failure-bursts", "schedule": "every 60 s", "next_at": "2026-03-01T09:01:00Z"})
    );
    let size = world.audit_size();
    world.until("2026-03-01T09:00:59Z").await;
    assert!(bursts().await.get("last").is_none());
    for minute in 1..4 {
        world.until(&format!("2026-03-01T09:0{minute}:00Z")).await;
        world.look().await;
        let job = bursts().await;
        assert_eq!(job["last"]["started_at"], format!("2026-03-01T09:0{minute}:00Z"));
        assert_eq!((&job["last"]["outcome"], &job["last"]["cause"]), (&json!("success"), &json!("schedule")));
    }
    assert_eq!((world.audit_size(), forge::count(&world, "job_runs")), (size, 0));
    olga.post(&format!("{JOBS}/failure-bursts/run"), &json!({})).await.expect(200);
    assert_eq!(forge::count(&world, "job_runs"), 1, "what somebody asks for is");
}

/// Panics, fails, works: one after the other.
struct Fickle(AtomicU64);

impl Job for Fickle {
    const NAME: &'static str = "fickle";
    const IN_BATCHES: bool = true;
    const SCHEDULE: Schedule = Schedule::Daily { hour: 0, minute: 0 };

    async fn run(&self, _: &App, _: &Caller) -> Result<u64, Error> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 | 3 => Ok(7),
            1 => panic!("a fault in a job"),
            2 => Err(Error::Unavailable("the weather")),
            _ => Ok(0),
        }
    }
}

#[tokio::test]
async fn neither_a_panic_nor_a_failure_ends_more_than_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open_with(folder, Options::default(), |jobs| jobs.with(Fickle(AtomicU64::new(0))));
    world.claim("Olga").await;
    for day in 2..5 {
        world.until(&format!("2026-03-0{day}T00:00:00Z")).await;
    }
    let olga = owner(&world).await;
    let runs = olga.get(&format!("{JOBS}/fickle/runs")).await.expect(200);
    let ends: Vec<_> =
        runs.json["items"].as_array().unwrap().iter().map(|run| (&run["outcome"], &run["affected"])).collect();
    let (success, failure) = (json!("success"), json!("failure"));
    assert_eq!(ends, [(&success, &json!(7)), (&failure, &json!(0)), (&failure, &json!(7))], "newest first");
    let rows = world.audit(&olga, "event=system.job.run&outcome=failure").await;
    let errors: Vec<_> = rows.iter().map(|row| row["detail"]["error"].as_str().unwrap()).collect();
    assert_eq!(errors, ["unavailable", "panic"]);
}

/// Each batch waits for a permit.
struct Gated(Arc<Semaphore>, Arc<AtomicU64>);

impl Job for Gated {
    const NAME: &'static str = "gated";
    const IN_BATCHES: bool = true;
    const SCHEDULE: Schedule = Schedule::Daily { hour: 0, minute: 0 };

    async fn run(&self, _: &App, _: &Caller) -> Result<u64, Error> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.acquire().await.unwrap().forget();
        Ok(1)
    }
}

fn gated() -> (World, Arc<Semaphore>, Arc<AtomicU64>) {
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
    let job = Gated(Arc::clone(&gate), Arc::clone(&begun));
    let folder = tempfile::tempdir().unwrap();
    (World::open_with(folder, Options::default(), |jobs| jobs.with(job)), gate, begun)
}

async fn reaches(count: &AtomicU64, goal: u64) {
    while count.load(Ordering::SeqCst) < goal {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_run_at_a_time_and_a_long_one_is_told_to_be_under_way() {
    let (world, gate, begun) = gated();
    let olga = world.claim("Olga").await;
    let path = format!("{JOBS}/gated/run");
    let first = {
        let (olga, path) = (olga.clone(), path.clone());
        tokio::spawn(async move { olga.post(&path, &json!({})).await })
    };
    reaches(&begun, 1).await;
    let size = world.audit_size();
    olga.post(&path, &json!({})).await.problem(409, "wrong-state");
    assert_eq!(world.audit_size(), size + 1);
    let row = world.audit(&olga, "event=system.job.started").await.remove(0);
    assert_eq!((&row["outcome"], &row["detail"]["error"]), (&json!("failure"), &json!("wrong-state")));
    let job = olga.get(JOBS).await.expect(200).json["items"][2].clone();
    assert!(job["last"].get("outcome").is_none() && job["last"]["cause"] == "hand");
    world.until("2026-03-02T00:00:00Z").await;
    assert_eq!(forge::count(&world, "job_runs"), 1, "the timer waits for its turn");

    let under_way = first.await.unwrap().expect(202);
    assert!(under_way.json.get("finished_at").is_none());
    gate.add_permits(3);
    reaches(&begun, 4).await;
    let jobs = world.jobs;
    let stopped = tokio::spawn(jobs.stop());
    tokio::task::yield_now().await;
    assert!(!stopped.is_finished(), "a batch that has begun is finished");
    gate.add_permits(1);
    stopped.await.unwrap();
    assert_eq!(begun.load(Ordering::SeqCst), 4, "and no other begins");
    olga.post(&path, &json!({})).await.problem(409, "wrong-state");
    let runs = olga.get(&format!("{JOBS}/gated/runs")).await.expect(200);
    let last = &runs.json["items"][0];
    assert_eq!((&last["outcome"], &last["affected"]), (&json!("failure"), &json!(4)));
}

/// Counts its runs.
struct Count(Arc<AtomicU64>);

impl Job for Count {
    const NAME: &'static str = "count";
    const SCHEDULE: Schedule = Schedule::Every(Duration::ZERO);

    async fn run(&self, _: &App, _: &Caller) -> Result<u64, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        panic!("a failed run does not end the timer")
    }
}

#[tokio::test]
async fn a_timer_runs_until_it_is_stopped() {
    let (world, count) = (World::unclaimed(), Arc::new(AtomicU64::new(0)));
    let mut jobs = Jobs::of(&world.app).with(Count(Arc::clone(&count)));
    jobs.start(&world.app);
    while count.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    jobs.stop().await;
    let runs = count.load(Ordering::SeqCst);
    world.pass(DAY);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(count.load(Ordering::SeqCst), runs);
}
