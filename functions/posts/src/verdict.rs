//! What a platform error means for a delivery, by the stage at which it occurred.

use channels::publishing::PublishError;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp};

use crate::delivery::{Cure, Delivery, DeliveryError, WrongState};

/// The stage that an attempt had reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// No visible call has been made.
    Preparing,
    /// The intent was sent for the first time.
    Sending,
    /// The intent of an earlier attempt was reconciled, or sent again.
    Reconciling,
}

/// What to do about the error.
#[derive(Debug)]
pub enum Verdict {
    /// Nothing was published, and the same request will never succeed.
    Fail(DeliveryError),
    /// A person must check.
    Hold(DeliveryError),
    /// This attempt published nothing: try again, after at least this long.
    Postpone(DeliveryError, SignedDuration),
    /// This attempt published nothing, and what the platform had of the post is lost: try again from the start.
    StartOver(DeliveryError),
    /// It may have been published.
    Doubt(DeliveryError),
    /// A fault of ours: the queue delivers the message again.
    Retry(Problem),
}

impl Verdict {
    pub fn of(error: PublishError, stage: Stage, at: Timestamp) -> Self {
        let delivery_error = |code: String, text: String, cure: Cure| DeliveryError { code, text, cure, at };
        match (error, stage) {
            (PublishError::Refused { code, text, remedy }, Stage::Preparing | Stage::Sending) => {
                Self::Fail(delivery_error(code, text, Cure::Change(remedy)))
            }
            // The first send may have been accepted, and the refusal may concern the repeat.
            (PublishError::Refused { code, text, .. }, Stage::Reconciling)
            // Only this post is published under its key: the existing record is probably this post.
            | (PublishError::KeyTaken { code, text }, _) => Self::Hold(delivery_error(code, text, Cure::Time)),
            (PublishError::NotNow { retry_after_s, code, text }, _) => {
                Self::Postpone(delivery_error(code, text, Cure::Time), SignedDuration::from_secs(retry_after_s.into()))
            }
            (PublishError::Unstaged { code, text }, Stage::Preparing) => {
                Self::StartOver(delivery_error(code, text, Cure::Time))
            }
            // What was sent was ready: the platform may have lost it because it was published.
            (PublishError::Unstaged { code, text }, Stage::Sending | Stage::Reconciling) => {
                Self::Doubt(delivery_error(code, text, Cure::Time))
            }
            (PublishError::Unknown { code, text }, Stage::Preparing) => {
                Self::Postpone(delivery_error(code, text, Cure::Time), SignedDuration::ZERO)
            }
            (PublishError::Unknown { code, text }, Stage::Sending | Stage::Reconciling) => {
                Self::Doubt(delivery_error(code, text, Cure::Time))
            }
            (PublishError::Disconnected { code, text }, Stage::Preparing | Stage::Sending) => {
                Self::Fail(delivery_error(code, text, Cure::Reconnect))
            }
            (PublishError::Disconnected { code, text }, Stage::Reconciling) => {
                Self::Doubt(delivery_error(code, text, Cure::Reconnect))
            }
            (PublishError::Internal(problem), Stage::Preparing) => Self::Retry(problem),
            // The intent is recorded: after any failure, the platform is queried before anything is sent.
            (PublishError::Internal(problem), Stage::Sending | Stage::Reconciling) => {
                tracing::error!(cause = ?problem, "sending failed on our side");
                let text = "An error occurred on our side. It has been recorded.".to_owned();
                Self::Doubt(delivery_error(problem.code().to_owned(), text, Cure::Time))
            }
        }
    }

    /// Applies the verdict's transition. A retry has none.
    pub fn apply(&self, delivery: &mut Delivery) -> Result<(), WrongState> {
        match self {
            Self::Fail(error) => delivery.fail(error.clone()),
            Self::Hold(error) => delivery.hold(error.clone()),
            Self::Postpone(error, at_least) => delivery.postpone(error.clone(), *at_least),
            Self::StartOver(error) => {
                delivery.unstage();
                delivery.postpone(error.clone(), SignedDuration::ZERO)
            }
            Self::Doubt(error) => delivery.doubt(error.clone(), SignedDuration::ZERO),
            Self::Retry(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const STAGES: [Stage; 3] = [Stage::Preparing, Stage::Sending, Stage::Reconciling];

    fn verdicts(error: impl Fn(String, String) -> PublishError) -> [String; 3] {
        STAGES.map(|stage| {
            let error = error("RateLimitExceeded".to_owned(), "Slow down".to_owned());
            let verdict = Verdict::of(error, stage, Timestamp::UNIX_EPOCH);
            format!("{verdict:?}").split('(').next().unwrap().to_owned()
        })
    }

    /// Once an intent is recorded, a new attempt starts only if the last one certainly had no effect.
    #[test]
    fn a_possible_publication_is_never_attempted_as_new() {
        let remedy = || "Shorten it.".to_owned();
        assert_eq!(
            verdicts(|code, text| PublishError::Refused { code, text, remedy: remedy() }),
            ["Fail", "Fail", "Hold"]
        );
        assert_eq!(verdicts(|code, text| PublishError::KeyTaken { code, text }), ["Hold", "Hold", "Hold"]);
        assert_eq!(verdicts(|code, text| PublishError::Unknown { code, text }), ["Postpone", "Doubt", "Doubt"]);
        assert_eq!(verdicts(|code, text| PublishError::Unstaged { code, text }), ["StartOver", "Doubt", "Doubt"]);
        assert_eq!(verdicts(|code, text| PublishError::Disconnected { code, text }), ["Fail", "Fail", "Doubt"]);
        let not_now = |code, text| PublishError::NotNow { retry_after_s: 60, code, text };
        assert_eq!(verdicts(not_now), ["Postpone", "Postpone", "Postpone"]);
        let internal = |_, _| PublishError::Internal(Problem::unavailable("kms"));
        assert_eq!(verdicts(internal), ["Retry", "Doubt", "Doubt"]);
    }

    #[test]
    fn the_platforms_code_and_text_are_kept() {
        let (code, text, remedy) = ("InvalidRequest".to_owned(), "blob too large".to_owned(), "Shrink it.".to_owned());
        let error = PublishError::Refused { code: code.clone(), text: text.clone(), remedy: remedy.clone() };
        let Verdict::Fail(delivery_error) = Verdict::of(error, Stage::Sending, Timestamp::UNIX_EPOCH) else {
            unreachable!("a refusal fails")
        };
        assert_eq!(delivery_error, DeliveryError { code, text, cure: Cure::Change(remedy), at: Timestamp::UNIX_EPOCH });
    }
}
