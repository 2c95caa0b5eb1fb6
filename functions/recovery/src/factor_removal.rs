//! Removal of second factors without proving one: which factors, and what is removed with them.

use accounts::ProvedBy;
use passkeys::passkey::Passkey;
use serde::Serialize;
use shared::identity::{AccountChanges, AccountKey, Accounts, EpochTurn};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Stored;
use sign_in::passkey_tally::PasskeyTally;
use sign_in::recovery_codes::RecoveryCodes;
use sign_in::second_factor::Factors;
use sign_in::totp::Totp;
use utoipa::ToSchema;

/// Second factors to remove together.
pub struct FactorRemoval {
    totp: Option<Stored<Totp>>,
    recovery_codes: Option<Stored<RecoveryCodes>>,
    passkeys: Vec<Stored<Passkey>>,
    tally: Option<Stored<PasskeyTally>>,
    /// How the account is authenticated without them.
    pub leaves: ProvedBy,
    /// Whether the account had a second factor before.
    was_enrolled: bool,
}

/// The number of factors of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FactorCounts {
    pub authenticator_apps: u32,
    pub passkeys: u32,
    /// Sets of recovery codes.
    pub recovery_codes: u32,
}

impl FactorRemoval {
    /// The factors added after `since`. Recovery codes are also removed if no factor is left that they could replace.
    pub async fn of_those_since(
        accounts: &Accounts,
        user: UserId,
        factors: Factors,
        since: Timestamp,
    ) -> Result<Self, Problem> {
        let was_enrolled = factors.is_enrolled();
        let had = factors.passkeys();
        let mut passkeys = Vec::new();
        if had > 0 {
            passkeys = accounts.list::<Passkey>(&AccountKey::User(user)).await?;
            passkeys.retain(|passkey| passkey.created_at() > since);
        }
        let keeps_app = factors.has_app();
        // Also an app that is not confirmed yet: an attacker may have enrolled it.
        let totp = factors.totp.filter(|totp| totp.confirmed_at().is_none_or(|at| at > since));
        let keeps_app = keeps_app && totp.is_none();
        let keeps_passkeys = had as usize > passkeys.len();
        let leaves = if keeps_app || keeps_passkeys { ProvedBy::TwoFactors } else { ProvedBy::PasswordAlone };
        let recovery_codes =
            factors.recovery_codes.filter(|codes| codes.made_at() > since || leaves == ProvedBy::PasswordAlone);
        let tally = factors.passkeys.filter(|_| !passkeys.is_empty());
        Ok(Self { totp, recovery_codes, passkeys, tally, leaves, was_enrolled })
    }

    /// Every factor.
    pub async fn of_all(accounts: &Accounts, user: UserId, factors: Factors) -> Result<Self, Problem> {
        Self::of_those_since(accounts, user, factors, Timestamp::MIN).await
    }

    pub fn counts(&self) -> FactorCounts {
        let confirmed = self.totp.as_ref().is_some_and(|totp| totp.confirmed_at().is_some());
        FactorCounts {
            authenticator_apps: confirmed.into(),
            passkeys: u32::try_from(self.passkeys.len()).unwrap_or(u32::MAX),
            recovery_codes: self.recovery_codes.is_some().into(),
        }
    }

    /// The changes that remove them, and the resulting change of the user's epochs.
    pub fn into_changes(self, turn: EpochTurn) -> (AccountChanges, EpochTurn) {
        let changes = AccountChanges::default();
        let count = u32::try_from(self.passkeys.len()).unwrap_or(u32::MAX);
        let mut changes = self.passkeys.iter().fold(changes, AccountChanges::delete);
        if let Some(totp) = &self.totp {
            changes = changes.delete(totp);
        }
        if let Some(codes) = &self.recovery_codes {
            changes = changes.delete(codes);
        }
        if self.tally.is_some() {
            changes = changes.and(PasskeyTally::fewer(self.tally, count));
        }
        let is_last = self.was_enrolled && self.leaves == ProvedBy::PasswordAlone;
        (changes, if is_last { turn.and_unenrolling() } else { turn })
    }
}
