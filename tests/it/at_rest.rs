//! At rest: nothing that people wrote stands readable in the files, and no sealed value opens anywhere but in its place.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use milton::crypto::bearer::Cost;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::subprocess;
use crate::world::{Options, Person, World};

const OWNER_NAME: &str = "Olympia Quartermaine";
const OWNER_EMAIL: &str = "Olympia.Quartermaine@Example.test";
const MEMBER_NAME: &str = "Ferdinand Zwetschge";
const TEAM_NAME: &str = "Harbour Lighthouse Crew";
const TITLE: &str = "Renew the lighthouse lease";
const BODY: &str = "The landlord wants 48 pages by Friday.";
const LABEL: &str = "lighthouse-paperwork";
const TOPIC: &str = "Lighthouse keepers only";
const MESSAGE: &str = "The landlord walked around the lighthouse on Tuesday.";
const COMMENT: &str = "The keeper of the lamp keeps the copies.";
const DEVICE: &str = "Olympia's walnut laptop";
const PLATFORM: &str = "Plan Nine from Bell";
const AGENT: &str = "Lighthouse-Client/7.3";
const WEBHOOK: &str = "Kingfisher channel";
const WEBHOOK_URL: &str = "https://hooks.kingfisher.example/in?token=halcyon";
const ADDRESS: &str = "198.51.100.237";

/// A server in use, with everything in it that people bring along.
struct Peopled {
    world: World,
    owner: Person,
    member: Person,
    team: String,
    delegation: String,
    webhook: String,
    secret: String,
    tokens: Vec<String>,
}

impl Peopled {
    async fn new() -> Self {
        let world = World::with(Options { token_cost: Cost::STANDARD, ..Options::default() });
        let claim = world.claim_token().await;
        let mut stranger = world.stranger().with("user-agent", AGENT);
        stranger.address = ADDRESS.parse().unwrap();
        let device = json!({"name": DEVICE, "platform": PLATFORM});
        let body = json!({"token": claim, "name": OWNER_NAME, "email": OWNER_EMAIL, "device": device});
        let begun = stranger.post("/api/v1/auth/link", &body).await.expect(201);
        let mut owner = stranger.clone();
        (owner.token, owner.id) = (Some(begun.text("/token")), begun.text("/user/id"));
        let team = world.team(&owner, TEAM_NAME).await;
        let invitations = format!("/api/v1/teams/{team}/invitations");
        let invitation = owner.post(&invitations, &json!({"role": "member"})).await.expect(201).text("/token");
        let body = json!({"token": invitation, "name": MEMBER_NAME});
        let member = world.person(&stranger.post("/api/v1/invitations/accept", &body).await.expect(201));
        let open = owner.post(&invitations, &json!({"role": "member"})).await.expect(201);
        let body = json!({"title": TITLE, "body": BODY, "labels": [LABEL], "assignee_id": member.id, "offer": true});
        let delegations = format!("/api/v1/teams/{team}/delegations");
        let delegation = owner.post(&delegations, &body).await.expect(201).header("location");
        let body = json!({"kind": "group", "title": TOPIC, "participant_ids": [member.id]});
        let conversations = format!("/api/v1/teams/{team}/conversations");
        let conversation = owner.post(&conversations, &body).await.expect(201).header("location");
        owner.post(&format!("{conversation}/messages"), &json!({"body": MESSAGE})).await.expect(201);
        let body = json!({"name": WEBHOOK, "url": WEBHOOK_URL, "events": ["delegation.*"]});
        let made = owner.post(&format!("/api/v1/teams/{team}/webhooks"), &body).await.expect(201);
        let (webhook, secret) = (made.header("location"), made.text("/secret"));
        owner.post(&format!("{webhook}/rotate-secret"), &json!({})).await.expect(200);
        let comment = json!({"body": COMMENT, "mentions": [owner.id]});
        member.post(&format!("{delegation}/comments"), &comment).await.expect(201);
        owner.post(&delegations, &json!({"title": TITLE})).await.expect(201);
        let labelled = owner.get(&format!("{delegations}?label={LABEL}")).await.expect(200);
        assert_eq!(labelled.json["items"].as_array().map(Vec::len), Some(1), "the query is heard: {}", labelled.text);
        assert!(delegation.ends_with(&labelled.text("/items/0/id")));
        stranger.get("/api/v1/me").await.expect(401);
        stranger.token = Some("mlt_s_forged".to_owned());
        stranger.get("/api/v1/me").await.expect(401);
        let of = |person: &Person| person.token.clone().unwrap();
        let tokens = vec![claim, invitation, open.text("/token"), of(&owner), of(&member)];
        Self { world, owner, member, team, delegation, webhook, secret, tokens }
    }

    fn open(&self) -> Connection {
        Connection::open(self.world.folder().join("milton.db")).unwrap()
    }
}

/// Every byte of the database and of the files beside it.
fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), std::fs::read(file.path()).unwrap())).collect()
}

fn occurs(files: &[(String, Vec<u8>)], text: &str) -> bool {
    files.iter().any(|(_, bytes)| bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes())))
}

#[tokio::test]
async fn no_byte_of_what_people_brought_along_is_readable() {
    let peopled = Peopled::new().await;
    let files = bytes_of(&peopled.world.folder());
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["milton.db", "milton.db-wal", "milton.db-shm"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(occurs(&files, &peopled.owner.id) && occurs(&files, "team.created"), "the search finds what is there");
    let words = [
        OWNER_NAME,
        OWNER_EMAIL,
        MEMBER_NAME,
        TEAM_NAME,
        TITLE,
        BODY,
        LABEL,
        TOPIC,
        MESSAGE,
        DEVICE,
        PLATFORM,
        AGENT,
        WEBHOOK,
        WEBHOOK_URL,
        COMMENT,
        ADDRESS,
    ];
    let parts = [
        "keeper",
        "Tuesday",
        "Quartermaine",
        "example.test",
        "Zwetschge",
        "lighthouse",
        "landlord",
        "walnut",
        "kingfisher",
        "halcyon",
        "whsec_",
        &peopled.secret[6..],
        "mlt_",
    ];
    for text in words.iter().chain(&parts) {
        assert!(!occurs(&files, text), "{text}");
    }
    for token in &peopled.tokens {
        let (head, selector, secret) = (&token[..6], &token[6..22], &token[22..54]);
        assert!(occurs(&files, selector), "{head}: the selector alone finds the row");
        for part in [token.as_str(), &token[6..54], secret, &token[54..]] {
            assert!(!occurs(&files, part), "{head}: {part}");
        }
    }
}

#[tokio::test]
async fn of_each_token_a_bcrypt_hash_of_cost_ten_is_kept() {
    let peopled = Peopled::new().await;
    let sql =
        "SELECT hash FROM api_tokens UNION ALL SELECT hash FROM sign_in_links UNION ALL SELECT hash FROM invitations";
    let connection = peopled.open();
    let mut statement = connection.prepare(sql).unwrap();
    let hashes: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(hashes.len(), peopled.tokens.len());
    for hash in hashes {
        assert!(hash.starts_with("$2b$10$") && hash.len() == 60, "{hash}");
    }
}

/// A sealed column of one row.
#[derive(Clone, Copy)]
struct Cell<'a> {
    table: &'a str,
    column: &'a str,
    id: &'a str,
}

impl Cell<'_> {
    fn read(self, connection: &Connection) -> Vec<u8> {
        let sql = format!("SELECT {} FROM {} WHERE id = ?1", self.column, self.table);
        connection.query_row(&sql, [self.id], |row| row.get(0)).unwrap()
    }
    fn write(self, connection: &Connection, bytes: &[u8]) {
        let sql = format!("UPDATE {} SET {} = ?2 WHERE id = ?1", self.table, self.column);
        assert_eq!(connection.execute(&sql, params![self.id, bytes]).unwrap(), 1);
    }
}

/// Reads `path` with other bytes in the cell: it must fail without a word of them, on record; then puts all back.
async fn refuses(peopled: &Peopled, reader: &Person, path: &str, cell: Cell<'_>, other: &[u8]) {
    let connection = peopled.open();
    let own = cell.read(&connection);
    assert_ne!(own, other);
    reader.get(path).await.expect(200);
    let failures = || peopled.world.audit(&peopled.owner, "event=system.decrypt.failed");
    let before = failures().await.len();
    cell.write(&connection, other);
    let answer = reader.get(path).await.problem(500, "internal");
    cell.write(&connection, &own);
    let keys: Vec<_> = answer.json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["detail", "instance", "status", "title", "type"], "nothing but the problem");
    assert!(!answer.text.contains("Zwetschge") && !answer.text.contains("lighthouse"), "{}", answer.text);
    let rows = failures().await;
    assert_eq!(rows.len(), before + 1, "{}.{} at {path}", cell.table, cell.column);
    assert_eq!(rows[0]["outcome"], "failure");
    assert_eq!(rows[0]["actor"]["user_id"], json!(reader.id));
    assert_eq!(rows[0]["request_id"], Value::String(answer.header("x-request-id")));
    reader.get(path).await.expect(200);
}

#[tokio::test]
async fn a_sealed_value_opens_in_its_own_place_alone() {
    let peopled = Peopled::new().await;
    let Peopled { owner, member, team, delegation, .. } = &peopled;
    let list = format!("/api/v1/teams/{team}/delegations");
    let body = json!({"title": "Another lighthouse", "body": "Another body", "labels": ["other"]});
    let other = owner.post(&list, &body).await.expect(201).text("/id");
    let far_team = peopled.world.team(owner, "Far lighthouse").await;
    let far_list = format!("/api/v1/teams/{far_team}/delegations");
    let far = owner.post(&far_list, &json!({"title": "Elsewhere"})).await.expect(201).text("/id");
    let id = delegation.rsplit('/').next().unwrap();

    let connection = peopled.open();
    let cell = |table, column, id| Cell { table, column, id };
    let of_delegation = |column, id| Cell { table: "delegations", column, id };
    for column in ["title_sealed", "body_sealed", "labels_sealed"] {
        let target = of_delegation(column, id);
        refuses(&peopled, member, delegation, target, &of_delegation(column, &other).read(&connection)).await;
        refuses(&peopled, owner, &list, target, &of_delegation(column, &far).read(&connection)).await;
    }
    let swapped = of_delegation("body_sealed", id).read(&connection);
    refuses(&peopled, owner, delegation, of_delegation("title_sealed", id), &swapped).await;
    let team_cell = cell("teams", "name_sealed", team.as_str());
    refuses(
        &peopled,
        owner,
        &format!("/api/v1/teams/{team}"),
        team_cell,
        &cell("teams", "name_sealed", &far_team).read(&connection),
    )
    .await;
    let name = |id| cell("users", "name_sealed", id);
    let members = format!("/api/v1/teams/{team}/members");
    refuses(&peopled, owner, &members, name(&member.id), &name(&owner.id).read(&connection)).await;
    refuses(&peopled, member, "/api/v1/me", name(&member.id), &name(&owner.id).read(&connection)).await;
    let webhook = |column| cell("webhooks", column, peopled.webhook.rsplit('/').next().unwrap());
    let url = webhook("url_sealed");
    refuses(&peopled, owner, &peopled.webhook, url, &webhook("name_sealed").read(&connection)).await;
    refuses(&peopled, owner, &peopled.webhook, url, &webhook("secret_sealed").read(&connection)).await;
    let email = cell("users", "email_sealed", &owner.id);
    refuses(&peopled, owner, "/api/v1/me", email, &name(&owner.id).read(&connection)).await;
}

#[tokio::test]
async fn a_credentials_name_and_facts_open_in_their_own_place_alone() {
    let peopled = Peopled::new().await;
    let (owner, mine) = (&peopled.owner, "/api/v1/me/credentials");
    let of_team = format!("/api/v1/teams/{}/credentials", peopled.team);
    let body = |name: &str| json!({"kind": "login", "name": name, "payload": {"username": "lighthouse"}});
    let make = async |list: &str, name: &str| owner.post(list, &body(name)).await.expect(201).text("/id");
    let (first, second, own) =
        (make(&of_team, "First").await, make(&of_team, "Second").await, make(mine, "First").await);
    let connection = peopled.open();
    for column in ["name_sealed", "facts_sealed"] {
        let cell = |id| Cell { table: "credentials", column, id };
        let path = format!("{of_team}/{first}");
        refuses(&peopled, owner, &path, cell(&first), &cell(&second).read(&connection)).await;
        refuses(&peopled, owner, &of_team, cell(&first), &cell(&own).read(&connection)).await;
        refuses(&peopled, owner, mine, cell(&own), &cell(&first).read(&connection)).await;
    }
    let (name, facts) = ("name_sealed", "facts_sealed");
    let other = Cell { table: "credentials", column: facts, id: &own }.read(&connection);
    refuses(&peopled, owner, mine, Cell { table: "credentials", column: name, id: &own }, &other).await;
}

#[tokio::test]
async fn a_damaged_value_is_an_error_and_never_an_empty_one() {
    let peopled = Peopled::new().await;
    let id = peopled.delegation.rsplit('/').next().unwrap();
    let cell = Cell { table: "delegations", column: "title_sealed", id };
    let sealed = cell.read(&peopled.open());
    let mut flipped = sealed.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut rekeyed = sealed.clone();
    rekeyed[5] ^= 1;
    for bytes in [&[][..], &sealed[..sealed.len() - 1], &sealed[..60], &flipped, &rekeyed, TITLE.as_bytes()] {
        refuses(&peopled, &peopled.member, &peopled.delegation, cell, bytes).await;
    }
}

#[test]
fn the_files_belong_to_their_owner_alone() {
    if !subprocess::alone() {
        let again = subprocess::again("at_rest::the_files_belong_to_their_owner_alone", "umask 000");
        return subprocess::passed(&again);
    }
    let world = World::unclaimed();
    let modes = std::fs::read_dir(world.folder()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o777)
    });
    let modes: Vec<_> = modes.collect();
    assert!(modes.len() >= 3, "the database and its write-ahead log: {modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}
