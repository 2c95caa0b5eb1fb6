//! A function: its Lambda, role, log group and alarms.

use serde_json::{Map, Value, json};

use crate::alarm;
use crate::names::{alias_id, function_id, pascal, physical};
use crate::policy::{allow, arn};

/// The part of a function that does not depend on its trigger.
pub struct Lambda<'a> {
    pub name: &'a str,
    pub description: String,
    pub timeout_s: u32,
    pub memory_mb: u32,
    /// Reserved concurrency of the function, which is also its maximum.
    pub reserved_concurrency: Option<u32>,
    /// Whether it is invoked asynchronously: failed events are then sent to its dead-letter queue.
    pub is_asynchronous: bool,
    /// The alarm on its own metric, and the suffix of its logical id.
    pub outcome: (&'static str, Value),
    /// The statements of its own role, except for writing its log.
    pub statements: Vec<Value>,
}

pub type Resources = Map<String, Value>;

/// Adds the function with the resources that every function has.
pub fn add(resources: &mut Resources, lambda: Lambda<'_>) {
    let stem = pascal(lambda.name);
    resources.insert(format!("{stem}Log"), log_group(lambda.name));
    resources.insert(format!("{stem}Role"), role(&lambda));
    resources.insert(format!("{stem}Errors"), alarm::errors(lambda.name));
    resources.insert(format!("{stem}{}", lambda.outcome.0), lambda.outcome.1.clone());
    resources.insert(function_id(lambda.name), serverless_function(&lambda));
}

fn serverless_function(lambda: &Lambda<'_>) -> Value {
    let stem = pascal(lambda.name);
    let mut properties = json!({
        "FunctionName": { "Fn::Sub": physical(lambda.name) },
        "Description": lambda.description,
        "AutoPublishAliasAllProperties": true,
        // A version includes its environment, and SAM publishes one only when the text of the template changes. A
        // changed parameter reaches the alias because another description makes another version.
        "VersionDescription": { "Fn::Sub": "${Release} ${Sending} ${RestoredTo} ${ResumedAt}" },
        "CodeUri": format!("../../target/package/{}.zip", lambda.name),
        "MemorySize": lambda.memory_mb,
        "Timeout": lambda.timeout_s,
        "Role": { "Fn::GetAtt": [format!("{stem}Role"), "Arn"] },
        "LoggingConfig": { "LogGroup": { "Ref": format!("{stem}Log") } },
        "DeploymentPreference": { "Alarms": [
            { "Ref": format!("{stem}Errors") },
            { "Ref": format!("{stem}{}", lambda.outcome.0) },
        ] },
    });
    if let Some(reserved) = lambda.reserved_concurrency {
        properties["ReservedConcurrentExecutions"] = json!(reserved);
    }
    if lambda.is_asynchronous {
        let dead_letters = json!({ "Fn::GetAtt": [format!("{stem}DeadLetters"), "Arn"] });
        properties["DeadLetterQueue"] = json!({ "Type": "SQS", "TargetArn": dead_letters });
    }
    json!({
        "Type": "AWS::Serverless::Function",
        "Metadata": { "checkov": { "skip": skips(lambda) } },
        "Properties": properties,
    })
}

/// The checkov rules that do not apply to this function, with the reasons.
fn skips(lambda: &Lambda<'_>) -> Vec<Value> {
    let mut skips = vec![
        ("CKV_AWS_117", "It calls AWS and public platforms; there is no private network to join."),
        ("CKV_AWS_173", "Its variables are names and addresses. Secrets are in KMS and in sealed items."),
    ];
    if lambda.reserved_concurrency.is_none() {
        skips.push((
            "CKV_AWS_115",
            "Reserved only where guessing must be slow; elsewhere rate limits and queues bound it.",
        ));
    }
    if !lambda.is_asynchronous {
        skips.push(("CKV_AWS_116", "Its caller waits, or its queue or stream keeps failed events."));
    }
    skips.sort();
    skips.iter().map(|(id, comment)| json!({ "id": id, "comment": comment })).collect()
}

/// The first statement of every role: its own log only.
fn role(lambda: &Lambda<'_>) -> Value {
    let mut statements = vec![allow(
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        arn("logs", &format!("log-group:/aws/lambda/{}:*", physical(lambda.name))),
    )];
    statements.extend(lambda.statements.iter().cloned());
    service_role(lambda.name, "lambda.amazonaws.com", statements)
}

/// A role that a service assumes, named after its purpose.
pub fn service_role(name: &str, service: &str, statements: Vec<Value>) -> Value {
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": { "Fn::Sub": physical(name) },
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
            },
            "Policies": [policy("grants", statements)],
        },
    })
}

pub fn policy(name: &str, statements: Vec<Value>) -> Value {
    json!({
        "PolicyName": name,
        "PolicyDocument": { "Version": "2012-10-17", "Statement": statements },
    })
}

fn log_group(name: &str) -> Value {
    json!({
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": { "Fn::Sub": format!("/aws/lambda/{}", physical(name)) },
            "RetentionInDays": { "Ref": "LogRetentionDays" },
            "KmsKeyId": { "Ref": "DataKey" },
        },
    })
}

/// The ARN of the alias that all triggers invoke.
pub fn alias(name: &str) -> Value {
    json!({ "Ref": alias_id(name) })
}
