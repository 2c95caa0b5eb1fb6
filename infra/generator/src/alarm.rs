//! Alarms: they page a person and roll a canary back.

use serde_json::{Value, json};

use crate::names::physical;

/// Of counts of events.
const COUNT: (&str, &str) = ("Statistic", "Sum");
/// Of a queue, whose depth is a level.
const DEPTH: (&str, &str) = ("Statistic", "Maximum");
const P99: (&str, &str) = ("ExtendedStatistic", "p99");

/// Fires if a metric's sum exceeds a threshold within a minute.
struct Alarm<'a> {
    name: String,
    description: String,
    namespace: &'a str,
    metric: &'a str,
    /// The property that names the statistic, and its value.
    statistic: (&'a str, &'a str),
    dimensions: Value,
    threshold: u32,
}

impl Alarm<'_> {
    fn resource(self) -> Value {
        json!({
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": { "Fn::Sub": physical(&self.name) },
                "AlarmDescription": self.description,
                "Namespace": self.namespace,
                "MetricName": self.metric,
                "Dimensions": self.dimensions,
                self.statistic.0: self.statistic.1,
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

/// The 5xx responses of an API.
pub fn api_errors(name: &str, api: &str) -> Value {
    let alarm = Alarm {
        name: format!("{name}-errors"),
        description: format!("{name} answered 5xx more than five times a minute, in three minutes of five."),
        namespace: "AWS/ApiGateway",
        metric: "5xx",
        statistic: COUNT,
        dimensions: json!([{ "Name": "ApiId", "Value": { "Ref": api } }]),
        threshold: 5,
    };
    lasting(alarm.resource(), json!({ "EvaluationPeriods": 5, "DatapointsToAlarm": 3 }))
}

/// The latency of an API, at the 99th percentile.
pub fn api_latency(name: &str, api: &str) -> Value {
    let alarm = Alarm {
        name: format!("{name}-latency"),
        description: format!("One request in a hundred to {name} took over three seconds for ten minutes."),
        namespace: "AWS/ApiGateway",
        metric: "Latency",
        statistic: P99,
        dimensions: json!([{ "Name": "ApiId", "Value": { "Ref": api } }]),
        threshold: 3000,
    };
    lasting(alarm.resource(), json!({ "EvaluationPeriods": 10 }))
}

/// The same alarm over several minutes, which also reports its end.
fn lasting(mut resource: Value, over: Value) -> Value {
    if let (Some(properties), Value::Object(over)) = (resource["Properties"].as_object_mut(), over) {
        properties.extend(over);
        properties.insert("OKActions".to_owned(), json!([{ "Ref": "AlarmTopic" }]));
    }
    resource
}

/// Lambda's errors of a function: timeouts, failed starts, and runs that must be retried.
pub fn errors(function: &str) -> Value {
    let alarm = Alarm {
        name: format!("{function}-errors"),
        description: format!("{function} failed, timed out or could not start."),
        namespace: "AWS/Lambda",
        metric: "Errors",
        statistic: COUNT,
        dimensions: json!([
            { "Name": "FunctionName", "Value": { "Fn::Sub": physical(function) } },
            { "Name": "Resource", "Value": { "Fn::Sub": format!("{}:live", physical(function)) } },
        ]),
        threshold: 0,
    };
    alarm.resource()
}

/// A route's responses with 5xx, which Lambda does not count as errors. A single one may be a temporary 503.
pub fn faults(route: &str) -> Value {
    let alarm = Alarm {
        name: format!("{route}-faults"),
        description: format!("{route} answered 5xx more than twice in a minute."),
        namespace: "Bulkhead",
        metric: "Faults",
        statistic: COUNT,
        dimensions: json!([{ "Name": "Route", "Value": route }]),
        threshold: 2,
    };
    alarm.resource()
}

/// A job's runs that no retry would help: the message is gone, and the history record has the reason.
pub fn gave_up(job: &str) -> Value {
    let alarm = Alarm {
        name: format!("{job}-gave-up"),
        description: format!("{job} gave up on a run. The history record has the reason."),
        namespace: "Bulkhead",
        metric: "Runs",
        statistic: COUNT,
        dimensions: json!([{ "Name": "Job", "Value": job }, { "Name": "Outcome", "Value": "gave_up" }]),
        threshold: 0,
    };
    alarm.resource()
}

/// Messages in a job's dead-letter queue.
pub fn dead_letters(job: &str, queue: &str) -> Value {
    let alarm = Alarm {
        name: queue.to_owned(),
        description: format!("{job} has messages in its dead-letter queue, which a person must handle."),
        namespace: "AWS/SQS",
        metric: "ApproximateNumberOfMessagesVisible",
        statistic: DEPTH,
        dimensions: json!([{ "Name": "QueueName", "Value": { "Fn::Sub": physical(queue) } }]),
        threshold: 0,
    };
    alarm.resource()
}
