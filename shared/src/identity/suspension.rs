//! The suspension of a workspace by the staff: one member requests it, and another one approves it.
//!
//! The request is stored in Proofs under `SUSPENSION#<workspace>`: a workspace has at most one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::proofs::Key;
use crate::kernel::ids::{Id, Identified, StaffId, WorkspaceId};
use crate::kernel::problems::{ProblemCode, Refusal};
use crate::kernel::time::after;

/// How long a request can be approved.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

pub const SECOND_PERSON_NEEDED: ProblemCode = ProblemCode::new(
    403,
    "second_person_needed",
    "Second person needed",
    "The caller requested the suspension, and another member of the staff must approve it.",
    "Ask a colleague with the permission to approve it.",
);

pub const SUSPENSION_REQUEST_OVER: ProblemCode = ProblemCode::new(
    409,
    "suspension_request_over",
    "Request not valid",
    "The request to suspend the workspace has expired, was approved, withdrawn or replaced, or its requester is no longer allowed to make it.",
    "Read the current request, or make a new one.",
);

pub const SUSPENSION_ALREADY_REQUESTED: ProblemCode = ProblemCode::new(
    409,
    "suspension_already_requested",
    "Suspension already requested",
    "The workspace has a pending request to suspend it.",
    "Approve or withdraw that one.",
);

pub const ALREADY_SUSPENDED: ProblemCode = ProblemCode::new(
    409,
    "workspace_already_suspended",
    "Workspace already suspended",
    "The workspace is suspended already.",
    "Nothing has to be done.",
);

pub const NOT_SUSPENDED: ProblemCode = ProblemCode::new(
    409,
    "workspace_not_suspended",
    "Workspace not suspended",
    "The workspace is not suspended.",
    "Nothing has to be done.",
);

pub type SuspensionRequestId = Id<SuspensionRequest>;

/// A pending request. It is deleted when it is approved or withdrawn, so that it is used once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SuspensionRequest {
    pub id: SuspensionRequestId,
    pub requested_by: StaffId,
    /// The requester's epoch: a revocation ends the request, also if they are granted roles again.
    pub(super) epoch: u64,
    /// One line, for the workspace's audit log.
    pub reason: String,
    /// Where the staff documents the case.
    pub ticket: String,
    pub requested_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Identified for SuspensionRequest {
    const PREFIX: &'static str = "susp";
    const NAME: &'static str = "SuspensionRequest";
}

impl SuspensionRequest {
    pub(super) fn new(
        id: SuspensionRequestId,
        (requested_by, epoch): (StaffId, u64),
        (reason, ticket): (String, String),
        now: Timestamp,
    ) -> Self {
        Self { id, requested_by, epoch, reason, ticket, requested_at: now, expires_at: after(now, LIFETIME) }
    }

    /// Whether this member of the staff may approve the request with this id now. An id is of one person, also after a
    /// revocation and another grant.
    pub(super) fn require(&self, id: SuspensionRequestId, by: StaffId, now: Timestamp) -> Result<(), SuspensionError> {
        if self.id != id || self.expires_at <= now {
            return Err(SuspensionError::Over);
        }
        if self.requested_by == by {
            return Err(SuspensionError::OwnRequest);
        }
        Ok(())
    }
}

/// Why a suspension, its request or its end is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SuspensionError {
    #[error("You requested this suspension. Another member of the staff must approve it.")]
    OwnRequest,
    #[error("This request has expired, was approved, withdrawn or replaced, or its requester may no longer make it.")]
    Over,
    #[error("This workspace has a pending request to suspend it. Approve or withdraw that one.")]
    Requested,
    #[error("This workspace is suspended already.")]
    AlreadySuspended,
    #[error("This workspace is not suspended.")]
    NotSuspended,
}

impl Refusal for SuspensionError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::OwnRequest => SECOND_PERSON_NEEDED,
            Self::Over => SUSPENSION_REQUEST_OVER,
            Self::Requested => SUSPENSION_ALREADY_REQUESTED,
            Self::AlreadySuspended => ALREADY_SUSPENDED,
            Self::NotSuspended => NOT_SUSPENDED,
        }
    }
}

pub(super) fn key(workspace: WorkspaceId) -> Key {
    (format!("SUSPENSION#{workspace}"), "REQUEST".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::entropy::Entropy;
    use crate::kernel::time::Clock;

    #[test]
    fn a_request_is_approved_by_another_person_within_a_day() {
        let (clock, entropy) = (Clock::system(), Entropy::seeded(1));
        let (ada, grace) = (StaffId::new(&clock, &entropy), StaffId::new(&clock, &entropy));
        let (id, other) = (Id::new(&clock, &entropy), Id::new(&clock, &entropy));
        let now = Timestamp::UNIX_EPOCH;
        let request = SuspensionRequest::new(id, (ada, 1), ("Phishing".to_owned(), "T-1".to_owned()), now);
        let last = after(request.expires_at, SignedDuration::from_nanos(-1));
        assert_eq!(request.require(id, grace, last), Ok(()));
        assert_eq!(request.require(id, grace, request.expires_at), Err(SuspensionError::Over));
        assert_eq!(request.require(other, grace, now), Err(SuspensionError::Over));
        assert_eq!(request.require(id, ada, now), Err(SuspensionError::OwnRequest));
        assert_eq!(request.expires_at, after(now, SignedDuration::from_hours(24)));
    }
}
