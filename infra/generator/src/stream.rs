//! A stream: the mapping from a table's changes to the job that reads them.

use serde_json::{Value, json};

use crate::function::{Resources, alias};
use crate::names::pascal;
use crate::queue::add_dead_letters;

/// A batch waits this long for company, in seconds: nothing is gained by waiting for a relay.
const BATCHING_WINDOW_S: u32 = 0;
const BATCH_SIZE: u32 = 25;
/// Shards are read by this many at a time; order is kept within a partition key.
const PARALLEL_BATCHES: u32 = 4;
const MAXIMUM_RETRIES: u32 = 5;
/// The sweep sends again what is older than a minute, so the stream may let go of it.
const MAXIMUM_RECORD_AGE_S: u32 = 600;

/// Adds the mapping. A batch that fails is halved until the bad record stands alone, and that record ends
/// in the dead-letter queue. Only inserts are news to a relay.
pub fn add(resources: &mut Resources, job: &str, stream: Value) {
    let stem = pascal(job);
    add_dead_letters(resources, job);
    resources.insert(
        format!("{stem}Stream"),
        json!({
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": stream,
                "FunctionName": alias(job),
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": BATCH_SIZE,
                "MaximumBatchingWindowInSeconds": BATCHING_WINDOW_S,
                "ParallelizationFactor": PARALLEL_BATCHES,
                "BisectBatchOnFunctionError": true,
                "MaximumRetryAttempts": MAXIMUM_RETRIES,
                "MaximumRecordAgeInSeconds": MAXIMUM_RECORD_AGE_S,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "FilterCriteria": { "Filters": [{ "Pattern": r#"{"eventName":["INSERT"]}"# }] },
                "DestinationConfig": {
                    "OnFailure": { "Destination": { "Fn::GetAtt": [format!("{stem}DeadLetters"), "Arn"] } },
                },
            },
        }),
    );
}
