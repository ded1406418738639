//! `Form<T>`: the small body that providers send, `application/x-www-form-urlencoded`.

use poem::{Request, RequestBody};
use poem_openapi::impl_apirequest_for_payload;
use poem_openapi::payload::{ParsePayload, Payload};
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::body::{self, SMALL};
use super::problem::{Failure, Wire};

/// A form of at most 8 KiB. Fields that `T` does not know are passed over, as the protocols with forms demand; one that
/// stands twice is refused, because two readers may take either.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: Type> Payload for Form<T> {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON> ParsePayload for Form<T> {
    const IS_REQUIRED: bool = true;

    async fn from_request(_: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = body.take()?.into_bytes_limit(SMALL).await.map_err(|error| body::unreadable(error, SMALL))?;
        Ok(Self(parse(&bytes)?))
    }
}

impl_apirequest_for_payload!(Form<T>, T: ParseFromJSON);

fn parse<T: ParseFromJSON>(bytes: &[u8]) -> Result<T, Failure> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
            return Err(Wire::BadRequest("A field stands twice.").into());
        }
    }
    T::parse_from_json(Some(Value::Object(fields))).map_err(|_| Wire::BadRequest("A field is missing.").into())
}

#[cfg(test)]
mod tests {
    use poem_openapi::Object;

    use super::*;

    #[derive(Debug, Object)]
    struct Sample {
        word: String,
    }

    #[test]
    fn a_field_stands_once_and_others_are_passed_over() {
        assert_eq!(parse::<Sample>(b"word=a%20b+c&other=1").unwrap().word, "a b c");
        for wrong in ["", "other=1", "word=a&word=b", "word=a&word=a"] {
            assert!(parse::<Sample>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
