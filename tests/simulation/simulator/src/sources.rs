//! What invokes the jobs: the stream of the outbox, the queues, and the schedules.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use shared::function::Function;
use shared::jobs::{Declaration, Trigger};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::lock;
use crate::plan::{Dice, Fault};
use crate::region::Region;

/// The event source of a stream: `infra/generated/operations.yaml`.
const SHARDS: usize = 4;
const BATCH: usize = 25;
const MOST_TRIES: u32 = 5;
/// The retries of EventBridge Scheduler, in the same file.
const MOST_TICKS: u32 = 3;

/// After this long without activity no message is on its way, and no post is due.
const IDLE_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Every job with its declaration.
pub fn jobs() -> impl Iterator<Item = (&'static Function, Declaration)> {
    domains::all().filter_map(|(_, listed)| Some((listed.function, domains::job(listed.function)?)))
}

/// Starts every event source.
pub fn start(region: &Arc<Region>) {
    for (job, declared) in jobs() {
        match declared.trigger {
            Trigger::Message(_) => drop(region.go(declared.name.to_owned(), queue(region.clone(), job, declared))),
            Trigger::OutboxStream => drop(region.go(declared.name.to_owned(), stream(region.clone(), job))),
            Trigger::Schedule(rate) => {
                if let Some(every) = minutes(rate) {
                    region.go(declared.name.to_owned(), schedule(region.clone(), job, every));
                }
            }
            Trigger::Operator => {}
        }
    }
}

/// The period of a rate in minutes. Jobs at a time of day are run by the stories that are about them.
fn minutes(rate: &str) -> Option<u64> {
    let (number, unit) = rate.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    Some(if unit.starts_with("hour") { number * 60 } else { number })
}

async fn stream(region: Arc<Region>, job: &'static Function) {
    let table = region.app.tables().outbox.clone();
    let call = |operation: &str, request: Value| {
        region.app.cloud().call(operation, &request).unwrap_or_else(|failure| {
            region.record_fault(format!("{operation}: {failure}"));
            Value::Null
        })
    };
    let settings = json!({ "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" });
    let enabled = json!({ "TableName": table, "StreamSpecification": settings });
    let enabled = call("DynamoDB_20120810.UpdateTable", enabled);
    let arn = &enabled["TableDescription"]["LatestStreamArn"];
    let described = call("DynamoDBStreams_20120810.DescribeStream", json!({ "StreamArn": arn }));
    let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
    let from = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
    let mut next = call("DynamoDBStreams_20120810.GetShardIterator", from)["ShardIterator"].clone();
    let shards: Vec<mpsc::UnboundedSender<Value>> = (0..SHARDS)
        .map(|number| {
            let (sender, records) = mpsc::unbounded_channel();
            region.go(format!("stream {number}"), shard_of_stream(region.clone(), job, number, records));
            sender
        })
        .collect();
    loop {
        // From here on, a write wakes it.
        let mut written = pin!(region.written.notified());
        written.as_mut().enable();
        let got = call("DynamoDBStreams_20120810.GetRecords", json!({ "ShardIterator": next }));
        next = got["NextShardIterator"].clone();
        for record in got["Records"].as_array().into_iter().flatten() {
            let partition = record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap_or_default();
            let shard = Dice::of(0, partition).index(SHARDS);
            let _ended = shards.get(shard).map(|shard| shard.send(record.clone()));
        }
        written.await;
    }
}

async fn shard_of_stream(
    region: Arc<Region>,
    job: &'static Function,
    number: usize,
    mut records: mpsc::UnboundedReceiver<Value>,
) {
    let mut count = 0;
    while let Some(first) = records.recv().await {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(record) = records.try_recv()
        {
            batch.push(record);
        }
        count += 1;
        let site = format!("stream {number}.{count}");
        let (fault, mut dice) = region.plan.at(&site, "the outbox's stream");
        let batch = match fault {
            Some(Fault::Dropped) => continue,
            Some(Fault::Late) => {
                sleep(Duration::from_secs(dice.between(1, 90))).await;
                batch
            }
            Some(Fault::Reordered) => batch.into_iter().rev().collect(),
            Some(Fault::Duplicated) => {
                region.go(format!("{site}b"), relay(region.clone(), job, format!("{site}b"), batch.clone()));
                batch
            }
            Some(Fault::Repeated) => {
                let (again, later, name) = (region.clone(), batch.clone(), format!("{site}c"));
                let delay = Duration::from_secs(dice.between(1, 120));
                region.go(name.clone(), async move {
                    sleep(delay).await;
                    relay(again, job, name, later).await;
                });
                batch
            }
            _ => batch,
        };
        relay(region.clone(), job, site, batch).await;
    }
}

/// Invokes the job until it has handled the batch, or was tried too often.
async fn relay(region: Arc<Region>, job: &'static Function, site: String, mut batch: Vec<Value>) {
    for attempt in 1..=MOST_TRIES {
        let result = region.run(job, &format!("{site} try {attempt}"), json!({ "Records": batch })).await;
        if let Some(Ok(answer)) = result {
            let failed = &answer["batchItemFailures"][0]["itemIdentifier"];
            if failed.is_null() {
                return;
            }
            let at = batch.iter().position(|record| record["dynamodb"]["SequenceNumber"] == *failed);
            batch.drain(..at.unwrap_or_default());
        }
        sleep(Duration::from_secs(u64::from(attempt))).await;
    }
}

async fn queue(region: Arc<Region>, job: &'static Function, declared: Declaration) {
    let name = region.app.queue(declared.name);
    let timeout_s = (declared.timeout_s * 6).to_string();
    let created = json!({ "QueueName": name, "Attributes": { "VisibilityTimeout": timeout_s } });
    let Ok(created) = region.app.cloud().call("AmazonSQS.CreateQueue", &created) else { return };
    let url = created["QueueUrl"].clone();
    loop {
        let mut written = pin!(region.written.notified());
        written.as_mut().enable();
        let now = region.now().as_millisecond() as f64 / 1000.0;
        match region.app.cloud().next_visible(&name) {
            Some(at) if at <= now => {}
            at => {
                let wait = at.map_or(Duration::MAX / 4, |at| Duration::from_secs_f64(at - now + 0.001));
                let _written_or_visible = timeout(wait, written).await;
                continue;
            }
        }
        let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": declared.batch });
        let received = region.app.cloud().call("AmazonSQS.ReceiveMessage", &receive).unwrap_or_default();
        for message in received["Messages"].as_array().into_iter().flatten() {
            let (region, url, message) = (region.clone(), url.clone(), message.clone());
            region.clone().go(declared.name.to_owned(), deliver(region, job, declared, url, message));
        }
    }
}

/// One delivery of a message.
async fn deliver(region: Arc<Region>, job: &'static Function, declared: Declaration, url: Value, message: Value) {
    let delete = || {
        let request = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
        // The handle is invalid once the message was received again.
        let _deleted = region.app.cloud().call("AmazonSQS.DeleteMessage", &request);
    };
    let body: Value = message["Body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let id = body["envelope"]["id"].as_str().unwrap_or_default();
    let count: u32 =
        message["Attributes"]["ApproximateReceiveCount"].as_str().and_then(|n| n.parse().ok()).unwrap_or(1);
    if count > declared.max_receives {
        region.say(|| format!("{} {id} is a dead letter", declared.name));
        lock(&region.dead_letters).push(format!("{} {}", declared.name, body["envelope"]["payload"]));
        return delete();
    }
    region.note_activity();
    let site = format!("{} {id} delivery {count}", declared.name);
    // A message whose runs all die is a dead letter, as on AWS, and an operator's. So that any other dead letter is a
    // fault, the last run has none.
    if count == declared.max_receives {
        region.plan.spare(&site);
    }
    let (fault, mut dice) = region.plan.at(&site, "a queue");
    let record = json!({
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
    });
    let event = json!({ "Records": [record] });
    match fault {
        Some(Fault::Late) => sleep(Duration::from_secs(dice.between(1, 300))).await,
        Some(Fault::Duplicated) => {
            let (other, event, site) = (region.clone(), event.clone(), format!("{site} elsewhere"));
            region.go(site.clone(), async move { other.run(job, &site, event).await });
        }
        _ => {}
    }
    let result = region.run(job, &site, event).await;
    let is_handled = matches!(&result, Some(Ok(answer)) if answer["batchItemFailures"][0].is_null());
    if is_handled && fault != Some(Fault::Repeated) {
        delete();
    }
}

async fn schedule(region: Arc<Region>, job: &'static Function, every_minutes: u64) {
    let every_s = every_minutes * 60;
    loop {
        let now_s = region.now().as_second().unsigned_abs();
        let next_s = (now_s / every_s + 1) * every_s;
        sleep(Duration::from_secs(next_s - now_s)).await;
        // A request that waits for such a sweep waits at most a quarter of an hour.
        if every_minutes == 1 && region.idle_for() > IDLE_AFTER && !next_s.is_multiple_of(15 * 60) {
            continue;
        }
        let at = Timestamp::from_second(next_s.cast_signed()).unwrap_or_default();
        let site = format!("{} at {at}", job.name());
        let (fault, mut dice) = region.plan.at(&site, "a schedule");
        match fault {
            Some(Fault::Dropped) => continue,
            Some(Fault::Late) => {
                let (late, delay) = (region.clone(), Duration::from_secs(dice.between(1, 90)));
                region.go(site.clone(), async move {
                    sleep(delay).await;
                    tick(late, job, at, site).await;
                });
                continue;
            }
            Some(Fault::Duplicated) => {
                region.go(site.clone(), tick(region.clone(), job, at, format!("{site} elsewhere")));
            }
            _ => {}
        }
        region.go(site.clone(), tick(region.clone(), job, at, site));
    }
}

/// Runs a scheduled job at its instant, and again if it fails.
pub async fn tick(region: Arc<Region>, job: &'static Function, at: Timestamp, site: String) {
    for attempt in 1..=MOST_TICKS {
        let event = json!({ "scheduled_time": at.to_string() });
        if let Some(Ok(_)) = region.run(job, &format!("{site} try {attempt}"), event).await {
            return;
        }
        if region.now() > after(at, SignedDuration::from_secs(300)) {
            return;
        }
        sleep(Duration::from_secs(60)).await;
    }
}
