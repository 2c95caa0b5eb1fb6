//! What a post can set for one platform alone.
//!
//! Each adapter has its own type ([`Adapter::Options`]). Clients send one object that names its platform.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::adapter::Adapter;
use crate::bluesky::options::BlueskyOptions;
use crate::mastodon::options::MastodonOptions;
use crate::platform::Platform;
use crate::threads::options::ThreadsOptions;
use crate::with_adapter;
use crate::x::options::XOptions;

/// The options of a post on a channel, tagged by the channel's platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "platform", rename_all = "snake_case")]
pub enum PlatformOptions {
    Bluesky(BlueskyOptions),
    Mastodon(MastodonOptions),
    Threads(ThreadsOptions),
    X(XOptions),
}

/// The options are of another platform than the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be options of {}; these are of {}", .channel.name(), .options.name())]
pub struct OtherPlatform {
    pub channel: Platform,
    pub options: Platform,
}

impl PlatformOptions {
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Bluesky(_) => Platform::Bluesky,
            Self::Mastodon(_) => Platform::Mastodon,
            Self::Threads(_) => Platform::Threads,
            Self::X(_) => Platform::X,
        }
    }

    /// The options of a platform. Without any, each has its default.
    pub fn of<A: Adapter>(options: Option<&Self>) -> Result<A::Options, OtherPlatform> {
        let Some(options) = options else { return Ok(A::Options::default()) };
        let other = || OtherPlatform { channel: A::PLATFORM, options: options.platform() };
        A::options(options).cloned().ok_or_else(other)
    }
}

/// The schema of a platform's options with the name of the platform.
fn tagged<A: Adapter>() -> RefOr<Schema> {
    match A::Options::schema() {
        RefOr::T(Schema::Object(mut object)) => {
            let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([A::NAME])).into();
            object.properties.insert("platform".to_owned(), name);
            object.required.insert(0, "platform".to_owned());
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

impl PartialSchema for PlatformOptions {
    fn schema() -> RefOr<Schema> {
        let name = |platform| with_adapter!(platform, A => <A as Adapter>::Options::name());
        let items = Platform::ALL.iter().map(|platform| Ref::from_schema_name(name(*platform)));
        items
            .fold(OneOfBuilder::new(), OneOfBuilder::item)
            .description(Some(
                "What the post sets for the channel's platform alone. What it does not set has the account's default.",
            ))
            .into()
    }
}

impl ToSchema for PlatformOptions {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("PlatformOptions")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        for platform in Platform::ALL {
            with_adapter!(*platform, A => {
                schemas.push((<A as Adapter>::Options::name().into_owned(), tagged::<A>()));
                <A as Adapter>::Options::schemas(schemas);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::bluesky::Bluesky;
    use crate::mastodon::Mastodon;

    #[test]
    fn options_name_their_platform_and_keep_only_what_is_set() {
        for sent in [
            json!({ "platform": "bluesky" }),
            json!({ "platform": "bluesky", "languages": ["en", "pt-BR"], "labels": ["nudity"] }),
            json!({ "platform": "mastodon" }),
            json!({ "platform": "threads", "reply_control": "mentioned_only", "topic_tag": "Gardening" }),
            json!({ "platform": "x", "reply_settings": "mentioned_users" }),
            json!({
                "platform": "mastodon", "visibility": "unlisted", "spoiler_text": "Plot", "sensitive": true, "language": "en",
            }),
        ] {
            let options: PlatformOptions = serde_json::from_value(sent.clone()).unwrap();
            assert_eq!(serde_json::to_value(&options).unwrap(), sent);
            assert_eq!(options.platform().name(), sent["platform"]);
        }
    }

    #[test]
    fn options_of_another_platform_and_unknown_options_are_refused() {
        let refused = |sent| serde_json::from_value::<PlatformOptions>(sent).unwrap_err().to_string();
        assert!(refused(json!({ "platform": "myspace" })).contains("unknown variant"));
        assert!(refused(json!({ "platform": "mastodon", "labels": [] })).contains("unknown field"));
        assert!(refused(json!({ "platform": "mastodon", "visibility": "direct" })).contains("unknown variant"));
        assert!(refused(json!({ "platform": "threads", "topic_tag": "a.b" })).contains("full stop"));
        assert!(refused(json!({ "visibility": "public" })).contains("platform"));
        let options: PlatformOptions = serde_json::from_value(json!({ "platform": "mastodon" })).unwrap();
        assert_eq!(PlatformOptions::of::<Mastodon>(Some(&options)), Ok(MastodonOptions::default()));
        let other = PlatformOptions::of::<Bluesky>(Some(&options)).unwrap_err();
        assert_eq!(other.to_string(), "must be options of bluesky; these are of mastodon");
    }
}
