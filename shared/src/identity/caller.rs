//! A caller: who presented a valid session or personal access token, and how strongly they are proved.

use jiff::Timestamp;

use super::sessions::{FRESH_FOR, Strength};
use crate::kernel::ids::{SessionId, TokenId, UserId, WorkspaceId};
use crate::kernel::time::after;

/// A caller whose credential was checked.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub(crate) user: UserId,
    pub(crate) credential: Credential,
    pub(crate) strength: Strength,
    /// When a factor was last proved; never by a token.
    pub(crate) factor_at: Option<Timestamp>,
    /// The one workspace that a token works in.
    pub(crate) workspace: Option<WorkspaceId>,
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

    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.factor_at.is_some_and(|at| now < after(at, FRESH_FOR))
    }
}
