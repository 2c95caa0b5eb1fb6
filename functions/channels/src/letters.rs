//! The letters of channels.

use accounts::letters::to_sign_in;
use mail::{Fact, Letter};
use shared::kernel::time::Timestamp;

use crate::channel::Channel;

pub const REAUTHORISATION_NEEDED: &str = "A channel of your workspace must be connected again";

/// To each admin, when a platform refuses a channel's session.
pub fn reauthorisation_needed(channel: &Channel, workspace: &str, since: Timestamp) -> Letter {
    let letter = Letter::about(REAUTHORISATION_NEEDED).greets().tells(
        "Since {}, the platform {} refuses the connection of the account {} to the workspace {}. Nothing is published on it \
         until it is connected again.",
        &[
            Fact::At(since),
            Fact::Chosen(channel.platform.name()),
            Fact::Chosen(&channel.handle),
            Fact::Chosen(workspace),
        ],
    );
    to_sign_in(letter).ends(
        "Connect the account again in the workspace's channels, and schedule its failed posts again. If you did not expect this, check on \
         the platform who has access to the account.",
    )
}

#[cfg(test)]
mod tests {
    use mail::testing::assert_states;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_letter_names_the_account_the_platform_and_the_workspace() {
        let at: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap_or_default();
        let channel = json!({
            "id": format!("chan_{:032x}", 1), "platform": "mastodon", "service": "https://mastodon.example",
            "account_id": "mastodon.example/1", "handle": "@ada@mastodon.example", "connection": "Connected",
            "connected_at": at, "connected_by": format!("user_{:032x}", 2),
        });
        let Ok(channel) = serde_json::from_value::<Channel>(channel) else { unreachable!("it is a channel") };
        let facts = [
            "the platform mastodon refuses",
            "account ada mastodon. example",
            "workspace Northwind",
            "connected again",
        ];
        assert_states(&reauthorisation_needed(&channel, "Northwind", at), &facts);
    }
}
