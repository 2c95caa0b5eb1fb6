//! Versions of resources: every route that returns one names its version, every route that changes one accepts
//! conditions, and every route that creates one returns its location (RFC 9110, sections 8.8.3, 10.2.2 and 13).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::function::Level;
use shared::http::Method;

use crate::domains::{Endpoint, endpoints};
use crate::none;
use crate::place::{Place, World};
use crate::sample::{Filling, Sample};

/// Resources that are composed of several items, or of none but what admission reads; and what no route changes.
const UNVERSIONED: [&str; 7] = [
    "list-factors",
    "get-entitlements",
    "get-own-staff-member",
    "get-suspension-request",
    "get-system-event",
    "look-up-user",
    "look-up-workspace",
];

fn with(event: &Value, header: &str, value: &str) -> Value {
    let mut event = event.clone();
    event["headers"][header] = json!(value);
    event
}

/// Routes that read for a known caller.
fn reads() -> impl Iterator<Item = Endpoint> {
    let is_known = |endpoint: &Endpoint| !matches!(endpoint.access, Level::Anyone | Level::Credentials);
    endpoints().into_iter().filter(move |endpoint| endpoint.route.method == Method::Get && is_known(endpoint))
}

/// The route that returns the resource of a changing route: the one with the longest matching path prefix.
fn read_of(endpoint: &Endpoint) -> Option<Endpoint> {
    let path = endpoint.route.path;
    let reads = reads().filter(|read| read.takes_conditions());
    let begins = |read: &Endpoint| {
        path.strip_prefix(read.route.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    reads.filter(begins).max_by_key(|read| read.route.path.len())
}

#[tokio::test]
async fn every_route_that_shows_one_resource_names_its_version() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut shown) = (Vec::new(), 0);
    for endpoint in reads() {
        let name = endpoint.name();
        let event = Sample::of(endpoint.entry).filled(&world.ready_for(name, &place).await);
        let answer = world.send_uncounted(&endpoint, &event).await.expect(200);
        let tag = answer.header("etag").to_owned();
        if answer.body["items"].is_array() || UNVERSIONED.contains(&name) {
            if !tag.is_empty() {
                faults.push(format!("{name}: a list has a tag"));
            }
            continue;
        }
        shown += 1;
        if !tag.starts_with('"') || !tag.ends_with('"') || tag.len() < 12 {
            faults.push(format!("{name}: {tag:?} is no strong tag"));
        }
        for condition in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let known = world.send_uncounted(&endpoint, &with(&event, "if-none-match", &condition)).await;
            if (known.status, known.text.as_str(), known.header("etag")) != (304, "", &tag) {
                faults.push(format!("{name}: If-None-Match {condition}: {} {}", known.status, known.text));
            }
        }
        let other = world.send_uncounted(&endpoint, &with(&event, "if-none-match", "\"x\"")).await;
        let gone = world.send_uncounted(&endpoint, &with(&event, "if-match", "\"x\"")).await;
        if (other.status, gone.status, gone.code()) != (200, 412, "precondition_failed") {
            faults.push(format!("{name}: another version: {} {}", other.status, gone.text));
        }
    }
    none(faults);
    assert!(shown > 3, "hardly any resources were found");
}

#[test]
fn every_route_that_changes_a_versioned_resource_accepts_conditions() {
    let changes = endpoints().into_iter().filter(|endpoint| {
        let is_change = matches!(endpoint.route.method, Method::Put | Method::Patch | Method::Delete);
        is_change && read_of(endpoint).is_some_and(|read| read.route.path == endpoint.route.path)
    });
    none(changes.filter(|change| !change.takes_conditions()).map(|change| change.name().to_owned()).collect());
}

#[tokio::test]
async fn a_change_of_an_old_version_is_412_and_changes_nothing() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut changed) = (Vec::new(), 0);
    let changes = endpoints().into_iter();
    for endpoint in changes.filter(|one| one.takes_conditions() && one.route.method != Method::Get) {
        let name = endpoint.name();
        let ready = world.ready_for(name, &place).await;
        let event = Sample::of(endpoint.entry).filled(&ready);
        let read = read_of(&endpoint).unwrap_or_else(|| panic!("{name}: nothing shows what it changes"));
        let shown = world.send_uncounted(&read, &Sample::of(read.entry).filled(&ready)).await.expect(200);
        let before = world.contents().await;
        for (header, condition) in [("if-match", "\"x\""), ("if-none-match", "*")] {
            let refused = world.send_uncounted(&endpoint, &with(&event, header, condition)).await;
            if (refused.status, refused.code()) != (412, "precondition_failed") {
                faults.push(format!("{name}: {header} {condition}: {} {}", refused.status, refused.text));
            }
        }
        faults.extend(world.changes_since(&before, name).await);
        let done = world.send_uncounted(&endpoint, &with(&event, "if-match", shown.header("etag"))).await;
        if done.status != endpoint.status {
            faults.push(format!("{name}: {} {}", done.status, done.text));
        }
        if endpoint.route.method != Method::Delete {
            let shown = world.send_uncounted(&read, &Sample::of(read.entry).filled(&ready)).await.expect(200);
            if done.header("etag") != shown.header("etag") {
                faults.push(format!("{name}: answers another tag than {} then", read.name()));
            }
        }
        changed += 1;
    }
    none(faults);
    assert!(changed > 6, "hardly any changes were found");
}

#[tokio::test]
async fn a_route_without_versions_refuses_conditions_without_an_effect() {
    let world = World::new().await;
    let place = world.place().await;
    let mut faults = Vec::new();
    for endpoint in endpoints().into_iter().filter(|one| !one.takes_conditions() && !one.takes_anything()) {
        let event = Sample::of(endpoint.entry).filled(&world.ready_for(endpoint.name(), &place).await);
        let before = world.contents().await;
        let refused = world.send_uncounted(&endpoint, &with(&event, "if-match", "\"x\"")).await;
        if (refused.status, refused.code(), refused.fields()) != (422, "invalid_input", vec!["If-Match"]) {
            faults.push(format!("{}: {} {}", endpoint.name(), refused.status, refused.text));
        }
        faults.extend(world.changes_since(&before, endpoint.name()).await);
    }
    none(faults);
}

/// Tags with the first representation that each was seen with.
#[derive(Default)]
struct Seen(BTreeMap<(&'static str, String), String>);

impl Seen {
    /// Reads every resource that these fillings name.
    async fn look(&mut self, world: &World, fillings: &[&Filling], after: &str, faults: &mut Vec<String>) {
        for filling in fillings {
            for read in reads().filter(|read| read.takes_conditions()) {
                let answer = world.send_uncounted(&read, &Sample::of(read.entry).filled(filling)).await;
                if answer.status != 200 {
                    continue;
                }
                let key = (read.name(), answer.header("etag").to_owned());
                let known = self.0.entry(key).or_insert_with(|| answer.text.clone());
                if *known != answer.text {
                    faults.push(format!("{} after {after}: one tag for {known} and {}", read.name(), answer.text));
                }
            }
        }
    }
}

/// A strong tag identifies exactly one representation.
#[tokio::test]
async fn a_tag_stands_for_one_representation() {
    let world = World::new().await;
    let place = world.place().await;
    let (mut faults, mut seen) = (Vec::new(), Seen::default());
    for endpoint in
        endpoints().into_iter().filter(|endpoint| endpoint.route.method != Method::Get && !endpoint.takes_anything())
    {
        let ready = world.ready_for(endpoint.name(), &place).await;
        seen.look(&world, &[&ready], "nothing", &mut faults).await;
        world.send_uncounted(&endpoint, &Sample::of(endpoint.entry).filled(&ready)).await.expect(endpoint.status);
        seen.look(&world, &[&place.filling, &ready], endpoint.name(), &mut faults).await;
    }
    none(faults);
    assert!(seen.0.len() > 10, "hardly any versions were seen");
}

/// The route that answers a path by this method.
fn at(method: Method, path: &str) -> Option<Endpoint> {
    let fits = |route: &str| {
        let (one, other): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
        one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| one == other || one.starts_with('{'))
    };
    endpoints().into_iter().find(|endpoint| endpoint.route.method == method && fits(endpoint.route.path))
}

#[tokio::test]
async fn a_created_resource_is_found_at_its_location() {
    let world = World::new().await;
    let place: Place = world.place().await;
    let (mut faults, mut created) = (Vec::new(), 0);
    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.status == 201) {
        let name = endpoint.name();
        let ready = world.ready_for(name, &place).await;
        let answer = world.send_uncounted(&endpoint, &Sample::of(endpoint.entry).filled(&ready)).await.expect(201);
        let location = answer.header("location");
        created += 1;
        if let Some(read) = at(Method::Get, location).filter(Endpoint::takes_conditions) {
            let mut filling = ready.clone();
            for (name, value) in
                read.route.path.split('/').zip(location.split('/')).filter(|(name, _)| name.starts_with('{'))
            {
                filling = filling.with(name.trim_matches(['{', '}']), value);
            }
            let shown = world.send_uncounted(&read, &Sample::of(read.entry).filled(&filling)).await;
            if shown.status != 200 || !answer.text.contains(shown.body["id"].as_str().unwrap_or("nothing")) {
                faults.push(format!("{name}: {location}: {} {}", shown.status, shown.text));
            }
            let tag = answer.header("etag");
            if endpoint.versioned.is_some() != (tag == shown.header("etag")) {
                faults.push(format!("{name}: its tag is {tag}, and then {}", shown.header("etag")));
            }
        } else if [Method::Delete, Method::Patch, Method::Post].iter().all(|method| at(*method, location).is_none()) {
            faults.push(format!("{name}: {location:?} is no path of the API"));
        }
    }
    none(faults);
    assert!(created > 6, "hardly any creations were found");
}
