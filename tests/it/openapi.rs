//! The committed document is the code's, and says what a document must say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use milton::domain::permission::Permission;
use milton::http::v1;
use serde_json::Value;

fn document() -> Value {
    v1::document().unwrap()
}

/// Each operation with its method and path.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().unwrap().iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// What a reference stands for.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else { return value };
    document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} is not there"))
}

#[test]
fn the_committed_document_is_up_to_date() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("openapi/milton.json");
    let fresh = format!("{:#}\n", document());
    if std::env::var_os("MILTON_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines = fresh.lines().zip(committed.lines()).enumerate();
    let changed = lines.find(|(_, (fresh, committed))| fresh != committed);
    let first = changed.map(|(nth, (fresh, old))| format!("line {}: {old} -> {fresh}", nth + 1)).unwrap_or_default();
    assert!(
        fresh == committed,
        "openapi/milton.json is stale ({first}). Look at the change, then write it:\n  \
         MILTON_BLESS=1 cargo test --test it openapi"
    );
}

#[test]
fn every_operation_says_what_it_is_and_what_it_wants() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let text = |field: &str| operation[field].as_str().unwrap_or_default();
        assert!(!name.contains(':'), "{name}: a parameter is written {{like this}}");
        assert!(!text("summary").is_empty(), "{name} has no summary");
        assert!(ids.insert(text("operationId")) && !text("operationId").is_empty(), "{name} has no id of its own");
        let permission = text("description").split_once("Permission `").and_then(|(_, rest)| rest.split_once('`'));
        match permission {
            Some((permission, _)) => {
                assert!(Permission::ALL.iter().any(|known| known.as_str() == permission), "{name}: {permission}");
            }
            None => assert!(text("description").starts_with("Open to everybody"), "{name} names no permission"),
        }
    }
}

#[test]
fn every_refusal_is_a_problem() {
    let document = document();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap();
        for (status, answer) in answers.iter().filter(|(status, _)| status.starts_with('4')) {
            let content = resolve(&document, answer)["content"].as_object().unwrap();
            let kinds: Vec<_> = content.keys().collect();
            assert_eq!(kinds, ["application/problem+json"], "{name} {status}");
        }
    }
}

#[test]
fn requests_take_no_unknown_field() {
    let document = document();
    let bodies = operations(&document).filter_map(|(name, operation)| {
        operation.pointer("/requestBody/content/application~1json/schema").map(|schema| (name, schema))
    });
    let mut seen = 0;
    for (name, schema) in bodies {
        seen += 1;
        closed(&document, schema, &name);
    }
    assert!(seen > 5, "{seen}");
}

/// Asserts that each object in a schema is closed.
fn closed(document: &Value, schema: &Value, name: &str) {
    let schema = resolve(document, schema);
    if let Some(properties) = schema["properties"].as_object() {
        assert_eq!(schema["additionalProperties"], false, "{name}: {schema}");
        properties.values().for_each(|property| closed(document, property, name));
    }
    for part in ["allOf", "anyOf", "oneOf"].iter().filter_map(|part| schema[*part].as_array()).flatten() {
        closed(document, part, name);
    }
    if schema["items"].is_object() {
        closed(document, &schema["items"], name);
    }
}
