//! A queue: a job's messages, its dead-letter queue, and who may send to them.

use serde_json::{Value, json};
use shared::jobs::Declaration;

use crate::alarm;
use crate::function::{Resources, alias};
use crate::names::{pascal, physical};
use crate::policy::{allow, arn, role_arn};

/// AWS's rule for a queue that feeds a function: at least six times the function's timeout.
const VISIBILITY_TIMEOUTS: u32 = 6;
/// 14 days, the longest that SQS keeps a message.
const KEPT_S: u32 = 1_209_600;
/// The name, after the prefix, of an optional role of the operator: the only role of a person that may redrive a dead
/// letter to its queue.
const OPERATOR: &str = "operator";

/// Adds a message job's queue, its dead-letter queue, and the mapping from the queue to the function.
pub fn add(resources: &mut Resources, job: &Declaration, senders: &[&str]) {
    let stem = pascal(job.name);
    add_dead_letters(resources, job.name);
    resources.insert(
        format!("{stem}Queue"),
        json!({
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": { "Fn::Sub": physical(job.name) },
                "KmsMasterKeyId": { "Ref": "DataKey" },
                "MessageRetentionPeriod": KEPT_S,
                "VisibilityTimeout": job.timeout_s * VISIBILITY_TIMEOUTS,
                "RedrivePolicy": {
                    "deadLetterTargetArn": { "Fn::GetAtt": [format!("{stem}DeadLetters"), "Arn"] },
                    "maxReceiveCount": job.max_receives,
                },
            },
        }),
    );
    resources.insert(format!("{stem}QueuePolicy"), queue_policy(&stem, senders));
    resources.insert(
        format!("{stem}Messages"),
        json!({
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": { "Fn::GetAtt": [format!("{stem}Queue"), "Arn"] },
                "FunctionName": alias(job.name),
                "BatchSize": job.batch,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "ScalingConfig": { "MaximumConcurrency": job.concurrency },
            },
        }),
    );
}

/// Adds a job's dead-letter queue and its alarm.
pub fn add_dead_letters(resources: &mut Resources, job: &str) {
    let stem = pascal(job);
    let name = format!("{job}-dead");
    resources.insert(
        format!("{stem}DeadLetters"),
        json!({
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": { "Fn::Sub": physical(&name) },
                "KmsMasterKeyId": { "Ref": "DataKey" },
                "MessageRetentionPeriod": KEPT_S,
            },
        }),
    );
    resources.insert(format!("{stem}DeadLettersAlarm"), alarm::dead_letters(job, &name));
}

/// Roles of this account may send by their own policies; this denies all but the named ones.
fn queue_policy(stem: &str, senders: &[&str]) -> Value {
    let queue = json!({ "Fn::GetAtt": [format!("{stem}Queue"), "Arn"] });
    let admitted: Vec<Value> = senders.iter().chain([&OPERATOR]).map(|sender| role_arn(sender)).collect();
    json!({
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{ "Ref": format!("{stem}Queue") }],
            "PolicyDocument": { "Version": "2012-10-17", "Statement": [
                {
                    "Sid": "OnlyTheRelay",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sqs:SendMessage",
                    "Resource": queue,
                    "Condition": { "ArnNotEquals": { "aws:PrincipalArn": admitted } },
                },
                {
                    "Sid": "OnlyTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "sqs:*",
                    "Resource": queue,
                    "Condition": { "Bool": { "aws:SecureTransport": "false" } },
                },
            ] },
        },
    })
}

/// The statement that lets the function's role receive messages from its queue.
pub fn receiving(job: &str) -> Value {
    allow(
        &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
        arn("sqs", &physical(job)),
    )
}

/// The statement that lets a role send to its dead-letter queue.
pub fn burying(job: &str) -> Value {
    allow(&["sqs:SendMessage"], arn("sqs", &physical(&format!("{job}-dead"))))
}
