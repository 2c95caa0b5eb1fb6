//! The job `expire-sessions`: every hour, removes the sessions that ended by disuse or by age, and their refresh tokens.

use serde::Deserialize;
use serde_json::json;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountRecord, AllAccounts};
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;
use shared::tenancy::Reason;

use crate::session::{RefreshRecord, SessionRecord};

/// A run ends by itself before it is ended; what is left is due for the next one.
const WORKS_FOR: SignedDuration = SignedDuration::from_mins(4);
/// Sessions of one transaction: each is two writes of the hundred that it may have.
const SESSIONS: usize = 40;
const REFRESH_TOKENS: usize = 100;

pub static SESSIONS_EXPIRED: EventKind = EventKind::operational("sessions_expired", Severity::Info);

#[derive(Deserialize)]
pub struct ExpireSessions {}

/// Why this job looks into every account.
pub enum SessionsHaveEnded {}

impl Reason for SessionsHaveEnded {
    const WHY: &'static str = "removes sessions that have ended, with the addresses and user agents that they hold";
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
    // The index is a little behind the table: it may name a session that was carried on.
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
        // One of them was carried on at the last moment: the others are removed without it.
        for session in together.chunks(1) {
            expired += usize::from(all.try_commit(removed(session)).await?.is_ok());
        }
    }
    Ok(expired)
}

/// Sessions with their proofs. Refused if one was carried on meanwhile: its proof and its record move together, and only
/// the proof is conditional, since carrying one on writes the record whatever is there.
fn removed(sessions: &[Stored<SessionRecord>]) -> AccountChanges {
    sessions.iter().fold(AccountChanges::default(), |changes, session| {
        let changes = changes.clear_session(session.user, session.session);
        changes.forget::<SessionRecord>(&session.account_key(), &session.part())
    })
}

async fn forget_refresh_tokens(all: &All, stop_at: Timestamp) -> Result<usize, Problem> {
    let mut ended = all.due::<RefreshRecord>(all.now()).await?;
    // Nothing moves the end of a session, so that none of these is needed any more: not even to tell a thief by.
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
