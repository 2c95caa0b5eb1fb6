//! `GET /me/passkeys`: lists the caller's passkeys, oldest first.

use shared::identity::AccountKey;
use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::passkey::{Passkey, PasskeyView};

/// Lists the caller's passkeys, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPasskeys {}

pub static FUNCTION: Function = Function::route::<ListPasskeys>();

impl Endpoint for ListPasskeys {
    const ROUTE: Route = Route::get("list-passkeys", "/me/passkeys");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords];
    type Access = SignedIn;
    // One page: a user has few.
    type Output = Reply<WholeList<PasskeyView>>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let mut passkeys = caller.accounts().list::<Passkey>(&AccountKey::User(caller.user())).await?;
        // They are stored in the order of their digests.
        passkeys.sort_unstable_by_key(|passkey| passkey.id);
        let items = passkeys.iter().map(|passkey| PasskeyView::from(&**passkey)).collect();
        Ok(Reply(WholeList { items }))
    }
}
