//! `GET /me`: returns the caller's profile.

use mail::EmailAddress;
use shared::identity::{AccountKey, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::table::Stored;

use crate::PersonName;
use crate::recovery::Recovery;
use crate::user::User;

/// Returns the caller's profile.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMe {}

/// A user's profile, as shown only to that user.
#[derive(Serialize, ToSchema)]
pub struct Me {
    id: UserId,
    email: EmailAddress,
    name: PersonName,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    /// When a pending account recovery can remove the second factors; null without one. Anyone who knows the password
    /// can start a recovery. Cancel it with `DELETE /me/recovery`.
    #[schema(value_type = Option<String>, format = DateTime)]
    recovery_ready_at: Option<ApiTimestamp>,
}

impl Me {
    pub fn new(user: &User, recovery_ready_at: Option<ApiTimestamp>) -> Self {
        let User { id, ref email, ref name, created_at, .. } = *user;
        Self { id, email: email.clone(), name: name.clone(), created_at: created_at.into(), recovery_ready_at }
    }

    /// The user, and when a pending recovery can be completed, with one read.
    pub async fn look_up(caller: &Known) -> Result<(Stored<User>, Option<ApiTimestamp>), Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let mut found = accounts.look_up(Wanted::default().of::<User>(&key).of::<Recovery>(&key)).await?;
        let recovery = found.take::<Recovery>(&key)?;
        let live = recovery.filter(|recovery| recovery.is_live(caller.epoch(), accounts.now()));
        let recovery_ready_at = live.map(|recovery| recovery.ready_at.into());
        accounts.vary_version_by(&recovery_ready_at)?;
        Ok((found.take::<User>(&key)?.ok_or_else(Problem::not_found)?, recovery_ready_at))
    }
}

pub static FUNCTION: Function = Function::route::<GetMe>();

impl Endpoint for GetMe {
    const ROUTE: Route = Route::get("get-me", "/me");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("me"));
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND];
    const VERSIONED: Option<Versioned> = Some(Versioned::record::<User>());
    type Access = Known;
    type Output = Reply<Me>;

    async fn handle(self, caller: &Known) -> Result<Self::Output, Problem> {
        let (user, recovery_ready_at) = Me::look_up(caller).await?;
        Ok(Reply(Me::new(&user, recovery_ready_at)))
    }
}
