//! SQS: handing a message to a job's queue.

use super::{Aws, failed};
use crate::kernel::problems::Problem;

/// SQS delays a message by at most 15 minutes.
pub(crate) const MAX_DELAY_S: i64 = 900;

impl Aws {
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
