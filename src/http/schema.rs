//! The document is the validator: request schemas as published, compiled to check what arrives.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError, Validator};
use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use serde_json::{Map, Value, json};

use crate::base::clock::Timestamp;
use crate::domain::{Error, FieldError};

/// How many wrong fields one answer names at most.
const MAX_ERRORS: usize = 32;

/// Compiled schemas by type name; a type's schema never changes while the program runs.
static COMPILED: LazyLock<RwLock<HashMap<String, Arc<Validator>>>> = LazyLock::new(RwLock::default);

/// Checks `value` against the published schema of `T`.
///
/// # Errors
/// `Invalid` with a JSON pointer for each wrong field; `Internal` when the schema itself is wrong.
pub fn check<T: Type>(value: &Value) -> Result<(), Error> {
    let validator = compiled::<T>()?;
    let mut wrong = Vec::new();
    for error in validator.iter_errors(value).take(MAX_ERRORS) {
        describe(&error, &mut wrong);
    }
    // One word about each field is enough: what is no string is no member of an enumeration either.
    wrong.dedup_by(|later, earlier| later.pointer == earlier.pointer);
    wrong.truncate(MAX_ERRORS);
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

fn compiled<T: Type>() -> Result<Arc<Validator>, Error> {
    let name = T::name();
    if let Some(known) = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(name.as_ref()) {
        return Ok(Arc::clone(known));
    }
    let validator = Arc::new(compile::<T>()?);
    COMPILED.write().unwrap_or_else(PoisonError::into_inner).insert(name.into_owned(), Arc::clone(&validator));
    Ok(validator)
}

fn compile<T: Type>() -> Result<Validator, Error> {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut schemas = serde_json::to_value(&registry.schemas).map_err(Error::internal)?;
    let mut root = serde_json::to_value(T::schema_ref()).map_err(Error::internal)?;
    for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut).chain([&mut root]) {
        tighten(schema);
        allow_null(schema);
    }
    // Draft 4 is what OpenAPI 3.0 builds on: boolean exclusive bounds, and `$ref` stands alone.
    let document = json!({"allOf": [root], "components": {"schemas": schemas}});
    jsonschema::options()
        .with_draft(Draft::Draft4)
        .should_validate_formats(true)
        .with_format("uuid", |text: &str| text.len() == 36 && uuid::Uuid::try_parse(text).is_ok())
        .with_format("date-time", |text: &str| Timestamp::parse(text).is_some())
        .build(&document)
        .map_err(|error| Error::internal(error.to_string()))
}

/// Says what the framework leaves unsaid, in the published document as in the validator: an object takes
/// no unknown fields, and an integer fits its format.
pub fn tighten(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.get("type") == Some(&json!("object")) && object.contains_key("title") {
            object.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        if let Some((low, high)) = object.get("format").and_then(Value::as_str).and_then(integer_range) {
            object.entry("minimum").or_insert(low);
            object.entry("maximum").or_insert(high);
        }
    }
    each_part(schema, &mut tighten);
}

fn integer_range(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" => (json!(i64::MIN), json!(i64::MAX)),
        "uint8" => (json!(0), json!(u8::MAX)),
        "uint16" => (json!(0), json!(u16::MAX)),
        "uint32" => (json!(0), json!(u32::MAX)),
        // The framework reads every integer as a signed one.
        "uint64" => (json!(0), json!(i64::MAX)),
        _ => return None,
    })
}

/// The published form writes `nullable`, which JSON Schema does not know.
fn allow_null(schema: &mut Value) {
    each_part(schema, &mut allow_null);
    let Some(object) = schema.as_object_mut() else { return };
    if object.remove("nullable") == Some(Value::Bool(true)) {
        let inner = Value::Object(std::mem::take(object));
        *schema = json!({"anyOf": [{"type": "null"}, inner]});
    }
}

fn each_part(schema: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    let Some(object) = schema.as_object_mut() else { return };
    for (keyword, part) in object {
        match (keyword.as_str(), part) {
            ("properties", Value::Object(fields)) => fields.values_mut().for_each(&mut *act),
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => list.iter_mut().for_each(&mut *act),
            ("items" | "additionalProperties" | "not", part @ Value::Object(_)) => act(part),
            _ => {}
        }
    }
}

/// Turns one finding into fields. It never shows the value: it may be a secret.
fn describe(error: &ValidationError<'_>, wrong: &mut Vec<FieldError>) {
    let at = error.instance_path().to_string();
    let mut add = |pointer: String, detail: String| wrong.push(FieldError { pointer, detail });
    let detail = match error.kind() {
        ValidationErrorKind::Required { property } => {
            return add(below(&at, property.as_str().unwrap_or_default()), String::from("is required"));
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            return wrong.extend(unexpected.iter().map(|name| unknown(&at, name)));
        }
        // What may be null is `anyOf [null, …]`, see `allow_null`: the author meant the other branch.
        ValidationErrorKind::AnyOf { context } if context.len() == 2 && !context[1].is_empty() => {
            return context[1].iter().for_each(|inner| describe(inner, wrong));
        }
        _ if error.instance().is_null() => String::from("must not be null"),
        kind => wording(kind).unwrap_or_else(|| error.masked().to_string()),
    };
    add(at, detail);
}

fn wording(kind: &ValidationErrorKind) -> Option<String> {
    Some(match kind {
        ValidationErrorKind::MaxLength { limit } => format!("must have at most {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("must have at least {limit} characters"),
        ValidationErrorKind::MaxItems { limit } => format!("must have at most {limit} items"),
        ValidationErrorKind::MinItems { limit } => format!("must have at least {limit} items"),
        ValidationErrorKind::UniqueItems => String::from("must not hold an item twice"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Format { format } => format!("must be a valid {format}"),
        ValidationErrorKind::Pattern { pattern } => format!("must match {pattern}"),
        ValidationErrorKind::Enum { options } => format!("must be one of {options}"),
        _ => return None,
    })
}

/// A field that nobody knows, of the object at `at`.
pub fn unknown(at: &str, name: &str) -> FieldError {
    FieldError { pointer: below(at, name), detail: String::from("is not a known field") }
}

/// What a value of this schema must be, in words, for one that stands in a path or behind it; `broken` is the bound that
/// it does not keep, as the framework names it.
pub fn wanted(schema: &Value, broken: Option<&str>) -> Option<String> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let is = |name: &str| broken.is_some_and(|broken| broken.starts_with(name));
    if let Some(options) = schema.get("enum") {
        return Some(format!("must be one of {options}"));
    }
    let kind = schema.get("type").and_then(Value::as_str)?;
    Some(match (kind, schema.get("format").and_then(Value::as_str)) {
        _ if is("minimum") => format!("must be at least {}", bound("minimum")?),
        _ if is("maximum") => format!("must be at most {}", bound("maximum")?),
        _ if is("minLength") => format!("must have at least {} characters", bound("minLength")?),
        _ if is("maxLength") => format!("must have at most {} characters", bound("maxLength")?),
        ("integer", _) => match (bound("minimum"), bound("maximum")) {
            (Some(low), Some(high)) => format!("must be a whole number from {low} to {high}"),
            (Some(low), None) => format!("must be a whole number, at least {low}"),
            _ => String::from("must be a whole number"),
        },
        ("boolean", _) => String::from("must be true or false"),
        (_, Some(format)) => format!("must be a valid {format}"),
        _ => return None,
    })
}

/// The JSON pointer (RFC 6901) of a member.
fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}
