//! `POST /staff/users/{user_id}/end-sessions`: ends every session of a user.

use accounts::user::User;
use mail::MailUser;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, Staff};
use shared::kernel::ids::UserId;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

use crate::letters;
use crate::permissions::EndSessions;
use crate::reason::StaffReason;

/// A member of the staff ended every session of a user. The event's origin has the member.
pub static STAFF_ENDED_SESSIONS: EventKind = EventKind::security("staff_ended_sessions", Severity::Warning);

/// Ends every session of a user, and emails them. Personal access tokens stay valid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndUserSessions {
    user_id: UserId,
    reason: StaffReason,
}

pub static FUNCTION: Function = Function::route::<EndUserSessions>();

impl Endpoint for EndUserSessions {
    const ROUTE: Route = Route::post("end-user-sessions", "/staff/users/{user_id}/end-sessions");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadUserRecords, Grant::ReadSessions, Grant::WriteSessions, Grant::WriteLetters];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the user and their epoch are read");
    type Access = Staff<EndSessions>;
    type Output = NoContent;

    async fn handle(self, staff: &Staff<EndSessions>) -> Result<Self::Output, Problem> {
        let user = staff.find::<User>(&AccountKey::User(self.user_id)).await?.ok_or_else(Problem::not_found)?;
        let epoch = staff.epoch(user.id).await?;
        let ended = Occurrence::of(&STAFF_ENDED_SESSIONS, user.id).detail(json!({ "reason": self.reason }));
        let changes = AccountChanges::default().revoke_sessions(user.id, epoch).event(ended);
        // 409 if a concurrent request ended all sessions: the reason would be lost, and there may be new ones.
        staff.commit(changes.mail_to(user.id, letters::sessions_ended(staff.now()))).await?;
        Ok(NoContent)
    }
}
