//! The letters of workspaces.

use mail::{Fact, Letter, Page};
use shared::identity::InvitationClaim;
use shared::tenancy::Role;

pub const INVITATION: &str = "You are invited to a workspace";

const ACCEPT_INVITATION: Page = Page::named("accept-invitation");

/// To an address, which may have no account. It greets no one and names no person: a stranger chose the address.
pub fn invitation(workspace: &str, role: Role, claim: InvitationClaim) -> Letter {
    Letter::about(INVITATION)
        .tells(
            "You are invited to the workspace {} on Bulkhead, as {}. To accept, open the link and sign in with this email \
             address, or create an account with it first.",
            &[Fact::Chosen(workspace), Fact::Chosen(role.name())],
        )
        .offers_invitation("Accept the invitation", ACCEPT_INVITATION, claim)
        .ends("If you did not expect this, ignore this email. Nothing happens unless you accept. Don't share this link.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;
    use serde_json::json;

    use super::*;

    fn claim() -> InvitationClaim {
        let claim = json!({
            "workspace": format!("ws_{:032x}", 1),
            "invitation": format!("inv_{:032x}", 2),
            "role": "member",
            "address": "0".repeat(64),
            "expires_at": "2026-03-08T12:00:00Z",
        });
        serde_json::from_value(claim).unwrap()
    }

    #[test]
    fn a_letter_states_its_facts_and_no_link_of_a_stranger() {
        let opens = "https://app.example.com/accept-invitation#token=v1.a-b_c";
        let works = "The link works for 30 minutes.";
        let facts = ["to the workspace win. example on Bulkhead", "as admin", works, opens];
        assert_states(&invitation("win.example", Role::Admin, claim()), &facts);
        assert_states(&invitation("Northwind", Role::Reviewer, claim()), &["as reviewer"]);
        // The longest name fits into the size of a sealed letter, with the longest address.
        let longest = invitation(&"\u{10348}".repeat(80), Role::Reviewer, claim());
        assert!(serde_json::to_string(&longest).unwrap().len() < 1700);
    }
}
