//! Chat: who may read and write what, what is unread, and how it is read both ways.

mod conversations;
mod delegations;
mod guests;
mod mentions;
mod messages;
mod pages;
mod reported;
mod unread;

use poem::http::Method;
use serde_json::{Value, json};

use crate::world::{Answer, Options, Person, World};

/// An id that leads nowhere.
const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";

/// A team: its Owner, and three Members.
pub struct Stage {
    pub world: World,
    pub olga: Person,
    pub ana: Person,
    pub ben: Person,
    pub mia: Person,
    pub team: String,
}

impl Stage {
    /// With quotas as they are.
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// With quotas that are as good as none.
    pub async fn unlimited() -> Self {
        Self::with(Options::default().unlimited()).await
    }

    async fn with(options: Options) -> Self {
        let world = World::with(options);
        let olga = world.claim("Olga").await;
        let team = world.team(&olga, "Ops").await;
        let ana = world.join(&olga, &team, "member", "Ana").await;
        let ben = world.join(&olga, &team, "member", "Ben").await;
        let mia = world.join(&olga, &team, "member", "Mia").await;
        Self { world, olga, ana, ben, mia, team }
    }

    /// Where the team's conversations are.
    pub fn list(&self) -> String {
        format!("/api/v1/teams/{}/conversations", self.team)
    }

    /// A new group; answers where it is.
    pub async fn group(&self, owner: &Person, others: &[&Person]) -> String {
        let people: Vec<_> = others.iter().map(|person| &person.id).collect();
        let body = json!({"kind": "group", "title": "Lighthouse", "participant_ids": people});
        owner.post(&self.list(), &body).await.expect(201).header("location")
    }

    /// A direct conversation; answers where it is.
    pub async fn direct(&self, one: &Person, other: &Person) -> String {
        let body = json!({"kind": "direct", "participant_ids": [other.id]});
        one.post(&self.list(), &body).await.expect(201).header("location")
    }

    /// A grant of a conversation, written behind the server's back; answers the guest.
    pub async fn guest(&self, conversation: &str, expires_in: i64) -> Person {
        let elsewhere = self.world.team(&self.olga, "Elsewhere").await;
        let guest = self.world.join(&self.olga, &elsewhere, "owner", "Gil").await;
        let insert = "INSERT INTO resource_grants (id, team_id, resource_type, resource_id, user_id, role, granted_by, \
            created_at, expires_at) VALUES (?1, ?2, 'conversation', ?3, ?1, 'member', ?4, ?5, ?6)";
        let now = milton::base::clock::Clock::now(&*self.world.clock).micros();
        let values = (&guest.id, &self.team, id_of(conversation), &self.olga.id, now, now + expires_in * 1_000_000);
        crate::forge::sql(&self.world, insert, values);
        guest
    }
}

/// The last id of a path.
pub fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Says something; answers where it is.
pub async fn say(person: &Person, conversation: &str, text: &str) -> String {
    person.post(&format!("{conversation}/messages"), &json!({"body": text})).await.expect(201).header("location")
}

/// Edits something in whatever version.
pub async fn edit(person: &Person, path: &str, body: &Value) -> Answer {
    person.clone().with("if-match", "*").send(Method::PATCH, path, Some(body)).await
}

pub async fn delete(person: &Person, path: &str) -> Answer {
    person.send(Method::DELETE, path, None).await
}

/// All of it at once; the answers in the order of the questions.
pub async fn at_once<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for task in running {
        answers.push(task.await.unwrap());
    }
    answers
}

/// The items of a list.
pub fn items(answer: &Answer) -> Vec<Value> {
    answer.json["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).clone()
}

/// Whatever somebody may ask of a conversation, reading or writing.
pub async fn try_everything(person: &Person, conversation: &str, message: &str) -> Vec<Answer> {
    vec![
        person.get(conversation).await,
        person.get(&format!("{conversation}/participants")).await,
        person.get(&format!("{conversation}/messages")).await,
        person.get(message).await,
        person.post(&format!("{conversation}/messages"), &json!({"body": "Let me in"})).await,
        person.post(&format!("{conversation}/participants"), &json!({"user_id": person.id})).await,
        person.post(&format!("{conversation}/join"), &json!({})).await,
        person.post(&format!("{conversation}/leave"), &json!({})).await,
        person.post(&format!("{message}/report"), &json!({})).await,
        person.send(Method::PUT, &format!("{conversation}/read"), Some(&json!({"message_id": id_of(message)}))).await,
        edit(person, conversation, &json!({"title": "Mine"})).await,
        edit(person, message, &json!({"body": "Mine"})).await,
        delete(person, message).await,
        delete(person, conversation).await,
    ]
}

/// Fails the test unless all of it is refused, without a word of what is there, and nothing of it is listed or found.
pub async fn is_locked_out(person: &Person, conversation: &str, message: &str) {
    for answer in try_everything(person, conversation, message).await {
        let answer = answer.problem(403, "access-denied");
        assert!(!answer.text.contains("ighthouse"), "{}", answer.text);
    }
    for list in [conversation.rsplit_once('/').unwrap().0, "/api/v1/me/conversations"] {
        assert!(!person.get(list).await.text.contains(id_of(conversation)), "{list}");
    }
    let team = conversation.split_once("/conversations").unwrap().0;
    let found = person.get(&format!("{team}/search?q=lighthouse&type=message")).await;
    assert!(!found.text.contains(id_of(conversation)), "{}", found.text);
}
