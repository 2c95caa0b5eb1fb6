//! A fake of SQS: standard queues with delays, visibility timeouts and receipt handles.
//!
//! Its rules are those of the
//! [API reference](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html). A queue
//! returns its messages in the order of their arrival; AWS guarantees none, so no test may rely on it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{ACCOUNT, Answer, Failure, Surroundings, text, unknown};

/// The default of the attribute VisibilityTimeout, in seconds.
const VISIBILITY_S: f64 = 30.0;
/// The longest delay of a message, and the longest visibility timeout.
const MAX_DELAY_S: u64 = 900;
const MAX_VISIBILITY_S: u64 = 12 * 60 * 60;
/// The longest body: SendMessage, MessageBody.
const MAX_BYTES: usize = 1024 * 1024;

pub(crate) struct Queues {
    around: Surroundings,
    queues: BTreeMap<String, Queue>,
}

#[derive(Default)]
struct Queue {
    visibility_s: f64,
    messages: Vec<Message>,
}

struct Message {
    id: String,
    body: String,
    sent_at: f64,
    visible_at: f64,
    received: u32,
    /// Of the last receive; older ones no longer work.
    receipt: Option<String>,
}

impl Queues {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, queues: BTreeMap::new() }
    }

    pub(crate) fn answer(&mut self, operation: &str, request: &Value) -> Answer {
        match operation {
            "ChangeMessageVisibility" => self.change_visibility(request),
            "CreateQueue" => self.create(request),
            "DeleteMessage" => self.delete(request),
            "DeleteQueue" => {
                let name = self.named(request)?;
                self.queues.remove(&name);
                Ok(json!({}))
            }
            "GetQueueUrl" => {
                let name = text(request, "QueueName")?;
                let found = self.queues.contains_key(name).then(|| json!({ "QueueUrl": url(name) }));
                found.ok_or_else(absent)
            }
            "ReceiveMessage" => self.receive(request),
            "SendMessage" => self.send(request),
            _ => Err(unknown(operation)),
        }
    }

    pub(crate) fn bodies(&self, name: &str) -> Vec<String> {
        let queue = self.queues.get(name).into_iter();
        queue.flat_map(|queue| &queue.messages).map(|message| message.body.clone()).collect()
    }

    pub(crate) fn next_visible(&self, name: &str) -> Option<f64> {
        let messages = self.queues.get(name).into_iter().flat_map(|queue| &queue.messages);
        messages.map(|message| message.visible_at).min_by(f64::total_cmp)
    }

    fn create(&mut self, request: &Value) -> Answer {
        let name = text(request, "QueueName")?;
        let timeout = request["Attributes"]["VisibilityTimeout"].as_str().and_then(|timeout| timeout.parse().ok());
        let queue = self.queues.entry(name.to_owned()).or_default();
        queue.visibility_s = timeout.unwrap_or(VISIBILITY_S);
        Ok(json!({ "QueueUrl": url(name) }))
    }

    fn send(&mut self, request: &Value) -> Answer {
        let (id, now) = (self.around.id(), self.around.seconds());
        let body = text(request, "MessageBody")?.to_owned();
        let delay_s = seconds(request, "DelaySeconds", MAX_DELAY_S)?.unwrap_or(0.0);
        if body.is_empty() || body.len() > MAX_BYTES {
            return Err(Failure::new("InvalidParameterValue", "MessageBody must have 1 byte to 1 MiB"));
        }
        let message = Message { id, body, sent_at: now, visible_at: now + delay_s, received: 0, receipt: None };
        let answer = json!({ "MessageId": message.id });
        self.queue(request)?.messages.push(message);
        Ok(answer)
    }

    fn receive(&mut self, request: &Value) -> Answer {
        let (around, now) = (self.around.clone(), self.around.seconds());
        let most = request["MaxNumberOfMessages"].as_u64().unwrap_or(1);
        if !(1..=10).contains(&most) {
            return Err(Failure::new("InvalidParameterValue", "MaxNumberOfMessages must be 1 to 10"));
        }
        let timeout = seconds(request, "VisibilityTimeout", MAX_VISIBILITY_S)?;
        let queue = self.queue(request)?;
        let hidden_until = now + timeout.unwrap_or(queue.visibility_s);
        let visible = queue.messages.iter_mut().filter(|message| message.visible_at <= now);
        let received: Vec<Value> = visible
            .take(usize::try_from(most).unwrap_or(1))
            .map(|message| {
                let receipt = around.id();
                (message.visible_at, message.received) = (hidden_until, message.received + 1);
                message.receipt = Some(receipt.clone());
                let attributes = json!({
                    "SentTimestamp": format!("{:.0}", message.sent_at * 1000.0),
                    "ApproximateReceiveCount": message.received.to_string(),
                });
                json!({ "MessageId": message.id, "ReceiptHandle": receipt, "Body": message.body, "Attributes": attributes })
            })
            .collect();
        Ok(if received.is_empty() { json!({}) } else { json!({ "Messages": received }) })
    }

    fn change_visibility(&mut self, request: &Value) -> Answer {
        let now = self.around.seconds();
        let timeout = seconds(request, "VisibilityTimeout", MAX_VISIBILITY_S)?
            .ok_or_else(|| Failure::new("MissingParameter", "VisibilityTimeout is missing"))?;
        let message = self.held(request)?;
        if message.visible_at <= now {
            return Err(Failure::new("MessageNotInflight", "the message is visible"));
        }
        message.visible_at = now + timeout;
        Ok(json!({}))
    }

    fn delete(&mut self, request: &Value) -> Answer {
        let id = self.held(request)?.id.clone();
        self.queue(request)?.messages.retain(|message| message.id != id);
        Ok(json!({}))
    }

    /// The message that a receipt handle is for.
    fn held(&mut self, request: &Value) -> Result<&mut Message, Failure> {
        let receipt = text(request, "ReceiptHandle")?;
        let mut messages = self.queue(request)?.messages.iter_mut();
        let found = messages.find(|message| message.receipt.as_deref() == Some(receipt));
        found.ok_or_else(|| Failure::new("ReceiptHandleIsInvalid", "no message has this receipt handle"))
    }

    fn named(&self, request: &Value) -> Result<String, Failure> {
        let (_, name) = text(request, "QueueUrl")?.rsplit_once('/').ok_or_else(absent)?;
        if self.queues.contains_key(name) { Ok(name.to_owned()) } else { Err(absent()) }
    }

    fn queue(&mut self, request: &Value) -> Result<&mut Queue, Failure> {
        let name = self.named(request)?;
        self.queues.get_mut(&name).ok_or_else(absent)
    }
}

fn url(name: &str) -> String {
    format!("http://127.0.0.1/{ACCOUNT}/{name}")
}

fn absent() -> Failure {
    Failure::new("QueueDoesNotExist", "the specified queue does not exist")
}

/// A number of seconds, at most `most`.
fn seconds(request: &Value, name: &str, most: u64) -> Result<Option<f64>, Failure> {
    match request[name].as_u64() {
        Some(seconds) if seconds <= most => Ok(Some(seconds as f64)),
        None if request[name].is_null() => Ok(None),
        _ => Err(Failure::new("InvalidParameterValue", format!("{name} must be 0 to {most}"))),
    }
}
