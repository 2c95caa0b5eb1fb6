//! The letters about what the staff did to an account.

use accounts::letters::{to_sign_in, warning};
use mail::{Fact, Letter};
use shared::kernel::time::Timestamp;

pub const SESSIONS_ENDED: &str = "Our staff signed you out everywhere";

pub const WORKSPACE_SUSPENDED: &str = "Our staff suspended your workspace";
pub const WORKSPACE_RESUMED: &str = "Your workspace is no longer suspended";
pub const NETWORKS_LIFTED: &str = "Our staff lifted the networks of your workspace";

/// A member of the staff ended every session of the user.
pub fn sessions_ended(at: Timestamp) -> Letter {
    let happened = "On {}, our staff ended every session of your account, on every device. Sign in again. Personal access \
                    tokens still work.";
    warning(SESSIONS_ENDED, happened, &[Fact::At(at)])
}

/// To the owners of a workspace that the staff suspended.
pub fn workspace_suspended(workspace: &str, reason: &str, at: Timestamp) -> Letter {
    Letter::about(WORKSPACE_SUSPENDED)
        .greets()
        .tells(
            "On {}, our staff suspended the workspace {}. Its members cannot use it, and nothing is published from it.",
            &[Fact::At(at), Fact::Chosen(workspace)],
        )
        .tells("This is the reason: {}", &[Fact::Chosen(reason)])
        .ends("If you think that this is wrong, contact our support.")
}

/// To the owners of a workspace that was limited to networks.
pub fn networks_lifted(workspace: &str, reason: &str, at: Timestamp) -> Letter {
    let letter = Letter::about(NETWORKS_LIFTED)
        .greets()
        .tells(
            "On {}, our staff lifted the networks that the workspace {} was limited to. Its members can use it from every network.",
            &[Fact::At(at), Fact::Chosen(workspace)],
        )
        .tells("This is the reason: {}", &[Fact::Chosen(reason)])
        .says("Set the networks again in the workspace's security rules. Its audit log has those that were lifted.");
    to_sign_in(letter).ends("If you did not ask for this, contact our support: someone may have asked in your name.")
}

/// To the owners of a workspace whose suspension ended.
pub fn workspace_resumed(workspace: &str, reason: &str, at: Timestamp) -> Letter {
    let letter = Letter::about(WORKSPACE_RESUMED)
        .greets()
        .tells(
            "On {}, our staff ended the suspension of the workspace {}. Its members can use it again.",
            &[Fact::At(at), Fact::Chosen(workspace)],
        )
        .tells("This is the reason: {}", &[Fact::Chosen(reason)])
        .says("Posts that were due during the suspension were not published. Check them, and schedule them again.");
    to_sign_in(letter).ends("If you have questions, contact our support.")
}
