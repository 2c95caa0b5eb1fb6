//! A domain's stack: its parameters, the shared settings of its functions, and their resources.

use serde_json::{Map, Value, json};
use shared::http::Plane;

use crate::function::Resources;
use crate::names::pascal;
use crate::{planes, policy, tenant, yaml};

/// CloudFormation's limit on the resources of one stack.
pub const RESOURCE_LIMIT: usize = 500;

/// The parameters that `template.yaml` passes to `domains.yaml`, which passes them to every domain's stack; without those
/// of planes.
const PARAMETERS: &[&str] = &[
    "AlarmTopic",
    "AppPaths",
    "AppUrl",
    "Architecture",
    "Canary",
    "Cell",
    "DataKey",
    "DeploymentPreference",
    "DerivationKey",
    "InitialPlan",
    "LegacyBcryptCost",
    "LogRetentionDays",
    "MailFrom",
    "MediaBucket",
    "Name",
    "OutboxStream",
    "PasswordMemoryKib",
    "PasswordPasses",
    "PepperVersion",
    "SystemKey",
    "PooledKey",
    "RecoveryWaitHours",
    "Release",
    "RestoredTo",
    "ResumedAt",
    "Sending",
    "StaffConsoleUrl",
    "WorkspaceKeys",
];

/// A nested stack from a generated template.
fn nested(file: &str, parameters: &Value, tag: Option<Value>) -> Value {
    let tags = [("application", "Name"), ("cell", "Cell")];
    let tags = tags.map(|(key, name)| json!({ "Key": key, "Value": { "Ref": name } }));
    let tags: Vec<Value> = tags.into_iter().chain(tag).collect();
    json!({
        "Type": "AWS::CloudFormation::Stack",
        "Properties": { "TemplateURL": format!("{file}.yaml"), "Parameters": parameters, "Tags": tags },
    })
}

/// The parameters of `domains.yaml`.
fn names() -> impl Iterator<Item = String> {
    let given = Plane::ALL.iter().flat_map(|plane| planes::given(*plane));
    PARAMETERS.iter().map(|name| (*name).to_owned()).chain(given)
}

/// The parameters of planes that a domain's stack gets, with their values in `domains.yaml`.
fn of_planes() -> Map<String, Value> {
    let given = Plane::ALL.iter().flat_map(|plane| planes::given(*plane));
    let given = given.map(|name| (name.clone(), json!({ "Ref": name })));
    // The nested stack falls back to the gateway's address.
    given.chain(planes::outputs()).collect()
}

fn declared(names: impl Iterator<Item = String>) -> Map<String, Value> {
    names.map(|name| (name, json!({ "Type": "String" }))).collect()
}

/// The environment of every function; `shared::config` reads it.
fn environment(has_tenant_role: bool) -> Value {
    let sub = |text: &str| json!({ "Fn::Sub": text });
    let parameter = |name: &str| json!({ "Ref": name });
    let tenant_role =
        if has_tenant_role { json!({ "Fn::GetAtt": [tenant::LOGICAL_ID, "Arn"] }) } else { json!("none") };
    let mut variables = json!({
        "CELL": parameter("Cell"),
        "TABLE_PREFIX": parameter("Name"),
        "MEDIA_BUCKET": parameter("MediaBucket"),
        "QUEUE_BASE": sub("https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Name}-"),
        "TENANT_ROLE": tenant_role,
        "SYSTEM_KEY": parameter("SystemKey"),
        "DERIVATION_KEY": parameter("DerivationKey"),
        "WORKSPACE_KEYS": parameter("WorkspaceKeys"),
        "POOLED_KEY": parameter("PooledKey"),
        "APP_URL": parameter("AppUrl"),
        "APP_PATHS": parameter("AppPaths"),
        "MAIL_FROM": parameter("MailFrom"),
        "INITIAL_PLAN": parameter("InitialPlan"),
        "PASSWORD_MEMORY_KIB": parameter("PasswordMemoryKib"),
        "PASSWORD_PASSES": parameter("PasswordPasses"),
        "PEPPER_VERSION": parameter("PepperVersion"),
        "LEGACY_BCRYPT_COST": parameter("LegacyBcryptCost"),
        "RECOVERY_WAIT_HOURS": parameter("RecoveryWaitHours"),
        "SENDING": parameter("Sending"),
        "RESTORED_TO": parameter("RestoredTo"),
        "RESUMED_AT": parameter("ResumedAt"),
        "RELEASE": parameter("Release"),
        "STAFF_CONSOLE_URL": parameter("StaffConsoleUrl"),
    });
    planes::environment().for_each(|(name, value)| variables[name] = value);
    variables
}

/// The shared settings of a stack's functions.
fn globals(has_tenant_role: bool) -> Value {
    json!({ "Function": {
        "Architectures": [{ "Ref": "Architecture" }],
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "AutoPublishAlias": "live",
        "VersionDeletionPolicy": "Delete",
        "DeploymentPreference": { "Enabled": { "Ref": "Canary" }, "Type": { "Ref": "DeploymentPreference" } },
        "Environment": { "Variables": environment(has_tenant_role) },
    } })
}

/// The template of a domain.
pub fn template(domain: &str, resources: Resources) -> String {
    let has_tenant_role = resources.contains_key(tenant::LOGICAL_ID);
    let resources = Value::Object(resources);
    let mut value = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": format!("Bulkhead: the functions of {domain}"),
        "Parameters": declared(PARAMETERS.iter().map(|name| (*name).to_owned()).chain(of_planes().keys().cloned())),
        "Globals": globals(has_tenant_role),
    });
    // cfn-lint reports an unused condition.
    if resources.to_string().contains(&format!("\"{}\"", policy::POOLED)) {
        value["Conditions"] = json!({ policy::POOLED: { "Fn::Equals": [{ "Ref": "WorkspaceKeys" }, "pooled"] } });
    }
    value["Resources"] = resources;
    yaml::document("Written by infra/generator from the declarations of the domain's functions. Do not edit.", &value)
}

/// The template that nests the planes, and a stack per domain.
pub fn index(domains: &[&str]) -> String {
    let passed = PARAMETERS.iter().map(|name| ((*name).to_owned(), json!({ "Ref": name })));
    let passed: Map<String, Value> = passed.chain(of_planes()).collect();
    let mut resources: Map<String, Value> = domains
        .iter()
        .map(|domain| {
            let tag = json!({ "Key": "domain", "Value": domain });
            let stack = nested(domain, &json!(passed), Some(tag));
            (pascal(domain), stack)
        })
        .collect();
    resources.insert("Planes".to_owned(), nested("planes", &planes::parameters(), None));
    let outputs: Map<String, Value> =
        planes::outputs().map(|(name, value)| (name, json!({ "Value": value }))).collect();
    let value = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Bulkhead: the planes, and a stack per domain",
        "Metadata": { "cfn-lint": { "config": { "ignore_checks": ["W3002"] } } },
        "Parameters": declared(names()),
        "Resources": resources,
        "Outputs": outputs,
    });
    let comment = "Written by infra/generator. Do not edit.\n\nW3002: SAM uploads the nested templates before it deploys this one.";
    yaml::document(comment, &value)
}
