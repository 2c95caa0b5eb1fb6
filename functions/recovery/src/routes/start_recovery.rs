//! `POST /auth/recovery`: starts an account recovery, for a user who lost the second factor and the recovery codes.

use accounts::recovery::Recovery;
use accounts::user::User;
use mail::MailUser;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, UserEpoch, Wanted};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;
use sign_in::second_factor::{Factors, SecondFactorError, verify_challenge};

use crate::jobs::tell_of_recovery::TellOfRecovery;
use crate::letters;
use crate::policy::require_allowed;
use crate::problems;

pub static RECOVERY_STARTED: EventKind = EventKind::security("recovery_started", Severity::Warning);

/// Starts the recovery of an account, for a user who knows the password but lost the second factor. After a waiting
/// time (72 hours by default), the user receives a link by email that removes the second factors. The user and the
/// admins of their workspaces are notified at once. Any session of the user can cancel the recovery, and a sign-in with
/// a second factor cancels it. The waiting time cannot be shortened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRecovery {
    /// The challenge from `POST /auth/login`, at most 5 minutes old.
    challenge: SecretText,
}

/// A pending recovery.
#[derive(Serialize, ToSchema)]
pub struct RecoveryView {
    /// When the link that completes the recovery is emailed.
    #[schema(value_type = String, format = DateTime)]
    ready_at: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<StartRecovery>();

impl Endpoint for StartRecovery {
    const ROUTE: Route = Route::post("start-recovery", "/auth/recovery");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadSessions,
        Grant::ReadMemberships,
        Grant::WriteLetters,
        Grant::DeriveKeys,
    ];
    const PROBLEMS: &'static [ProblemCode] =
        &[sign_in::problems::CHALLENGE_EXPIRED, sign_in::problems::NO_SECOND_FACTOR, problems::RECOVERY_BLOCKED];
    type Access = Credentials;
    type Output = Reply<RecoveryView>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let (user, epoch) = verify_challenge(accounts, &self.challenge).await?;
        let key = AccountKey::User(user);
        let wanted = Wanted::default().of::<User>(&key).of::<Recovery>(&key);
        let mut found = accounts.look_up(Factors::wanted(wanted, user)).await?;
        let user = found.take::<User>(&key)?.filter(|user| !user.is_deleted());
        let user = user.ok_or(SecondFactorError::ChallengeExpired)?;
        if !Factors::taken(&mut found, user.id)?.is_enrolled() {
            return Err(SecondFactorError::NothingToRecover.into());
        }
        require_allowed(accounts, user.id).await?;
        let now = accounts.now();
        let before = found.take::<Recovery>(&key)?;
        // A repeated request changes nothing: the waiting time neither restarts nor ends sooner.
        if let Some(waits) = before.as_ref().filter(|recovery| recovery.is_live(epoch, now)) {
            return Ok(Reply(RecoveryView { ready_at: waits.ready_at.into() }));
        }
        let recovery = Recovery::start(accounts, user.id, epoch);
        let ready_at = recovery.ready_at;
        accounts.commit(started(&user, before, recovery, epoch)).await?;
        Ok(Reply(RecoveryView { ready_at: ready_at.into() }))
    }
}

/// The changes that start a recovery and notify the user.
fn started(user: &User, before: Option<Stored<Recovery>>, recovery: Recovery, epoch: UserEpoch) -> AccountChanges {
    let Recovery { started_at, ready_at, .. } = recovery;
    let letter = letters::recovery_started(started_at, ready_at);
    let changes = match before {
        Some(mut over) => {
            *over = recovery;
            AccountChanges::default().replace(&over)
        }
        None => AccountChanges::default().insert(&recovery),
    };
    changes
        .same_epoch(user.id, epoch)
        .or(SecondFactorError::ChallengeExpired)
        .event(Occurrence::of(&RECOVERY_STARTED, user.id).detail(json!({ "ready_at": ready_at })))
        .mail_to(user.id, letter)
        .send(user.id, &TellOfRecovery { user_id: user.id, started_at })
}
