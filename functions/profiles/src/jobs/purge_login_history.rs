//! The job `purge-login-history`: once a day, removes sign-ins older than 90 days and expired access tokens.

use serde_json::json;
use shared::identity::{AccountChanges, AccountRecord, AllAccounts};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;
use sign_in::history::SignIn;

use crate::access_token::AccessToken;

/// A run stops before its timeout; the next run takes the rest.
const WORKS_FOR: SignedDuration = SignedDuration::from_mins(4);
/// Records per transaction: a token takes two of its 100 writes.
const TOGETHER: usize = 50;

pub static LOGIN_HISTORY_PURGED: EventKind = EventKind::operational("login_history_purged", Severity::Info);

#[derive(Deserialize)]
pub struct PurgeLoginHistory {}

/// Why this job reads every account.
pub enum RetentionIsOver {}

impl Reason for RetentionIsOver {
    const WHY: &'static str = "removes old sign-ins, with their IP addresses, and expired access tokens";
}

type All = AllAccounts<RetentionIsOver>;

pub static FUNCTION: Function = Function::job::<PurgeLoginHistory>();

impl Job for PurgeLoginHistory {
    const JOB: Declaration =
        Declaration::new("purge-login-history", Trigger::Schedule("cron(55 4 * * ? *)")).timeout_s(300);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadUserRecords, Grant::DeleteUserRecords, Grant::DeleteSessions, Grant::ReadAccountsDue];
    type Access = All;

    async fn run(self, all: &All) -> Result<(), JobError> {
        let stop_at = after(all.now(), WORKS_FOR);
        let sign_ins = purge(all, stop_at, forget::<SignIn>).await?;
        let access_tokens = purge(all, stop_at, |changes, token: &Stored<AccessToken>| {
            forget(changes, token).revoke_token(token.user, &token.digest)
        });
        let access_tokens = access_tokens.await?;
        if sign_ins + access_tokens > 0 {
            let counts = json!({ "sign_ins": sign_ins, "access_tokens": access_tokens });
            all.emit(Occurrence::of(&LOGIN_HISTORY_PURGED, "accounts").detail(counts)).await?;
        }
        Ok(())
    }
}

/// Removes a record unconditionally: a sign-in never changes, and of a token only which reminders were sent.
fn forget<R: AccountRecord>(changes: AccountChanges, record: &Stored<R>) -> AccountChanges {
    changes.forget::<R>(&record.account_key(), &record.part())
}

async fn purge<R: AccountRecord>(
    all: &All,
    stop_at: Timestamp,
    remove: impl Fn(AccountChanges, &Stored<R>) -> AccountChanges + Send,
) -> Result<usize, Problem> {
    let mut over = all.due::<R>(all.now()).await?;
    over.retain(|record| record.expires_at().is_some_and(|at| at <= all.now()));
    let mut purged = 0;
    for together in over.chunks(TOGETHER) {
        if all.now() >= stop_at {
            break;
        }
        let changes = together.iter().fold(AccountChanges::default(), &remove);
        all.commit(changes).await?;
        purged += together.len();
    }
    Ok(purged)
}
