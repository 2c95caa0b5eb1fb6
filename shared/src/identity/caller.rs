//! A caller: who presented a valid session or personal access token, and how strongly they are proved.

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
    /// The strength that still counts.
    pub(crate) strength: Strength,
    /// When a factor was last proved; never by a token.
    pub(crate) factor_at: Option<Timestamp>,
    /// The one workspace that a token works in.
    pub(crate) workspace: Option<WorkspaceId>,
    /// The user's epochs at admission.
    pub(crate) epochs: Epoch,
}

/// What a caller presented.
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

    /// As audit logs name them.
    pub(crate) fn actor(&self) -> Actor {
        match self.credential {
            Credential::Session(_) => Actor::User { id: self.user },
            Credential::Token(id) => Actor::Token { id, user: self.user },
        }
    }

    pub(crate) fn epoch(&self) -> UserEpoch {
        UserEpoch { epoch: self.epochs.epoch, factor_epoch: self.epochs.factor_epoch }
    }

    /// Whether the account's strongest factor was proved recently. A password that was proved before there was a second
    /// factor is not enough.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.strength >= self.epochs.strongest() && self.factor_at.is_some_and(|at| now < after(at, FRESH_FOR))
    }
}

/// The condition of every transaction of a caller: that they are still let in.
pub(crate) fn still_admitted(caller: &Caller) -> Guard {
    // Closing an account moves both epochs.
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
