//! The stacks: every function of every domain with the resources that its declaration requires.

use domains::{DOMAINS, Domain, all};
use serde_json::{Value, json};
use shared::aws::grants::{Grant, Holder, TENANT_BASE};
use shared::function::{Declared, Function, Level, Listed};
use shared::http::{Plane, Route, RouteDeclaration};
use shared::jobs::{Declaration, Trigger};

use crate::checks::stack_faults;
use crate::function::{Lambda, Resources};
use crate::outputs::Outputs;
use crate::policy::{enters_tenants, statements};
use crate::{alarm, function, queue, route, schedule, stack, stream, tenant};

/// The reserved concurrency of a route that accepts credentials. Argon2 is the cost of a guess; this limits what an
/// attack from many addresses can spend, and reserves the capacity so that other routes cannot use it up.
const CREDENTIAL_CONCURRENCY: u32 = 20;

/// Writes a template per domain, and the one that nests them. Returns faults that CloudFormation would refuse.
pub fn write(outputs: &mut Outputs) -> Vec<String> {
    let senders = relays();
    let mut faults = Vec::new();
    for domain in DOMAINS {
        let resources = resources(domain, &senders);
        faults.extend(stack_faults(domain.name, &resources));
        outputs.add(format!("infra/generated/{}.yaml", domain.name), stack::template(domain.name, resources));
    }
    let names: Vec<&str> = DOMAINS.iter().map(|domain| domain.name).collect();
    outputs.add("infra/generated/domains.yaml", stack::index(&names));
    outputs.add("infra/generated/planes.yaml", crate::planes::template());
    faults
}

/// The functions that may send messages to queues.
fn relays() -> Vec<&'static str> {
    all()
        .filter(|(_, listed)| listed.function.grants().contains(&Grant::RelayOutbox))
        .map(|(_, listed)| listed.function.name())
        .collect()
}

/// The resources of a domain's stack.
pub fn resources(domain: &Domain, senders: &[&str]) -> Resources {
    let mut resources = Resources::new();
    for Listed { function, .. } in domain.functions() {
        match function.declared() {
            Declared::Route(RouteDeclaration { route, planes, level: access, .. }) => {
                add_route(&mut resources, domain, function, (&route, planes), access);
            }
            Declared::Job(job) => add_job(&mut resources, domain, function, &job, senders),
        }
    }
    add_tenant_role(&mut resources, domain);
    resources
}

fn add_route(
    resources: &mut Resources,
    domain: &Domain,
    declared: &Function,
    (route, planes): (&Route, &[Plane]),
    access: Level,
) {
    let lambda = Lambda {
        name: route.name,
        description: route::route_key(route.method.name(), route.path),
        timeout_s: route.timeout_s,
        memory_mb: route.memory_mb,
        reserved_concurrency: (access == Level::Credentials).then_some(CREDENTIAL_CONCURRENCY),
        is_asynchronous: false,
        outcome: ("Faults", alarm::faults(route.name)),
        statements: own_statements(domain, declared),
    };
    function::add(resources, lambda);
    route::add(resources, route, planes);
}

fn add_job(resources: &mut Resources, domain: &Domain, declared: &Function, job: &Declaration, senders: &[&str]) {
    let mut statements = own_statements(domain, declared);
    match job.trigger {
        Trigger::Message(_) => statements.push(queue::receiving(job.name)),
        Trigger::Schedule(_) | Trigger::OutboxStream => statements.push(queue::burying(job.name)),
        // The operator waits for the result.
        Trigger::Operator => {}
    }
    let lambda = Lambda {
        name: job.name,
        description: crate::trigger::trigger(job),
        timeout_s: job.timeout_s,
        memory_mb: job.memory_mb,
        reserved_concurrency: None,
        is_asynchronous: matches!(job.trigger, Trigger::Schedule(_)),
        outcome: ("GaveUp", alarm::gave_up(job.name)),
        statements,
    };
    function::add(resources, lambda);
    match job.trigger {
        Trigger::Message(_) => queue::add(resources, job, senders),
        Trigger::Schedule(expression) => schedule::add(resources, job.name, expression),
        Trigger::OutboxStream => stream::add(resources, job.name, json!({ "Ref": "OutboxStream" })),
        Trigger::Operator => {}
    }
}

/// The statements of the function's own role, except for its log and queue.
fn own_statements(domain: &Domain, declared: &Function) -> Vec<Value> {
    let mut own = statements(declared.statements(), Holder::Own);
    if enters_tenants(declared.statements()) {
        own.push(tenant::assuming(domain.name));
    }
    own
}

fn add_tenant_role(resources: &mut Resources, domain: &Domain) {
    let members: Vec<&Function> = domain
        .functions()
        .map(|listed| listed.function)
        .filter(|function| enters_tenants(function.statements()))
        .collect();
    if members.is_empty() {
        return;
    }
    // One role has the rights of the whole domain; each session policy limits a function to its own.
    let granted = members.iter().flat_map(|function| function.statements());
    let allowed = statements(TENANT_BASE.iter().chain(granted), Holder::Tenant);
    let names: Vec<&str> = members.iter().map(|function| function.name()).collect();
    resources.insert(tenant::LOGICAL_ID.to_owned(), tenant::role(domain.name, &names, allowed));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Every statement of every role, with the role's logical id.
    fn statements_of_roles() -> Vec<(String, Value)> {
        let senders = relays();
        let roles = DOMAINS.iter().flat_map(|domain| resources(domain, &senders));
        let roles = roles.filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role");
        roles
            .flat_map(|(name, role)| {
                let policy = &role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
                let statements = policy.as_array().unwrap().clone();
                statements.into_iter().map(move |statement| (name.clone(), statement))
            })
            .collect()
    }

    fn is_about(statement: &Value, text: &str) -> bool {
        statement.to_string().contains(text)
    }

    #[test]
    fn rows_are_accessed_only_by_leading_keys() {
        for (role, statement) in statements_of_roles() {
            if !is_about(&statement, ":table/") || is_about(&statement, "/index/") || is_about(&statement, "/stream/") {
                continue;
            }
            let condition = &statement["Condition"];
            let keys = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].as_array();
            assert!(keys.is_some_and(|keys| !keys.is_empty()), "{role}: {statement}");
            assert!(keys.unwrap().iter().all(|key| key.as_str().unwrap().contains('#')), "{role}: {statement}");
            assert_eq!(condition["Null"]["dynamodb:LeadingKeys"], "false", "{role}: {statement}");
        }
    }

    #[test]
    fn no_role_may_scan_or_access_all_resources() {
        for (role, statement) in statements_of_roles() {
            for refused in ["dynamodb:Scan", "dynamodb:PartiQL", "dynamodb:*", "kms:*", "s3:*", "sqs:*", "sts:*"] {
                assert!(!is_about(&statement["Action"], &format!("\"{refused}")), "{role}: {statement}");
            }
            if statement["Resource"] == "*" {
                let actions = statement["Action"].to_string();
                assert!(
                    actions.contains("kms:CreateKey") || actions.contains("kms:ListAliases"),
                    "{role}: {statement}"
                );
            }
        }
    }

    #[test]
    fn only_tenant_roles_access_workspace_data() {
        for (role, statement) in statements_of_roles() {
            if role == tenant::LOGICAL_ID {
                // A user's epoch can only be compared, and the session policy names the user.
                let compares = statement["Action"] == serde_json::json!(["dynamodb:ConditionCheckItem"]);
                // A change by the staff records its system event, and reads none.
                let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
                let records = statement["Action"] == serde_json::json!(["dynamodb:PutItem"])
                    && *keys == serde_json::json!(["EVENT#*"])
                    && is_about(&statement["Resource"], "-system\"");
                let is_bound = compares
                    || records
                    || is_about(&statement, "PrincipalTag/workspace")
                    || is_about(&statement, "PrincipalTag/user");
                assert!(
                    is_bound || is_about(&statement, "kms:ViaService") || is_about(&statement, "/ws/*"),
                    "{statement}"
                );
                continue;
            }
            let on_rows = !is_about(&statement, "/index/") && !is_about(&statement, "/stream/");
            for table in ["-tenants\"", "-audit\""] {
                let on_table = on_rows && is_about(&statement["Resource"], table);
                assert!(!on_table, "{role}: {statement}");
            }
            assert!(!is_about(&statement["Resource"], "${MediaBucket}"), "{role}: {statement}");
        }
    }
}
