//! DynamoDB: `dynoxide` in memory, one database per cloud.

use std::sync::{Arc, Mutex};

use dynoxide::Database;
use dynoxide::storage_backend::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, Surroundings, lock, unknown};

pub(crate) struct Tables {
    database: Database,
    /// Every call so far, if they are recorded.
    recorded: Mutex<Option<Vec<TableCall>>>,
}

/// A call of DynamoDB and its answer.
#[derive(Clone, Debug)]
pub struct TableCall {
    pub operation: String,
    pub request: String,
    pub status: u16,
    pub response: String,
}

impl Clock for Surroundings {
    fn now_unix_secs(&self) -> u64 {
        (self.now)().as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.seconds()
    }
}

impl Tables {
    pub(crate) fn new(around: Surroundings) -> Result<Self, Failure> {
        let database = Database::memory_with_clock(Arc::new(around)).map_err(failure)?;
        Ok(Self { database, recorded: Mutex::new(None) })
    }

    pub(crate) fn record(&self) {
        *lock(&self.recorded) = Some(Vec::new());
    }

    pub(crate) fn recorded(&self) -> Vec<TableCall> {
        lock(&self.recorded).clone().unwrap_or_default()
    }

    pub(crate) fn answer(&self, operation: &str, body: &str) -> Result<String, Failure> {
        let mut recorded = lock(&self.recorded);
        let answer = self.answer_unrecorded(operation, body);
        if let Some(calls) = &mut *recorded {
            let (status, response) = match &answer {
                Ok(answer) => (200, answer.clone()),
                Err(failure) => (failure.status, failure.body.clone()),
            };
            let (operation, request) = (operation.to_owned(), body.to_owned());
            calls.push(TableCall { operation, request, status, response });
        }
        answer
    }

    /// The operations that the functions call, and those by which tests create and inspect tables.
    fn answer_unrecorded(&self, operation: &str, body: &str) -> Result<String, Failure> {
        let tables = &self.database;
        match operation {
            "BatchGetItem" => answer(body, |request| tables.batch_get_item(request)),
            "CreateTable" => answer(body, |request| tables.create_table(request)),
            "DeleteItem" => answer(body, |request| tables.delete_item(request)),
            "GetItem" => answer(body, |request| tables.get_item(request)),
            "PutItem" => answer(body, |request| tables.put_item(request)),
            "Query" => answer(body, |request| tables.query(request)),
            "Scan" => answer(body, |request| tables.scan(request)),
            "TransactWriteItems" => answer(body, |request| tables.transact_write_items(request)),
            "UpdateItem" => answer(body, |request| tables.update_item(request)),
            "UpdateTable" => answer(body, |request| tables.update_table(request)),
            _ => Err(unknown(operation)),
        }
    }

    /// The operations of DynamoDB Streams.
    pub(crate) fn answer_of_streams(&self, operation: &str, body: &str) -> Result<String, Failure> {
        let tables = &self.database;
        match operation {
            "DescribeStream" => answer(body, |request| tables.describe_stream(request)),
            "GetRecords" => answer(body, |request| tables.get_records(request)),
            "GetShardIterator" => answer(body, |request| tables.get_shard_iterator(request)),
            _ => Err(unknown(operation)),
        }
    }
}

fn answer<I: DeserializeOwned, O: Serialize>(
    body: &str,
    call: impl FnOnce(I) -> dynoxide::Result<O>,
) -> Result<String, Failure> {
    let request = serde_json::from_str(body).map_err(|error| Failure::new("SerializationException", error))?;
    let answer = call(request).map_err(failure)?;
    serde_json::to_string(&answer).map_err(|error| Failure::new("InternalServerError", error))
}

fn failure(error: dynoxide::DynoxideError) -> Failure {
    let (_, code) = error.error_type().rsplit_once('#').unwrap_or(("", error.error_type()));
    Failure { status: error.status_code(), code: code.to_owned(), body: error.to_json() }
}
