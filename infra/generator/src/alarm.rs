//! Alarms: what calls a person, and rolls a canary back.

use serde_json::{Value, json};

use crate::names::physical;

/// A minute in which a metric's sum passes a threshold.
struct Alarm<'a> {
    name: String,
    description: String,
    namespace: &'a str,
    metric: &'a str,
    dimensions: Value,
    threshold: u32,
}

impl Alarm<'_> {
    fn resource(self) -> Value {
        // A queue's depth is a level, the others are events.
        let statistic = if self.namespace == "AWS/SQS" { "Maximum" } else { "Sum" };
        json!({
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": { "Fn::Sub": physical(&self.name) },
                "AlarmDescription": self.description,
                "Namespace": self.namespace,
                "MetricName": self.metric,
                "Dimensions": self.dimensions,
                "Statistic": statistic,
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": self.threshold,
                "TreatMissingData": "notBreaching",
                "AlarmActions": [{ "Ref": "AlarmTopic" }],
            },
        })
    }
}

/// What leaves a function's runtime loop as an error: timeouts, failed starts, runs that must be repeated.
pub fn errors(function: &str) -> Value {
    let alarm = Alarm {
        name: format!("{function}-errors"),
        description: format!("{function} failed, ran out of time or could not start."),
        namespace: "AWS/Lambda",
        metric: "Errors",
        dimensions: json!([
            { "Name": "FunctionName", "Value": { "Fn::Sub": physical(function) } },
            { "Name": "Resource", "Value": { "Fn::Sub": format!("{}:live", physical(function)) } },
        ]),
        threshold: 0,
    };
    alarm.resource()
}

/// A route's answers of 500 and above, which are no errors to Lambda. One may be a passing 503.
pub fn faults(route: &str) -> Value {
    let alarm = Alarm {
        name: format!("{route}-faults"),
        description: format!("{route} answered 5xx more than twice in a minute."),
        namespace: "Bulkhead",
        metric: "Faults",
        dimensions: json!([{ "Name": "Route", "Value": route }]),
        threshold: 2,
    };
    alarm.resource()
}

/// A job's runs that no further try would help: the message is gone, its history record says why.
pub fn gave_up(job: &str) -> Value {
    let alarm = Alarm {
        name: format!("{job}-gave-up"),
        description: format!("{job} gave up on a run. Its history record says why."),
        namespace: "Bulkhead",
        metric: "Runs",
        dimensions: json!([{ "Name": "Job", "Value": job }, { "Name": "Outcome", "Value": "gave_up" }]),
        threshold: 0,
    };
    alarm.resource()
}

/// Something in a job's dead-letter queue.
pub fn dead_letters(job: &str, queue: &str) -> Value {
    let alarm = Alarm {
        name: queue.to_owned(),
        description: format!("{job} could not do something that now waits for a person."),
        namespace: "AWS/SQS",
        metric: "ApproximateNumberOfMessagesVisible",
        dimensions: json!([{ "Name": "QueueName", "Value": { "Fn::Sub": physical(queue) } }]),
        threshold: 0,
    };
    alarm.resource()
}
