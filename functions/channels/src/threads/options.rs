//! What a post can set on Threads alone: parameters of
//! <https://developers.facebook.com/docs/threads/reference/publishing>.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use shared::kernel::visible_text::line;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

/// The options of a post on Threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThreadsOptions {
    /// Who can reply. What the account sets, if it is not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub reply_control: Option<ReplyControl>,
    /// The topic in the post's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, inline)]
    pub topic_tag: Option<TopicTag>,
}

/// Who can reply to a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ThreadsReplyControl)]
#[serde(rename_all = "snake_case")]
pub enum ReplyControl {
    Everyone,
    AccountsYouFollow,
    MentionedOnly,
    FollowersOnly,
}

/// The longest topic, in characters.
const LONGEST: usize = 50;

/// A topic: 1 to 50 characters, without `.` and `&` (page `posts`, section "Topic tags").
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopicTag(String);

impl<'de> Deserialize<'de> for TopicTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let topic = line(&Cow::<'de, str>::deserialize(deserializer)?, LONGEST).map_err(de::Error::custom)?;
        if topic.contains(['.', '&']) {
            return Err(de::Error::custom("must not have a full stop or an ampersand"));
        }
        Ok(Self(topic))
    }
}

impl utoipa::PartialSchema for TopicTag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST))
            .examples(["Gardening"])
            .into()
    }
}

impl ToSchema for TopicTag {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TopicTag")
    }
}

impl ThreadsOptions {
    /// The parameters of a container. What is not set has the account's default.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let control = self.reply_control.map(|control| {
            let word = match control {
                ReplyControl::Everyone => "everyone",
                ReplyControl::AccountsYouFollow => "accounts_you_follow",
                ReplyControl::MentionedOnly => "mentioned_only",
                ReplyControl::FollowersOnly => "followers_only",
            };
            ("reply_control", word.to_owned())
        });
        control.into_iter().chain(self.topic_tag.as_ref().map(|TopicTag(topic)| ("topic_tag", topic.clone())))
    }
}
