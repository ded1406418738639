//! Requests that are sent again (`Idempotency-Key`): the answer is written down, and read for whoever repeats theirs.

use poem_openapi::payload::Json;
use poem_openapi::types::{ParseFromJSON, ToJSON};
use serde_json::Value;

use super::{Begun, Created, Kept, rate_limit};
use crate::app::Acted;
use crate::app::idempotency::{Repeatable, ShownOnce};
use crate::domain::{Conflict, Error};
use crate::http::caller::Member;
use crate::http::problem::Failure;
use crate::store::Action;
use crate::store::idempotency::Before;

/// The longest answer that is kept, in bytes: many long ones would fill the disk.
const LONGEST: usize = 256 << 10;

/// What was made: the parts of an answer that a repetition gets once more.
pub struct Made<T> {
    /// Where it is.
    pub location: String,
    /// It.
    pub body: T,
    /// Its version.
    pub etag: Option<String>,
}

/// The parts as they are written down; whether it is new, and not only found, is one of them.
type Parts = (String, Value, Option<String>, bool);

impl<T: ToJSON + ParseFromJSON> Made<T> {
    /// Writes it down; nothing when it is too long to be kept.
    fn to_text(&self, is_new: bool) -> Result<Option<String>, Error> {
        let parts = (&self.location, self.body.to_json().unwrap_or_default(), &self.etag, is_new);
        let text = serde_json::to_string(&parts).map_err(Error::internal)?;
        Ok(Some(text).filter(|text| text.len() <= LONGEST))
    }

    /// Reads what was kept of an answer, and whether it told of something new. `Conflict(AlreadyMade)` when it is one
    /// that is shown once or was too long.
    fn from_before(before: Before) -> Result<(Self, bool), Error> {
        let text = before.answer.ok_or(Error::Conflict(Conflict::AlreadyMade))?;
        let (location, body, etag, is_new): Parts = serde_json::from_str(&text).map_err(Error::internal)?;
        let body = T::parse_from_json(Some(body)).map_err(|error| Error::internal(error.into_message()))?;
        Ok((Self { location, body, etag }, is_new))
    }
}

impl Member {
    /// Makes something new, once for each `Idempotency-Key`: `show` turns what the action answers into the answer.
    pub async fn create<A: Action, T: ToJSON + ParseFromJSON + Send + Sync + 'static>(
        &self,
        action: A,
        show: impl Fn(&A::Output) -> Made<T> + Copy + Send + 'static,
    ) -> Result<Created<T>, Failure> {
        let keep = move |output: &A::Output| show(output).to_text(true);
        Ok(match self.act_once(&self.caller, action, self.mark, keep).await? {
            Repeatable::Made(Acted { output, seq, allowance }) => Created::at(show(&output), seq, allowance.as_ref()),
            Repeatable::Before(before) => {
                let seq = before.seq;
                let (Made { location, body, etag }, _) = Made::from_before(before)?;
                Created::Created(Json(body), location, seq, etag, None, None, Some(true))
            }
        })
    }

    /// Makes something new with a secret in the answer, once for each `Idempotency-Key`: a repetition is refused.
    pub async fn create_shown_once<A: Action, T: ToJSON + Send + Sync>(
        &self,
        action: A,
        show: impl FnOnce(A::Output) -> Made<T>,
    ) -> Result<Created<T>, Failure> {
        Ok(Created::shown_once(self.act_shown_once(&self.caller, action, self.mark).await?, show))
    }

    /// Changes something, once for each `Idempotency-Key`.
    pub async fn change_once<A: Action, T: ToJSON + ParseFromJSON + Send + Sync + 'static>(
        &self,
        action: A,
        show: impl Fn(&A::Output) -> T + Copy + Send + 'static,
    ) -> Result<Kept<T>, Failure> {
        let made = move |output: &A::Output| Made { location: String::new(), body: show(output), etag: None };
        let keep = move |output: &A::Output| made(output).to_text(false);
        Ok(match self.act_once(&self.caller, action, self.mark, keep).await? {
            Repeatable::Made(Acted { output, seq, .. }) => Kept::Changed(Json(show(&output)), seq, None, None),
            Repeatable::Before(before) => {
                let seq = before.seq;
                let (Made { body, etag, .. }, _) = Made::from_before(before)?;
                Kept::Changed(Json(body), seq, etag, Some(true))
            }
        })
    }
}

impl<T: ToJSON + Send + Sync> Created<T> {
    /// Answers what was made and is shown once.
    pub fn shown_once<O>(made: ShownOnce<O>, show: impl FnOnce(O) -> Made<T>) -> Self {
        let Acted { output, seq, allowance } = made.into_acted();
        Self::at(show(output), seq, allowance.as_ref())
    }
}

impl<T: ToJSON + Send + Sync> Kept<T> {
    /// Answers what changed and is shown once, with its version.
    pub fn shown_once<O>(changed: ShownOnce<O>, show: impl FnOnce(O) -> (T, String)) -> Self {
        let Acted { output, seq, .. } = changed.into_acted();
        let (body, tag) = show(output);
        Self::Changed(Json(body), seq, Some(tag), None)
    }
}

impl<T: ToJSON + ParseFromJSON + Send + Sync> Begun<T> {
    /// Writes the answer down for repetitions.
    pub fn keep(made: &Made<T>, is_new: bool) -> Result<Option<String>, Error> {
        made.to_text(is_new)
    }

    /// Answers what was made.
    pub fn new<O>(acted: Acted<O>, show: impl FnOnce(O) -> Made<T>) -> Self {
        let (left, policy) = rate_limit(acted.allowance.as_ref());
        let Made { location, body, etag } = show(acted.output);
        Self::New(Json(body), location, acted.seq, etag.unwrap_or_default(), left, policy, None)
    }

    /// Answers what was there, and the row that stands for what changed of it.
    pub fn found(made: Made<T>, seq: Option<i64>) -> Self {
        let Made { location, body, etag } = made;
        Self::Found(Json(body), location, seq, etag.unwrap_or_default(), None)
    }

    /// Answers what was answered before.
    pub fn before(before: Before) -> Result<Self, Error> {
        let seq = before.seq;
        let (Made { location, body, etag }, is_new) = Made::from_before(before)?;
        let (body, tag, replayed) = (Json(body), etag.unwrap_or_default(), Some(true));
        Ok(if is_new {
            Self::New(body, location, seq, tag, None, None, replayed)
        } else {
            Self::Found(body, location, Some(seq), tag, replayed)
        })
    }
}
