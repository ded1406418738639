//! What a request brings beside what its operation takes is refused: thrown away in silence, it would seem to count.

use std::sync::Arc;

use poem::http::Method;
use poem::{Request, RequestBody};
use poem_openapi::payload::Payload;
use serde_json::Value;
use url::form_urlencoded;

use super::body::{Body, SMALL, unreadable};
use super::problem::{Failure, Wire};
use super::routes::{Operation, Routes};
use super::schema;
use super::strict_json;
use crate::domain::{Error, FieldError};

/// How many wrong parameters one answer names at most.
const MAX_ERRORS: usize = 32;

/// Refuses parameters that the operation does not know or that stand twice, and fields in the body of one that takes none.
/// The body is put back.
pub async fn refuse(request: &Request, body: &mut RequestBody) -> Result<(), Failure> {
    let query = request.uri().query().filter(|query| !query.is_empty());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_read && query.is_none() {
        return Ok(());
    }
    let routes = request.data::<Arc<Routes>>();
    let operation = routes.and_then(|routes| routes.operation(request.method(), request.uri().path()));
    let Some(operation) = operation else { return Ok(()) };
    refuse_parameters(operation, query.unwrap_or_default())?;
    if operation.accepts.is_empty() && !is_read {
        refuse_fields(request, body).await?;
    }
    Ok(())
}

fn refuse_parameters(operation: &Operation, query: &str) -> Result<(), Error> {
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        let detail = match (operation.takes(&name), seen.contains(&name)) {
            (_, true) => "stands there twice",
            (false, false) => "is not a known parameter",
            (true, false) => "",
        };
        if !detail.is_empty() && wrong.len() < MAX_ERRORS {
            wrong.push(FieldError { pointer: name.clone().into_owned(), detail: detail.to_owned() });
        }
        seen.push(name);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

/// Nothing at all is as good as an object without fields.
async fn refuse_fields(request: &Request, body: &mut RequestBody) -> Result<(), Failure> {
    let bytes = match body.take() {
        Ok(body) => body.into_bytes_limit(SMALL).await.map_err(|error| unreadable(error, SMALL))?,
        Err(error) => return Err(Error::internal(error).into()),
    };
    if !bytes.is_empty() {
        let kind = request.content_type().unwrap_or_default();
        if !<Body<bool> as Payload>::check_content_type(kind) {
            return Err(Wire::UnsupportedMediaType(Vec::new()).into());
        }
        match strict_json::parse(&bytes).map_err(Wire::MalformedJson)? {
            Value::Null => {}
            Value::Object(fields) if fields.is_empty() => {}
            Value::Object(fields) => {
                let wrong = fields.keys().take(MAX_ERRORS).map(|name| schema::unknown("", name));
                return Err(Error::Invalid(wrong.collect()).into());
            }
            _ => return Err(Error::invalid("", "must be an object without fields, or left out").into()),
        }
    }
    *body = RequestBody::new(bytes.into());
    Ok(())
}
