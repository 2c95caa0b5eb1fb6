//! An open invitation as the staff sees it: enough to find the one that a customer asks about.

use serde::Serialize;
use shared::identity::{Invitation, InvitationId, InvitationState};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::tenancy::Role;
use utoipa::ToSchema;

/// An invitation that can be accepted.
#[derive(Serialize, ToSchema)]
pub struct OpenInvitation {
    #[schema(value_type = String, example = "inv_01890a5d000070008000000000000006")]
    id: InvitationId,
    /// The first letter of the address, and its domain.
    #[schema(example = "a…@example.com")]
    address: String,
    role: Role,
    /// How many letters were asked for.
    letters: u32,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    /// Until when it can be accepted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

impl OpenInvitation {
    /// None for an invitation that can no longer be accepted.
    pub fn of(invitation: &Invitation, now: Timestamp) -> Option<Self> {
        if invitation.state != InvitationState::Pending || invitation.expires_at <= now {
            return None;
        }
        let Invitation { id, role, letters, created_at, expires_at, .. } = *invitation;
        let (created_at, expires_at) = (created_at.into(), expires_at.into());
        Some(Self { id, address: masked(&invitation.email), role: role.into(), letters, created_at, expires_at })
    }
}

fn masked(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_but_for_its_first_letter_and_its_domain() {
        assert_eq!(masked("ada.lovelace@example.com"), "a…@example.com");
        assert_eq!(masked("é@example.com"), "é…@example.com");
        assert_eq!(masked(""), "…@");
    }
}
