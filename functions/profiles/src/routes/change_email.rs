//! `POST /me/email`: asks for another address. It is the user's once the link that is mailed to it is opened.

use accounts::enumeration_safe_mail;
use accounts::letter_budget::Request;
use accounts::user::User;
use mail::EmailAddress;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Accepted, Endpoint, Route, UserLimit};
use shared::identity::{AccountKey, Fresh, SignedIn};
use shared::kernel::problem_codes;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use utoipa::ToSchema;

use crate::email_change::EmailChange;
use crate::problems;

/// Asks for another address. The answer is the same whether or not somebody has it; the mail that follows is not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    email: EmailAddress,
}

/// Why an address is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeEmailError {
    #[error("must be another address than the one that the account has")]
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
    ];
    // Each request writes to two mailboxes, and one of them may be anybody's.
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 5, seconds: 3600 });
    const PROBLEMS: &'static [ProblemCode] = &[problems::SAME_ADDRESS, problem_codes::NOT_FOUND];
    type Access = Fresh<SignedIn>;
    type Output = Accepted;

    async fn handle(self, caller: &Self::Access) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let user = accounts.find::<User>(&AccountKey::User(caller.user())).await?.ok_or_else(Problem::not_found)?;
        if user.email == self.email {
            return Err(ChangeEmailError::SameAddress.into());
        }
        let change = EmailChange::new(caller, self.email.clone());
        enumeration_safe_mail::send(accounts, &self.email, Request::EmailChange(user.id), |known| {
            let address = enumeration_safe_mail::known_or_new(known, &self.email);
            // Also for an address in use: the link for its change is never mailed.
            (change.asked(&user, accounts.now()), address.ask_for(change.link()))
        })
        .await?;
        Ok(Accepted)
    }
}
