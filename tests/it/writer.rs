//! The one writer: acts that share a commit do not disturb each other, a full queue says so at once, and what was not
//! durable was not answered.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use milton::base::entropy::SeededEntropy;
use milton::domain::actor::{Actor, Caller};
use milton::domain::event::Event;
use milton::domain::permission::Permission;
use milton::domain::text::Name;
use milton::domain::{Conflict, Error};
use milton::store::audit_check::Verified;
use milton::store::{Action, Inspection, Target, Tx, team};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::subprocess;
use crate::world::{Options, Person, World, root_key};

type Effect = Box<dyn FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send>;

/// An act whose effect the test writes.
struct Probe(Effect);

impl Probe {
    fn new(effect: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static) -> Self {
        Self(Box::new(effect))
    }

    /// An act that founds a team and then ends as `end` says.
    fn founds(name: &str, end: impl FnOnce() -> Result<(), Error> + Send + 'static) -> Self {
        let name = Name::parse("/name", name).unwrap();
        Self::new(move |tx| {
            let founder = tx.user()?;
            let made = team::insert(tx, &name, founder)?;
            tx.concerns("team", made.id);
            end()
        })
    }
}

impl Action for Probe {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamCreate
    }
    fn event(&self) -> Event {
        Event::TeamCreated
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        (self.0)(tx)
    }
}

/// Room for as many delegations as a test likes.
fn generous() -> Options {
    let mut options = Options::default();
    options.quotas.insert("delegations", 10_000);
    options
}

async fn caller(world: &World, person: &Person) -> Caller {
    let stranger = Caller::local(Actor::Anonymous);
    let signed_in = world.app.authenticate(&stranger, person.token.as_deref().unwrap()).await.unwrap();
    Caller::local(Actor::User(signed_in))
}

/// Holds the writer until the answer is dropped; everything submitted meanwhile waits in its queue.
async fn hold(world: &World, caller: &Caller) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (started, begun) = tokio::sync::oneshot::channel();
    let gate = Probe::new(move |_| {
        let _ = started.send(());
        let _ = held.recv();
        Ok(())
    });
    let (app, caller) = (world.app.clone(), caller.clone());
    tokio::spawn(async move { app.act(&caller, gate).await });
    begun.await.unwrap();
    release
}

/// Commits in the write-ahead log: each of its last frames names the size of the database after it.
fn commits(world: &World) -> usize {
    let log = fs::read(world.folder().join("milton.db-wal")).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let (page, salt) = (number(8) as usize, &log[16..24]);
    let frames = log[32..].chunks_exact(24 + page).take_while(|frame| frame[8..16] == *salt);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

fn sound(world: &World) -> i64 {
    match world.app.store().verify_audit().unwrap() {
        Verified::Sound { rows } => rows,
        other => panic!("{other:?}"),
    }
}

async fn teams(person: &Person) -> BTreeSet<String> {
    let answer = person.get("/api/v1/teams?limit=100").await.expect(200);
    let name = |team: &Value| team["name"].as_str().unwrap().to_owned();
    answer.json["items"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_that_come_together_are_done_once_each_and_share_a_commit() {
    const ACTS: i64 = 64;
    let world = World::with(generous());
    let owner = world.claim("Olga").await;
    let list = format!("/api/v1/teams/{}/delegations", world.team(&owner, "Ops").await);
    let me = caller(&world, &owner).await;
    let release = hold(&world, &me).await;
    let (before, first) = (commits(&world), sound(&world) + 2);
    let mut acts = JoinSet::new();
    for nth in 0..ACTS {
        let (owner, list) = (owner.clone(), list.clone());
        acts.spawn(async move { owner.post(&list, &json!({"title": format!("No. {nth}")})).await.expect(201) });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(acts.try_join_next().is_none(), "nobody is answered before the commit");
    drop(release);
    let answers = acts.join_all().await;
    let seqs: BTreeSet<i64> = answers.iter().map(|answer| answer.header("milton-audit").parse().unwrap()).collect();
    assert!(seqs.into_iter().eq(first..first + ACTS), "consecutive, each once");
    let page = owner.get(&format!("{list}?limit=100")).await.expect(200);
    let titles: BTreeSet<_> =
        page.json["items"].as_array().unwrap().iter().map(|one| one["title"].to_string()).collect();
    assert_eq!((titles.len(), page.json["items"].as_array().unwrap().len()), (64, 64));
    assert!(commits(&world) <= before + 2, "{} commits for {ACTS} acts", commits(&world) - before);
    assert_eq!(sound(&world), first + ACTS - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_or_panics_leaves_its_neighbours_alone() {
    let (world, owner) = World::claimed().await;
    let me = caller(&world, &owner).await;
    let release = hold(&world, &me).await;
    let (before, rows) = (commits(&world), sound(&world));
    let acts = [
        Probe::founds("First", || Ok(())),
        Probe::founds("Panics", || panic!("as a fault of ours would")),
        Probe::founds("Second", || Ok(())),
        Probe::founds("Conflicts", || Err(Error::Conflict(Conflict::AlreadyExists))),
        Probe::founds("Refuses", || Err(Error::Forbidden(None))),
        Probe::founds("Breaks", || Err(Error::internal("a fault of ours"))),
        Probe::founds("Third", || Ok(())),
    ];
    let mut answers = Vec::new();
    for act in acts {
        let (app, me) = (world.app.clone(), me.clone());
        answers.push(tokio::spawn(async move { app.act(&me, act).await.map(|acted| acted.seq) }));
        tokio::time::sleep(Duration::from_millis(20)).await; // in this order into the queue
    }
    drop(release);
    let mut seen = Vec::new();
    for answer in answers {
        seen.push(answer.await.unwrap().map_err(|error| error.kind()));
    }
    let gate = rows + 1;
    let expected = [
        Ok(gate + 1),
        Err("internal"),
        Ok(gate + 3),
        Err("already-exists"),
        Err("access-denied"),
        Err("internal"),
        Ok(gate + 7),
    ];
    assert_eq!(seen, expected);
    assert_eq!(commits(&world), before + 1, "one commit for all of them");
    assert_eq!(teams(&owner).await, BTreeSet::from(["First", "Second", "Third"].map(ToOwned::to_owned)));
    assert_eq!(sound(&world), gate + 7, "one row each");
    let failures = world.audit(&owner, "event=team.created&outcome=failure").await;
    let errors: Vec<_> = failures.iter().map(|row| row["detail"]["error"].as_str().unwrap()).collect();
    assert_eq!(errors, ["internal", "already-exists", "internal"]);
    assert_eq!(world.audit(&owner, "event=authz.denied").await[0]["detail"]["attempted"], "team.created");
}

#[tokio::test]
async fn the_head_stays_right_through_failures_and_restarts() {
    let (world, owner) = World::claimed().await;
    let me = caller(&world, &owner).await;
    for nth in 0..20 {
        let fails = nth % 3 == 0;
        let act = Probe::founds("Name", move || if fails { Err(Error::internal("a fault")) } else { Ok(()) });
        assert_eq!(world.app.act(&me, act).await.is_err(), fails);
    }
    let rows = sound(&world);
    let token = owner.token.clone().unwrap();
    drop(owner);
    let options = Options { clock: world.clock.clone(), ..Options::default() };
    let world = world.restart(options).await;
    assert_eq!(sound(&world), rows + 2, "and when devices were last seen, and the stop");
    assert_eq!(teams(&world.holder(&token)).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_loses_nobody() {
    const QUEUE: i64 = 1_024;
    let (world, owner) = World::claimed().await;
    let me = caller(&world, &owner).await;
    let release = hold(&world, &me).await;
    let rows = sound(&world);
    let mut acts = JoinSet::new();
    for _ in 0..QUEUE + 50 {
        let (app, me) = (world.app.clone(), me.clone());
        acts.spawn(async move { app.act(&me, Probe::new(|_| Ok(()))).await.map_err(|error| error.kind()) });
    }
    for _ in 0..50 {
        let refused = tokio::time::timeout(Duration::from_secs(10), acts.join_next()).await.expect("at once");
        assert_eq!(refused.unwrap().unwrap().unwrap_err(), "unavailable");
    }
    let refused = owner.post("/api/v1/teams", &json!({"name": "Late"})).await.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    owner.get("/api/v1/me").await.expect(200);
    drop(release);
    let answers = acts.join_all().await;
    assert_eq!(i64::try_from(answers.iter().filter(|answer| answer.is_ok()).count()).unwrap(), QUEUE);
    assert_eq!(sound(&world), rows + 1 + QUEUE, "the gate and all who waited");
}

#[tokio::test]
async fn a_stopped_server_refuses_acts_and_has_finished_what_waited() {
    let (world, owner) = World::claimed().await;
    let me = caller(&world, &owner).await;
    let held = hold(&world, &me).await;
    let (app, founder) = (world.app.clone(), me.clone());
    let waiting = tokio::spawn(async move { app.act(&founder, Probe::founds("Waiting", || Ok(()))).await });
    tokio::task::yield_now().await;
    drop(held);
    world.app.stop().await.unwrap();
    assert!(waiting.await.unwrap().is_ok());
    let late = world.app.act(&me, Probe::new(|_| Ok(()))).await;
    assert!(matches!(late, Err(Error::Unavailable(_))));
    assert_eq!(teams(&owner).await, BTreeSet::from(["Waiting".to_owned()]));
}

/// Takes all the room that is left beside `database`.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = fs::File::create(&path).unwrap();
    while file.write_all(&[0; 4_096]).is_ok() {}
    path
}

#[test]
fn a_full_disk_changes_nothing_and_is_survived() {
    let name = "writer::a_full_disk_changes_nothing_and_is_survived";
    if !subprocess::alone() {
        let mount = "mkdir -p \"$MILTON_TEST_DISK\" && mount -t tmpfs -o size=4m none \"$MILTON_TEST_DISK\"";
        let folder = tempfile::tempdir().unwrap();
        let disk = format!("export MILTON_TEST_DISK='{}'\n{mount}", folder.path().join("disk").display());
        return match subprocess::again_with_mounts(name, &disk) {
            Some(output) => subprocess::passed(&output),
            None => eprintln!("skipped: mounting is not allowed here"),
        };
    }
    tokio::runtime::Runtime::new().unwrap().block_on(on_a_small_disk());
}

async fn on_a_small_disk() {
    let disk = PathBuf::from(std::env::var_os("MILTON_TEST_DISK").unwrap());
    let world = World::open(tempfile::tempdir_in(&disk).unwrap(), generous());
    let owner = world.claim("Olga").await;
    let list = format!("/api/v1/teams/{}/delegations", world.team(&owner, "Ops").await);
    let made = owner.post(&list, &json!({"title": "Before"})).await.expect(201).header("location");
    let rows = sound(&world);

    let filler = fill(&disk);
    let long = "A long story. ".repeat(700);
    for _ in 0..3 {
        let refused = owner.post(&list, &json!({"title": "Lost", "body": long})).await.problem(503, "unavailable");
        assert!(refused.text("/detail").contains("the disk is full"), "{}", refused.text);
        let step = owner.post(&format!("{made}/cancel"), &json!({})).await;
        assert!(step.status.as_u16() == 503, "{}", step.text);
    }
    owner.get("/api/v1/admin/audit").await.problem(503, "unavailable");
    let forged = world.holder("mlt_s_forged").get("/api/v1/me").await;
    assert_eq!(forged.status.as_u16(), 503, "what cannot be recorded is not answered either");
    let page = owner.get(&list).await.expect(200);
    assert_eq!(page.json["items"].as_array().unwrap().len(), 1, "reads go on, and nothing was half done");
    assert_eq!(owner.get(&made).await.expect(200).text("/state"), "draft");
    assert_eq!(sound(&world), rows);

    fs::remove_file(filler).unwrap();
    let after = owner.post(&list, &json!({"title": "After", "body": long})).await.expect(201);
    assert_eq!(after.header("milton-audit"), (rows + 1).to_string(), "no gap where the refused acts were");
    assert_eq!(sound(&world), rows + 1);
    assert!(world.app.is_ready());
    let inspection = Inspection::open(&world.folder().join("milton.db"), &root_key(), &SeededEntropy::new(2)).unwrap();
    assert_eq!(inspection.integrity().unwrap(), Vec::<String>::new());
}
