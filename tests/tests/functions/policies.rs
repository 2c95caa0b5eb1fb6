//! The rights of each function, in its session for one workspace and with its own role, as snapshots.
//!
//! A changed snapshot is a changed right: review it like code.

use serde_json::{Map, Value, json};
use shared::aws::grants::{Holder, Resource, Table, item_rights};
use shared::aws::session_policy::SESSION_POLICY_LIMIT;
use shared::function::Declared;
use shared::http::{Method, RouteDeclaration};
use shared::testing::session_policy;

use crate::domains::{DomainFunction, functions};
use crate::none;

const WORKSPACE: &str = "ws_01999999999970008000000000000001";

fn policy(member: DomainFunction) -> Value {
    serde_json::from_str(&session_policy(member.function(), WORKSPACE).unwrap()).unwrap()
}

fn statements(policy: &Value) -> Vec<Value> {
    policy["Statement"].as_array().unwrap().clone()
}

#[test]
fn the_rights_of_every_function_match_their_snapshot() {
    for domain in ::domains::DOMAINS {
        let mut rights = Map::new();
        for listed in domain.functions() {
            let member = DomainFunction { domain: domain.name, listed };
            let items = item_rights(member.function().statements(), Holder::Own).into_iter();
            let items =
                items.map(|right| format!("{} on {:?} {:?}", right.actions.join(", "), right.table, right.keys));
            let others = member.function().statements().filter(|statement| {
                statement.holder == Holder::Own && !matches!(statement.resource, Resource::Items(..))
            });
            let others = others.map(|other| format!("{} on {:?}", other.actions.join(", "), other.resource));
            let own: Vec<String> = items.chain(others).collect();
            let session = policy(member);
            rights.insert(member.name().to_owned(), json!({ "own": own, "session": session["Statement"] }));
        }
        insta::assert_json_snapshot!(format!("rights_of_{}", domain.name), rights);
    }
}

#[test]
fn a_session_can_access_only_its_workspace() {
    let mut faults = Vec::new();
    for member in functions() {
        let policy = policy(member);
        if policy.to_string().len() > SESSION_POLICY_LIMIT {
            faults.push(format!("{}: its policy has {} characters", member.name(), policy.to_string().len()));
        }
        for statement in statements(&policy) {
            faults.extend(fault(&statement).map(|fault| format!("{}: {fault}: {statement}", member.name())));
        }
    }
    none(faults);
}

/// Why a statement allows more than one workspace, if it does.
fn fault(statement: &Value) -> Option<&'static str> {
    let actions: Vec<&str> = match &statement["Action"] {
        Value::String(action) => vec![action],
        actions => actions.as_array()?.iter().filter_map(Value::as_str).collect(),
    };
    let resources: Vec<&str> = match &statement["Resource"] {
        Value::String(resource) => vec![resource],
        resources => resources.as_array()?.iter().filter_map(Value::as_str).collect(),
    };
    let condition = &statement["Condition"];
    if statement["Effect"] != "Allow" || actions.is_empty() || actions.iter().any(|action| action.contains('*')) {
        return Some("its actions are not a list of names");
    }
    match actions[0].split(':').next()? {
        // Checks that a user is still admitted: the narrowed role restricts it to their items (`S#*`), and it reads
        // nothing.
        "dynamodb" if actions == ["dynamodb:ConditionCheckItem"] && condition.is_null() => {
            let of_proofs = resources.iter().all(|resource| resource.ends_with(":table/bh-proofs"));
            (!of_proofs).then_some("its condition is not on a proof")
        }
        // System events: the narrowed role restricts it to them (`EVENT#*`), and it reads nothing.
        "dynamodb" if actions == ["dynamodb:PutItem"] && condition.is_null() => {
            let of_system = resources.iter().all(|resource| resource.ends_with(":table/bh-system"));
            (!of_system).then_some("its condition is not on a system event")
        }
        "dynamodb" => {
            let keys = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].as_array();
            let bound = keys.is_some_and(|keys| {
                // A check of the epoch of a user or a member of the staff, as above, may be in one statement with a check of a membership.
                let checks_users = actions == ["dynamodb:ConditionCheckItem"];
                // The list of the sessions that a member of the staff opened: it proves nothing, and is not read.
                let lists = actions == ["dynamodb:PutItem"];
                let is_bound = |key: &str| {
                    is_of_the_workspace(key)
                        || (checks_users && ["S#*", "STAFF#*", "O#staff_*"].contains(&key))
                        || (lists && key == "OL#staff_*")
                };
                !keys.is_empty() && keys.iter().all(|key| key.as_str().is_some_and(is_bound))
            });
            // ForAllValues is true if a request names no key.
            let absent_refused = condition["Null"]["dynamodb:LeadingKeys"] == "false";
            let named = resources.iter().all(|resource| resource.contains(":table/bh-"));
            (!bound || !absent_refused || !named).then_some("its keys are not limited to one workspace")
        }
        "s3" if actions == ["s3:ListBucketVersions"] => {
            let prefixes = condition["StringLike"]["s3:prefix"].as_array();
            let is_bound =
                |prefix: &Value| prefix.as_str().is_some_and(|text| text.ends_with(&format!("/{WORKSPACE}/*")));
            let bound = prefixes.is_some_and(|prefixes| !prefixes.is_empty() && prefixes.iter().all(is_bound));
            (!bound).then_some("its list is not limited to one workspace")
        }
        "s3" => {
            let bound = resources.iter().all(|resource| resource.ends_with(&format!("/{WORKSPACE}/*")));
            (!bound).then_some("its objects are not limited to one workspace")
        }
        "kms" => {
            let by_context = condition["StringEquals"]["kms:EncryptionContext:workspace"] == WORKSPACE;
            let by_tag = condition["StringEquals"]["aws:ResourceTag/workspace"] == WORKSPACE;
            let by_service = condition["StringLike"]["kms:ViaService"].is_array();
            // Creating a key is restricted by its tag, which the role itself requires.
            let making = actions.contains(&"kms:CreateKey");
            (!by_context && !by_tag && !by_service && !making).then_some("its keys are not limited to one workspace")
        }
        _ => Some("no session needs it"),
    }
}

/// Whether it is a partition key of the workspace, with or without a suffix after `#`.
fn is_of_the_workspace(key: &str) -> bool {
    let Some((_, rest)) = key.split_once('#') else { return false };
    rest == WORKSPACE || rest == format!("{WORKSPACE}#*")
}

/// A function's own role has no right on a partition of a workspace's data: only sessions do.
#[test]
fn only_sessions_can_access_workspace_data() {
    let mut faults = Vec::new();
    for member in functions() {
        for statement in member.function().statements().filter(|statement| statement.holder == Holder::Own) {
            if matches!(statement.resource, Resource::Items(Table::Tenants | Table::Audit, _) | Resource::Objects(_)) {
                faults.push(format!("{}: {:?}", member.name(), statement.resource));
            }
        }
    }
    none(faults);
}

/// Least privilege: a route that reads has no right to change, but to record the request: audit entries of override sessions, system
/// events, uses and limits.
#[test]
fn no_route_that_reads_has_a_right_to_change() {
    let changes =
        ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "s3:PutObject", "s3:DeleteObjectVersion"];
    let (mut faults, mut reading) = (Vec::new(), 0);
    for member in functions() {
        let Declared::Route(RouteDeclaration { route, .. }) = member.function().declared() else { continue };
        if route.method != Method::Get {
            continue;
        }
        reading += 1;
        for statement in member.function().statements() {
            let records = matches!(statement.resource, Resource::Items(Table::Audit | Table::System, _));
            if !records && statement.actions.iter().any(|action| changes.contains(action)) {
                faults.push(format!("{}: {:?} on {:?}", member.name(), statement.actions, statement.resource));
            }
        }
    }
    assert!(reading > 30, "{reading}");
    none(faults);
}

/// Claim: the audit log is append-only. It is deleted only with its whole workspace, by a function whose domain has no other:
/// the functions of a domain share a tenant-access role.
#[test]
fn no_function_changes_an_audit_entry() {
    let mut faults = Vec::new();
    let erasing: Vec<_> = functions().filter(|member| member.domain == "erasure").map(|member| member.name()).collect();
    assert_eq!(erasing, ["purge-workspaces"]);
    for member in functions() {
        for statement in member.function().statements() {
            let changes = ["dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
            let changes =
                changes.into_iter().filter(|action| member.domain != "erasure" || *action != "dynamodb:DeleteItem");
            let changes: Vec<_> = changes.collect();
            if matches!(statement.resource, Resource::Items(Table::Audit, _))
                && statement.actions.iter().any(|action| changes.contains(action))
            {
                faults.push(format!("{}: {:?}", member.name(), statement.actions));
            }
        }
    }
    none(faults);
}
