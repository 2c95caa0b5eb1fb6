//! SQS: sending a message to a job's queue.

use super::{Aws, failed};
use crate::kernel::problems::Problem;

/// SQS delays a message by at most 15 minutes.
pub(crate) const MAX_DELAY_S: i64 = 900;

/// A message is invisible for at most 12 hours after it was received, which may be minutes ago.
const MAX_INVISIBLE_S: i64 = 12 * 60 * 60 - 900;

impl Aws {
    /// Hides a received message that could not be handled on its job's queue, for `after_s` seconds from now.
    pub(crate) async fn put_back(&self, job: &str, receipt: &str, after_s: i64) -> Result<(), Problem> {
        let after_s = i32::try_from(after_s.clamp(0, MAX_INVISIBLE_S)).unwrap_or_default();
        self.sqs()
            .change_message_visibility()
            .queue_url(format!("{}{job}", self.config.queue_base))
            .receipt_handle(receipt)
            .visibility_timeout(after_s)
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("sqs:ChangeMessageVisibility", error))
    }

    /// Sends a body to the queue of a job, hidden for `delay_s` seconds (0 to 900).
    pub(crate) async fn enqueue(&self, job: &str, body: String, delay_s: i64) -> Result<(), Problem> {
        let delay_s = i32::try_from(delay_s.clamp(0, MAX_DELAY_S)).unwrap_or_default();
        self.sqs()
            .send_message()
            .queue_url(format!("{}{job}", self.config.queue_base))
            .message_body(body)
            .delay_seconds(delay_s)
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("sqs:SendMessage", error))
    }
}
