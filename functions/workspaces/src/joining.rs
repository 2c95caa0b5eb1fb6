//! Presenting an invitation: the caller's own address decides whether it is for them.

use accounts::user::User;
use shared::identity::{AccountKey, Invited, Joining};
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;

/// The invitation of a token, if it is for the address of the caller's account.
pub async fn present<'a>(caller: &'a Joining, token: &SecretText) -> Result<Invited<'a>, Problem> {
    let user = caller.accounts().find::<User>(&AccountKey::User(caller.user())).await?;
    let user = user.ok_or_else(|| Problem::internal("a caller has no account"))?;
    caller.present(token, user.email.as_str()).await
}
