//! A schedule: the timer of a job, and the role with which it starts the job.

use serde_json::json;

use crate::function::{Resources, alias, service_role};
use crate::names::{pascal, physical};
use crate::policy::allow;
use crate::queue::{add_dead_letters, burying};

/// How long a failed start is retried: the next run of a sweep covers it anyway.
const MAXIMUM_EVENT_AGE_S: u32 = 300;
const MAXIMUM_RETRIES: u32 = 2;

/// Adds the schedule of a job. `expression` is EventBridge Scheduler's: `rate(1 minute)`, `cron(…)`, in UTC.
pub fn add(resources: &mut Resources, job: &str, expression: &str) {
    let stem = pascal(job);
    add_dead_letters(resources, job);
    resources.insert(
        format!("{stem}ClockRole"),
        service_role(
            &format!("{job}-clock"),
            "scheduler.amazonaws.com",
            vec![allow(&["lambda:InvokeFunction"], alias(job)), burying(job)],
        ),
    );
    resources.insert(
        format!("{stem}Schedule"),
        json!({
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": { "Fn::Sub": physical(job) },
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": { "Mode": "OFF" },
                "Target": {
                    "Arn": alias(job),
                    "RoleArn": { "Fn::GetAtt": [format!("{stem}ClockRole"), "Arn"] },
                    // Scheduler replaces these words by the instant, so that a run that is started twice is one run.
                    "Input": r#"{"scheduled_time":"<aws.scheduler.scheduled-time>"}"#,
                    "RetryPolicy": {
                        "MaximumEventAgeInSeconds": MAXIMUM_EVENT_AGE_S,
                        "MaximumRetryAttempts": MAXIMUM_RETRIES,
                    },
                    "DeadLetterConfig": { "Arn": { "Fn::GetAtt": [format!("{stem}DeadLetters"), "Arn"] } },
                },
            },
        }),
    );
}
