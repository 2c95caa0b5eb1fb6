//! Input: path, query and body as one struct, with errors that name the field and the rule.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde_json::Value;
use url::form_urlencoded;

use super::body::BodyKind;
use super::incoming::Incoming;
use super::method::Method;
use crate::kernel::problems::Problem;

/// Who defines the fields of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelled {
    ByUs,
    /// They may add unknown fields at any time.
    ByOthers,
}

/// Reads a route's input. An invalid path parameter is a 404: such a resource cannot exist.
///
/// `settled` are the path parameters that the route's access has proved: they are not fields of the input.
pub(crate) fn parse<T: DeserializeOwned>(
    incoming: &Incoming,
    (method, kind, spelled): (Method, BodyKind, Spelled),
    settled: &[&str],
) -> Result<T, Problem> {
    let mut fields = match method {
        Method::Options => Vec::new(),
        // A request without a route has only its method and path as input.
        Method::Any => {
            let asked = [("method", &incoming.method), ("path", &incoming.raw_path)];
            asked.map(|(name, value)| (name.to_owned(), Node::Text(value.clone()))).into()
        }
        _ => fields(incoming, method, kind, spelled)?,
    };
    fields.retain(|(name, _)| !settled.contains(&name.as_str()));
    T::deserialize(Fields(fields)).map_err(|fault| {
        let field = if fault.field.is_empty() { "body".to_owned() } else { fault.field };
        let top = field.split('.').next().unwrap_or_default();
        if incoming.path.iter().any(|(name, _)| name == top) {
            return Problem::not_found();
        }
        Problem::invalid(field, fault.rule)
    })
}

fn fields(
    incoming: &Incoming,
    method: Method,
    kind: BodyKind,
    spelled: Spelled,
) -> Result<Vec<(String, Node)>, Problem> {
    let text = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, value)| (name.clone(), Node::Text(value.clone()))).collect::<Vec<_>>()
    };
    let mut fields = text(&incoming.path);
    if method.has_body() {
        match kind {
            BodyKind::Json | BodyKind::Scim => {
                fields.extend(body(&incoming.body)?.into_iter().map(|(name, value)| (name, Node::Json(value))));
            }
            BodyKind::Form => fields.extend(
                form_urlencoded::parse(&incoming.body).map(|(name, value)| (name.into(), Node::Text(value.into()))),
            ),
            BodyKind::Raw => fields.push(("body".to_owned(), Node::Bytes(incoming.body.clone()))),
        }
    } else {
        fields.extend(text(&incoming.query));
    }
    if spelled == Spelled::ByOthers {
        // The deserialiser refuses a repeated value of a known field.
        return Ok(fields);
    }
    // Untrusted bodies may have thousands of members: each is visited once.
    let mut seen = HashSet::with_capacity(fields.len());
    match fields.iter().find(|(name, _)| !seen.insert(name.as_str())) {
        Some((name, _)) => Err(Problem::invalid(name.clone(), "must be given only once")),
        None => Ok(fields),
    }
}

/// The members of the body's object, in order and with repetitions; no body is an empty object.
fn body(bytes: &[u8]) -> Result<Vec<(String, Value)>, Problem> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let members = json.deserialize_any(Members).and_then(|members| json.end().map(|()| members));
    members.map_err(|error| {
        let place = format!("at line {}, column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => Problem::invalid("body", "must be a JSON object"),
            _ => Problem::invalid("body", format!("must be JSON; it is malformed {place}")),
        }
    })
}

/// A value received as text, as bytes, or as JSON.
enum Node {
    Text(String),
    Bytes(Vec<u8>),
    Json(Value),
}

/// An input error: the field and the broken rule.
#[derive(Debug)]
struct Fault {
    field: String,
    rule: String,
}

impl Fault {
    fn within(mut self, name: &str) -> Self {
        self.field = if self.field.is_empty() { name.to_owned() } else { format!("{name}.{}", self.field) };
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.rule)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(rule: T) -> Self {
        Self { field: String::new(), rule: rule.to_string() }
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("must be {}", in_json(&expected.to_string())))
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("must be {}", in_json(&expected.to_string())))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { field: field.to_owned(), rule: "must be given only once".to_owned() }
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("must be one of {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self { field: field.to_owned(), rule: "is not a field of this request".to_owned() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: field.to_owned(), rule: "is required".to_owned() }
    }
}

/// Translates serde's expectation into JSON terms. The expectations of our own types are already written for clients.
fn in_json(expected: &str) -> Cow<'_, str> {
    let words = match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a character" => "a string of one character",
        "unit" => "null",
        "a sequence" | "byte array" => "an array",
        "a map" => "an object",
        "variant identifier" | "field identifier" => "a string",
        _ if expected.starts_with("a nonzero i") => "a whole number other than 0",
        _ if expected.starts_with("a nonzero u") => "a whole number, 1 or more",
        _ if expected.starts_with("unit struct ") => "null",
        _ if expected.starts_with("struct ") || expected.contains("ly tagged enum ") => "an object",
        _ if expected.starts_with("tuple ") => "an array",
        _ => match expected.strip_prefix("a tuple of size ").or(expected.strip_prefix("an array of length ")) {
            Some(length) => return format!("an array of {length} elements").into(),
            None => expected,
        },
    };
    Cow::Borrowed(words)
}

/// The whole input, as a struct's deserialiser.
struct Fields(Vec<(String, Node)>);

impl<'de> Deserializer<'de> for Fields {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(Members { rest: self.0.into_iter(), next: None })
    }

    // A route without input is a unit or an empty struct.
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        match self.0.first() {
            Some((name, _)) => Err(<Fault as de::Error>::unknown_field(name, &[])),
            None => visitor.visit_unit(),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The members of an object, whose faults carry their name.
struct Members<I> {
    rest: I,
    next: Option<(String, Node)>,
}

impl<'de, I: Iterator<Item = (String, Node)>> de::MapAccess<'de> for Members<I> {
    type Error = Fault;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.next = self.rest.next();
        match &self.next {
            Some((name, _)) => seed.deserialize(StrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, node) = self.next.take().ok_or_else(|| de::Error::custom("must have a value"))?;
        seed.deserialize(node).map_err(|fault| fault.within(&name))
    }
}

impl<'de> IntoDeserializer<'de, Fault> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty;)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self {
                Self::Text(text) => match text.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(de::Error::invalid_type(de::Unexpected::Str(&text), &visitor)),
                },
                json => json.deserialize_any(visitor),
            }
        }
    )+ };
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Text(text) | Self::Json(Value::String(text)) => visitor.visit_string(text),
            Self::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Self::Json(Value::Null) => visitor.visit_unit(),
            Self::Json(Value::Bool(value)) => visitor.visit_bool(value),
            Self::Json(Value::Number(number)) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                _ => Err(de::Error::custom("must be a number")),
            },
            Self::Json(Value::Array(values)) => {
                let mut elements = Elements { rest: values.into_iter().enumerate() };
                let read = visitor.visit_seq(&mut elements)?;
                match elements.rest.next() {
                    Some((at, _)) => Err(de::Error::custom(format!("must have at most {at} elements"))),
                    None => Ok(read),
                }
            }
            Self::Json(Value::Object(members)) => {
                let rest = members.into_iter().map(|(name, value)| (name, Self::Json(value)));
                visitor.visit_map(Members { rest, next: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Json(Value::Null) => visitor.visit_none(),
            node => visitor.visit_some(node),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::Text(text) | Self::Json(Value::String(text)) => visitor.visit_enum(text.into_deserializer()),
            Self::Json(Value::Object(members)) if members.len() == 1 => {
                let rest = members.into_iter().map(|(name, value)| (name, Self::Json(value)));
                visitor.visit_enum(MapAccessDeserializer::new(Members { rest, next: None }))
            }
            Self::Json(_) | Self::Bytes(_) => Err(de::Error::custom(format!("must be one of {}", variants.join(", ")))),
        }
    }

    parsed! {
        deserialize_bool visit_bool bool;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The elements of an array, whose faults carry their number.
struct Elements<I> {
    rest: I,
}

impl<'de, I: Iterator<Item = (usize, Value)>> de::SeqAccess<'de> for &mut Elements<I> {
    type Error = Fault;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        match self.rest.next() {
            Some((at, value)) => {
                seed.deserialize(Node::Json(value)).map(Some).map_err(|fault| fault.within(&at.to_string()))
            }
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
