//! Checks that no template shows. Each fault is a sentence that names the function.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use domains::{DOMAINS, all, routes};
use serde_json::Value;
use shared::aws::session_policy::{SESSION_POLICY_LIMIT, Subject, session_policy};
use shared::config::Tables;
use shared::function::{Declared, Function};
use shared::http::{Plane, Route, RouteDeclaration};
use shared::tenancy::entitlements::is_sold;

use crate::function::Resources;
use crate::names::{LONGEST_PREFIX, physical};
use crate::plans;
use crate::route::route_key;
use crate::sources::{event, file};
use crate::stack::RESOURCE_LIMIT;
use crate::tenant::role_name;

/// Per plane. API Gateway allows 300 routes and 300 integrations; the difference is headroom.
const ROUTE_LIMIT: usize = 280;
/// IAM's limit on a role's inline policies, without white space.
const ROLE_POLICY_LIMIT: usize = 10_240;
/// The smallest of the limits on names of functions, roles and schedules.
const NAME_LIMIT: usize = 64;
/// The resources that SAM adds for a function: a version, an alias, a deployment group.
const ADDED_BY_SAM: usize = 3;
/// The longest of AWS's region names so far, for the bucket's name.
const LONGEST_REGION: &str = "ap-southeast-2";

/// All faults of the declarations and of the files under the root.
pub fn faults(root: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    unique_names(&mut faults);
    faults.extend(route_faults(routes().map(|(_, _, declared)| (declared.route, declared.planes))));
    for (domain, listed) in all() {
        let function = listed.function;
        policies(function, &mut faults);
        entitlements(function, &mut faults);
        files(root, domain.name, function, &mut faults);
    }
    faults.extend(plans::faults());
    leftovers(root, &mut faults);
    faults
}

/// The faults of a domain's stack.
pub fn stack_faults(domain: &str, resources: &Resources) -> Vec<String> {
    let mut faults = Vec::new();
    let functions = resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function").count();
    let count = resources.len() + functions * ADDED_BY_SAM;
    if count > RESOURCE_LIMIT {
        faults.push(format!(
            "{domain}: its stack has {count} resources; CloudFormation allows {RESOURCE_LIMIT}: split the domain"
        ));
    }
    for (name, resource) in resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role") {
        let length = filled(&resource["Properties"]["Policies"]).len();
        if length > ROLE_POLICY_LIMIT {
            faults.push(format!(
                "{domain}: the policy of {name} has {length} characters; IAM allows {ROLE_POLICY_LIMIT}"
            ));
        }
    }
    faults
}

/// A policy with the longest parameters.
fn filled(policies: &Value) -> String {
    policies
        .to_string()
        .replace("${Name}", LONGEST_PREFIX)
        .replace("${AWS::Region}", LONGEST_REGION)
        .replace("${AWS::AccountId}", "000000000000")
        .replace("${AWS::Partition}", "aws")
        .replace("${MediaBucket}", &bucket())
}

fn bucket() -> String {
    format!("{LONGEST_PREFIX}-media-000000000000-{LONGEST_REGION}")
}

fn unique_names(faults: &mut Vec<String>) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let roles = DOMAINS.iter().map(|domain| (domain.name, role_name(domain.name)));
    let longest = |name: &str| physical(name).replace("${Name}", LONGEST_PREFIX).len();
    for (domain, role) in roles {
        if longest(&role) > NAME_LIMIT {
            faults.push(format!("{domain}: the name of its role {role} is too long"));
        }
    }
    for (domain, listed) in all() {
        let name = listed.function.name();
        if let Some(other) = owners.insert(name, domain.name) {
            faults.push(format!(
                "{name}: is in {other} and in {}; rename one, because names of functions are unique",
                domain.name
            ));
        }
        if !name.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'-') {
            faults.push(format!("{name}: must be lower-case words separated by hyphens"));
        }
        // `-clock` is the longest suffix.
        if longest(&format!("{name}-clock")) > NAME_LIMIT {
            faults.push(format!("{name}: is too long for the names that are derived from it"));
        }
    }
}

/// The faults of these routes, each with its planes.
fn route_faults(routes: impl Iterator<Item = (Route, &'static [Plane])>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (route, planes) in routes {
        for (plane, method) in
            planes.iter().flat_map(|plane| route.method.answered().iter().map(move |method| (plane, method)))
        {
            let key = route_key(method, route.path);
            if !keys.entry(plane.name).or_default().insert(key.clone()) {
                faults.push(format!("{}: another function serves {key} on the plane {}", route.name, plane.name));
            }
        }
    }
    for (plane, keys) in keys.iter().filter(|(_, keys)| keys.len() > ROUTE_LIMIT) {
        let heads = keys.iter().filter(|key| key.starts_with("HEAD ")).count();
        faults.push(format!(
            "the plane {plane} has {} routes, {heads} of them HEAD; the limit is {ROUTE_LIMIT} (API Gateway allows 300): \
             move routes to another plane with `Route::on`, or add a plane to `Plane::ALL`",
            keys.len()
        ));
    }
    faults
}

fn policies(function: &Function, faults: &mut Vec<String>) {
    let Some(subject) = longest_subject() else {
        faults.push("the sample ids that session policies are measured with are invalid".to_owned());
        return;
    };
    let policy = session_policy(function.grants(), subject, &Tables::named(LONGEST_PREFIX), &bucket());
    if policy.len() > SESSION_POLICY_LIMIT {
        let length = policy.len();
        faults.push(format!("{}: its session policy has {length} characters; the limit is {SESSION_POLICY_LIMIT}: declare fewer grants, or split the function", function.name()));
    }
}

/// All ids have the same length; a session that also changes a user's list is the longest case.
fn longest_subject() -> Option<Subject> {
    let id = "0".repeat(32);
    Some(Subject { workspace: format!("ws_{id}").parse().ok()?, user: Some(format!("user_{id}").parse().ok()?) })
}

fn entitlements(function: &Function, faults: &mut Vec<String>) {
    let Declared::Route(RouteDeclaration { needs, .. }) = function.declared() else { return };
    for needed in needs.iter().filter(|needed| !is_sold(**needed)) {
        faults.push(format!("{}: needs {}, which no plan includes", function.name(), needed.name()));
    }
}

fn files(root: &Path, domain: &str, function: &Function, faults: &mut Vec<String>) {
    let (name, event) = (function.name(), event(domain, function.name()));
    for wanted in [&Path::new("functions").join(file(domain, function)), &event] {
        if !root.join(wanted).is_file() {
            faults.push(format!("{name}: {} is missing", wanted.display()));
        }
    }
    if let Ok(text) = std::fs::read_to_string(root.join(&event))
        && let Err(error) = serde_json::from_str::<Value>(&text)
    {
        faults.push(format!("{name}: {} is not JSON: {error}", event.display()));
    }
}

/// Sample events of functions that are not listed.
fn leftovers(root: &Path, faults: &mut Vec<String>) {
    let known: BTreeSet<PathBuf> = all().map(|(domain, listed)| event(domain.name, listed.function.name())).collect();
    for domain in DOMAINS {
        let folder = Path::new("events").join(domain.name);
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| folder.join(entry.file_name())).collect();
        found.sort();
        for path in found.iter().filter(|path| !known.contains(*path)) {
            faults.push(format!("{}: belongs to no function of {}", path.display(), domain.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This many GET routes, each of which also serves HEAD.
    fn reads(count: usize, planes: &'static [Plane]) -> impl Iterator<Item = (Route, &'static [Plane])> {
        (0..count).map(move |number| (Route::get("read", format!("/things/{number}").leak()), planes))
    }

    #[test]
    fn too_many_routes_on_a_plane_are_a_fault_with_their_number_and_the_remedy() {
        assert_eq!(route_faults(reads(140, &[Plane::PRODUCT])), [""; 0]);
        let faults = route_faults(reads(141, &[Plane::PRODUCT]));
        let said = "the plane product has 282 routes, 141 of them HEAD; the limit is 280 (API Gateway allows 300): move routes \
                    to another plane with `Route::on`, or add a plane to `Plane::ALL`";
        assert_eq!(faults, [said]);
    }

    #[test]
    fn each_plane_has_a_separate_limit_and_separate_routes() {
        let half = reads(140, &[Plane::PRODUCT]).chain(reads(140, &[Plane::STAFF])).chain(reads(140, &[Plane::HOOKS]));
        assert_eq!(route_faults(half), [""; 0]);
        let twice = reads(1, Plane::ALL).chain(reads(1, &[Plane::STAFF]));
        let expected = ["GET", "HEAD"]
            .map(|method| format!("read: another function serves {method} /things/0 on the plane staff"));
        assert_eq!(route_faults(twice), expected);
    }
}
