//! An override session, as the staff and the owners of its workspace see it.

use serde::Serialize;
use shared::http::Located;
use shared::identity::{NewOverrideToken, OverrideSession};
use shared::kernel::ids::{OverrideSessionId, StaffId, UserId, WorkspaceId};
use shared::kernel::time::ApiTimestamp;
use shared::tenancy::OverrideAccess;
use utoipa::ToSchema;

/// Whether a session can be used, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverrideState {
    /// It waits for the approval of an owner.
    Pending,
    Open,
    /// A member of the staff or an owner ended it, withdrew it, or refused to approve it.
    Ended,
    /// Its time was over, or no owner approved it in time.
    Expired,
}

impl OverrideState {
    fn of(session: &OverrideSession) -> Self {
        match (session.ended_at, session.begun_at) {
            (Some(ended_at), _) if ended_at >= session.ends_at() => Self::Expired,
            (Some(_), _) => Self::Ended,
            (None, Some(_)) => Self::Open,
            (None, None) => Self::Pending,
        }
    }
}

/// A session of a member of the staff in a workspace.
#[derive(Serialize, ToSchema)]
pub struct OverrideSessionView {
    id: OverrideSessionId,
    workspace_id: WorkspaceId,
    /// The member of the staff.
    staff_id: StaffId,
    #[schema(example = "Grace Hopper")]
    staff_name: String,
    state: OverrideState,
    /// What it was opened for. The security rules of the workspace may allow less.
    access: OverrideAccess,
    #[schema(example = "The customer cannot see a scheduled post.")]
    reason: String,
    #[schema(example = "SUP-4711")]
    ticket: String,
    /// How long it lasts, from its opening or its approval.
    #[schema(minimum = 1, maximum = 60)]
    minutes: u32,
    #[schema(value_type = String, format = DateTime)]
    requested_at: ApiTimestamp,
    /// The owner who approved it.
    approved_by: Option<UserId>,
    /// When it ends; while it is pending, until when an owner can approve it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
    /// When it ended, by a person or by its time.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<ApiTimestamp>,
}

impl From<OverrideSession> for OverrideSessionView {
    fn from(session: OverrideSession) -> Self {
        let expires_at = session.ends_at().into();
        let state = OverrideState::of(&session);
        let OverrideSession { id, workspace, staff, staff_name, access, reason, ticket, minutes, .. } = session;
        Self {
            id,
            workspace_id: workspace,
            staff_id: staff,
            staff_name,
            state,
            access,
            reason,
            ticket,
            minutes,
            requested_at: session.requested_at.into(),
            approved_by: session.approved_by,
            expires_at,
            ended_at: session.ended_at.map(Into::into),
        }
    }
}

/// A new session with its token.
#[derive(Serialize, ToSchema)]
pub struct IssuedOverrideSession {
    /// For `Authorization: Bearer`, on the product's API, from the networks of the staff. It is never shown again.
    #[schema(
        pattern = "^bho_[A-Za-z0-9_-]{104}[0-9A-Za-z]{6}$",
        example = "bho_AZCxyNLzfB-hssPU5fYHGAGQscjS83wfobLD1OX2BxgBkLHI0vN8H6Gyw9Tl9gcYMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk1mUp4D"
    )]
    token: String,
    session: OverrideSessionView,
}

impl IssuedOverrideSession {
    pub fn new(session: OverrideSession, token: &NewOverrideToken) -> Self {
        Self { token: token.secret.expose().to_owned(), session: session.into() }
    }
}

impl Located for IssuedOverrideSession {
    const PATH: &'static str = "/staff/workspaces/{workspace_id}/override-sessions/{override_session_id}";

    fn id(&self) -> String {
        self.session.id.to_string()
    }
}
