//! What a post can set on X alone: parameters of <https://docs.x.com/x-api/posts/create-post>.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The options of a post on X.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct XOptions {
    /// Who can reply. Everyone, if it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub reply_settings: Option<ReplySettings>,
}

/// Who can reply to a post, besides the mentioned accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = XReplySettings)]
#[serde(rename_all = "snake_case")]
pub enum ReplySettings {
    /// The accounts that the author follows.
    Following,
    /// The mentioned accounts only.
    MentionedUsers,
    /// The author's subscribers.
    Subscribers,
    /// Verified accounts.
    Verified,
}

impl ReplySettings {
    /// The value of the parameter.
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Following => "following",
            Self::MentionedUsers => "mentionedUsers",
            Self::Subscribers => "subscribers",
            Self::Verified => "verified",
        }
    }
}
