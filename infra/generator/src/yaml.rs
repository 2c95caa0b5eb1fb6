//! YAML: templates in the usual style, with CloudFormation's short tags and a fixed order of keys.

use serde_json::{Map, Value};

/// Keys that come first, in this order; the others follow alphabetically.
const FIRST: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Parameters",
    "Globals",
    "Conditions",
    "Resources",
    "Outputs",
    "Type",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "Metadata",
    "Properties",
    "Version",
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "Resource",
    "Key",
    "Name",
    "Value",
];
/// A list or map of plain words shorter than this is written on one line.
const FLOW_WIDTH: usize = 90;

/// Writes a document under a comment.
pub fn document(comment: &str, value: &Value) -> String {
    let mut text: String = comment.lines().map(|line| format!("# {line}\n")).collect();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in ordered(map) {
                indent(depth, text);
                text.push_str(&scalar_text(key));
                text.push(':');
                // Properties of a resource are written one per line, even if they are few.
                let line = inline(value).filter(|_| key != "Properties");
                after_key(line, value, depth, text);
                // A blank line between resources, but none within one.
                if depth == 1 && value.get("Type").is_some() && value.get("Properties").is_some() {
                    text.push('\n');
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(depth, text);
                text.push_str("- ");
                match inline(item) {
                    Some(line) => {
                        text.push_str(&line);
                        text.push('\n');
                    }
                    None => {
                        // The first key follows the dash, the others are below it.
                        let mut nested = String::new();
                        block(item, depth + 1, &mut nested);
                        text.push_str(nested.trim_start());
                    }
                }
            }
        }
        scalar => {
            indent(depth, text);
            text.push_str(&inline(scalar).unwrap_or_default());
            text.push('\n');
        }
    }
}

fn after_key(line: Option<String>, value: &Value, depth: usize, text: &mut String) {
    if let Some(line) = line {
        text.push(' ');
        text.push_str(&line);
        text.push('\n');
        return;
    }
    text.push('\n');
    block(value, depth + 1, text);
}

/// The value on one line: scalars, short tags, and short collections of them.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(string) => Some(scalar_text(string)),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(simple).collect();
            Some(format!("[{}]", items?.join(", "))).filter(|line| line.len() <= FLOW_WIDTH)
        }
        Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
        Value::Object(map) => tagged(map).or_else(|| {
            let entries: Option<Vec<String>> =
                ordered(map).map(|(key, value)| Some(format!("{}: {}", scalar_text(key), inline(value)?))).collect();
            Some(format!("{{ {} }}", entries?.join(", "))).filter(|line| line.len() <= FLOW_WIDTH && map.len() <= 3)
        }),
    }
}

/// A value that may be in a list on one line.
fn simple(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) => tagged(map),
        Value::Array(_) => None,
        scalar => inline(scalar),
    }
}

fn tagged(map: &Map<String, Value>) -> Option<String> {
    let (key, value) = map.iter().next().filter(|_| map.len() == 1)?;
    match (key.as_str(), value) {
        ("Ref", Value::String(name)) => Some(format!("!Ref {name}")),
        ("Fn::Sub", Value::String(string)) => Some(format!("!Sub {}", quoted(string))),
        ("Fn::GetAtt", Value::Array(parts)) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            Some(format!("!GetAtt {}", parts?.join(".")))
        }
        _ => None,
    }
}

fn ordered(map: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by(|(left, a), (right, b)| rank(left, a).cmp(&rank(right, b)).then(left.cmp(right)));
    entries.into_iter()
}

fn rank(key: &str, value: &Value) -> usize {
    // The condition of a resource is a name and comes first; that of a policy is a map and comes last.
    if key == "Condition" && value.is_object() {
        return FIRST.len() + 1;
    }
    FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len())
}

fn indent(depth: usize, text: &mut String) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Plain if YAML 1.1 reads the same string back, quoted otherwise: `on`, `2012-10-17` and `1` are not strings to it.
fn scalar_text(string: &str) -> String {
    let plain_start = string.starts_with(|first: char| first.is_ascii_alphabetic());
    let plain_rest = string
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '/' | ':' | '$'));
    let reserved = matches!(
        string.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    );
    if plain_start && plain_rest && !string.ends_with(':') && !reserved { string.to_owned() } else { quoted(string) }
}

/// A JSON string is a YAML string; one that contains JSON is more readable in single quotes.
fn quoted(string: &str) -> String {
    if string.contains('"') && !string.contains(['\'', '\n']) {
        return format!("'{string}'");
    }
    Value::String(string.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_ordered_and_tags_are_short() {
        let value = json!({ "Resources": { "Queue": {
            "Properties": { "QueueName": { "Fn::Sub": "${Name}-mail" }, "Key": { "Fn::GetAtt": ["Data", "Arn"] }, "Size": 3 },
            "Type": "AWS::SQS::Queue",
        } } });
        let expected = "# A test.\nResources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      \
                        Key: !GetAtt Data.Arn\n      QueueName: !Sub \"${Name}-mail\"\n      Size: 3\n\n";
        assert_eq!(document("A test.", &value), expected);
    }

    #[test]
    fn words_that_yaml_would_not_read_as_strings_are_quoted() {
        for word in ["on", "No", "2012-10-17", "", "1", "*", "a: b", "trailing:", "Null"] {
            assert!(scalar_text(word).starts_with('"'), "{word} must be quoted");
        }
        for word in ["AWS::SQS::Queue", "arm64", "s3:GetObject", "../../target".trim_start_matches("../")] {
            assert_eq!(scalar_text(word), word);
        }
    }

    #[test]
    fn written_yaml_is_read_back_unchanged() {
        let value = json!({
            "Statement": [
                { "Effect": "Allow", "Action": ["a:B", "c:D"], "Resource": "*", "Condition": { "Null": { "k": "false" } } },
                { "Effect": "Deny", "Nested": [["x"], [{ "deep": [1, true, null, "y", "{\"a\": 'b'}", "{\"a\": 1}"] }]] },
            ],
            "Empty": {},
            "None": [],
        });
        let read: Value = serde_yaml_ng::from_str(&document("x", &value)).unwrap();
        assert_eq!(read, value);
    }
}
