//! Two workspaces, and every position of an id in every route.
//!
//! A resource of the other workspace gets the same response as a missing one, word for word, and neither workspace
//! changes. The same holds with the membership check disabled: then only the scope refuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::function::Level;
use shared::testing::Response;

use crate::cloud::Contents;
use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Filling, Sample, request};

struct Neighbours {
    world: World,
    mine: Place,
    theirs: Place,
    /// The fillings with which the sample of each route succeeds, for both workspaces.
    ready: BTreeMap<&'static str, [Filling; 2]>,
    before: Contents,
}

impl Neighbours {
    async fn new() -> Self {
        let world = World::new().await;
        let (mine, theirs) = (world.place().await, world.place().await);
        let mut ready = BTreeMap::new();
        for endpoint in inside().chain(of_staff()) {
            let name = endpoint.name();
            ready.insert(name, [world.ready_for(name, &mine).await, world.ready_for(name, &theirs).await]);
        }
        let before = world.contents().await;
        Self { world, mine, theirs, ready, before }
    }

    fn mine(&self, endpoint: &Endpoint) -> Filling {
        self.ready[endpoint.name()][0].clone()
    }

    fn theirs(&self, endpoint: &Endpoint) -> Filling {
        self.ready[endpoint.name()][1].clone()
    }

    /// The response to the owner of `mine`, without the membership check.
    async fn send_unchecked(&self, endpoint: &Endpoint, event: &Value) -> Response {
        self.world.app.call_unchecked(request(endpoint.entry, event), &self.mine.owner).await
    }

    async fn changed(&self) -> Vec<String> {
        let after = self.world.contents().await;
        self.before.changes_until(&after)
    }

    /// The changed items of the other workspace.
    async fn changed_for_them(&self) -> Vec<String> {
        let theirs = self.theirs.filling.get("workspace_id");
        let after = self.world.contents().await.in_workspace(theirs);
        self.before.clone().in_workspace(theirs).changes_until(&after)
    }
}

/// Routes of a workspace.
fn inside() -> impl Iterator<Item = Endpoint> {
    endpoints().into_iter().filter(|endpoint| matches!(endpoint.access, Level::Workspace(_)))
}

/// Routes of the staff that are about the workspace of their path.
fn of_staff() -> impl Iterator<Item = Endpoint> {
    let staff = endpoints().into_iter().filter(|endpoint| matches!(endpoint.access, Level::Staff(_)));
    staff.filter(|endpoint| endpoint.route.path.contains("{workspace_id}"))
}

/// An unused id of the same kind.
fn unused_id(id: &str) -> String {
    let (kind, hex) = id.split_once('_').unwrap();
    let flipped: String = hex.chars().rev().collect();
    format!("{kind}_{flipped}")
}

/// The ids in a route's sample, except for the workspace's own.
fn positions(sample: &Sample) -> Vec<String> {
    sample.placeholders().into_iter().filter(|name| name.ends_with("_id") && name != "workspace_id").collect()
}

/// A response without the parts that differ by request: its instance, and the requested id.
fn comparable(answer: &Response, id: &str) -> String {
    let mut body = answer.body.clone();
    body["instance"] = Value::Null;
    format!("{} {}", answer.status, body.to_string().replace(id, "<id>"))
}

#[tokio::test]
async fn another_workspaces_id_answers_like_a_missing_one_on_every_route() {
    let at = Neighbours::new().await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for endpoint in inside() {
        let sample = Sample::of(endpoint.entry);
        for name in positions(&sample) {
            let in_path = endpoint.route.path.contains(&format!("{{{name}}}"));
            let theirs = at.theirs(&endpoint);
            let (theirs, unused_id) = (theirs.get(&name), unused_id(theirs.get(&name)));
            let with = |id: &str| sample.filled(&at.mine(&endpoint).with(&name, id));
            let (other, none) =
                (at.world.send(&endpoint, &with(theirs)).await, at.world.send(&endpoint, &with(&unused_id)).await);
            let status = if in_path { 404 } else { 422 };
            if other.status != status || comparable(&other, theirs) != comparable(&none, &unused_id) {
                faults.push(format!("{}, {name}: {} / {}", endpoint.name(), other.text, none.text));
            }
            let unchecked = at.send_unchecked(&endpoint, &with(theirs)).await;
            if comparable(&unchecked, theirs) != comparable(&none, &unused_id) {
                faults.push(format!("{}, {name}, unchecked: {}", endpoint.name(), unchecked.text));
            }
            tried += 1;
        }
    }
    assert!(tried >= 10, "only {tried} ids were tried");
    faults.extend(at.changed().await);
    none(faults);
}

/// An id of one workspace behind the path of another, by the staff, who may enter both.
#[tokio::test]
async fn another_workspaces_id_answers_the_staff_like_a_missing_one() {
    let at = Neighbours::new().await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for endpoint in of_staff() {
        let sample = Sample::of(endpoint.entry);
        let in_path = |name: &String| endpoint.route.path.contains(&format!("{{{name}}}"));
        for name in positions(&sample).into_iter().filter(in_path) {
            let theirs = at.theirs(&endpoint);
            let (theirs, unused_id) = (theirs.get(&name), unused_id(theirs.get(&name)));
            let with = |id: &str| sample.filled(&at.mine(&endpoint).with(&name, id));
            let (other, none) =
                (at.world.send(&endpoint, &with(theirs)).await, at.world.send(&endpoint, &with(&unused_id)).await);
            if other.status != 404 || comparable(&other, theirs) != comparable(&none, &unused_id) {
                faults.push(format!("{}, {name}: {} / {}", endpoint.name(), other.text, none.text));
            }
            tried += 1;
        }
    }
    assert!(tried >= 2, "only {tried} ids were tried");
    faults.extend(at.changed().await);
    none(faults);
}

/// Their path, ids and cursor with my proof: as if the membership check were missing.
#[tokio::test]
async fn without_the_membership_check_the_scope_refuses() {
    let at = Neighbours::new().await;
    let mut faults = Vec::new();
    for endpoint in inside() {
        let sample = Sample::of(endpoint.entry);
        let filling = at.theirs(&endpoint).with("token", &at.mine.owner.token);
        let answer = at.send_unchecked(&endpoint, &sample.filled(&filling)).await;
        let named = positions(&sample);
        if !named.is_empty() && !matches!(answer.status, 404 | 422) {
            faults.push(format!("{}: answered {} {}", endpoint.name(), answer.status, answer.text));
        }
        // A list or a new resource is in my workspace, regardless of the path.
        for (name, id) in filling.ids().filter(|(name, _)| !named.iter().any(|named| named == name)) {
            if answer.text.contains(id) {
                faults.push(format!("{}: shows their {name}: {}", endpoint.name(), answer.text));
            }
        }
    }
    faults.extend(at.changed_for_them().await);
    none(faults);
}

fn has_cursor(endpoint: &Endpoint) -> bool {
    let shapes = endpoint.entry.listed.shapes.expect("a route has shapes")();
    let schema = serde_json::to_value(&shapes.input.schema).unwrap();
    schema["properties"].as_object().is_some_and(|fields| fields.contains_key("cursor"))
}

fn page(endpoint: &Endpoint, filling: &Filling, cursor: Option<&str>) -> Value {
    let mut event = Sample::of(endpoint.entry).filled(filling);
    event["queryStringParameters"]["limit"] = json!("1");
    if let Some(cursor) = cursor {
        event["queryStringParameters"]["cursor"] = json!(cursor);
    }
    event
}

#[tokio::test]
async fn another_workspaces_cursor_is_422() {
    let at = Neighbours::new().await;
    let lists: Vec<Endpoint> = inside().filter(has_cursor).collect();
    let mut cursors = Vec::new();
    let mut faults = Vec::new();
    for endpoint in &lists {
        let first = at.world.send(endpoint, &page(endpoint, &at.theirs.filling, None)).await.expect(200);
        let cursor = first.body["next_cursor"].as_str();
        let cursor = cursor.unwrap_or_else(|| panic!("{} has one page: {}", endpoint.name(), first.text)).to_owned();
        at.world.send(endpoint, &page(endpoint, &at.theirs.filling, Some(&cursor))).await.expect(200);
        cursors.push((endpoint.name(), cursor));
    }
    assert!(cursors.len() >= 4, "{} lists", cursors.len());
    for endpoint in &lists {
        let mine = page(endpoint, &at.mine.filling, None);
        at.world.send(endpoint, &mine).await.expect(200);
        for (from, cursor) in &cursors {
            let mut tried = vec![(
                "mine with theirs",
                at.world.send(endpoint, &page(endpoint, &at.mine.filling, Some(cursor))).await,
            )];
            tried.push((
                "unchecked",
                at.send_unchecked(endpoint, &page(endpoint, &at.mine.filling, Some(cursor))).await,
            ));
            if *from != endpoint.name() {
                let theirs = page(endpoint, &at.theirs.filling, Some(cursor));
                tried.push(("theirs, of another list", at.world.send(endpoint, &theirs).await));
            }
            for (what, answer) in tried {
                if (answer.status, answer.fields()) != (422, vec!["cursor"]) {
                    faults.push(format!("{} accepted the cursor of {from} ({what}): {}", endpoint.name(), answer.text));
                }
            }
        }
        let mut changed = cursors[0].1.clone();
        changed.replace_range(4..5, if &changed[4..5] == "A" { "B" } else { "A" });
        for tampered in [changed.as_str(), "", "x", "AAAA"] {
            let answer = at.world.send(endpoint, &page(endpoint, &at.theirs.filling, Some(tampered))).await;
            if (answer.status, answer.fields()) != (422, vec!["cursor"]) {
                faults.push(format!("{} accepted the cursor {tampered:?}: {}", endpoint.name(), answer.text));
            }
        }
    }
    faults.extend(at.changed().await);
    none(faults);
}

/// The same Idempotency-Key in two workspaces, or of two members of one, is two keys.
#[tokio::test]
async fn another_workspaces_idempotency_key_is_a_new_key() {
    let at = Neighbours::new().await;
    let mut faults = Vec::new();
    for endpoint in inside().filter(|endpoint| endpoint.status == 201) {
        let mut ids = Vec::new();
        for place in [&at.theirs, &at.mine] {
            let mut event = Sample::of(endpoint.entry).filled(&at.world.ready_for(endpoint.name(), place).await);
            event["headers"]["idempotency-key"] = json!("the-same-key");
            let first = at.world.send(&endpoint, &event).await.expect(201);
            let again = at.world.send(&endpoint, &event).await.expect(201);
            let id = |answer: &Response| answer.body.to_string().split("\"id\":").nth(1).map(|id| id[..20].to_owned());
            if id(&first).is_none() || id(&first) != id(&again) {
                faults.push(format!("{}: a repeat created a new resource", endpoint.name()));
            }
            ids.push(first.text);
        }
        if ids[0] == ids[1] {
            faults.push(format!("{}: returned the other workspace's resource: {}", endpoint.name(), ids[1]));
        }
    }
    none(faults);
}
