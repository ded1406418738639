//! The API's document as published: what the framework writes, made to say all that holds.

use std::collections::{BTreeSet, HashMap};

use poem_openapi::{OpenApi, OpenApiService, Webhook};
use serde_json::{Map, Value, json};

use super::problem::PROBLEM_JSON;
use super::schema;
use crate::domain::Error;

/// The document of a service: the single source for `/openapi.json`, `milton openapi` and the committed file.
///
/// # Errors
/// `Internal` when the framework's document is not JSON.
pub fn document<T: OpenApi, W: Webhook>(service: &OpenApiService<T, W>) -> Result<Value, Error> {
    let mut document: Value = serde_json::from_str(&service.spec()).map_err(Error::internal)?;
    lift_remarks(&mut document);
    tighten_requests(&mut document);
    name_repeatable(&mut document);
    share_refusals(&mut document);
    Ok(document)
}

/// The framework says a described reference as `allOf` of the reference and of a part that describes only, and says the
/// description once more beside it. Generators of clients take such a part for a type that cannot be combined: what it
/// says belongs beside the reference.
fn lift_remarks(value: &mut Value) {
    if let Some(parts) = value.get_mut("allOf").and_then(Value::as_array_mut) {
        let says_no_type = |part: &mut Value| {
            part.as_object().is_some_and(|part| part.keys().all(|key| key == "description" || key == "nullable"))
        };
        let said: Vec<Value> = parts.extract_if(.., says_no_type).collect();
        for (key, part) in said.into_iter().filter_map(|part| part.as_object().cloned()).flatten() {
            value[key] = part;
        }
    }
    match value {
        Value::Object(object) => object.values_mut().for_each(lift_remarks),
        Value::Array(list) => list.iter_mut().for_each(lift_remarks),
        _ => {}
    }
}

/// What may be sent is said in full; answers stay open, so that a field may be added to them.
fn tighten_requests(document: &mut Value) {
    let mut reached = BTreeSet::new();
    for operation in operations(document) {
        let Some(object) = operation.as_object_mut() else { continue };
        if let Some(body) = object.get("requestBody") {
            collect_references(body, &mut reached);
        }
        for parameter in object.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            parameter.get_mut("schema").into_iter().for_each(schema::tighten);
        }
    }
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let mut waiting: Vec<String> = reached.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let Some(part) = schemas.get_mut(&name) else { continue };
        schema::tighten(part);
        let mut found = BTreeSet::new();
        collect_references(part, &mut found);
        waiting.extend(found.into_iter().filter(|name| reached.insert(name.clone())));
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let reference = object.get("$ref").and_then(Value::as_str);
            found.extend(reference.and_then(|path| path.rsplit('/').next()).map(ToOwned::to_owned));
            object.values().for_each(|part| collect_references(part, found));
        }
        Value::Array(list) => list.iter().for_each(|part| collect_references(part, found)),
        _ => {}
    }
}

/// An operation whose answer can be one that was given before takes the key of the request: `http::caller` reads it for
/// all of them.
fn name_repeatable(document: &mut Value) {
    for operation in operations(document) {
        let answers = ["201", "200"].map(|status| format!("/responses/{status}/headers/IDEMPOTENCY-REPLAYED"));
        let is_repeatable = answers.iter().any(|answer| operation.pointer(answer).is_some());
        let Some(object) = operation.as_object_mut().filter(|_| is_repeatable) else { continue };
        let parameters = object.entry("parameters").or_insert_with(|| json!([]));
        parameters.as_array_mut().into_iter().for_each(|parameters| {
            parameters.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A name of your own for this request, such as a UUID. Sent again within 24 hours, the same \
                    request gets the same answer and nothing is done twice; with another request the name is refused (422). \
                    What is shown once is not shown again (409 `already-made`).",
                "required": false,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }));
        });
    }
}

/// The refusals are the same for every operation: each is written once and referred to.
fn share_refusals(document: &mut Value) {
    let mut shared = HashMap::new();
    for operation in operations(document) {
        let answers = operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten();
        for (status, answer) in answers.filter(|(_, answer)| answer.pointer("/content").is_some_and(is_problem)) {
            let name = format!("Problem{status}");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            shared.insert(name, std::mem::replace(answer, reference));
        }
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert(String::from("responses"), Value::Object(shared.into_iter().collect::<Map<_, _>>()));
    }
}

fn is_problem(content: &Value) -> bool {
    content.as_object().is_some_and(|kinds| kinds.len() == 1 && kinds.contains_key(PROBLEM_JSON))
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}
