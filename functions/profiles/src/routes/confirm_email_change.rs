//! `POST /auth/confirm-email-change`: confirms a change of the caller's email address.

use accounts::mailed_link::DeadLink;
use mail::EmailAddress;
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;

use crate::email_change::{CHANGE_EMAIL, confirm};

/// Changes the caller's email address with the token of the link that was emailed to the new address. Requires a
/// session of the account that requested the change. Sessions stay signed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmailChange {
    /// The text after `#token=` in the emailed link.
    token: SecretText,
}

/// The user's new email address.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedEmail {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<ConfirmEmailChange>();

impl Endpoint for ConfirmEmailChange {
    const ROUTE: Route = Route::post("confirm-email-change", "/auth/confirm-email-change");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::DeleteAddresses,
        Grant::WriteLetters,
        Grant::SealLetters,
        Grant::DeriveKeys,
    ];
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 10, seconds: 300 });
    const PROBLEMS: &'static [ProblemCode] = &[accounts::problems::LINK_INVALID, accounts::problems::EMAIL_TAKEN];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "attempts are counted; the pending change is read, then both addresses");
    type Access = SignedIn;
    type Output = Reply<ConfirmedEmail>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let link = caller.accounts().verify_link(&self.token, CHANGE_EMAIL).await?.ok_or(DeadLink::OF_ADDRESS)?;
        Ok(Reply(ConfirmedEmail { email: confirm(caller, &link).await? }))
    }
}
