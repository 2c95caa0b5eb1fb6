//! A cloud in process: the AWS services that the functions call, behind HTTP requests as the SDK sends them.
//!
//! DynamoDB is `dynoxide`, by others. KMS, S3, Secrets Manager, SES, SQS and STS are fakes of ours, in one file each:
//! they store what they are sent, and enforce the rules of the vendor's pages that they cite. None of them evaluates policies, adds latency, or
//! fails by itself: what fails is decided in front of them. `tests/tests/functions/same_cloud.rs` sends the
//! same requests to them and to the AWS emulator, and lists where their answers differ.

mod dynamodb;
mod kms;
mod s3;
mod secrets_manager;
mod ses;
mod sqs;
mod sts;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

pub use dynamodb::TableCall;
pub use ses::Mail;

/// The region and account of everything in this cloud.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// Gives the time since the Unix epoch.
pub type Now = Arc<dyn Fn() -> Duration + Send + Sync>;
/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// One account in one region.
pub struct Cloud {
    tables: dynamodb::Tables,
    keys: Mutex<kms::Keys>,
    queues: Mutex<sqs::Queues>,
    mailbox: Mutex<ses::Mailbox>,
    sessions: Mutex<sts::Sessions>,
    objects: Mutex<s3::Objects>,
    secrets: Mutex<secrets_manager::Secrets>,
}

/// What a service needs of its surroundings.
#[derive(Clone)]
struct Surroundings {
    now: Now,
    random: Random,
}

impl Surroundings {
    /// Seconds since the Unix epoch.
    fn seconds(&self) -> f64 {
        (self.now)().as_secs_f64()
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A random id in the format of a UUID.
    fn id(&self) -> String {
        let hex: String = self.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// An error response of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub status: u16,
    /// As the SDK reads it: `NotFoundException`.
    pub code: String,
    /// The whole body.
    body: String,
}

impl Failure {
    fn new(code: &str, message: impl fmt::Display) -> Self {
        let body = json!({ "__type": code, "message": message.to_string() }).to_string();
        Self { status: 400, code: code.to_owned(), body }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

impl std::error::Error for Failure {}

type Answer = Result<Value, Failure>;

fn unknown(operation: &str) -> Failure {
    Failure::new("UnknownOperationException", format!("{operation} is not simulated"))
}

fn lock<T>(service: &Mutex<T>) -> MutexGuard<'_, T> {
    service.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A member of a request that must be a text.
fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Failure> {
    request[name].as_str().ok_or_else(|| Failure::new("ValidationException", format!("{name} is missing")))
}

impl Cloud {
    /// # Errors
    ///
    /// If SQLite does not open a database in memory.
    pub fn new(now: Now, random: Random) -> Result<Self, Failure> {
        let around = Surroundings { now, random };
        Ok(Self {
            tables: dynamodb::Tables::new(around.clone())?,
            keys: Mutex::new(kms::Keys::new(around.clone())),
            queues: Mutex::new(sqs::Queues::new(around.clone())),
            mailbox: Mutex::new(ses::Mailbox::new(around.clone())),
            sessions: Mutex::new(sts::Sessions::new(around.clone())),
            objects: Mutex::new(s3::Objects::new(around.clone())),
            secrets: Mutex::new(secrets_manager::Secrets::new(around)),
        })
    }

    /// A call of a service with the AWS JSON protocol: `call("TrentService.DescribeKey", …)`.
    ///
    /// # Errors
    ///
    /// The error response of the service.
    pub fn call(&self, target: &str, request: &Value) -> Result<Value, Failure> {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        match service {
            "DynamoDB_20120810" => self.tables.answer(operation, &request.to_string()).and_then(parse),
            "DynamoDBStreams_20120810" => {
                self.tables.answer_of_streams(operation, &request.to_string()).and_then(parse)
            }
            "TrentService" => lock(&self.keys).answer(operation, request),
            "AmazonSQS" => lock(&self.queues).answer(operation, request),
            "secretsmanager" => lock(&self.secrets).answer(operation, request),
            _ => Err(unknown(target)),
        }
    }

    /// Every item of a table.
    ///
    /// # Errors
    ///
    /// If there is no such table.
    pub fn items(&self, table: &str) -> Result<Vec<Value>, Failure> {
        let (mut items, mut scan) = (Vec::new(), json!({ "TableName": table }));
        loop {
            let mut page = self.call("DynamoDB_20120810.Scan", &scan)?;
            if let Some(found) = page["Items"].as_array_mut() {
                items.append(found);
            }
            match page["LastEvaluatedKey"].take() {
                Value::Null => return Ok(items),
                start => scan["ExclusiveStartKey"] = start,
            }
        }
    }

    /// Records every call of DynamoDB from now on.
    pub fn record_table_calls(&self) {
        self.tables.record();
    }

    /// The recorded calls, oldest first.
    pub fn table_calls(&self) -> Vec<TableCall> {
        self.tables.recorded()
    }

    /// Every version of every object: its key and its id.
    pub fn object_versions(&self) -> Vec<String> {
        lock(&self.objects).keys()
    }

    /// The mails that SES accepted, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        lock(&self.mailbox).mails.clone()
    }

    /// Those to an address.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.to == address).collect()
    }

    /// The bodies of the messages on a queue, visible or not.
    pub fn messages(&self, queue: &str) -> Vec<String> {
        lock(&self.queues).bodies(queue)
    }

    /// When the next message of a queue is visible, in seconds since the Unix epoch.
    pub fn next_visible(&self, queue: &str) -> Option<f64> {
        lock(&self.queues).next_visible(queue)
    }

    /// Lets SES send from the addresses of a domain, as its owner has proved it.
    pub fn verify_sender(&self, domain: &str) {
        lock(&self.mailbox).domains.insert(domain.to_owned());
    }

    /// Answers a request of the SDK, or of the holder of a signed URL.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let body = request.body();
        if let Some(target) = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()) {
            return self.json(target, body);
        }
        if request.uri().path().ends_with("/v2/email/outbound-emails") {
            let sent = read(body).and_then(|mail| lock(&self.mailbox).send(&mail));
            return respond("application/json", sent);
        }
        if request.method() == Method::POST && body.starts_with(b"Action=") {
            return lock(&self.sessions).answer(body);
        }
        lock(&self.objects).answer(request, |key_id| lock(&self.sessions).credentials(key_id))
    }

    fn json(&self, target: &str, body: &[u8]) -> Response<Bytes> {
        // Tables read and write the text itself: parsing it twice would cost more than the read.
        if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
            let answer = std::str::from_utf8(body)
                .map_err(|error| Failure::new("SerializationException", error))
                .and_then(|body| self.tables.answer(operation, body));
            return match answer {
                Ok(answer) => response(200, "application/x-amz-json-1.0", answer),
                Err(failure) => response(failure.status, "application/x-amz-json-1.0", failure.body),
            };
        }
        respond("application/x-amz-json-1.1", read(body).and_then(|request| self.call(target, &request)))
    }
}

fn parse(answer: String) -> Answer {
    serde_json::from_str(&answer).map_err(|error| Failure::new("InternalServerError", error))
}

fn read(body: &[u8]) -> Answer {
    serde_json::from_slice(body).map_err(|error| Failure::new("SerializationException", error))
}

fn respond(content_type: &'static str, answer: Answer) -> Response<Bytes> {
    match answer {
        Ok(answer) => response(200, content_type, answer.to_string()),
        Err(failure) => response(failure.status, content_type, failure.body),
    }
}

fn response(status: u16, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
