//! What AWS answers when it is busy, and neither the AWS emulator nor the cloud in process ever does.

use serde_json::{Value, json};

/// A refusal that has no effect, and that the same call overcomes a moment later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Busy {
    /// Another transaction holds an item:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling>.
    Conflict,
    /// A transaction with the same token has not ended:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>.
    InProgress,
    /// A batch returns none of its items:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>.
    Unprocessed,
    /// The service admits fewer calls than it got.
    Throttled,
}

impl Busy {
    pub const ALL: [Self; 4] = [Self::Throttled, Self::Conflict, Self::InProgress, Self::Unprocessed];

    /// Whether AWS ever answers this call so.
    pub fn is_of(self, call: &str) -> bool {
        match self {
            Self::Conflict | Self::InProgress => call == "DynamoDB.TransactWriteItems",
            Self::Unprocessed => call == "DynamoDB.BatchGetItem",
            Self::Throttled => !call.starts_with("HTTP."),
        }
    }

    /// The status and body of the answer.
    pub fn answer(self, call: &str, request: &[u8]) -> (u16, String) {
        let request: Value = serde_json::from_slice(request).unwrap_or_default();
        let body = match self {
            Self::Conflict => {
                let items = request["TransactItems"].as_array().map_or(0, Vec::len);
                let reasons =
                    (0..items).map(|at| json!({ "Code": if at == 0 { "TransactionConflict" } else { "None" } }));
                let reasons: Vec<Value> = reasons.collect();
                json!({ "__type": "TransactionCanceledException", "CancellationReasons": reasons })
            }
            Self::InProgress => json!({ "__type": "TransactionInProgressException" }),
            Self::Unprocessed => {
                let tables = request["RequestItems"].as_object().into_iter().flatten();
                let none: serde_json::Map<_, _> = tables.map(|(table, _)| (table.clone(), json!([]))).collect();
                return (200, json!({ "Responses": none, "UnprocessedKeys": request["RequestItems"] }).to_string());
            }
            Self::Throttled => return throttled(call),
        };
        (400, body.to_string())
    }
}

/// The errors are those of each service's page of common errors.
fn throttled(call: &str) -> (u16, String) {
    let (service, _) = call.split_once('.').unwrap_or((call, ""));
    match service {
        "DynamoDB" => (400, json!({ "__type": "ProvisionedThroughputExceededException" }).to_string()),
        "S3" => (503, "<Error><Code>SlowDown</Code></Error>".to_owned()),
        "SES" => (429, json!({ "__type": "TooManyRequestsException" }).to_string()),
        "STS" => (400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>".to_owned()),
        _ => (400, json!({ "__type": "ThrottlingException" }).to_string()),
    }
}
