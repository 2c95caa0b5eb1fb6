//! Metrics in CloudWatch's embedded metric format, one line each. A tenant is never a dimension.

use std::io::Write;

use jiff::Timestamp;

const NAMESPACE: &str = "Bulkhead";

/// One request of a route.
pub(crate) fn request(at: Timestamp, route: &str, status: u16, duration_ms: i64) {
    emit(&serde_json::json!({
        "_aws": directive(at, &["Route"], &[("Requests", "Count"), ("Faults", "Count"), ("Duration", "Milliseconds")]),
        "Route": route,
        "Requests": 1,
        "Faults": u8::from(status >= 500),
        "Duration": duration_ms,
    }));
}

/// One run of a job, with its outcome.
pub(crate) fn run(at: Timestamp, job: &str, outcome: &str, duration_ms: i64) {
    emit(&serde_json::json!({
        "_aws": directive(at, &["Job", "Outcome"], &[("Runs", "Count"), ("Duration", "Milliseconds")]),
        "Job": job,
        "Outcome": outcome,
        "Runs": 1,
        "Duration": duration_ms,
    }));
}

/// One system event.
pub(crate) fn event(at: Timestamp, name: &str, severity: &str) {
    emit(&serde_json::json!({
        "_aws": directive(at, &["Severity"], &[("Events", "Count")]),
        "Severity": severity,
        "Event": name,
        "Events": 1,
    }));
}

fn directive(at: Timestamp, dimensions: &[&str], metrics: &[(&str, &str)]) -> serde_json::Value {
    let metrics: Vec<_> =
        metrics.iter().map(|(name, unit)| serde_json::json!({ "Name": name, "Unit": unit })).collect();
    serde_json::json!({
        "Timestamp": at.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics }],
    })
}

fn emit(record: &serde_json::Value) {
    // Standard output is the transport: Lambda's agent turns these lines into metrics.
    let mut out = std::io::stdout().lock();
    let _lost_line = writeln!(out, "{record}");
}
