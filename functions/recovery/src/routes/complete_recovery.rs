//! `POST /auth/complete-recovery`: completes an account recovery with the token of the link that is emailed after the
//! waiting time.

use accounts::mailed_link::DeadLink;
use accounts::recovery::{COMPLETE_RECOVERY, Recovery};
use accounts::{Password, ProvedBy};
use mail::EmailAddress;
use serde_json::json;
use shared::identity::{AccountKey, EpochTurn};
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use sign_in::password_owner::{PasswordOwner, ResetMethod};

use crate::factor_removal::{FactorCounts, FactorRemoval};
use crate::policy::require_allowed;
use crate::{problems, regaining};

pub static ACCOUNT_RECOVERED: EventKind = EventKind::security("account_recovered", Severity::Warning);

/// Completes an account recovery with the token of the emailed link, which works once: removes every second factor and
/// recovery code, and sets a new password. Every session and every personal access token of the user ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRecovery {
    /// The text after `#token=` in the emailed link.
    token: SecretText,
    password: Password,
}

/// A recovered account.
#[derive(Serialize, ToSchema)]
pub struct RecoveredAccount {
    /// The account's email address, for prefilling a sign-in form.
    email: EmailAddress,
    removed_factors: FactorCounts,
}

pub static FUNCTION: Function = Function::route::<CompleteRecovery>();

impl Endpoint for CompleteRecovery {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("complete-recovery", "/auth/complete-recovery").memory_mb(1024);
    const GRANTS: &'static [Grant] = shared::grants!(regaining::GRANTS, &[Grant::ReadMemberships]);
    const PROBLEMS: &'static [ProblemCode] = &[accounts::problems::LINK_INVALID, problems::RECOVERY_BLOCKED];
    type Access = Credentials;
    type Output = Reply<RecoveredAccount>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, COMPLETE_RECOVERY).await?.ok_or(DeadLink::OF_RECOVERY)?;
        let recovery = accounts.find::<Recovery>(&AccountKey::User(link.user)).await?.ok_or(DeadLink::OF_RECOVERY)?;
        let owner = PasswordOwner::read(accounts, link.user).await?.filter(|owner| !owner.user.is_deleted());
        let owner = owner.ok_or(DeadLink::OF_RECOVERY)?;
        if !recovery.is_completed_by(&link, owner.epoch, accounts.now()) {
            return Err(DeadLink::OF_RECOVERY.into());
        }
        // Checked again: an owner may have blocked recovery during the wait.
        require_allowed(accounts, link.user).await?;
        owner.may_have(&self.password, ProvedBy::PasswordAlone, [])?;
        let email = owner.user.email.clone();
        let (mut owner, factors) = owner.without_factors();
        owner.address.was_proved(accounts.now());
        let removal = FactorRemoval::of_all(accounts, link.user, factors).await?;
        let removed_factors = removal.counts();
        let (removed, turn) = removal.into_changes(EpochTurn::default());
        let recovered = Occurrence::of(&ACCOUNT_RECOVERED, link.user).detail(json!({ "removed": removed_factors }));
        let changes = removed.delete(&recovery).or(DeadLink::OF_RECOVERY).event(recovered);
        let changes = owner.set(accounts, &self.password, ResetMethod::Recovery, changes, turn).await?;
        accounts.commit(changes).await?;
        accounts.proved();
        Ok(Reply(RecoveredAccount { email, removed_factors }))
    }
}
