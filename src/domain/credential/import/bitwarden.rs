//! The unencrypted JSON export of Bitwarden and Vaultwarden, of a person's vault or of an organisation's.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Import, MAX_ITEMS, Reader, field, hidden};
use crate::domain::Error;
use crate::domain::credential::{Field, Hidden, Kind, Parts};

/// What says nothing that would be missed: numbers of the other server, and settings for filling in forms there.
const PASSED_OVER: [&str; 12] = [
    "id",
    "organizationId",
    "object",
    "key",
    "revisionDate",
    "creationDate",
    "reprompt",
    "secureNote",
    "edit",
    "viewPassword",
    "permissions",
    "deletedDate",
];

/// Reads an export. `Invalid` names each mistake with its pointer.
pub fn read(export: Value) -> Result<Import, Error> {
    let Value::Object(mut export) = export else {
        return Err(Error::invalid("", "must be an export of Bitwarden: an object with items"));
    };
    if export.get("encrypted").is_some_and(|flag| *flag != Value::Bool(false)) {
        let detail =
            "the export is encrypted, and only your Bitwarden account opens it: export as .json, not encrypted";
        return Err(Error::invalid("/encrypted", detail));
    }
    let Some(Value::Array(items)) = export.remove("items") else {
        return Err(Error::invalid("/items", "is required, and must be a list"));
    };
    if items.len() > MAX_ITEMS {
        return Err(Error::invalid("/items", format!("must be at most {MAX_ITEMS} items; split the file")));
    }
    let places = Places { folders: names(export.remove("folders")), collections: names(export.remove("collections")) };
    let mut reader = Reader::default();
    for (nth, item) in items.into_iter().enumerate() {
        let at = format!("/items/{nth}");
        match item {
            Value::Object(fields) => Item { at, fields, reader: &mut reader }.read(&places),
            _ => reader.mistake(at, "must be an object"),
        }
    }
    reader.finish()
}

/// The names of folders and collections by their ids.
struct Places {
    folders: HashMap<String, String>,
    collections: HashMap<String, String>,
}

fn names(list: Option<Value>) -> HashMap<String, String> {
    let Some(Value::Array(list)) = list else { return HashMap::new() };
    let text = |place: &Value, name: &str| place.get(name).and_then(Value::as_str).map(str::to_owned);
    list.iter().filter_map(|place| Some((text(place, "id")?, text(place, "name")?))).collect()
}

/// One item of the export, taken apart.
struct Item<'a> {
    at: String,
    fields: Map<String, Value>,
    reader: &'a mut Reader,
}

impl Item<'_> {
    fn read(mut self, places: &Places) {
        if self.fields.get("deletedDate").is_some_and(|date| !date.is_null()) {
            return self.reader.skip(self.at, "was in the bin");
        }
        if matches!(self.fields.remove("attachments"), Some(Value::Array(files)) if !files.is_empty()) {
            self.reader.skip(format!("{}/attachments", self.at), "the export does not hold the files");
        }
        let is_login = match self.fields.remove("type").as_ref().and_then(Value::as_u64) {
            Some(1) => true,
            Some(2..=5) => false,
            _ => return self.reader.mistake(format!("{}/type", self.at), "must be 1, 2, 3, 4 or 5"),
        };
        let name = self.text("", "name").unwrap_or_default();
        let notes = self.text("", "notes").and_then(hidden);
        let mut parts = if is_login {
            Parts { notes, ..self.login() }
        } else {
            Parts { text: Some(notes.unwrap_or_else(|| Hidden::from(String::new()))), ..Parts::default() }
        };
        parts.fields.extend(self.custom_fields());
        parts.fields.extend(self.places(places));
        for name in PASSED_OVER {
            self.fields.remove(name);
        }
        flatten("", Value::Object(self.fields), &mut parts.fields);
        let kind = if is_login { Kind::Login } else { Kind::Note };
        let name_at = format!("{}/name", self.at);
        self.reader.take(self.at, &name_at, &name, kind, parts);
    }

    /// Takes a text out, which may be `null` or missing; `within` is the pointer from the item to what holds it.
    fn text(&mut self, within: &str, name: &str) -> Option<String> {
        let value = self.fields.remove(name);
        self.as_text(value, &format!("{within}/{name}"))
    }

    fn as_text(&mut self, value: Option<Value>, at: &str) -> Option<String> {
        match value {
            Some(Value::String(text)) => Some(text),
            None | Some(Value::Null) => None,
            Some(_) => {
                self.reader.mistake(format!("{}{at}", self.at), "must be text");
                None
            }
        }
    }

    fn list(&mut self, value: Option<Value>, at: &str) -> Vec<Value> {
        match value {
            Some(Value::Array(list)) => list,
            None | Some(Value::Null) => Vec::new(),
            Some(_) => {
                self.reader.mistake(format!("{}{at}", self.at), "must be a list");
                Vec::new()
            }
        }
    }

    /// The parts of a login. What else stands beside them, such as passkeys, is kept as fields.
    fn login(&mut self) -> Parts {
        let mut login = match self.fields.remove("login") {
            Some(Value::Object(login)) => login,
            None | Some(Value::Null) => Map::new(),
            Some(_) => {
                self.reader.mistake(format!("{}/login", self.at), "must be an object");
                Map::new()
            }
        };
        let mut text = |name: &str| {
            let value = login.remove(name);
            self.as_text(value, &format!("/login/{name}")).and_then(hidden)
        };
        let (username, password, totp) = (text("username"), text("password"), text("totp"));
        let mut parts = Parts { username, password, totp, ..Parts::default() };
        // The first of the addresses once more, in old exports.
        login.remove("uri");
        for (nth, uri) in self.list(login.remove("uris"), "/login/uris").into_iter().enumerate() {
            let at = format!("/login/uris/{nth}");
            match uri {
                Value::Object(mut uri) => {
                    let found = self.as_text(uri.remove("uri"), &format!("{at}/uri"));
                    parts.urls.extend(found.and_then(hidden));
                    uri.remove("uriChecksum");
                    flatten(&at[1..], Value::Object(uri), &mut parts.fields);
                }
                _ => self.reader.mistake(format!("{}{at}", self.at), "must be an object"),
            }
        }
        flatten("login", Value::Object(login), &mut parts.fields);
        parts
    }

    /// The fields that people added. A linked one has no value of its own.
    fn custom_fields(&mut self) -> Vec<Field> {
        let list = self.fields.remove("fields");
        let mut kept = Vec::new();
        for (nth, one) in self.list(list, "/fields").into_iter().enumerate() {
            let at = format!("/fields/{nth}");
            let Value::Object(mut one) = one else {
                self.reader.mistake(format!("{}{at}", self.at), "must be an object");
                continue;
            };
            let name = self.as_text(one.remove("name"), &format!("{at}/name")).unwrap_or_default();
            match self.as_text(one.remove("value"), &format!("{at}/value")) {
                Some(value) => kept.push(field(name, value)),
                None => self.reader.skip(format!("{}{at}", self.at), "the field has no value of its own"),
            }
        }
        kept
    }

    /// Where it was filed.
    fn places(&mut self, places: &Places) -> Vec<Field> {
        let folder = self.text("", "folderId");
        let list = self.fields.remove("collectionIds");
        let collections = self.list(list, "/collectionIds");
        let folder = folder.and_then(|id| places.folders.get(&id).cloned()).map(|name| field("folder", name));
        let known = |id: &Value| places.collections.get(id.as_str()?).cloned();
        let collections = collections.iter().filter_map(known).map(|name| field("collection", name));
        folder.into_iter().chain(collections).collect()
    }
}

/// Keeps every value that says something as a field, by the path that leads to it.
fn flatten(path: &str, value: Value, into: &mut Vec<Field>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => into.push(field(path, "true")),
        Value::Number(number) => into.push(field(path, number.to_string())),
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => into.push(field(path, text)),
        Value::Array(list) => {
            list.into_iter().enumerate().for_each(|(nth, value)| flatten(&below(&nth.to_string()), value, into));
        }
        Value::Object(object) => object.into_iter().for_each(|(name, value)| flatten(&below(&name), value, into)),
    }
}
