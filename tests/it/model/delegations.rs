//! Delegations, as a list of what each says and where it stands.

use std::time::Duration;

use poem::http::Method;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::json;

use super::{Stage, Who, anybody, same};
use crate::world::Answer;

/// What somebody tries.
#[derive(Clone, Debug)]
pub enum Act {
    Create {
        by: Who,
        assignee: Option<Who>,
        offer: bool,
    },
    Step {
        by: Who,
        which: usize,
        step: &'static str,
        seen: Seen,
    },
    Reassign {
        by: Who,
        which: usize,
        to: Who,
    },
    Edit {
        by: Who,
        which: usize,
        title: u8,
        seen: Seen,
    },
    Delete {
        by: Who,
        which: usize,
        seen: Seen,
    },
    Get {
        by: Who,
        which: usize,
    },
    List {
        by: Who,
    },
    Mine {
        by: Who,
    },
    Watch {
        by: Who,
        which: usize,
        on: bool,
    },
    Comment {
        by: Who,
        which: usize,
    },
    Comments {
        by: Who,
        which: usize,
    },
    /// Looks for the title.
    Find {
        by: Who,
        which: usize,
    },
    /// Leaves the team, or comes back by the Owner's invitation.
    LeaveOrReturn {
        who: Who,
    },
}

/// Which version somebody has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Present,
    Past,
    Any,
}

const STEPS: [&str; 9] = ["offer", "accept", "decline", "start", "done", "confirm", "reopen", "cancel", "take-over"];

pub fn any_act() -> impl Strategy<Value = Act> {
    let seen = prop::sample::select(vec![Seen::Present, Seen::Past, Seen::Any]);
    let step = prop::sample::select(STEPS.to_vec());
    prop_oneof![
        // A draft is in nobody's hands.
        3 => (anybody(), prop::option::weighted(0.8, anybody()), any::<bool>())
            .prop_map(|(by, assignee, offer)| Act::Create { by, assignee: assignee.filter(|_| offer), offer }),
        8 => (anybody(), 0..9_usize, step, seen.clone())
            .prop_map(|(by, which, step, seen)| Act::Step { by, which, step, seen }),
        2 => (anybody(), 0..9_usize, anybody()).prop_map(|(by, which, to)| Act::Reassign { by, which, to }),
        2 => (anybody(), 0..9_usize, any::<u8>(), seen.clone())
            .prop_map(|(by, which, title, seen)| Act::Edit { by, which, title, seen }),
        1 => (anybody(), 0..9_usize, seen).prop_map(|(by, which, seen)| Act::Delete { by, which, seen }),
        2 => (anybody(), 0..9_usize).prop_map(|(by, which)| Act::Get { by, which }),
        1 => anybody().prop_map(|by| Act::List { by }),
        1 => anybody().prop_map(|by| Act::Mine { by }),
        4 => (anybody(), 0..9_usize, prop::bool::weighted(0.7)).prop_map(|(by, which, on)| Act::Watch { by, which, on }),
        2 => (anybody(), 0..9_usize).prop_map(|(by, which)| Act::Comment { by, which }),
        1 => (anybody(), 0..9_usize).prop_map(|(by, which)| Act::Comments { by, which }),
        1 => (anybody(), 0..9_usize).prop_map(|(by, which)| Act::Find { by, which }),
        2 => prop::sample::select(vec![Who::Manager, Who::Ana, Who::Ben]).prop_map(|who| Act::LeaveOrReturn { who }),
    ]
}

/// One delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    id: String,
    title: String,
    state: &'static str,
    delegator: Who,
    assignee: Option<Who>,
    version: i64,
    is_deleted: bool,
    steps: Vec<&'static str>,
    watchers: Vec<Who>,
    comments: Vec<String>,
}

impl Work {
    fn concerns(&self, who: Who) -> bool {
        self.delegator == who || (self.assignee == Some(who) && self.state != "draft") || self.watchers.contains(&who)
    }

    /// Where a step leads from here.
    fn after(&self, step: &str) -> Option<&'static str> {
        let before_done = ["draft", "offered", "accepted", "in_progress", "declined"].contains(&self.state);
        match (step, self.state) {
            ("offer", "draft" | "declined") => Some("offered"),
            ("accept", "offered") => Some("accepted"),
            ("decline", "offered") => Some("declined"),
            ("start", "accepted") | ("reopen", "done" | "confirmed") => Some("in_progress"),
            ("done", "accepted" | "in_progress") => Some("done"),
            ("confirm", "done") => Some("confirmed"),
            ("take-over", state) if before_done || state == "done" => Some(state),
            ("reassign", _) if before_done => Some("offered"),
            ("cancel", _) if before_done => Some("cancelled"),
            _ => None,
        }
    }

    /// Whether a person may take a step here: those who run the team, its giver, whoever has it.
    fn may(&self, who: Who, what: &str) -> bool {
        let gave = self.delegator == who;
        let has = self.assignee == Some(who) && !["draft", "declined", "cancelled"].contains(&self.state);
        match what {
            "accept" | "decline" | "start" | "done" => has,
            "confirm" | "reopen" => gave,
            "reassign" => who.sees_all() || gave || has,
            "read" => who.sees_all() || self.concerns(who),
            "delete" => match who {
                Who::Owner => true,
                Who::Manager => gave,
                _ => gave && ["draft", "offered", "declined"].contains(&self.state),
            },
            _ => who.sees_all() || gave,
        }
    }
}

/// Whether somebody's role alone opens it, whichever delegation it is: they hear that one is gone.
fn opens_all(who: Who, what: &str) -> bool {
    match what {
        "accept" | "decline" | "start" | "done" | "confirm" | "reopen" => false,
        "delete" => who == Who::Owner,
        _ => who.sees_all(),
    }
}

#[derive(Default)]
struct Model {
    works: Vec<Work>,
    /// Who left the team.
    away: Vec<Who>,
}

impl Model {
    fn belongs(&self, who: Who) -> bool {
        who.belongs() && !self.away.contains(&who)
    }

    /// Their unfinished work goes back, and they watch nothing any more.
    fn leave(&mut self, who: Who) {
        self.away.push(who);
        for work in self.works.iter_mut().filter(|work| !work.is_deleted) {
            work.watchers.retain(|watcher| *watcher != who);
            if work.assignee == Some(who) && ["offered", "accepted", "in_progress"].contains(&work.state) {
                (work.state, work.assignee, work.version) = ("draft", None, work.version + 1);
                work.steps.push("return");
            }
        }
    }

    /// The delegation that an act is about, or the refusal.
    fn allowed(&mut self, by: Who, which: usize, what: &str, seen: Seen) -> Result<&mut Work, u16> {
        if !self.belongs(by) {
            return Err(403);
        }
        let count = self.works.len();
        let work = &mut self.works[which % count];
        if work.is_deleted {
            return Err(if opens_all(by, what) { 404 } else { 403 });
        }
        if !work.may(by, what) {
            return Err(403);
        }
        // Nobody has seen a version before the first.
        if seen == Seen::Past && work.version > 1 { Err(412) } else { Ok(work) }
    }

    fn step(&mut self, by: Who, which: usize, step: &'static str, to: Option<Who>, seen: Seen) -> Result<&Work, u16> {
        let away = self.away.clone();
        let is_out = |who: Who| !who.belongs() || away.contains(&who);
        let work = self.allowed(by, which, step, seen)?;
        let next = work.after(step).ok_or(409_u16)?;
        let assignee = to.or(work.assignee);
        if step == "take-over" {
            if !is_out(work.delegator) {
                return Err(409);
            }
            work.delegator = by;
        } else if ["offered", "in_progress"].contains(&next) && assignee.is_some_and(is_out) {
            return Err(422);
        }
        if next == "offered" && assignee.is_none() {
            return Err(409);
        }
        if step == "reassign" && assignee == work.assignee && work.state != "draft" {
            return Err(409);
        }
        // Whoever was chosen for a draft has nothing to do with its end.
        let assignee = assignee.filter(|_| (step, work.state) != ("cancel", "draft"));
        (work.state, work.assignee) = (next, assignee);
        work.steps.push(step);
        work.version += 1;
        Ok(work)
    }
}

fn etag(work: &Work, seen: Seen) -> String {
    match seen {
        Seen::Any => "*".to_owned(),
        Seen::Present => format!("\"{}\"", work.version),
        Seen::Past => format!("\"{}\"", (work.version - 1).max(1)),
    }
}

impl Stage {
    fn list(&self) -> String {
        format!("/api/v1/teams/{}/delegations", self.team)
    }

    async fn try_it(&self, by: Who, method: Method, path: &str, seen: &str, body: Option<serde_json::Value>) -> Answer {
        self.person(by).clone().with("if-match", seen).send(method, path, body.as_ref()).await
    }

    fn shows(&self, answer: &Answer, expected: Result<&Work, u16>) -> Result<(), TestCaseError> {
        let work = match expected {
            Err(status) => return same(answer, answer.status.as_u16(), status),
            Ok(work) => work,
        };
        prop_assert!(answer.status.is_success(), "{}", answer.text);
        let id = |who: Option<Who>| who.map(|who| self.person(who).id.clone());
        let found = &answer.json;
        same(answer, found["id"].as_str(), Some(work.id.as_str()))?;
        same(answer, found["title"].as_str(), Some(work.title.as_str()))?;
        same(answer, found["state"].as_str(), Some(work.state))?;
        same(answer, found["delegator"]["id"].as_str(), id(Some(work.delegator)).as_deref())?;
        same(answer, found["assignee"]["id"].as_str(), id(work.assignee).as_deref())?;
        same(answer, found["etag"].as_str(), Some(etag(work, Seen::Present).as_str()))
    }

    async fn lists(&self, by: Who, path: &str, expected: Vec<&Work>) -> Result<(), TestCaseError> {
        let answer = self.person(by).get(&format!("{path}?limit=100")).await;
        let found = answer.json["items"].as_array().map(|items| items.iter().map(|item| item["id"].clone()).collect());
        let expected = expected.iter().rev().map(|work| json!(work.id)).collect();
        same(&answer, found, Some::<Vec<_>>(expected))
    }
}

pub async fn play(stage: Stage, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let mut model = Model::default();
    let first = Act::Create { by: Who::Manager, assignee: Some(Who::Ana), offer: true };
    for act in std::iter::once(first).chain(acts) {
        // Ids of one millisecond have no order.
        stage.world.pass(Duration::from_millis(1));
        one(&stage, &mut model, &act).await?;
    }
    for work in model.works.iter().filter(|work| !work.is_deleted) {
        let chain = stage.person(Who::Owner).get(&format!("{}/{}/custody", stage.list(), work.id)).await;
        let found: Vec<_> = chain.json["items"].as_array().unwrap().iter().map(|link| link["step"].clone()).collect();
        let expected: Vec<_> = std::iter::once(&"create").chain(&work.steps).map(|step| json!(step)).collect();
        same(&chain, found, expected)?;
    }
    prop_assert!(stage.world.audit_size() > 0);
    Ok(())
}

async fn one(stage: &Stage, model: &mut Model, act: &Act) -> Result<(), TestCaseError> {
    let count = model.works.len();
    let path = |model: &Model, which: usize| format!("{}/{}", stage.list(), model.works[which % count].id);
    let seen_tag = |model: &Model, which: usize, seen| etag(&model.works[which % count], seen);
    match *act {
        Act::Create { by, assignee, offer } => {
            let body = json!({"title": format!("Work {count}"), "offer": offer,
                "assignee_id": assignee.map(|who| stage.person(who).id.clone())});
            let body = match assignee {
                Some(_) => body,
                None => json!({"title": format!("Work {count}"), "offer": offer}),
            };
            let answer = stage.person(by).post(&stage.list(), &body).await;
            let wrong = (offer && assignee.is_none()) || assignee.is_some_and(|who| !model.belongs(who));
            if !model.belongs(by) || wrong {
                return same(&answer, answer.status.as_u16(), if model.belongs(by) { 422 } else { 403 });
            }
            model.works.push(Work {
                id: answer.text("/id"),
                title: format!("Work {count}"),
                state: if offer { "offered" } else { "draft" },
                delegator: by,
                assignee,
                version: 1,
                is_deleted: false,
                steps: Vec::new(),
                watchers: Vec::new(),
                comments: Vec::new(),
            });
            stage.shows(&answer, model.works.last().ok_or(0))
        }
        Act::Step { by, which, step, seen } => {
            let (path, tag) = (format!("{}/{step}", path(model, which)), seen_tag(model, which, seen));
            let answer = stage.try_it(by, Method::POST, &path, &tag, Some(json!({}))).await;
            stage.shows(&answer, model.step(by, which, step, None, seen))
        }
        Act::Reassign { by, which, to } => {
            let path = format!("{}/reassign", path(model, which));
            let body = json!({"assignee_id": stage.person(to).id});
            let answer = stage.try_it(by, Method::POST, &path, "*", Some(body)).await;
            stage.shows(&answer, model.step(by, which, "reassign", Some(to), Seen::Any))
        }
        Act::Edit { by, which, title, seen } => {
            let (path, tag, title) = (path(model, which), seen_tag(model, which, seen), format!("Title {title}"));
            let answer = stage.try_it(by, Method::PATCH, &path, &tag, Some(json!({"title": title}))).await;
            let edited = model.allowed(by, which, "edit", seen).map(|work| {
                (work.title, work.version) = (title, work.version + 1);
                &*work
            });
            stage.shows(&answer, edited)
        }
        Act::Delete { by, which, seen } => {
            let (path, tag) = (path(model, which), seen_tag(model, which, seen));
            let answer = stage.try_it(by, Method::DELETE, &path, &tag, None).await;
            let status = model.allowed(by, which, "delete", seen).map_or_else(
                |status| status,
                |work| {
                    work.is_deleted = true;
                    204
                },
            );
            same(&answer, answer.status.as_u16(), status)
        }
        Act::Get { by, which } => {
            let answer = stage.person(by).get(&path(model, which)).await;
            stage.shows(&answer, model.allowed(by, which, "read", Seen::Any).map(|work| &*work))
        }
        Act::List { by } if !model.belongs(by) => {
            let answer = stage.person(by).get(&stage.list()).await;
            same(&answer, answer.status.as_u16(), 403)
        }
        Act::List { by } => {
            let there = model.works.iter().filter(|work| !work.is_deleted && (by.sees_all() || work.concerns(by)));
            stage.lists(by, &stage.list(), there.collect()).await
        }
        Act::Mine { by } => {
            let there = model.works.iter().filter(|work| !work.is_deleted && model.belongs(by) && work.concerns(by));
            stage.lists(by, "/api/v1/me/delegations", there.collect()).await
        }
        Act::LeaveOrReturn { who } => leave_or_return(stage, model, who).await,
        Act::Watch { .. } | Act::Comment { .. } | Act::Comments { .. } | Act::Find { .. } => {
            beside(stage, model, act).await
        }
    }
}

async fn leave_or_return(stage: &Stage, model: &mut Model, who: Who) -> Result<(), TestCaseError> {
    let (owner, person, team) = (stage.person(Who::Owner), stage.person(who), format!("/api/v1/teams/{}", stage.team));
    if model.belongs(who) {
        let answer = person.post(&format!("{team}/leave"), &json!({})).await;
        model.leave(who);
        return same(&answer, answer.status.as_u16(), 204);
    }
    let role = if who == Who::Manager { "manager" } else { "member" };
    let token = owner.post(&format!("{team}/invitations"), &json!({"role": role})).await.text("/token");
    let answer = person.post("/api/v1/invitations/accept", &json!({"token": token})).await;
    model.away.retain(|away| *away != who);
    prop_assert!(answer.status.is_success(), "{}", answer.text);
    // What they gave is still theirs, what they watched is not.
    let theirs = model.works.iter().filter(|work| !work.is_deleted && work.concerns(who));
    stage.lists(who, "/api/v1/me/delegations", theirs.collect()).await
}

/// What people do beside the work.
async fn beside(stage: &Stage, model: &mut Model, act: &Act) -> Result<(), TestCaseError> {
    let path = |model: &Model, which: usize| {
        let work = &model.works[which % model.works.len()];
        format!("{}/{}", stage.list(), work.id)
    };
    match *act {
        Act::Watch { by, which, on } => {
            let method = if on { Method::PUT } else { Method::DELETE };
            let answer = stage.person(by).send(method, &format!("{}/watch", path(model, which)), None).await;
            let watched = model.allowed(by, which, "read", Seen::Any).map(|work| {
                work.watchers.retain(|watcher| *watcher != by);
                work.watchers.extend(on.then_some(by));
            });
            same(&answer, answer.status.as_u16(), watched.map_or_else(|status| status, |()| 204))
        }
        Act::Comment { by, which } => {
            let path = format!("{}/comments", path(model, which));
            let answer = stage.person(by).post(&path, &json!({"body": "Well done"})).await;
            let said = model.allowed(by, which, "read", Seen::Any);
            let said = said.map(|work| work.comments.extend(answer.json["id"].as_str().map(ToOwned::to_owned)));
            same(&answer, answer.status.as_u16(), said.map_or_else(|status| status, |()| 201))
        }
        Act::Comments { by, which } => {
            let answer = stage.person(by).get(&format!("{}/comments?limit=100", path(model, which))).await;
            match model.allowed(by, which, "read", Seen::Any) {
                Err(status) => same(&answer, answer.status.as_u16(), status),
                Ok(work) => {
                    let items = answer.json["items"].as_array().cloned().unwrap_or_default();
                    let found = items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
                    same(&answer, found, work.comments.iter().map(|id| json!(id)).collect())
                }
            }
        }
        Act::Find { by, which } => stage.finds(model, by, which).await,
        _ => unreachable!("{act:?}"),
    }
}

impl Stage {
    /// The search finds what can be read, and nothing else.
    async fn finds(&self, model: &mut Model, by: Who, which: usize) -> Result<(), TestCaseError> {
        let count = model.works.len();
        let (id, title) = (model.works[which % count].id.clone(), model.works[which % count].title.replace(' ', "%20"));
        let path = format!("/api/v1/teams/{}/search?type=delegation&limit=100&q={title}", self.team);
        let mut answer = self.person(by).get(&path).await;
        if !model.belongs(by) {
            return same(&answer, answer.status.as_u16(), 403);
        }
        let mut is_found = false;
        loop {
            let items = answer.json["items"].as_array().cloned().unwrap_or_default();
            is_found |= items.iter().any(|item| item["id"] == id.as_str());
            let Some(cursor) = answer.json["next_cursor"].as_str() else { break };
            answer = self.person(by).get(&format!("{path}&cursor={cursor}")).await;
        }
        same(&answer, is_found, model.allowed(by, which, "read", Seen::Any).is_ok())
    }
}
