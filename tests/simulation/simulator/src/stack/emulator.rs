//! What the judge reads of the emulated AWS: tables, queues, and the mail that SES accepted.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use shared::jobs::Trigger;
use shared::kernel::time::Timestamp;
use shared::testing::Mail;
use test_support::emulator::emulator;
use tokio::time::sleep;

use crate::sources::jobs;

/// A busy emulator is asked again.
const MOST_TRIES: u32 = 10;

/// A call of a service with the AWS JSON protocol.
pub async fn call(service: &str, target: &str, body: Value) -> Value {
    let request = || {
        let request = emulator(Method::POST, "/", service).header("x-amz-target", target);
        request.header("content-type", "application/x-amz-json-1.0").json(&body)
    };
    answer(request, target).await
}

async fn answer(request: impl Fn() -> RequestBuilder, name: &str) -> Value {
    let mut last = String::new();
    for _ in 0..MOST_TRIES {
        match request().send().await {
            Ok(answer) => {
                let status = answer.status();
                let text = answer.text().await.unwrap_or_default();
                if status.is_success()
                    && let Ok(answer) = serde_json::from_str(&text)
                {
                    return answer;
                }
                last = format!("{status}: {text}");
            }
            Err(error) => last = format!("{error:?}"),
        }
        sleep(Duration::from_millis(500)).await;
    }
    panic!("{name} at the emulator: expected an answer, got {last}; see .local/log/cloud.log");
}

/// Every item of a table.
pub async fn items(table: &str) -> Vec<Value> {
    let (mut items, mut scan) = (Vec::new(), json!({ "TableName": table, "ConsistentRead": true }));
    loop {
        let mut page = call("dynamodb", "DynamoDB_20120810.Scan", scan.clone()).await;
        if let Some(found) = page["Items"].as_array_mut() {
            items.append(found);
        }
        match page["LastEvaluatedKey"].take() {
            Value::Null => return items,
            start => scan["ExclusiveStartKey"] = start,
        }
    }
}

/// A queue of a deployment.
pub struct Queue {
    pub name: String,
    url: Value,
}

impl Queue {
    async fn named(name: String) -> Option<Self> {
        // An unknown name is an error of the service, so the queues are listed.
        let listed = call("sqs", "AmazonSQS.ListQueues", json!({ "QueueNamePrefix": name })).await;
        let urls = listed["QueueUrls"].as_array().cloned().unwrap_or_default();
        let url = urls.into_iter().find(|url| url.as_str().is_some_and(|url| url.ends_with(&format!("/{name}"))))?;
        Some(Self { name, url })
    }

    /// The number of its messages: visible, received, and delayed.
    pub async fn count(&self) -> u64 {
        let request = json!({ "QueueUrl": self.url, "AttributeNames": ["All"] });
        let attributes = call("sqs", "AmazonSQS.GetQueueAttributes", request).await["Attributes"].clone();
        let parts = ["", "NotVisible", "Delayed"].map(|part| format!("ApproximateNumberOfMessages{part}"));
        let number = |name: &String| attributes[name].as_str().and_then(|count| count.parse::<u64>().ok());
        parts.iter().filter_map(number).sum()
    }

    /// Sets for how long it hides a received message.
    pub async fn hide_for(&self, seconds: u64) {
        let set = json!({ "VisibilityTimeout": seconds.to_string() });
        call("sqs", "AmazonSQS.SetQueueAttributes", json!({ "QueueUrl": self.url, "Attributes": set })).await;
    }

    /// The bodies of some of its messages.
    pub async fn some(&self) -> Vec<String> {
        let request = json!({ "QueueUrl": self.url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
        let received = call("sqs", "AmazonSQS.ReceiveMessage", request).await;
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| message["Body"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The queues of a deployment's jobs, each with the time in seconds that its job has.
pub async fn queues(prefix: &str) -> Vec<(Queue, u64)> {
    let mut found = Vec::new();
    for (_, job) in jobs().filter(|(_, job)| matches!(job.trigger, Trigger::Message(_))) {
        let queue = Queue::named(format!("{prefix}-{}", job.name)).await;
        found.push((queue.expect("a queue of each job"), job.timeout_s.into()));
    }
    found
}

/// The queues of dead letters.
pub async fn dead_letter_queues(prefix: &str) -> Vec<Queue> {
    let mut found = Vec::new();
    for (_, job) in jobs() {
        found.extend(Queue::named(format!("{prefix}-{}-dead", job.name)).await);
    }
    found
}

/// The messages of the log of a function since an instant.
pub async fn log(function: &str, since: Timestamp) -> Vec<String> {
    let name = format!("/aws/lambda/{function}");
    let mut request = json!({ "logGroupName": name, "startTime": since.as_millisecond() });
    let mut found = Vec::new();
    loop {
        let answer = call("logs", "Logs_20140328.FilterLogEvents", request.clone()).await;
        let events = answer["events"].as_array().cloned().unwrap_or_default();
        found.extend(events.iter().filter_map(|event| Some(event["message"].as_str()?.to_owned())));
        match &answer["nextToken"] {
            Value::Null => return found,
            token => request["nextToken"] = token.clone(),
        }
    }
}

/// A mail with its id, and the time at which SES accepted it.
#[derive(Clone)]
pub struct Accepted {
    pub id: String,
    pub at: Timestamp,
    pub mail: Mail,
}

/// Every mail that SES accepted, oldest first.
pub async fn mails() -> Vec<Accepted> {
    let answer = answer(|| emulator(Method::GET, "/_ministack/ses/messages", "ses"), "the mailbox").await;
    let accounts = answer["messages"].as_object().cloned().unwrap_or_default();
    let mut mails: Vec<Accepted> =
        accounts.values().filter_map(Value::as_array).flatten().filter_map(accepted).collect();
    mails.sort_by_key(|mail| mail.at);
    mails
}

fn accepted(sent: &Value) -> Option<Accepted> {
    let text = |name: &str| sent[name].as_str().unwrap_or_default().to_owned();
    let to = sent["To"][0].as_str().unwrap_or_default().to_owned();
    let mail =
        Mail { from: text("Source"), to, subject: text("Subject"), text: text("BodyText"), html: text("BodyHtml") };
    let at = sent["Timestamp"].as_f64().and_then(|at| Timestamp::from_millisecond((at * 1000.0) as i64).ok());
    Some(Accepted { id: text("MessageId"), at: at?, mail })
}
