//! A domain's stack: its parameters, the shared settings of its functions, and their resources.

use serde_json::{Map, Value, json};

use crate::function::Resources;
use crate::names::pascal;
use crate::{policy, tenant, yaml};

/// CloudFormation's limit on the resources of one stack.
pub const RESOURCE_LIMIT: usize = 500;

/// The parameters that `template.yaml` passes to `domains.yaml`, which passes them to every domain's stack.
pub const PARAMETERS: &[&str] = &[
    "AlarmTopic",
    "AllowedOrigins",
    "ApiId",
    "AppUrl",
    "Architecture",
    "BaseUrl",
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
    "WorkspaceKeys",
];

fn parameters() -> Map<String, Value> {
    PARAMETERS.iter().map(|name| ((*name).to_owned(), json!({ "Type": "String" }))).collect()
}

/// The environment of every function; `shared::config` reads it.
fn environment(has_tenant_role: bool) -> Value {
    let sub = |text: &str| json!({ "Fn::Sub": text });
    let parameter = |name: &str| json!({ "Ref": name });
    let tenant_role =
        if has_tenant_role { json!({ "Fn::GetAtt": [tenant::LOGICAL_ID, "Arn"] }) } else { json!("none") };
    json!({
        "CELL": parameter("Cell"),
        "TABLE_PREFIX": parameter("Name"),
        "MEDIA_BUCKET": parameter("MediaBucket"),
        "QUEUE_BASE": sub("https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Name}-"),
        "TENANT_ROLE": tenant_role,
        "SYSTEM_KEY": parameter("SystemKey"),
        "DERIVATION_KEY": parameter("DerivationKey"),
        "WORKSPACE_KEYS": parameter("WorkspaceKeys"),
        "POOLED_KEY": parameter("PooledKey"),
        "BASE_URL": parameter("BaseUrl"),
        "APP_URL": parameter("AppUrl"),
        "ALLOWED_ORIGINS": parameter("AllowedOrigins"),
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
    })
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
        "Parameters": parameters(),
        "Globals": globals(has_tenant_role),
    });
    // cfn-lint reports an unused condition.
    if resources.to_string().contains(&format!("\"{}\"", policy::POOLED)) {
        value["Conditions"] = json!({ policy::POOLED: { "Fn::Equals": [{ "Ref": "WorkspaceKeys" }, "pooled"] } });
    }
    value["Resources"] = resources;
    yaml::document("Written by infra/generator from the declarations of the domain's functions. Do not edit.", &value)
}

/// The template that nests a stack per domain.
pub fn index(domains: &[&str]) -> String {
    let passed: Map<String, Value> =
        PARAMETERS.iter().map(|name| ((*name).to_owned(), json!({ "Ref": name }))).collect();
    let resources: Map<String, Value> = domains
        .iter()
        .map(|domain| {
            let stack = json!({
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": format!("{domain}.yaml"),
                    "Parameters": passed,
                    "Tags": [
                        { "Key": "application", "Value": { "Ref": "Name" } },
                        { "Key": "cell", "Value": { "Ref": "Cell" } },
                        { "Key": "domain", "Value": domain },
                    ],
                },
            });
            (pascal(domain), stack)
        })
        .collect();
    let value = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Bulkhead: a stack per domain",
        "Metadata": { "cfn-lint": { "config": { "ignore_checks": ["W3002"] } } },
        "Parameters": parameters(),
        "Resources": resources,
    });
    let comment = "Written by infra/generator. Do not edit.\n\nW3002: SAM uploads the nested templates before it deploys this one.";
    yaml::document(comment, &value)
}
