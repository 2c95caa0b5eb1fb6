//! The letters of workspaces.

use accounts::letters::to_sign_in;
use mail::{Fact, Letter, Page};
use shared::identity::InvitationClaim;
use shared::kernel::time::Timestamp;
use shared::tenancy::Role;

use crate::inactivity::INACTIVE_DAYS;

pub const INVITATION: &str = "You are invited to a workspace";
pub const OWNERSHIP_OFFERED: &str = "You are offered the ownership of a workspace";
pub const OWNERSHIP_ACCEPTED: &str = "Your offer of ownership was accepted";

pub const MEMBER_REMOVED: &str = "You were removed from a workspace";

pub const WORKSPACE_TOKEN_EXPIRES: &str = "A token of your workspace expires soon";

pub const INACTIVE_MEMBERS: &str = "Members of your workspace who no longer sign in";

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

/// To a member who can become an owner.
pub fn ownership_offered(workspace: &str, until: Timestamp) -> Letter {
    let letter = Letter::about(OWNERSHIP_OFFERED).greets().tells(
        "An owner offers you the ownership of the workspace {}. You can accept until {}, in the workspace's settings.",
        &[Fact::Chosen(workspace), Fact::At(until)],
    );
    to_sign_in(letter).ends("If you did not expect this, ask the owner. Nothing changes unless you accept.")
}

/// To the owner whose offer was accepted.
pub fn ownership_accepted(workspace: &str, at: Timestamp) -> Letter {
    let letter = Letter::about(OWNERSHIP_ACCEPTED).greets().tells(
        "On {}, your offer of the ownership of the workspace {} was accepted. The other member is an owner now.",
        &[Fact::At(at), Fact::Chosen(workspace)],
    );
    to_sign_in(letter).ends(
        "If this wasn't you, someone else may have access to your account. Reset your password, and contact our support.",
    )
}

/// To a user whose membership another member ended. It offers no link: there is nothing to sign in to.
pub fn member_removed(workspace: &str, by: Option<&str>, at: Timestamp) -> Letter {
    Letter::about(MEMBER_REMOVED)
        .greets()
        .tells(
            "On {}, {} removed you from the workspace {}. You can no longer use it, and your personal access tokens for it no \
             longer work. What you made or connected stays in it.",
            &[Fact::At(at), Fact::Chosen(by.unwrap_or("an admin")), Fact::Chosen(workspace)],
        )
        .ends("If you did not expect this, ask an admin of the workspace. They can invite you again.")
}

/// To each admin, before a token of the workspace expires.
pub fn workspace_token_expires(token: &str, workspace: &str, at: Timestamp) -> Letter {
    let letter = Letter::about(WORKSPACE_TOKEN_EXPIRES).greets().tells(
        "The token {} of the workspace {} expires on {}. From then on, programs that use it are refused.",
        &[Fact::Chosen(token), Fact::Chosen(workspace), Fact::At(at)],
    );
    to_sign_in(letter)
        .ends("To keep them working, rotate the token in the workspace's settings. If you don't know it, or it is no longer used, delete it.")
}

/// To each admin. `names` are of the first of `count` members.
pub fn inactive_members(workspace: &str, count: usize, names: &[String]) -> Letter {
    let names = names.join(", ");
    let letter = Letter::about(INACTIVE_MEMBERS).greets().tells(
        "Members of the workspace {} who have not signed in for {} days: {}. Among them: {}.",
        &[Fact::Chosen(workspace), Fact::Count(INACTIVE_DAYS), Fact::Count(count), Fact::Chosen(&names)],
    );
    to_sign_in(letter)
        .ends("Remove those who no longer need access, and those you don't know. What they made or connected stays.")
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
        let at = "2026-03-01T12:00:30Z".parse().unwrap();
        let (hello, on) = ("Hello Ada L.,", "1 March 2026 at 12:00 UTC");
        assert_states(&ownership_offered("Northwind", at), &[hello, on, "ownership of the workspace Northwind"]);
        assert_states(&ownership_accepted("Northwind", at), &[hello, on, "of the workspace Northwind was accepted"]);
        let removed = member_removed("Northwind", Some("bob.example"), at);
        assert_states(&removed, &[hello, on, "bob. example removed you from the workspace Northwind"]);
        assert_states(&member_removed("Northwind", None, at), &["an admin removed you"]);
        let facts = [hello, on, "The token ci. example of the workspace Northwind expires", "rotate the token"];
        assert_states(&workspace_token_expires("ci.example", "Northwind", at), &facts);
        let names = ["Ada Lovelace".to_owned(), "bob. example".to_owned()];
        let facts = [hello, "workspace Northwind who", "for 60 days: 12.", "Ada Lovelace, bob. example."];
        assert_states(&inactive_members("Northwind", 12, &names), &facts);
        // The longest name fits into the size of a sealed letter, with the longest address.
        let longest = invitation(&"\u{10348}".repeat(80), Role::Reviewer, claim());
        assert!(serde_json::to_string(&longest).unwrap().len() < 1700);
    }
}
