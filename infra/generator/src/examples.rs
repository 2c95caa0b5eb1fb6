//! Examples of each request and response, composed from the examples of their fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Examples by field name, for fields whose type has none. Instants are years ahead; `faults` reports when they have
/// passed.
const FIELDS: &[(&str, &str)] = &[
    ("access_token", "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ1c2VyXzAxOTAifQ.c2lnbmF0dXJl"),
    ("account_id", "did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
    ("action", "post.updated"),
    ("actor", "user_0190b1c8d2f37c1fa1b2c3d4e5f60718"),
    ("alg", "ES256"),
    ("AltText", "A vase with yellow tulips."),
    ("app_password", "1234-abcd-5678-efgh"),
    ("at", "2030-03-04T08:30:00.000Z"),
    ("attempt", "Zm9ydHktdHdvIHJhbmRvbSBieXRlcw"),
    ("attestation", "none"),
    ("BlueskyAppPassword", "1234-abcd-5678-efgh"),
    ("browser", "Firefox"),
    ("ceremony", "Q2VyZW1vbnktbmFtZS1vZi00My1jaGFyYWN0ZXJzLi4"),
    ("challenge", "Y2hhbGxlbmdl"),
    ("cid", "bafyreih4m7cqj2n3k5pzq5l2x4d4q6q2m4b7x5y3z"),
    ("code", "invalid_input"),
    ("confirmed_at", "2030-01-12T16:45:10.000Z"),
    ("connected_at", "2030-01-12T16:45:10.000Z"),
    ("created_at", "2030-02-20T10:15:00.000Z"),
    ("crv", "P-256"),
    ("cursor", "eyJhZnRlciI6Ii4uLiJ9"),
    ("detail", "The request has a field that breaks a rule."),
    ("device_token", "d1.AbCdEf"),
    ("displayName", "Ada Lovelace"),
    ("field", "text"),
    ("handle", "northwind.bsky.social"),
    ("instance", "urn:bulkhead:request:0f9c2b7e"),
    ("ip", "203.0.113.7"),
    ("kid", "k1"),
    ("kind", "post"),
    ("kty", "EC"),
    ("method", "PUT"),
    ("name", "Northwind Studio"),
    ("networks", "203.0.113.0/24"),
    ("next_cursor", "eyJhZnRlciI6Ii4uLiJ9"),
    ("password", "correct horse battery staple"),
    ("current_password", "correct horse battery staple"),
    ("new_password", "four quiet lighthouse keepers"),
    ("plans", "studio"),
    ("recovery_code", "7kq2-9fh4-w3xz-m8pd-t5vb-n6rj"),
    ("recovery_codes", "7kq2-9fh4-w3xz-m8pd-t5vb-n6rj"),
    ("refresh_token", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    ("remedy", "Reconnect the channel, then schedule the post again."),
    ("request_id", "0f9c2b7e"),
    ("residentKey", "required"),
    ("rpId", "app.example.com"),
    ("rule", "must have 1 to 3000 characters"),
    ("scopes", "posts:write"),
    ("secret", "JBSWY3DPEHPK3PXP"),
    ("service", "https://bsky.social"),
    ("sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ("started_at", "2030-02-20T10:15:00.000Z"),
    ("system", "macOS"),
    ("text", "Our spring catalogue is out: https://northwind.example/spring #spring"),
    ("TotpCode", "287082"),
    ("token", "bhp_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm1rjHCe"),
    ("transports", "internal"),
    ("type", "public-key"),
    ("updated_at", "2030-02-21T09:00:00.000Z"),
    ("uri", "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3l2nqk7x5ys2a"),
    ("url", "https://bsky.app/profile/northwind.bsky.social/post/3l2nqk7x5ys2a"),
    ("use", "sig"),
    ("userVerification", "required"),
    ("user_agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"),
    ("y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"),
];

/// For mutually exclusive fields: the one that an example shows, and those that it omits.
const INSTEAD: &[(&str, &[&str])] = &[("code", &["password", "recovery_code"])];

const INSTANT: &str = "2030-03-04T08:30:00.000Z";

/// The examples, and the fields without one.
pub struct Examples<'a> {
    schemas: &'a BTreeMap<String, Value>,
    pub missing: Vec<String>,
}

impl<'a> Examples<'a> {
    pub fn new(schemas: &'a BTreeMap<String, Value>) -> Self {
        Self { schemas, missing: Vec::new() }
    }

    /// An example of a schema; `name` is the name of its field or type.
    pub fn of(&mut self, name: &str, schema: &Value) -> Value {
        if let Some(referred) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            let known = self.schemas.get(referred).cloned().unwrap_or_default();
            let is_plain = known["properties"].is_null() && known["oneOf"].is_null() && known["examples"].is_null();
            let name = if is_plain && listed(referred).is_none() && listed(name).is_some() { name } else { referred };
            return self.of(name, &known);
        }
        if let Some(example) = schema["examples"].get(0).or_else(|| schema["enum"].get(0)) {
            return example.clone();
        }
        if let Some(choice) =
            schema["oneOf"].as_array().and_then(|choices| choices.iter().find(|one| one["type"] != "null"))
        {
            return self.of(name, &choice.clone());
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
            kind => kind.as_str(),
        };
        match kind {
            Some("object") => self.object(schema),
            Some("array") => json!([self.of(name, &schema["items"])]),
            Some("boolean") => json!(false),
            Some("integer") => schema.get("default").or(schema.get("maximum")).cloned().unwrap_or(json!(300)),
            Some("string") => self.text(name, schema),
            // Any JSON.
            _ => json!({}),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let given = |name: &str| !schema["properties"][name].is_null();
        let left_out = |name: &str| INSTEAD.iter().any(|(one, others)| given(one) && others.contains(&name));
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let properties = properties.filter(|(name, _)| required(name) || !left_out(name));
        properties.map(|(name, schema)| (name.clone(), self.of(name, schema))).collect()
    }

    fn text(&mut self, name: &str, schema: &Value) -> Value {
        if let Some(text) = listed(name) {
            return json!(text);
        }
        if schema["format"] == "date-time" {
            return json!(INSTANT);
        }
        if schema["pattern"] == "^[A-Za-z0-9_-]*$" {
            return json!("AAECAwQFBgcICQ");
        }
        self.missing
            .push(format!("{name}: has no example: add one to its type, or a line for its field to examples.rs"));
        Value::Null
    }
}

fn listed(name: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, text)| *text)
}
