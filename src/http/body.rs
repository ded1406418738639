//! `Body<T>`: a JSON request body that is read strictly and held against the published schema of `T`.

use std::io;
use std::ops::Deref;

use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};

use super::problem::{Failure, Wire};
use super::{schema, strict_json};
use crate::domain::Error;

/// The most a JSON body may weigh, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// The most a JSON body of a stranger may weigh, in bytes: nobody answers for the memory it takes.
pub const SMALL: usize = 8 << 10;
/// The most a file may weigh that somebody brings in from elsewhere, in bytes.
pub const IMPORT: usize = 4 << 20;

/// A JSON request body of at most `MAX` bytes. Handlers take it instead of `poem_openapi::payload::Json`; operations
/// that are open to strangers take `Body<T, SMALL>`.
///
/// Answers 415 unless the type is `application/json`, 413 above `MAX`, 400 `malformed-json` for broken JSON and
/// names that stand twice, and 422 with a pointer per field for everything the schema of `T` does not allow.
/// `null` counts as a value: a field that may be cleared is `#[oai(nullable)] MaybeUndefined<_>`.
#[derive(Debug, Clone)]
pub struct Body<T, const MAX: usize = MAX_BODY>(pub T);

impl<T, const MAX: usize> Deref for Body<T, MAX> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Type, const MAX: usize> Payload for Body<T, MAX> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        let mut parts = content_type.split(';').map(str::trim);
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(Self::CONTENT_TYPE))
            && parts.all(|parameter| parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON, const MAX: usize> ParsePayload for Body<T, MAX> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(MAX).await.map_err(|error| unreadable(error, MAX))?;
        Ok(Self(parse(&bytes)?))
    }
}

impl_apirequest_for_payload!(Body<T, MAX>, T: ParseFromJSON, const MAX: usize);

fn parse<T: ParseFromJSON>(bytes: &[u8]) -> Result<T, Failure> {
    let value = strict_json::parse(bytes).map_err(Wire::MalformedJson)?;
    schema::check::<T>(&value)?;
    // The schema said yes; what the type still refuses, no pointer can name.
    let refused = |_| Error::invalid("", "does not fit the schema");
    Ok(T::parse_from_json(Some(value)).map_err(refused)?)
}

/// Why a body could not be read: too large, by this limit or by the listener's, which is no smaller for the operation; no
/// memory left, or broken off.
pub fn unreadable(error: ReadBodyError, limit: usize) -> Failure {
    match error {
        ReadBodyError::PayloadTooLarge => Wire::PayloadTooLarge(limit).into(),
        ReadBodyError::Io(error) if is(&error, io::ErrorKind::FileTooLarge) => Wire::PayloadTooLarge(limit).into(),
        ReadBodyError::Io(error) if is(&error, io::ErrorKind::QuotaExceeded) => {
            Error::Unavailable("too many requests are arriving at once").into()
        }
        ReadBodyError::Io(_) => Wire::BadRequest("The body broke off.").into(),
        ReadBodyError::Utf8(_) => Wire::BadRequest("The body is not UTF-8.").into(),
        ReadBodyError::BodyHasBeenTaken => Error::internal(error).into(),
    }
}

/// The listener's limits show as kinds of errors, which some of the framework's readers wrap once more.
fn is(error: &io::Error, kind: io::ErrorKind) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == kind || inner.is_some_and(|inner| is(inner, kind))
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::MaybeUndefined;
    use poem_openapi::{Enum, Object};

    use super::*;

    #[derive(Debug, Enum)]
    #[oai(rename_all = "snake_case")]
    enum Colour {
        Red,
        Green,
    }

    #[derive(Debug, Object)]
    struct Label {
        #[oai(validator(min_length = 1, max_length = 5))]
        name: String,
    }

    #[derive(Debug, Object)]
    struct Sample {
        #[oai(validator(min_length = 1, max_length = 10))]
        title: String,
        colour: Option<Colour>,
        owner: Option<uuid::Uuid>,
        /// A described reference becomes `allOf` in the document.
        label: Option<Label>,
        #[oai(validator(max_items = 2))]
        labels: Option<Vec<Label>>,
        #[oai(nullable)]
        note: MaybeUndefined<String>,
        #[oai(validator(minimum(value = "1"), maximum(value = "9")))]
        count: Option<i32>,
        size: Option<u32>,
    }

    fn pointers(text: &str) -> Vec<String> {
        match parse::<Sample>(text.as_bytes()) {
            Err(Failure::Domain(Error::Invalid(fields))) => fields.into_iter().map(|field| field.pointer).collect(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_fits_is_read() {
        let text = r#"{"title":"äöüäöüäöüä","colour":"red","owner":"0190163d-8694-739b-aea5-966c26f8ad91",
            "label":{"name":"a"},"labels":[{"name":"b"}],"note":null,"count":9,"size":4294967295}"#;
        let sample = parse::<Sample>(text.as_bytes()).unwrap();
        assert!(matches!(sample.colour, Some(Colour::Red)));
        assert!(sample.note.is_null() && sample.label.is_some() && sample.owner.is_some());
        assert!(parse::<Sample>(br#"{"title":"a"}"#).unwrap().note.is_undefined());
    }

    #[test]
    fn each_wrong_field_has_its_pointer() {
        for (text, pointer) in [
            (r"{}", "/title"),
            (r#"{"title":""}"#, "/title"),
            (r#"{"title":7}"#, "/title"),
            (r#"{"title":null}"#, "/title"),
            (r#"{"title":"12345678901"}"#, "/title"),
            (r#"{"title":"a","a/b":1}"#, "/a~1b"),
            (r#"{"title":"a","colour":"blue"}"#, "/colour"),
            (r#"{"title":"a","colour":null}"#, "/colour"),
            (r#"{"title":"a","owner":"me"}"#, "/owner"),
            (r#"{"title":"a","label":{"name":"123456"}}"#, "/label/name"),
            (r#"{"title":"a","label":{"name":"a","more":1}}"#, "/label/more"),
            (r#"{"title":"a","labels":[{"name":"a"},{}]}"#, "/labels/1/name"),
            (r#"{"title":"a","labels":[{"name":"a"},{"name":"a"},{"name":"a"}]}"#, "/labels"),
            (r#"{"title":"a","note":7}"#, "/note"),
            (r#"{"title":"a","count":10}"#, "/count"),
            (r#"{"title":"a","count":1.5}"#, "/count"),
            (r#"{"title":"a","size":-1}"#, "/size"),
            ("[]", ""),
        ] {
            assert_eq!(pointers(text), [pointer], "{text}");
        }
        assert_eq!(pointers(r#"{"x":1,"count":0}"#).len(), 3, "all of them at once");
    }

    #[test]
    fn only_json_is_taken() {
        let taken = <Body<Sample> as Payload>::check_content_type;
        assert!(taken("application/json") && taken("Application/JSON; charset=UTF-8"));
        assert!(!taken("text/plain") && !taken("application/jsonp") && !taken("application/json; charset=latin1"));
    }
}
