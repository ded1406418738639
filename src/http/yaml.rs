//! JSON written as YAML 1.2, for people who read the API document that way.

use serde_json::Value;

/// The value as a YAML document in block style; every string is double-quoted, which YAML reads as JSON does.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, part) in object {
                text.extend([indent.as_str(), &Value::from(name.as_str()).to_string(), ":"]);
                member(part, depth + 1, text);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for part in list {
                text.extend([indent.as_str(), "-"]);
                member(part, depth + 1, text);
            }
        }
        scalar => text.extend([indent.as_str(), &scalar.to_string(), "\n"]),
    }
}

fn member(part: &Value, depth: usize, text: &mut String) {
    let nested = match part {
        Value::Object(object) => !object.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => false,
    };
    if nested {
        text.push('\n');
        block(part, depth, text);
    } else {
        text.extend([" ", &part.to_string(), "\n"]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn blocks_nest_and_strings_are_quoted() {
        let value = json!({"a": {"b": [1, "x: y", {"c": null}], "d": []}, "e": {}});
        let text = "\"a\":\n  \"b\":\n    - 1\n    - \"x: y\"\n    -\n      \"c\": null\n  \"d\": []\n\"e\": {}\n";
        assert_eq!(super::write(&value), text);
    }
}
