//! What the `OpenAPI` document says of each operation: the measure of the tests that go through all of them.

use milton::domain::permission::Permission;
use poem::http::Method;
use serde_json::Value;

/// An operation of the API.
#[derive(Debug)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    /// With `{team}` and the like in it.
    pub path: String,
    /// A value for each parameter behind the path that must be given.
    pub query: String,
    /// What its description says in "Permission `x`".
    pub permission: Option<Permission>,
    /// What its description says in "event `y`".
    pub event: Option<String>,
    /// Whether it takes an `Idempotency-Key`.
    pub is_repeatable: bool,
}

/// Every operation of the document.
pub fn all() -> Vec<Operation> {
    let document = milton::http::v1::document().unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push(read(path, method, operation));
        }
    }
    assert!(operations.len() > 20, "the document is not read as it is written");
    operations
}

/// The operation with this id.
#[track_caller]
pub fn find(id: &str) -> Operation {
    all().into_iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
}

fn read(path: &str, method: &str, operation: &Value) -> Operation {
    let about = operation["description"].as_str().unwrap_or_default();
    let named = |before: &str| {
        let (_, rest) = about.split_once(before)?;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    let permission = named("Permission `").map(|name| {
        let found = Permission::ALL.iter().find(|permission| permission.as_str() == name);
        *found.unwrap_or_else(|| panic!("{path} wants {name}, which is no permission"))
    });
    let parameters = || operation["parameters"].as_array().into_iter().flatten();
    let wanted = parameters().filter(|one| one["in"] == "query" && one["required"] == true);
    let query = wanted.map(|one| {
        let value = if one["schema"]["type"] == "integer" { "1" } else { "word" };
        format!("{}={value}", one["name"].as_str().unwrap())
    });
    let query: Vec<_> = query.collect();
    Operation {
        query: query.join("&"),
        id: operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id")).to_owned(),
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        permission,
        event: named("event `"),
        is_repeatable: parameters().any(|one| one["name"] == "Idempotency-Key"),
    }
}

impl Operation {
    /// Its path in a team, with the id of the thing in it; where a thing stands in another, with a slash between the ids.
    pub fn path_to(&self, team: &str, thing: &str) -> String {
        let mut things = thing.split('/').cycle();
        let parts = self.path.split('/').map(|part| match part {
            "{team}" => team,
            part if part.starts_with('{') => things.next().unwrap_or(thing),
            part => part,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        if self.query.is_empty() { path } else { format!("{path}?{}", self.query) }
    }

    /// Whether it happens in a team.
    pub fn is_in_team(&self) -> bool {
        self.path.contains("{team}")
    }

    /// Whether its path leads to a thing in a team.
    pub fn has_thing(&self) -> bool {
        self.path.matches('{').count() > 1
    }

    /// Whether it only reads.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}
