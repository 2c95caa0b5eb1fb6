//! A caller: the user of a valid session or personal access token, and the strength of their authentication.

use jiff::Timestamp;

use super::proofs::{self, Epoch};
use super::sessions::{FRESH_FOR, Strength, UserEpoch};
use crate::audit::Actor;
use crate::aws::grants::Table;
use crate::kernel::ids::{SessionId, TokenId, UserId, WorkspaceId};
use crate::kernel::problem_codes::NOT_SIGNED_IN;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::guard::Guard;

/// A caller whose credential was checked.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub(crate) user: UserId,
    pub(crate) credential: Credential,
    /// The current strength: a removed factor no longer counts.
    pub(crate) strength: Strength,
    /// When a factor was last proved; `None` for a token.
    pub(crate) factor_at: Option<Timestamp>,
    /// When the user signed in; `None` for a token.
    pub(crate) started_at: Option<Timestamp>,
    /// The only workspace that a token can access, and when the token was created.
    pub(crate) workspace: Option<(WorkspaceId, Timestamp)>,
    /// The user's epochs at admission.
    pub(crate) epochs: Epoch,
}

/// The credential that a caller presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Session(SessionId),
    Token(TokenId),
}

impl Caller {
    pub(crate) fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(session) => Some(session),
            Credential::Token(_) => None,
        }
    }

    /// The caller as named in audit logs.
    pub(crate) fn actor(&self) -> Actor {
        match self.credential {
            Credential::Session(_) => Actor::User { id: self.user },
            Credential::Token(id) => Actor::Token { id, user: self.user },
        }
    }

    pub(crate) fn epoch(&self) -> UserEpoch {
        UserEpoch { epoch: self.epochs.epoch, factor_epoch: self.epochs.factor_epoch }
    }

    /// Whether the account's strongest kind of factor was proved recently. A password proved before a second factor was
    /// added is not enough.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.strength >= self.epochs.strongest() && self.factor_at.is_some_and(|at| now < after(at, FRESH_FOR))
    }
}

/// The condition of every transaction of a caller: that they are still admitted.
pub(crate) fn still_admitted(caller: &Caller) -> Guard {
    // Deleting an account changes both epochs.
    let (condition, epoch) = match caller.credential {
        Credential::Session(_) => ("e.epoch = :epoch", caller.epochs.epoch),
        Credential::Token(_) => ("e.token_epoch = :epoch", caller.epochs.token_epoch),
    };
    Guard::new(Table::Proofs, proofs::epoch(caller.user), condition, epoch, not_signed_in)
}

pub(crate) fn not_signed_in() -> Problem {
    let detail = "This needs a valid access token: Authorization: Bearer <token>.";
    Problem::new(NOT_SIGNED_IN, detail).challenged("Bearer")
}
