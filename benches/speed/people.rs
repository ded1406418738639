//! A server with people, a team and work in it, made through the API as a client would.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::Outcome;
use crate::client::{Connection, Target, request};
use crate::server::Server;

/// Managers of the team, beside its owner; each has a token. Enough for a hundred live streams.
const PEOPLE: usize = 12;
/// Delegations at the start: more than a page of 50.
const WORK: usize = 120;

/// A server in use.
pub struct Town {
    pub server: Server,
    pub target: Target,
    /// Everybody's token, the owner's first.
    pub tokens: Vec<String>,
    /// Where the team's delegations are.
    pub list: String,
    /// One delegation.
    pub one: String,
    /// Where the messages of a group of all of them are.
    pub messages: String,
}

impl Town {
    pub async fn found(folder: &Path, open: bool) -> Outcome<Self> {
        let server = Server::start(folder, open)?;
        let target = Target::new(server.port, &server.authority())?;
        let mut api = Api(target.connect().await?);
        let claim = json!({"token": server.claim, "name": "Olga Owner", "email": "owner@milton.test"});
        let owner = text(&api.post("/api/v1/auth/link", None, &claim).await?, "/token")?;
        let team = text(&api.post("/api/v1/teams", Some(&owner), &json!({"name": "Operations"})).await?, "/id")?;
        let (mut tokens, mut others) = (vec![owner.clone()], Vec::new());
        for nth in 0..PEOPLE {
            let door = format!("/api/v1/teams/{team}/invitations");
            let open = api.post(&door, Some(&owner), &json!({"role": "manager"})).await?;
            let body = json!({"token": text(&open, "/token")?, "name": format!("Person {nth}")});
            let accepted = api.post("/api/v1/invitations/accept", None, &body).await?;
            tokens.push(text(&accepted, "/token")?);
            others.push(text(&accepted, "/user/id")?);
        }
        let list = format!("/api/v1/teams/{team}/delegations");
        let mut one = String::new();
        for _ in 0..if open { WORK } else { 1 } {
            let made = api.post(&list, Some(&owner), &work(others.last())).await?;
            one = format!("{list}/{}", text(&made, "/id")?);
        }
        let conversations = format!("/api/v1/teams/{team}/conversations");
        let group = json!({"kind": "group", "title": "Everybody", "participant_ids": others});
        let group = text(&api.post(&conversations, Some(&owner), &group).await?, "/id")?;
        let messages = format!("{conversations}/{group}/messages");
        Ok(Self { server, target, tokens, list, one, messages })
    }

    /// The same request from each person.
    pub fn each_sends(&self, method: &str, path: &str, body: Option<&Value>) -> Arc<Vec<Vec<u8>>> {
        Arc::new(self.tokens.iter().map(|token| request(method, path, Some(token), body)).collect())
    }
}

/// A delegation of ordinary size.
pub fn work(assignee: Option<&String>) -> Value {
    let body = "The contract ends with the quarter. Ask for the same terms for two more years, and for the \
        parking places on the north side; send the draft round before you sign, and file the original.";
    let mut work = json!({"title": "Renew the lease of the office on the second floor", "body": body,
        "priority": "high", "labels": ["office", "contracts"], "due_at": "2031-03-06T12:00:00Z"});
    if let Some(assignee) = assignee {
        work["assignee_id"] = json!(assignee);
        work["offer"] = json!(true);
    }
    work
}

struct Api(Connection);

impl Api {
    async fn post(&mut self, path: &str, token: Option<&str>, body: &Value) -> Outcome<Value> {
        let status = self.0.exchange(&request("POST", path, token, Some(body))).await?;
        if status != 201 {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(self.0.body())).into());
        }
        Ok(serde_json::from_slice(self.0.body())?)
    }
}

fn text(json: &Value, pointer: &str) -> Outcome<String> {
    Ok(json.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("nothing at {pointer}"))?.to_owned())
}
