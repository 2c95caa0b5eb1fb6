//! The judge of a whole world at rest.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::region::{Region, lock};
use crate::sources::jobs;

/// Every item of a table.
pub fn items(region: &Region, table: &str) -> Vec<Value> {
    let (mut found, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut scan = json!({ "TableName": table });
        if !start.is_null() {
            scan["ExclusiveStartKey"] = start;
        }
        let page = region.app.cloud().call("DynamoDB_20120810.Scan", &scan).unwrap_or_default();
        found.extend(page["Items"].as_array().into_iter().flatten().cloned());
        start = page["LastEvaluatedKey"].clone();
        if start.is_null() {
            return found;
        }
    }
}

/// Whether nothing is on its way.
pub fn is_at_rest(region: &Region) -> bool {
    let queued = || jobs().any(|(_, job)| !region.app.cloud().messages(&region.app.queue(job.name)).is_empty());
    let is_due = |item: &Value| item["due_pk"]["S"].as_str().is_some_and(|due| due.contains("DELIVERY"));
    !region.is_running()
        && !queued()
        && items(region, &region.app.tables().outbox).is_empty()
        && !items(region, &region.app.tables().tenants).iter().any(is_due)
}

/// What must hold in every world.
pub fn judge(region: &Arc<Region>) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_at_rest(region) {
        let outbox = items(region, &region.app.tables().outbox);
        faults.push(format!("the world does not come to rest: {} messages in the outbox", outbox.len()));
        faults.extend(outbox.iter().take(3).map(|row| format!("a message that was never sent: {row}")));
    }
    faults.extend(lock(&region.dead_letters).iter().map(|letter| format!("a dead letter: {letter}")));
    faults
}
