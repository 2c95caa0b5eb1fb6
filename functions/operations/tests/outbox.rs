//! From the outbox to the queues: by the relay, and by the sweep if the relay failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use mail::{Letter, SendEmail};
use operations::jobs::{relay_outbox, sweep_outbox};
use serde_json::{Map, Value, json};
use shared::aws::wire::Fault;
use shared::config::Sending;
use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::{SignedDuration, Timestamp, after, sortable};
use shared::tenancy::Changes;
use shared::testing::{Ended, Posted, TestApp};

async fn sweep(app: &TestApp) {
    app.tick(&sweep_outbox::FUNCTION).await.unwrap();
}

/// Commits a message in its own workspace.
async fn post(app: &TestApp, not_before: Option<Timestamp>) -> (WorkspaceId, Posted) {
    let workspace: WorkspaceId = app.new_id();
    let message = SendEmail::to_user(app.new_id(), Letter::about("You already have an account"));
    let changes = Changes::default().unaudited("only the message matters");
    let changes = match not_before {
        Some(at) => changes.send_at(&message, at),
        None => changes.send(&message),
    };
    app.scope(workspace).commit(changes).await.unwrap();
    let posted = waiting(app, workspace).await.pop().unwrap();
    (workspace, posted)
}

async fn waiting(app: &TestApp, workspace: WorkspaceId) -> Vec<Posted> {
    app.outbox::<SendEmail>(&format!("W#{workspace}")).await.unwrap()
}

/// The stream's event of a new row.
fn inserted(posted: &Posted) -> Value {
    let envelope = attribute(&serde_json::to_value(&posted.envelope).unwrap());
    let image = json!({ "pk": { "S": posted.partition }, "e": envelope });
    let change = json!({ "NewImage": image, "SequenceNumber": "1" });
    json!({ "Records": [{ "eventID": posted.envelope.id, "eventName": "INSERT", "dynamodb": change }] })
}

/// A value in DynamoDB's JSON format.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(truth) => json!({ "BOOL": truth }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(items) => json!({ "L": items.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), attribute(value)));
            json!({ "M": members.collect::<Map<_, _>>() })
        }
    }
}

/// How many copies of a message are on the queue of the mail job.
fn queued(app: &TestApp, posted: &Posted) -> usize {
    let bodies = app.cloud().messages(&app.queue("send-email"));
    let bodies = bodies.iter().map(|body| serde_json::from_str(body).unwrap());
    let copies = bodies.filter(|body: &Value| body["envelope"]["id"] == posted.envelope.id);
    copies.inspect(|body| assert_eq!(body["partition"], posted.partition)).count()
}

#[tokio::test]
async fn a_committed_message_is_relayed_once() {
    let app = TestApp::new();
    app.create_queue("send-email").unwrap();
    let (workspace, posted) = post(&app, None).await;
    for _ in 0..2 {
        app.run(&relay_outbox::FUNCTION, inserted(&posted)).await.unwrap();
    }
    assert_eq!(queued(&app, &posted), 1);
    assert!(waiting(&app, workspace).await.is_empty());
}

#[tokio::test]
async fn a_message_without_a_consumer_does_not_block_others() {
    let app = TestApp::new();
    app.create_queue("send-email").unwrap();
    let (workspace, posted) = post(&app, None).await;
    let mut unknown = posted.clone();
    unknown.envelope.id = format!("{:032x}", u128::from_le_bytes(app.entropy().bytes()));
    unknown.envelope.name = "no-such-message".to_owned();
    let mut event = inserted(&unknown);
    let second = inserted(&posted)["Records"][0].clone();
    event["Records"].as_array_mut().unwrap().push(second);
    let answer = app.run(&relay_outbox::FUNCTION, event).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    assert!(waiting(&app, workspace).await.is_empty());
    assert_eq!(queued(&app, &posted), 1);
}

#[tokio::test]
async fn the_sweep_sends_messages_that_the_relay_missed() {
    let mut app = TestApp::new();
    app.create_queue("send-email").unwrap();
    lost_by_the_relay(&app).await;
    for_much_later(&app).await;
    written_before(&app).await;
    not_while_sending_is_off(&mut app).await;
}

async fn lost_by_the_relay(app: &TestApp) {
    let (workspace, posted) = post(app, None).await;
    // The first call records the run, the second sends the message to its queue.
    app.wire(&relay_outbox::FUNCTION).arm(Fault::CrashBefore(2));
    let died = app.until_crash(&relay_outbox::FUNCTION, app.run(&relay_outbox::FUNCTION, inserted(&posted))).await;
    assert!(matches!(died, Err(Ended::Crashed)));

    app.advance(SignedDuration::from_secs(59));
    sweep(app).await;
    assert_eq!(waiting(app, workspace).await.len(), 1, "the relay still has time");
    for _ in 0..2 {
        app.advance(SignedDuration::from_secs(60));
        sweep(app).await;
    }
    assert!(waiting(app, workspace).await.is_empty());
    assert_eq!(queued(app, &posted), 1);
}

async fn for_much_later(app: &TestApp) {
    let at = after(app.now(), SignedDuration::from_mins(30));
    let (workspace, posted) = post(app, Some(at)).await;
    app.run(&relay_outbox::FUNCTION, inserted(&posted)).await.unwrap();
    app.advance(SignedDuration::from_mins(10));
    sweep(app).await;
    assert_eq!(waiting(app, workspace).await.len(), 1, "a queue delays by 15 minutes at most");
    app.advance(SignedDuration::from_mins(20));
    sweep(app).await;
    assert!(waiting(app, workspace).await.is_empty());
    assert_eq!(queued(app, &posted), 1);
}

/// A row in the format of an earlier version, which swept every row a minute after it was written.
async fn written_before(app: &TestApp) {
    let at = after(app.now(), SignedDuration::from_mins(30));
    let (workspace, posted) = post(app, Some(at)).await;
    let sort = format!("MESSAGE#{}", posted.envelope.id);
    let due = format!("{}#{sort}", sortable(after(posted.envelope.posted_at, SignedDuration::from_secs(60))));
    let update = json!({
        "TableName": app.tables().outbox,
        "Key": { "pk": { "S": posted.partition }, "sk": { "S": sort } },
        "UpdateExpression": "SET due_sk = :due",
        "ExpressionAttributeValues": { ":due": { "S": due } },
    });
    app.cloud().call("DynamoDB_20120810.UpdateItem", &update).unwrap();
    for (minutes, left) in [(10, 1), (20, 0)] {
        app.advance(SignedDuration::from_mins(minutes));
        sweep(app).await;
        assert_eq!(waiting(app, workspace).await.len(), left);
    }
    assert_eq!(queued(app, &posted), 1);
}

/// Commits this many messages in their own workspace.
async fn post_many(app: &TestApp, count: usize, not_before: Option<Timestamp>) -> WorkspaceId {
    let workspace: WorkspaceId = app.new_id();
    let message = SendEmail::to_user(app.new_id(), Letter::about("You already have an account"));
    for left in (0..count).rev().step_by(MOST_AT_ONCE) {
        let changes = Changes::default().unaudited("only the messages matter");
        let changes = (0..MOST_AT_ONCE.min(left + 1)).fold(changes, |changes, _| match not_before {
            Some(at) => changes.send_at(&message, at),
            None => changes.send(&message),
        });
        app.scope(workspace).commit(changes).await.unwrap();
    }
    workspace
}

const MOST_AT_ONCE: usize = 100;

/// The calls of one sweep, without those that record the run.
async fn calls_of_a_sweep(app: &TestApp) -> Vec<String> {
    sweep(app).await;
    let wire = app.wire(&sweep_outbox::FUNCTION);
    wire.take();
    app.advance(SignedDuration::from_mins(1));
    sweep(app).await;
    wire.take()
}

fn count(calls: &[String], operation: &str) -> usize {
    calls.iter().filter(|call| call.ends_with(operation)).count()
}

#[tokio::test]
async fn rows_that_are_due_in_hours_cost_a_sweep_no_reads() {
    let app = TestApp::new();
    app.advance(SignedDuration::from_mins(2));
    let idle = calls_of_a_sweep(&app).await;
    let workspace = post_many(&app, 10_000, Some(after(app.now(), SignedDuration::from_hours(5)))).await;
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(calls_of_a_sweep(&app).await, idle);
    assert_eq!(waiting(&app, workspace).await.len(), 1_000, "the maximum that is read");
}

#[tokio::test]
async fn overdue_rows_are_read_in_batches_and_sent_before_the_rest_is_read() {
    let app = TestApp::new();
    app.create_queue("send-email").unwrap();
    let workspace = post_many(&app, 150, None).await;
    app.advance(SignedDuration::from_mins(2));
    sweep(&app).await;
    let calls = app.wire(&sweep_outbox::FUNCTION).take();
    assert!(waiting(&app, workspace).await.is_empty());
    assert!(count(&calls, "BatchGetItem") <= 16, "a batch for each shard: {}", count(&calls, "BatchGetItem"));
    let (sent, read) = (|call: &String| call.starts_with("SQS."), |call: &String| call.ends_with("DynamoDB.Query"));
    assert!(calls.iter().position(sent).unwrap() < calls.iter().rposition(read).unwrap());
    assert_eq!(calls.iter().filter(|call| sent(call)).count(), 150);
}

async fn not_while_sending_is_off(app: &mut TestApp) {
    app.configure(|config| config.sending = Sending::Off);
    let (workspace, posted) = post(app, None).await;
    app.run(&relay_outbox::FUNCTION, inserted(&posted)).await.unwrap();
    app.advance(SignedDuration::from_mins(2));
    sweep(app).await;
    assert_eq!((waiting(app, workspace).await.len(), queued(app, &posted)), (1, 0));

    app.configure(|config| config.sending = Sending::On);
    app.advance(SignedDuration::from_mins(1));
    sweep(app).await;
    assert_eq!((waiting(app, workspace).await.len(), queued(app, &posted)), (0, 1));
}
