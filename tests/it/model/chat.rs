//! Chat, as a list of who takes part in what, what each said, and how far each has read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use poem::http::Method;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{Stage, Who, anybody, same};
use crate::world::Answer;

const NOWHERE: &str = "01957000-0000-7000-8000-000000000000";
const ROLES: [&str; 3] = ["admin", "manager", "member"];

/// What somebody tries. `at` is a conversation; `what`, a message of it, and now and then one of another.
#[derive(Clone, Debug)]
pub enum Act {
    Direct {
        by: Who,
        to: Who,
    },
    Group {
        by: Who,
        others: Vec<Who>,
    },
    Send {
        by: Who,
        at: usize,
    },
    Edit {
        by: Who,
        at: usize,
        what: What,
        seen: Seen,
    },
    Delete {
        by: Who,
        at: usize,
        what: What,
        seen: Seen,
    },
    Message {
        by: Who,
        at: usize,
        what: What,
    },
    Read {
        by: Who,
        at: usize,
        what: What,
    },
    Get {
        by: Who,
        at: usize,
    },
    Add {
        by: Who,
        at: usize,
        who: Who,
    },
    Remove {
        by: Who,
        at: usize,
        who: Who,
    },
    Leave {
        by: Who,
        at: usize,
    },
    Rename {
        by: Who,
        at: usize,
    },
    End {
        by: Who,
        at: usize,
    },
    List {
        by: Who,
    },
    Mine {
        by: Who,
    },
    Pages {
        by: Who,
        at: usize,
        limit: usize,
    },
    People {
        by: Who,
        at: usize,
    },
    /// The Owner gives somebody this role, or takes them out of the team; who is not in it comes back by invitation.
    Cast {
        who: Who,
        role: Option<&'static str>,
    },
}

/// Which version somebody has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Present,
    Past,
    Any,
}

/// Which message.
#[derive(Clone, Copy, Debug)]
pub struct What {
    nth: usize,
    is_elsewhere: bool,
}

fn place() -> impl Strategy<Value = usize> {
    0..4_usize
}

fn what() -> impl Strategy<Value = What> {
    (0..40_usize, prop::bool::weighted(0.1)).prop_map(|(nth, is_elsewhere)| What { nth, is_elsewhere })
}

fn seen() -> impl Strategy<Value = Seen> {
    prop::sample::select(vec![Seen::Present, Seen::Past, Seen::Any])
}

pub fn any_act() -> impl Strategy<Value = Act> {
    let cast = prop::sample::select(vec![Who::Manager, Who::Ana, Who::Ben]);
    let role = prop::option::weighted(0.7, prop::sample::select(ROLES.to_vec()));
    prop_oneof![
        1 => (anybody(), anybody()).prop_map(|(by, to)| Act::Direct { by, to }),
        1 => (anybody(), prop::collection::vec(anybody(), 1..4)).prop_map(|(by, others)| Act::Group { by, others }),
        12 => (anybody(), place()).prop_map(|(by, at)| Act::Send { by, at }),
        4 => (anybody(), place(), what(), seen()).prop_map(|(by, at, what, seen)| Act::Edit { by, at, what, seen }),
        3 => (anybody(), place(), what(), seen()).prop_map(|(by, at, what, seen)| Act::Delete { by, at, what, seen }),
        2 => (anybody(), place(), what()).prop_map(|(by, at, what)| Act::Message { by, at, what }),
        8 => (anybody(), place(), what()).prop_map(|(by, at, what)| Act::Read { by, at, what }),
        2 => (anybody(), place()).prop_map(|(by, at)| Act::Get { by, at }),
        4 => (anybody(), place(), anybody()).prop_map(|(by, at, who)| Act::Add { by, at, who }),
        2 => (anybody(), place(), anybody()).prop_map(|(by, at, who)| Act::Remove { by, at, who }),
        2 => (anybody(), place()).prop_map(|(by, at)| Act::Leave { by, at }),
        1 => (anybody(), place()).prop_map(|(by, at)| Act::Rename { by, at }),
        1 => (anybody(), place()).prop_map(|(by, at)| Act::End { by, at }),
        2 => anybody().prop_map(|by| Act::List { by }),
        2 => anybody().prop_map(|by| Act::Mine { by }),
        2 => (anybody(), place(), 1..5_usize).prop_map(|(by, at, limit)| Act::Pages { by, at, limit }),
        1 => (anybody(), place()).prop_map(|(by, at)| Act::People { by, at }),
        2 => (cast, role).prop_map(|(who, role)| Act::Cast { who, role }),
    ]
}

/// Something that was said. Its place in the list of all messages is its number.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    at: usize,
    author: Who,
    /// Nothing once it is deleted.
    text: Option<String>,
    version: i64,
}

#[derive(Clone, Debug)]
struct Conversation {
    id: String,
    /// None between two.
    title: Option<String>,
    owner: Who,
    /// Who is in it, with the number of messages they had behind them.
    people: BTreeMap<usize, usize>,
    /// How many messages there were when something was last said here, or when it began.
    moved: usize,
    version: i64,
    is_over: bool,
}

struct Model {
    roles: [Option<&'static str>; 5],
    conversations: Vec<Conversation>,
    messages: Vec<Message>,
}

impl Model {
    fn belongs(&self, who: Who) -> bool {
        self.roles[who as usize].is_some()
    }

    fn index(&self, at: usize) -> usize {
        at % self.conversations.len()
    }

    fn takes_part(&self, who: Who, at: usize) -> bool {
        let found = &self.conversations[at];
        !found.is_over && self.belongs(who) && found.people.contains_key(&(who as usize))
    }

    /// The conversation, for those who take part.
    fn part(&self, who: Who, at: usize) -> Result<usize, u16> {
        let at = self.index(at);
        if self.takes_part(who, at) { Ok(at) } else { Err(403) }
    }

    /// The conversation, for those who take part and are heard: between two, both must be there.
    fn heard(&self, who: Who, at: usize) -> Result<usize, u16> {
        let at = self.part(who, at)?;
        let found = &self.conversations[at];
        let is_heard = found.title.is_some() || found.people.keys().all(|person| self.roles[*person].is_some());
        if is_heard { Ok(at) } else { Err(409) }
    }

    /// The conversation, for whoever began it and may run things: not between two.
    fn own(&self, who: Who, at: usize) -> Result<usize, u16> {
        let at = self.part(who, at)?;
        if self.conversations[at].owner != who || self.roles[who as usize] == Some("member") {
            return Err(403);
        }
        if self.conversations[at].title.is_none() { Err(409) } else { Ok(at) }
    }

    /// The number of the message that is meant, if there is one.
    fn number(&self, at: usize, what: What) -> Option<usize> {
        let at = self.index(at);
        let meant = |message: &Message| what.is_elsewhere || message.at == at;
        let numbers: Vec<_> = (0..self.messages.len()).filter(|number| meant(&self.messages[*number])).collect();
        (!numbers.is_empty()).then(|| numbers[what.nth % numbers.len()])
    }

    /// The same, if it stands in the conversation.
    fn message(&self, at: usize, what: What) -> Option<usize> {
        self.number(at, what).filter(|number| self.messages[*number].at == self.index(at))
    }

    /// A message that its author changes.
    fn mine(&mut self, who: Who, at: usize, what: What, seen: Seen) -> Result<&mut Message, u16> {
        self.part(who, at)?;
        let number = self.message(at, what).ok_or(403_u16)?;
        let message = &mut self.messages[number];
        if message.author != who {
            return Err(403);
        }
        if seen == Seen::Past && message.version > 1 {
            return Err(412);
        }
        if message.text.is_none() { Err(409) } else { Ok(message) }
    }

    fn unread(&self, who: Who, at: usize) -> usize {
        let behind = self.conversations[at].people.get(&(who as usize)).copied().unwrap_or_default();
        let later = self.messages.iter().skip(behind);
        later.filter(|message| message.at == at && message.author != who && message.text.is_some()).count()
    }

    /// What somebody takes part in, the last that moved first.
    fn listed(&self, who: Who) -> Vec<usize> {
        let mut listed: Vec<_> = (0..self.conversations.len()).filter(|at| self.takes_part(who, *at)).collect();
        listed.sort_by_key(|at| std::cmp::Reverse((self.conversations[*at].moved, *at)));
        listed
    }

    fn begin(&mut self, id: String, title: Option<String>, owner: Who, others: &[Who]) -> usize {
        let moved = self.messages.len();
        let people = others.iter().chain([&owner]).map(|who| (*who as usize, moved)).collect();
        self.conversations.push(Conversation { id, title, owner, people, moved, version: 1, is_over: false });
        self.conversations.len() - 1
    }
}

fn tag(version: i64, seen: Seen) -> String {
    match seen {
        Seen::Any => "*".to_owned(),
        Seen::Present => format!("\"{version}\""),
        Seen::Past => format!("\"{}\"", (version - 1).max(1)),
    }
}

/// The stage with what ought to be on it.
struct Play {
    stage: Stage,
    model: Model,
    count: usize,
}

type Checked = Result<(), TestCaseError>;

fn refused(answer: &Answer, status: u16) -> Checked {
    same(answer, answer.status.as_u16(), status)
}

impl Play {
    fn list(&self) -> String {
        format!("/api/v1/teams/{}/conversations", self.stage.team)
    }

    fn path(&self, at: usize) -> String {
        format!("{}/{}", self.list(), self.model.conversations[self.model.index(at)].id)
    }

    fn id(&self, who: Who) -> &str {
        &self.stage.person(who).id
    }

    fn message_id(&self, at: usize, what: What) -> String {
        self.model.number(at, what).map_or_else(|| NOWHERE.to_owned(), |number| self.model.messages[number].id.clone())
    }

    fn message_tag(&self, at: usize, what: What, seen: Seen) -> String {
        tag(self.model.number(at, what).map_or(1, |number| self.model.messages[number].version), seen)
    }

    fn message_path(&self, at: usize, what: What) -> String {
        format!("{}/messages/{}", self.path(at), self.message_id(at, what))
    }

    async fn send(&self, by: Who, method: Method, path: &str, seen: &str, body: Option<Value>) -> Answer {
        self.stage.person(by).clone().with("if-match", seen).send(method, path, body.as_ref()).await
    }

    /// A conversation as somebody sees it.
    fn shows(&self, answer: &Answer, found: &Value, by: Who, at: usize) -> Checked {
        let (model, expected) = (&self.model, &self.model.conversations[at]);
        same(answer, found["id"].as_str(), Some(expected.id.as_str()))?;
        same(answer, found["title"].as_str(), expected.title.as_deref())?;
        same(answer, found["kind"].as_str(), Some(if expected.title.is_some() { "group" } else { "direct" }))?;
        same(answer, found["created_by"].as_str(), Some(self.id(expected.owner)))?;
        same(answer, found["unread"].as_u64(), Some(model.unread(by, at) as u64))?;
        same(answer, found["etag"].as_str(), Some(tag(expected.version, Seen::Present).as_str()))?;
        let other = expected.people.keys().find(|who| **who != by as usize).filter(|_| expected.title.is_none());
        same(answer, found["with"]["id"].as_str(), other.map(|who| self.stage.people[*who].id.as_str()))?;
        let last = model.messages.iter().rfind(|message| message.at == at);
        same(answer, found["last_message"]["id"].as_str(), last.map(|message| message.id.as_str()))?;
        same(answer, found["last_message"]["text"].as_str(), last.and_then(|message| message.text.as_deref()))
    }

    fn says(&self, answer: &Answer, found: &Value, message: &Message) -> Checked {
        same(answer, found["id"].as_str(), Some(message.id.as_str()))?;
        same(answer, found["body"].as_str(), message.text.as_deref())?;
        same(answer, found["author"]["id"].as_str(), Some(self.id(message.author)))?;
        same(answer, found["etag"].as_str(), Some(tag(message.version, Seen::Present).as_str()))
    }

    /// One conversation, or the refusal.
    fn answers(&self, answer: &Answer, by: Who, expected: Result<usize, u16>) -> Checked {
        match expected {
            Err(status) => refused(answer, status),
            Ok(at) => self.shows(answer, &answer.json, by, at),
        }
    }

    fn all_shown(&self, answer: &Answer, by: Who) -> Checked {
        let (items, listed) = (answer.json["items"].as_array().cloned().unwrap_or_default(), self.model.listed(by));
        same(answer, items.len(), listed.len())?;
        listed.into_iter().zip(&items).try_for_each(|(at, item)| self.shows(answer, item, by, at))
    }

    async fn begin(&mut self, by: Who, others: &[Who], title: Option<String>) -> Checked {
        let ids: Vec<_> = others.iter().map(|who| self.id(*who).to_owned()).collect();
        let mut body = json!({"kind": "direct", "participant_ids": ids});
        if let Some(title) = &title {
            (body["kind"], body["title"]) = (json!("group"), json!(title));
        }
        let answer = self.stage.person(by).post(&self.list(), &body).await;
        let is_alone = others.iter().all(|who| *who == by);
        if title.is_some() && is_alone {
            return refused(&answer, 422);
        }
        if !self.model.belongs(by) {
            return refused(&answer, 403);
        }
        let pair: BTreeSet<_> = others.iter().chain([&by]).map(|who| *who as usize).collect();
        let is_theirs = |one: &Conversation| one.title.is_none() && one.people.keys().eq(&pair);
        if let (None, Some(at)) = (&title, self.model.conversations.iter().position(is_theirs)) {
            same(&answer, answer.status.as_u16(), 200)?;
            return self.shows(&answer, &answer.json, by, at);
        }
        if is_alone || others.iter().any(|who| !self.model.belongs(*who)) {
            return refused(&answer, 422);
        }
        same(&answer, answer.status.as_u16(), 201)?;
        let at = self.model.begin(answer.text("/id"), title, by, others);
        self.shows(&answer, &answer.json, by, at)
    }

    /// From the newest page back to the oldest, then forth again: the same both ways.
    async fn pages(&self, by: Who, at: usize, limit: usize) -> Checked {
        let path = format!("{}/messages?limit={limit}", self.path(at));
        let mut answer = self.stage.person(by).get(&path).await;
        let at = match self.model.part(by, at) {
            Err(status) => return refused(&answer, status),
            Ok(at) => at,
        };
        let expected: Vec<_> = self.model.messages.iter().filter(|message| message.at == at).collect();
        let mut found: Vec<Value> = Vec::new();
        loop {
            let items = answer.json["items"].as_array().cloned().unwrap_or_default();
            prop_assert!(items.len() <= limit, "{}", answer.text);
            found.splice(0..0, items);
            prop_assert!(found.len() <= expected.len(), "{}", answer.text);
            let Some(cursor) = answer.json["prev_cursor"].as_str().filter(|_| found.len() < expected.len()) else {
                break;
            };
            answer = self.stage.person(by).get(&format!("{path}&before={cursor}")).await;
        }
        same(&answer, found.len(), expected.len())?;
        for (message, item) in expected.iter().zip(&found) {
            self.says(&answer, item, message)?;
        }
        if let Some(cursor) = answer.json["next_cursor"].as_str() {
            let shown = answer.json["items"].as_array().map_or(0, Vec::len);
            let next = self.stage.person(by).get(&format!("{path}&after={cursor}")).await;
            let items = next.json["items"].as_array().cloned().unwrap_or_default();
            same(&next, &items[..], &found[shown..(shown + limit).min(found.len())])?;
        }
        Ok(())
    }

    async fn cast(&mut self, who: Who, role: Option<&'static str>) -> Checked {
        let (owner, person) = (self.stage.person(Who::Owner), self.stage.person(who));
        let team = format!("/api/v1/teams/{}", self.stage.team);
        let path = format!("{team}/members/{}", person.id);
        match (self.model.roles[who as usize], role) {
            (None, None) => {}
            (Some(_), Some(role)) => {
                let answer = owner.send(Method::PUT, &path, Some(&json!({"role": role}))).await;
                same(&answer, answer.status.as_u16(), 204)?;
            }
            (Some(_), None) => {
                let answer = owner.send(Method::DELETE, &path, None).await;
                same(&answer, answer.status.as_u16(), 204)?;
                // Others may take them in again where people come and go; between two, nothing ends.
                for group in self.model.conversations.iter_mut().filter(|one| one.title.is_some()) {
                    group.people.remove(&(who as usize));
                }
            }
            (None, Some(role)) => {
                let token = owner.post(&format!("{team}/invitations"), &json!({"role": role})).await.text("/token");
                let answer = person.post("/api/v1/invitations/accept", &json!({"token": token})).await;
                prop_assert!(answer.status.is_success(), "{}", answer.text);
            }
        }
        self.model.roles[who as usize] = role;
        Ok(())
    }
}

pub async fn play(stage: Stage, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let roles = [Some("owner"), Some("manager"), Some("member"), Some("member"), None];
    let model = Model { roles, conversations: Vec::new(), messages: Vec::new() };
    let mut play = Play { stage, model, count: 0 };
    let first = Act::Group { by: Who::Manager, others: vec![Who::Owner, Who::Ana, Who::Ben] };
    for act in [first, Act::Direct { by: Who::Ana, to: Who::Manager }].into_iter().chain(acts) {
        // Ids of one millisecond have no order.
        play.stage.world.pass(Duration::from_millis(1));
        play.count += 1;
        play.one(act).await?;
    }
    for by in Who::ALL {
        play.one(Act::Mine { by }).await?;
    }
    Ok(())
}

impl Play {
    async fn one(&mut self, act: Act) -> Checked {
        match act {
            Act::Direct { by, to } => self.begin(by, &[to], None).await,
            Act::Group { by, others } => self.begin(by, &others, Some(format!("Group {}", self.count))).await,
            Act::Cast { who, role } => self.cast(who, role).await,
            Act::Pages { by, at, limit } => self.pages(by, at, limit).await,
            Act::Send { .. } | Act::Edit { .. } | Act::Delete { .. } | Act::Message { .. } => self.speech(act).await,
            Act::Add { .. } | Act::Remove { .. } | Act::Leave { .. } | Act::People { .. } => self.coming(act).await,
            _ => self.looking(act).await,
        }
    }

    /// What is said, and said otherwise.
    async fn speech(&mut self, act: Act) -> Checked {
        match act {
            Act::Send { by, at } => {
                let text = format!("Said {}", self.count);
                let path = format!("{}/messages", self.path(at));
                let answer = self.stage.person(by).post(&path, &json!({"body": text})).await;
                let at = match self.model.heard(by, at) {
                    Err(status) => return refused(&answer, status),
                    Ok(at) => at,
                };
                same(&answer, answer.status.as_u16(), 201)?;
                let id = answer.text("/id");
                self.model.messages.push(Message { id, at, author: by, text: Some(text), version: 1 });
                self.model.conversations[at].moved = self.model.messages.len();
                self.says(&answer, &answer.json, &self.model.messages[self.model.messages.len() - 1])
            }
            Act::Edit { by, at, what, seen } => {
                let (path, tag) = (self.message_path(at, what), self.message_tag(at, what, seen));
                let text = format!("Edited {}", self.count);
                let answer = self.send(by, Method::PATCH, &path, &tag, Some(json!({"body": text}))).await;
                let edited = self.model.mine(by, at, what, seen).map(|message| {
                    (message.text, message.version) = (Some(text), message.version + 1);
                    message.clone()
                });
                edited.map_or_else(
                    |status| refused(&answer, status),
                    |message| self.says(&answer, &answer.json, &message),
                )
            }
            Act::Delete { by, at, what, seen } => {
                let (path, tag) = (self.message_path(at, what), self.message_tag(at, what, seen));
                let answer = self.send(by, Method::DELETE, &path, &tag, None).await;
                let gone = self.model.mine(by, at, what, seen).map(|message| {
                    (message.text, message.version) = (None, message.version + 1);
                });
                refused(&answer, gone.map_or_else(|status| status, |()| 204))
            }
            Act::Message { by, at, what } => {
                let answer = self.stage.person(by).get(&self.message_path(at, what)).await;
                let found = self.model.part(by, at).and_then(|_| self.model.message(at, what).ok_or(404));
                match found {
                    Err(status) => refused(&answer, status),
                    Ok(number) => self.says(&answer, &answer.json, &self.model.messages[number]),
                }
            }
            other => unreachable!("{other:?}"),
        }
    }

    /// Who comes and goes.
    async fn coming(&mut self, act: Act) -> Checked {
        match act {
            Act::Add { by, at, who } => {
                let path = format!("{}/participants", self.path(at));
                let answer = self.stage.person(by).post(&path, &json!({"user_id": self.id(who)})).await;
                let at = match self.model.own(by, at) {
                    Ok(_) if !self.model.belongs(who) => return refused(&answer, 422),
                    Ok(at) if self.model.takes_part(who, at) => return refused(&answer, 409),
                    Ok(at) => at,
                    Err(status) => return refused(&answer, status),
                };
                let conversation = &mut self.model.conversations[at];
                conversation.people.insert(who as usize, conversation.moved);
                same(&answer, answer.status.as_u16(), 201)?;
                same(&answer, answer.json["user_id"].as_str(), Some(self.id(who)))
            }
            Act::Remove { by, at, who } => {
                let path = format!("{}/participants/{}", self.path(at), self.id(who));
                let answer = self.send(by, Method::DELETE, &path, "*", None).await;
                let gone = self
                    .model
                    .own(by, at)
                    .and_then(|at| self.model.conversations[at].people.remove(&(who as usize)).ok_or(404));
                refused(&answer, gone.map_or_else(|status| status, |_| 204))
            }
            Act::Leave { by, at } => {
                let path = format!("{}/leave", self.path(at));
                let answer = self.stage.person(by).post(&path, &json!({})).await;
                let status = match self.model.part(by, at) {
                    Ok(at) if self.model.conversations[at].title.is_none() => 409,
                    Ok(at) => {
                        self.model.conversations[at].people.remove(&(by as usize));
                        204
                    }
                    Err(status) => status,
                };
                refused(&answer, status)
            }
            Act::People { by, at } => {
                let answer = self.stage.person(by).get(&format!("{}/participants", self.path(at))).await;
                let at = match self.model.part(by, at) {
                    Err(status) => return refused(&answer, status),
                    Ok(at) => at,
                };
                let field = |item: &Value, name: &str| item[name].as_str().map(ToOwned::to_owned);
                let items = answer.json["items"].as_array().cloned().unwrap_or_default();
                let found = items.iter().map(|item| (field(item, "user_id"), field(item, "read_message_id"))).collect();
                let there = Who::ALL.into_iter().filter(|who| self.model.takes_part(*who, at));
                let expected = there.map(|who| {
                    let behind = self.model.conversations[at].people[&(who as usize)].checked_sub(1);
                    let read = behind.map(|number| &self.model.messages[number]).filter(|message| message.at == at);
                    (Some(self.id(who).to_owned()), read.map(|message| message.id.clone()))
                });
                same(&answer, found, expected.collect::<BTreeSet<_>>())
            }
            other => unreachable!("{other:?}"),
        }
    }

    /// What is seen, and how far; and the conversation itself.
    async fn looking(&mut self, act: Act) -> Checked {
        match act {
            Act::Get { by, at } => {
                let answer = self.stage.person(by).get(&self.path(at)).await;
                self.answers(&answer, by, self.model.part(by, at))
            }
            Act::Read { by, at, what } => {
                let body = json!({"message_id": self.message_id(at, what)});
                let answer = self.send(by, Method::PUT, &format!("{}/read", self.path(at)), "*", Some(body)).await;
                let read = self.model.part(by, at).and_then(|at| {
                    let number = self.model.message(at, what).ok_or(422_u16)?;
                    let mark = self.model.conversations[at].people.entry(by as usize).or_default();
                    *mark = (*mark).max(number + 1);
                    Ok(at)
                });
                self.answers(&answer, by, read)
            }
            Act::Rename { by, at } => {
                let title = format!("Renamed {}", self.count);
                let answer = self.send(by, Method::PATCH, &self.path(at), "*", Some(json!({"title": title}))).await;
                let renamed = self.model.own(by, at).inspect(|at| {
                    let conversation = &mut self.model.conversations[*at];
                    (conversation.title, conversation.version) = (Some(title), conversation.version + 1);
                });
                self.answers(&answer, by, renamed)
            }
            Act::End { by, at } => {
                let answer = self.send(by, Method::DELETE, &self.path(at), "*", None).await;
                let ended = self.model.own(by, at).map(|at| self.model.conversations[at].is_over = true);
                refused(&answer, ended.map_or_else(|status| status, |()| 204))
            }
            Act::List { by } => {
                let answer = self.stage.person(by).get(&format!("{}?limit=100", self.list())).await;
                if self.model.belongs(by) { self.all_shown(&answer, by) } else { refused(&answer, 403) }
            }
            Act::Mine { by } => {
                let answer = self.stage.person(by).get("/api/v1/me/conversations?limit=100").await;
                self.all_shown(&answer, by)?;
                let unread: usize = self.model.listed(by).into_iter().map(|at| self.model.unread(by, at)).sum();
                same(&answer, answer.json["unread"].as_u64(), Some(unread as u64))
            }
            other => unreachable!("{other:?}"),
        }
    }
}
