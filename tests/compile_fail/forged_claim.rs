//! The claim of an invitation comes from a stored invitation or a verified token, never from its parts.

use shared::identity::{InvitationClaim, InvitationId};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::Timestamp;
use shared::tenancy::AssignableRole;

pub fn claim(workspace: WorkspaceId, invitation: InvitationId, expires_at: Timestamp) -> InvitationClaim {
    InvitationClaim { workspace, invitation, role: AssignableRole::Admin, address: String::new(), expires_at }
}
