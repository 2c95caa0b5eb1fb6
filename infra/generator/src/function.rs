//! A function: its Lambda, role, log group and alarms.

use serde_json::{Map, Value, json};

use crate::alarm;
use crate::names::{alias_id, function_id, pascal, physical};
use crate::policy::{allow, arn};

/// What of a function does not depend on what triggers it.
pub struct Lambda<'a> {
    pub name: &'a str,
    pub description: String,
    pub timeout_s: u32,
    pub memory_mb: u32,
    /// Concurrent executions that are set aside for the function, and its ceiling.
    pub reserved_concurrency: Option<u32>,
    /// Whether it is started without anyone waiting: what it then fails at goes to its dead-letter queue.
    pub is_asynchronous: bool,
    /// The alarm on its own metric, and the end of its logical id.
    pub outcome: (&'static str, Value),
    /// The statements of its own role, apart from writing its log.
    pub statements: Vec<Value>,
}

pub type Resources = Map<String, Value>;

/// Adds the function with everything that each function has.
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
        // A version carries its environment, and SAM publishes one only when what stands in the template changes.
        // A changed parameter reaches the alias because a version with another description is another version.
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

/// What checkov asks of every function and does not fit this one, with the reason.
fn skips(lambda: &Lambda<'_>) -> Vec<Value> {
    let mut skips = vec![
        ("CKV_AWS_117", "It reaches AWS and public platforms; there is no private network to be in."),
        ("CKV_AWS_173", "Its variables are names and addresses. Secrets are in KMS and in sealed items."),
    ];
    if lambda.reserved_concurrency.is_none() {
        skips.push(("CKV_AWS_115", "Reserved where guessing must be slow; elsewhere rates and queues are the limit."));
    }
    if !lambda.is_asynchronous {
        skips.push(("CKV_AWS_116", "Its caller waits, or its queue or stream keeps what failed."));
    }
    skips.sort();
    skips.iter().map(|(id, comment)| json!({ "id": id, "comment": comment })).collect()
}

/// The first statement of every role: its own log and no other.
fn role(lambda: &Lambda<'_>) -> Value {
    let mut statements = vec![allow(
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        arn("logs", &format!("log-group:/aws/lambda/{}:*", physical(lambda.name))),
    )];
    statements.extend(lambda.statements.iter().cloned());
    service_role(lambda.name, "lambda.amazonaws.com", statements)
}

/// A role that a service assumes, named after what it is for.
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

/// The ARN of the alias that everything invokes.
pub fn alias(name: &str) -> Value {
    json!({ "Ref": alias_id(name) })
}
