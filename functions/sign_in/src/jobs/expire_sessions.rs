//! The job `expire-sessions`: every hour, removes expired sessions and refresh tokens.

use serde_json::json;
use shared::identity::{AccountChanges, AccountRecord, AllAccounts};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::session::{RefreshRecord, SessionRecord};

/// A run stops before its timeout; the next run takes the rest.
const WORKS_FOR: SignedDuration = SignedDuration::from_mins(4);
/// Sessions per transaction: each takes two of its 100 writes.
const SESSIONS: usize = 40;
const REFRESH_TOKENS: usize = 100;

pub static SESSIONS_EXPIRED: EventKind = EventKind::operational("sessions_expired", Severity::Info);

#[derive(Deserialize)]
pub struct ExpireSessions {}

/// Why this job reads every account.
pub enum SessionsHaveEnded {}

impl Reason for SessionsHaveEnded {
    const WHY: &'static str = "removes expired sessions, with their IP addresses and user agents";
}

type All = AllAccounts<SessionsHaveEnded>;

pub static FUNCTION: Function = Function::job::<ExpireSessions>();

impl Job for ExpireSessions {
    const JOB: Declaration = Declaration::new("expire-sessions", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadRefreshTokens,
        Grant::DeleteRefreshTokens,
        Grant::DeleteSessions,
        Grant::ReadAccountsDue,
    ];
    type Access = All;

    async fn run(self, all: &All) -> Result<(), JobError> {
        let stop_at = after(all.now(), WORKS_FOR);
        let sessions = expire_sessions(all, stop_at).await?;
        let refresh_tokens = forget_refresh_tokens(all, stop_at).await?;
        if sessions + refresh_tokens > 0 {
            let counts = json!({ "sessions": sessions, "refresh_tokens": refresh_tokens });
            all.emit(Occurrence::of(&SESSIONS_EXPIRED, "accounts").detail(counts)).await?;
        }
        Ok(())
    }
}

async fn expire_sessions(all: &All, stop_at: Timestamp) -> Result<usize, Problem> {
    let mut ended = all.due::<SessionRecord>(all.now()).await?;
    // The index is eventually consistent: it may list a session that was refreshed.
    ended.retain(|session| session.idle_ends_at <= all.now());
    let mut expired = 0;
    for together in ended.chunks(SESSIONS) {
        if all.now() >= stop_at {
            break;
        }
        if all.try_commit(removed(together)).await?.is_ok() {
            expired += together.len();
            continue;
        }
        // One of them was refreshed concurrently: remove the others without it.
        for session in together.chunks(1) {
            expired += usize::from(all.try_commit(removed(session)).await?.is_ok());
        }
    }
    Ok(expired)
}

/// Removes sessions with their proofs. Refused if one was refreshed concurrently: its proof and its record change
/// together, and only the proof is conditional, since a refresh overwrites the record.
fn removed(sessions: &[Stored<SessionRecord>]) -> AccountChanges {
    sessions.iter().fold(AccountChanges::default(), |changes, session| {
        let changes = changes.clear_session(session.user, session.session);
        changes.forget::<SessionRecord>(&session.account_key(), &session.part())
    })
}

async fn forget_refresh_tokens(all: &All, stop_at: Timestamp) -> Result<usize, Problem> {
    let mut ended = all.due::<RefreshRecord>(all.now()).await?;
    // The end of a session never moves, so none of these is needed any more, not even to detect reuse.
    ended.retain(|token| token.expires_at().is_some_and(|at| at <= all.now()));
    let mut forgotten = 0;
    for together in ended.chunks(REFRESH_TOKENS) {
        if all.now() >= stop_at {
            break;
        }
        let changes = together.iter().fold(AccountChanges::default(), |changes, token| {
            changes.forget::<RefreshRecord>(&token.account_key(), &token.part())
        });
        all.commit(changes).await?;
        forgotten += together.len();
    }
    Ok(forgotten)
}
