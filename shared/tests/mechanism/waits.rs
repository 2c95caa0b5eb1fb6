//! Retries of a job: when its message is redelivered, and the number of the attempt.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::time::SignedDuration;
use shared::outbox::Message;
use shared::tenancy::{Changes, Tenant};
use shared::testing::{Person, Posted, TestApp};

use super::notes::{NOTE_TOLD, NOTE_WRITTEN, Note, NoteId};

/// Fails until its third attempt, and requests redelivery after this long.
#[derive(Clone, Serialize, Deserialize)]
struct TryNote {
    note_id: NoteId,
    after_s: Option<i64>,
}

impl Message for TryNote {
    const NAME: &'static str = "try-note";
}

const BUSY: ProblemCode = ProblemCode::of_job(503, "busy");

static TRY: Function = Function::job::<TryNote>();

impl Job for TryNote {
    const JOB: Declaration = Declaration::new("try-note", Trigger::message::<Self>()).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, tenant: &Tenant) -> Result<(), JobError> {
        let context = tenant.context();
        let left = context.left(tenant.now());
        if left != SignedDuration::from_secs(58) || context.cancellation().check().is_err() {
            return Err(JobError::GiveUp(Problem::internal(format!("{left} are left"))));
        }
        if context.attempt() < 3 {
            let busy = Problem::new(BUSY, "Not now.");
            let after = self.after_s.map(SignedDuration::from_secs);
            return Err(JobError::Retry { problem: busy, after });
        }
        let mut note = tenant.get::<Note>(&self.note_id).await?;
        note.told = context.attempt();
        Ok(tenant.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?)
    }
}

async fn posted(app: &TestApp, after_s: Option<i64>) -> (Person, NoteId, Posted) {
    let owner = app.owner().await.unwrap();
    let note = Note { id: app.new_id(), text: "a".to_owned(), told: 0, secret: None };
    let message = TryNote { note_id: note.id, after_s };
    let changes = Changes::default().insert(&note).audit(&NOTE_WRITTEN, note.id).send(&message);
    app.scope(owner.workspace).commit(changes).await.unwrap();
    let posted = app.outbox::<TryNote>(&owner.outbox()).await.unwrap().remove(0);
    (owner, note.id, posted)
}

#[tokio::test]
async fn a_run_knows_its_attempt_and_deadline() {
    let app = TestApp::new();
    let (owner, note, posted) = posted(&app, None).await;
    for _ in 0..2 {
        assert!(app.deliver(&TRY, std::slice::from_ref(&posted)).await.is_err());
    }
    app.deliver(&TRY, &[posted]).await.unwrap();
    assert_eq!(app.scope(owner.workspace).get::<Note>(&note).await.unwrap().told, 3);
}

/// On a queue that hides received messages for ten minutes: an immediate redelivery was requested by the job.
#[tokio::test]
async fn a_message_is_redelivered_after_its_jobs_wait_or_else_its_queues() {
    let app = TestApp::new();
    let sqs = |operation: &str, body| app.cloud().call(&format!("AmazonSQS.{operation}"), &body).unwrap();
    let url = app.create_queue("try-note").unwrap();
    for (after_s, comes_back) in [(Some(0), true), (Some(300), false), (None, false)] {
        let (_, _, posted) = posted(&app, after_s).await;
        let body = json!({ "partition": posted.partition, "envelope": posted.envelope }).to_string();
        sqs("SendMessage", json!({ "QueueUrl": url, "MessageBody": body }));
        let received = sqs("ReceiveMessage", json!({ "QueueUrl": url }))["Messages"][0].clone();
        let record = json!({ "messageId": "1", "receiptHandle": received["ReceiptHandle"], "body": received["Body"] });
        let answer = app.run(&TRY, json!({ "Records": [record] })).await.unwrap();
        assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], "1");
        let seen = sqs("ReceiveMessage", json!({ "QueueUrl": url }));
        assert_eq!(seen["Messages"].is_array(), comes_back, "{after_s:?}: {seen}");
        if comes_back {
            let receipt = seen["Messages"][0]["ReceiptHandle"].clone();
            sqs("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": receipt }));
        }
    }
}
