//! The common refusals of all routes: each row of this matrix is tried on every route.
//!
//! A refusal stores nothing, and makes no call without a grant.

use serde_json::{Map, Value, json};
use shared::function::{Declared, Level};
use shared::http::{Method, RouteDeclaration};
use shared::identity::Strength;
use shared::tenancy::Role;

mod staff;

use crate::cloud::Contents;
use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Filling, Sample, body, with_body};

/// The headers of claim 40, and the other headers of every response.
const HEADERS: [(&str, &str); 8] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cache-control", "no-store"),
    ("content-type", "application/problem+json"),
];

/// Domains whose samples concern a user, not a workspace.
const OF_PEOPLE: [&str; 7] = ["accounts", "sign_in", "passkeys", "recovery", "profiles", "staff", "override_sessions"];

/// A plan that includes nothing.
const NO_PLAN: &str = "none";

/// Tries requests that must all be refused, and collects deviations.
struct Trial {
    world: World,
    place: Place,
    before: Contents,
    tried: usize,
    faults: Vec<String>,
}

/// The expected refusal.
struct Expected<'a> {
    status: u16,
    code: &'a str,
    /// The field that it must name, if any.
    field: Option<&'a str>,
}

fn refusal<'a>(status: u16, code: &'a str) -> Expected<'a> {
    Expected { status, code, field: None }
}

fn invalid(field: &str) -> Expected<'_> {
    Expected { status: 422, code: "invalid_input", field: Some(field) }
}

impl Trial {
    async fn new() -> Self {
        let world = World::new().await;
        let place = world.place().await;
        let before = world.contents().await;
        Self { world, place, before, tried: 0, faults: Vec::new() }
    }

    /// Remembers the stored items for later comparison.
    async fn remember(&mut self) {
        self.before = self.world.contents().await;
    }

    /// A request that would succeed. A sample of a single user is prepared for this one request.
    async fn good(&mut self, endpoint: &Endpoint) -> Value {
        if !OF_PEOPLE.contains(&endpoint.entry.domain) {
            return self.filled(endpoint, &self.place.filling);
        }
        self.compare().await;
        let filling = self.world.ready_for(endpoint.name(), &self.place).await;
        self.remember().await;
        self.filled(endpoint, &filling)
    }

    /// Reports items stored since `remember`.
    async fn compare(&mut self) {
        self.faults.extend(self.world.changes_since(&self.before, "stored").await);
    }

    fn filled(&self, endpoint: &Endpoint, filling: &Filling) -> Value {
        Sample::of(endpoint.entry).filled_as_far(filling)
    }

    /// Sends it, and reports deviations from the expected refusal.
    async fn refuses(&mut self, endpoint: &Endpoint, what: &str, event: &Value, expected: Expected<'_>) {
        let answer = self.world.send_uncounted(endpoint, event).await;
        self.tried += 1;
        let mut wrong = Vec::new();
        if (answer.status, answer.code()) != (expected.status, expected.code) {
            wrong.push(format!("expected {} {}", expected.status, expected.code));
        }
        if let Some(field) = expected.field
            && answer.fields() != [field]
        {
            wrong.push(format!("names {:?}, not {field}", answer.fields()));
        }
        for (name, value) in HEADERS {
            if answer.header(name) != value {
                wrong.push(format!("{name} is {:?}", answer.header(name)));
            }
        }
        if answer.body["status"] != answer.status || answer.header("x-request-id").is_empty() {
            wrong.push("is not a complete problem document".to_owned());
        }
        if answer.status == 401 && !answer.header("www-authenticate").starts_with("Bearer") {
            wrong.push("lacks www-authenticate".to_owned());
        }
        if !wrong.is_empty() {
            self.faults.push(format!("{}, {what}: {}: {}", endpoint.name(), wrong.join("; "), answer.text));
        }
    }

    /// Asserts that requests were tried, and nothing was stored.
    async fn end(mut self) {
        assert!(self.tried > 0);
        self.compare().await;
        none(self.faults);
    }
}

fn known(endpoint: &Endpoint) -> bool {
    matches!(endpoint.access, Level::Known | Level::SignedIn | Level::Workspace(_))
}

fn of_staff(endpoint: &Endpoint) -> bool {
    matches!(endpoint.access, Level::Staff(_))
}

fn without_token(event: &Value) -> Value {
    let mut event = event.clone();
    event["headers"].as_object_mut().unwrap().remove("authorization");
    event
}

#[tokio::test]
async fn a_request_without_a_token_is_401() {
    let mut trial = Trial::new().await;
    for endpoint in endpoints().iter().filter(|endpoint| known(endpoint)) {
        let bare = without_token(&trial.good(endpoint).await);
        let mut wrong = bare.clone();
        trial.refuses(endpoint, "no token", &bare, refusal(401, "not_signed_in")).await;
        for token in ["Bearer x.y.z", "Bearer", "Basic YTpi"] {
            wrong["headers"]["authorization"] = json!(token);
            trial.refuses(endpoint, token, &wrong, refusal(401, "not_signed_in")).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn routes_without_a_token_match_the_agreed_list() {
    let open = endpoints()
        .into_iter()
        .filter(|endpoint| !known(endpoint) && !of_staff(endpoint))
        .map(|endpoint| endpoint.name());
    insta::assert_snapshot!("open_routes", open.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn another_workspaces_path_answers_like_a_missing_one() {
    let mut trial = Trial::new().await;
    let stranger = trial.world.app.owner().await.unwrap();
    trial.remember().await;
    for endpoint in endpoints().iter().filter(|endpoint| matches!(endpoint.access, Level::Workspace(_))) {
        let inside = trial.filled(endpoint, &trial.place.filling.clone().with("token", &stranger.token));
        let mut nowhere = inside.clone();
        nowhere["pathParameters"]["workspace_id"] =
            json!(trial.world.app.new_id::<shared::kernel::ids::WorkspaceKind>());
        let mut no_id = inside.clone();
        no_id["pathParameters"]["workspace_id"] = json!("ws_1");
        for (what, event) in [("a stranger", &inside), ("no such workspace", &nowhere), ("no id", &no_id)] {
            trial.refuses(endpoint, what, event, refusal(404, "not_found")).await;
        }
        let (mut theirs, mut missing) =
            (trial.world.send(endpoint, &inside).await.body, trial.world.send(endpoint, &nowhere).await.body);
        // Each response names its own request.
        (theirs["instance"], missing["instance"]) = (Value::Null, Value::Null);
        if theirs != missing {
            trial.faults.push(format!("{}: {theirs} reveals more than {missing}", endpoint.name()));
        }
    }
    trial.end().await;
}

/// Who is over the limit of the plan may send what needs such a permission (`OVER_PLAN_LIMIT`): of these routes, only those about the
/// caller's own membership change anything. An offer to another member is withdrawn only by an owner, whom the plan never limits.
#[test]
fn a_permission_to_read_changes_nothing_but_the_own_membership() {
    let reads = |endpoint: &Endpoint| match endpoint.access {
        Level::Workspace(permission) => permission.name.starts_with("Read"),
        _ => false,
    };
    let changing = endpoints().into_iter().filter(|endpoint| reads(endpoint) && !endpoint.only_reads());
    let mut names: Vec<_> = changing.map(|endpoint| endpoint.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept-ownership", "leave-workspace", "withdraw-ownership-offer"]);
}

#[tokio::test]
async fn a_role_without_the_permission_gets_403() {
    let mut trial = Trial::new().await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push(trial.world.app.join(trial.place.owner.workspace, role).await.unwrap());
    }
    trial.remember().await;
    for endpoint in endpoints() {
        let Level::Workspace(needed) = endpoint.access else { continue };
        for person in people.iter().filter(|person| !needed.roles().contains(&person.role)) {
            let event = trial.filled(&endpoint, &trial.place.filling.clone().with("token", &person.token));
            trial.refuses(&endpoint, &format!("{:?}", person.role), &event, refusal(403, "permission_missing")).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_owner_without_a_second_factor_gets_403() {
    let mut trial = Trial::new().await;
    let single = trial.world.app.with_strength(&trial.place.owner, Strength::Single).await.unwrap();
    trial.remember().await;
    for endpoint in endpoints().iter().filter(|endpoint| matches!(endpoint.access, Level::Workspace(_))) {
        let event = trial.filled(endpoint, &trial.place.filling.clone().with("token", &single.token));
        // For a user with a second factor, a fresh factor means that one.
        let Declared::Route(RouteDeclaration { is_fresh, .. }) = endpoint.entry.function().declared() else { continue };
        let expected =
            if is_fresh { refusal(401, "fresh_factor_needed") } else { refusal(403, "second_factor_needed") };
        trial.refuses(endpoint, "one factor", &event, expected).await;
    }
    trial.end().await;
}

#[tokio::test]
async fn a_plan_without_the_entitlement_is_402() {
    let mut trial = Trial::new().await;
    let poor = trial.world.app.founder_on(NO_PLAN).await.unwrap();
    trial.remember().await;
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.needs.is_empty()) {
        let filling = trial.place.filling.clone().with("token", &poor.token).with("workspace_id", poor.workspace);
        let event = trial.filled(endpoint, &filling);
        trial.refuses(endpoint, "no plan", &event, refusal(402, "plan_lacks_entitlement")).await;
    }
    trial.end().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_422() {
    let mut trial = Trial::new().await;
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.takes_anything()) {
        let good = trial.good(endpoint).await;
        for text in ["{\"a\":", "[]", "null", "\"text\"", "{} {}", "\u{0}", "{'a': 1}"] {
            let mut event = with_body(&good, Map::new());
            event["body"] = json!(text);
            trial.refuses(endpoint, text, &event, invalid("body")).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_oversized_body_is_413_and_one_that_is_not_json_415() {
    let mut trial = Trial::new().await;
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.takes_anything()) {
        let good = trial.good(endpoint).await;
        let mut large = with_body(&good, Map::new());
        large["body"] = json!(format!("{{\"a\": \"{}\"}}", "x".repeat(endpoint.route.max_body_bytes)));
        trial.refuses(endpoint, "a large body", &large, refusal(413, "body_too_large")).await;
        if endpoint.has_body() {
            for media_type in
                ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]
            {
                let mut event = with_body(&good, body(&good));
                event["headers"]["content-type"] = json!(media_type);
                trial.refuses(endpoint, media_type, &event, refusal(415, "unsupported_media_type")).await;
            }
            let mut untyped = with_body(&good, body(&good));
            untyped["headers"].as_object_mut().unwrap().remove("content-type");
            trial.refuses(endpoint, "no type", &untyped, refusal(415, "unsupported_media_type")).await;
        }
    }
    trial.end().await;
}

/// A field of an input, from its schema.
struct Field {
    name: String,
    types: Vec<String>,
    required: bool,
}

/// The fields that are not in the path.
fn fields(endpoint: &Endpoint) -> Vec<Field> {
    let shapes = endpoint.entry.listed.shapes.expect("a route has shapes")();
    let schema = serde_json::to_value(&shapes.input.schema).unwrap();
    let referred: Map<String, Value> = shapes
        .input
        .refers_to
        .iter()
        .map(|(name, schema)| (name.clone(), serde_json::to_value(schema).unwrap()))
        .collect();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let in_path = |name: &str| endpoint.route.path.contains(&format!("{{{name}}}"));
    let fields = properties.into_iter().filter(|(name, _)| !in_path(name)).map(|(name, schema)| Field {
        types: types(&schema, &referred),
        required: required.contains(&json!(name)),
        name,
    });
    fields.collect()
}

fn types(schema: &Value, referred: &Map<String, Value>) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return types(&referred[name], referred);
    }
    // utoipa describes an inlined type as `allOf: [schema, {description, type: object}]`, whatever its type is.
    if let Some([inlined, _]) = schema["allOf"].as_array().map(Vec::as_slice) {
        return types(inlined, referred);
    }
    let choices = ["oneOf", "anyOf"].iter().filter_map(|kind| schema[*kind].as_array()).flatten();
    let own = match &schema["type"] {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(choices.flat_map(|choice| types(choice, referred))).filter(|name| name != "null").collect()
}

#[tokio::test]
async fn an_unknown_missing_or_mistyped_field_is_named() {
    let mut trial = Trial::new().await;
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.takes_anything()) {
        let good = trial.good(endpoint).await;
        if endpoint.has_body() {
            let mut unknown = body(&good);
            unknown.insert("no_such_field".to_owned(), json!(1));
            trial.refuses(endpoint, "unknown", &with_body(&good, unknown), invalid("no_such_field")).await;
        }
        let mut queried = good.clone();
        queried["queryStringParameters"]["no_such_field"] = json!("1");
        if matches!(endpoint.route.method, Method::Get | Method::Delete) {
            trial.refuses(endpoint, "unknown", &queried, invalid("no_such_field")).await;
        }
        for field in fields(endpoint) {
            let name = field.name.as_str();
            assert!(!field.types.is_empty(), "{}: {name} has no type", endpoint.name());
            if endpoint.has_body() {
                let wrong =
                    if field.types.iter().any(|kind| kind == "object") { json!(7) } else { json!({ "wrong": 1 }) };
                let mut changed = body(&good);
                changed.insert(name.to_owned(), wrong);
                trial.refuses(endpoint, "another type", &with_body(&good, changed), invalid(name)).await;
                if field.required {
                    let mut missing = body(&good);
                    missing.remove(name).unwrap_or_else(|| panic!("the sample of {} lacks {name}", endpoint.name()));
                    trial.refuses(endpoint, "missing", &with_body(&good, missing), invalid(name)).await;
                }
            } else if !field.types.iter().any(|kind| kind == "string") {
                let mut event = good.clone();
                event["queryStringParameters"][name] = json!("wrong");
                trial.refuses(endpoint, "another type", &event, invalid(name)).await;
            }
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_invalid_id_is_404() {
    let mut trial = Trial::new().await;
    for endpoint in endpoints().iter().filter(|endpoint| matches!(endpoint.access, Level::Workspace(_))) {
        let good = trial.good(endpoint).await;
        let names: Vec<String> = good["pathParameters"].as_object().unwrap().keys().cloned().collect();
        for name in names {
            for id in ["x", "../../etc", "' OR 1=1 --", "%00", "post_", &format!("W#{}", trial.place.owner.workspace)] {
                let mut event = good.clone();
                event["pathParameters"][&name] = json!(id);
                trial.refuses(endpoint, &format!("{name} is {id}"), &event, refusal(404, "not_found")).await;
            }
        }
    }
    trial.end().await;
}
