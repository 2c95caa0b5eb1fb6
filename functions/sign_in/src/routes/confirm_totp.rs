//! `POST /me/totp/confirm`: confirms an authenticator app with its first code.

use mail::MailUser;
use shared::identity::{AccountChanges, Strength};
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;
use crate::problems;
use crate::recovery_codes::RecoveryCodes;
use crate::second_factor::{Factors, SecondFactorError};
use crate::totp::APP;
use crate::totp_secret::TotpCode;

/// Confirms the authenticator app enrolled at `POST /me/totp`. From then on, a sign-in by password requires one of its
/// codes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmTotp {
    code: TotpCode,
}

/// The recovery codes, if new ones were generated.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedTotp {
    /// Shown only once. Absent if the user already has recovery codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recovery_codes: Option<Vec<String>>,
}

pub static TOTP_ADDED: EventKind = EventKind::security("totp_added", Severity::Info);

pub static FUNCTION: Function = Function::route::<ConfirmTotp>();

impl Endpoint for ConfirmTotp {
    const ROUTE: Route = Route::post("confirm-totp", "/me/totp/confirm");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
    ];
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::TOTP_NOT_PENDING, problems::TOTP_ENROLLED, problems::WRONG_CODE.under(403)];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the user's factors are read");
    type Access = Fresh<SignedIn>;
    type Output = Reply<ConfirmedTotp>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let (accounts, now) = (caller.accounts(), caller.accounts().now());
        let factors = Factors::of(accounts, caller.user()).await?;
        let (mut changes, epoch) = factors.add_first(caller, AccountChanges::default());
        let mut totp = factors.totp.ok_or(SecondFactorError::TotpNotPending)?;
        if totp.confirmed_at().is_some() {
            return Err(SecondFactorError::TotpEnrolled.into());
        }
        let secret = totp.secret(accounts).await?;
        if !totp.confirm(&secret, &self.code, now) {
            return Err(SecondFactorError::WrongInSession { field: "code" }.into());
        }
        changes = changes.replace(&totp);
        let mut recovery_codes = None;
        if factors.recovery_codes.as_ref().is_none_or(|codes| codes.left() == 0) {
            let (codes, shown) = RecoveryCodes::generate(accounts, caller.user()).await?;
            changes = codes.put(changes, factors.recovery_codes);
            recovery_codes = Some(shown);
        }
        let changes = changes
            .prove_factor(caller.user(), caller.session(), (Strength::Multi, epoch), now)
            .event(Occurrence::of(&TOTP_ADDED, caller.user()))
            .mail_to(caller.user(), letters::sign_in_method_added(now, APP));
        accounts.commit(changes).await?;
        Ok(Reply(ConfirmedTotp { recovery_codes }))
    }
}
