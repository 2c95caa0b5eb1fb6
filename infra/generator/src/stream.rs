//! A stream: the mapping from a table's change stream to a job.

use serde_json::{Value, json};

use crate::function::{Resources, alias};
use crate::names::pascal;
use crate::queue::add_dead_letters;

/// How long a batch waits to fill up, in seconds: waiting gains nothing for a relay.
const BATCHING_WINDOW_S: u32 = 0;
const BATCH_SIZE: u32 = 25;
/// The number of concurrent batches per shard; the order is kept within a partition key.
const PARALLEL_BATCHES: u32 = 4;
const MAXIMUM_RETRIES: u32 = 5;
/// The sweep resends messages that are older than a minute, so the stream may drop them.
const MAXIMUM_RECORD_AGE_S: u32 = 600;

/// Adds the mapping. A failed batch is bisected until the bad record is alone; that record is sent to the dead-letter
/// queue. A relay only needs inserts.
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
