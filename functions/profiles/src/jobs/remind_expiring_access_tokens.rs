//! The job `remind-expiring-access-tokens`: every hour, reminds users of personal access tokens that expire in 14 days and in
//! one day.

use mail::MailUser;
use shared::identity::{AccountChanges, AllAccounts};
use shared::kernel::ids::{TokenId, UserId};
use shared::kernel::time::after;
use shared::prelude::job::*;

use crate::access_token::AccessToken;
use crate::letters::access_token_expires;
use crate::reminded::FIRST_REMINDER;

#[derive(Deserialize)]
pub struct RemindExpiringAccessTokens {}

/// Why this job reads every account.
pub enum UsersMustReplace {}

impl Reason for UsersMustReplace {
    const WHY: &'static str = "reminds users of personal access tokens that are about to expire";
}

type All = AllAccounts<UsersMustReplace>;

pub static FUNCTION: Function = Function::job::<RemindExpiringAccessTokens>();

impl Job for RemindExpiringAccessTokens {
    const JOB: Declaration =
        Declaration::new("remind-expiring-access-tokens", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadSessions,
        Grant::WriteLetters,
        Grant::ReadAccountsDue,
    ];
    type Access = All;

    async fn run(self, all: &All) -> Result<(), JobError> {
        let (now, mut due) = (all.now(), Vec::<(UserId, TokenId)>::new());
        // A token is due when it expires.
        let visit = all.each_due::<AccessToken>(after(now, FIRST_REMINDER), |token| {
            if token.reminded.next(token.expires_at, now).is_some() {
                due.push((token.user, token.id));
            }
        });
        visit.await?;
        let mut failure = None;
        // One that fails blocks no other.
        for (user, token) in due {
            if let Err(problem) = remind(all, user, token).await {
                failure.get_or_insert(problem);
            }
        }
        failure.map_or(Ok(()), |problem| Err(problem.into()))
    }
}

/// The reminder and its letter are one transaction, so that each is sent once.
async fn remind(all: &All, user: UserId, token: TokenId) -> Result<(), Problem> {
    let key = shared::identity::AccountKey::User(user);
    let Some(mut token) = all.find_part::<AccessToken>(&key, &token).await? else { return Ok(()) };
    let Some(reminded) = token.reminded.next(token.expires_at, all.now()) else { return Ok(()) };
    token.reminded = reminded;
    let changes = AccountChanges::default().replace(&token);
    // A token that was revoked with all others no longer works.
    let works = all.token_epoch(user).await?.is_some_and(|epoch| epoch == token.epoch);
    let letter = access_token_expires(token.name.as_str(), token.expires_at);
    let changes = if works { changes.mail_to(user, letter) } else { changes };
    // One that was deleted since it was read needs no reminder.
    let _deleted = all.try_commit(changes).await?;
    Ok(())
}
