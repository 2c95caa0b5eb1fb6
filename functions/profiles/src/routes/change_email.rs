//! `POST /me/email`: requests a change of the email address, to be confirmed by a link emailed to the new one.

use accounts::enumeration_safe_mail;
use accounts::letter_budget::Request;
use accounts::user::User;
use mail::EmailAddress;
use shared::identity::AccountKey;
use shared::kernel::problems::Refusal;
use shared::prelude::route::*;

use crate::email_change::{EmailChange, to_old_address};
use crate::letters;
use crate::problems;

/// Requests a change of the caller's email address. A link emailed to the new address confirms it. The response is the
/// same whether or not the address is in use.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    email: EmailAddress,
}

/// Why an email address cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeEmailError {
    #[error("must differ from the account's current address")]
    SameAddress,
}

impl Refusal for ChangeEmailError {
    fn problem(&self) -> ProblemCode {
        problems::SAME_ADDRESS
    }

    fn field(&self) -> Option<&'static str> {
        Some("email")
    }
}

pub static FUNCTION: Function = Function::route::<ChangeEmail>();

impl Endpoint for ChangeEmail {
    const ROUTE: Route = Route::post("change-email", "/me/email");
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::WriteLetters,
        Grant::SealLetters,
    ];
    // Each request sends to two mailboxes, and one of them may belong to someone else.
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 5, seconds: 3600 });
    const PROBLEMS: &'static [ProblemCode] = &[problems::SAME_ADDRESS, problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        5,
        "attempts are counted exactly: two calls; the user is read, then the new address with its letter budget",
    );
    type Access = Fresh<SignedIn>;
    type Output = Accepted;

    async fn handle(self, caller: &Self::Access) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let user = accounts.find::<User>(&AccountKey::User(caller.user())).await?.ok_or_else(Problem::not_found)?;
        if user.email == self.email {
            return Err(ChangeEmailError::SameAddress.into());
        }
        let change = EmailChange::new(caller, self.email.clone());
        let to_old_address = to_old_address(accounts, &user, letters::email_change_asked(accounts.now())).await?;
        enumeration_safe_mail::send(accounts, &self.email, Request::EmailChange(user.id), |known| {
            let address = enumeration_safe_mail::known_or_new(known, &self.email);
            // Also for an address in use: the link for its change is never emailed.
            (change.requested(&to_old_address), address.ask_for(change.confirming()))
        })
        .await?;
        Ok(Accepted)
    }
}
