//! `PATCH /me/passkeys/{passkey_id}`: renames a passkey.

use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;

use crate::passkey::{Passkey, PasskeyId, PasskeyName, PasskeyView};

/// Renames a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePasskey {
    passkey_id: PasskeyId,
    #[serde(default)]
    #[schema(inline)]
    name: Patch<PasskeyName>,
}

pub static FUNCTION: Function = Function::route::<RenamePasskey>();

impl Endpoint for RenamePasskey {
    const ROUTE: Route = Route::patch("rename-passkey", "/me/passkeys/{passkey_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteUserRecords];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(3, "the passkey is read, whose key is its credential's and not its id's");
    type Access = SignedIn;
    type Output = Reply<PasskeyView>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let passkeys = caller.accounts().list::<Passkey>(&AccountKey::User(caller.user())).await?;
        let passkey = passkeys.into_iter().find(|passkey| passkey.id == self.passkey_id);
        let mut passkey = passkey.ok_or_else(Problem::not_found)?;
        self.name.apply(&mut passkey.name);
        caller.accounts().commit(AccountChanges::default().replace(&passkey)).await?;
        Ok(Reply(PasskeyView::from(&*passkey)))
    }
}
