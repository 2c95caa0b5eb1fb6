//! The platforms that posts are published on. The adapter of each is a folder of its name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::adapter::Adapter;
use crate::limits::Limits;
use crate::platform_facts::PlatformFacts;

/// A social platform with an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Bluesky,
    Mastodon,
    Threads,
    X,
}

/// Evaluates an expression with the adapter of a platform: the one place from which generic code reaches an adapter.
///
/// ```ignore
/// with_adapter!(channel.platform, A => A::revoke(scope, &session).await)
/// ```
#[macro_export]
macro_rules! with_adapter {
    ($platform:expr, $Adapter:ident => $answer:expr) => {
        match $platform {
            $crate::Platform::Bluesky => {
                type $Adapter = $crate::bluesky::Bluesky;
                $answer
            }
            $crate::Platform::Mastodon => {
                type $Adapter = $crate::mastodon::Mastodon;
                $answer
            }
            $crate::Platform::Threads => {
                type $Adapter = $crate::threads::Threads;
                $answer
            }
            $crate::Platform::X => {
                type $Adapter = $crate::x::X;
                $answer
            }
        }
    };
}

/// What is guaranteed for a post if the connection breaks during the send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Guarantee {
    /// The send is repeated safely: the platform recognises a repeat by its key. It is asked first whether it has the post.
    ExactlyOnce {
        /// For how many seconds after the first send the platform recognises a repeat; after that, only the question protects
        /// against a second post. Null: always.
        for_s: Option<u32>,
    },
    /// The platform is asked first whether it has the post, and the post is sent again only if it has not.
    ReconcileThenRetry {
        /// The number of seconds after a send without an answer in which the post may still appear. The platform is asked
        /// when they are over.
        window_s: u32,
    },
    /// The post is held for a person: the platform can neither recognise a repeat nor be asked.
    AtMostOnceAndHold,
}

impl Guarantee {
    /// Whether the platform recognises a repeat, at least for a time.
    pub const fn recognises_repeats(self) -> bool {
        matches!(self, Self::ExactlyOnce { .. })
    }
}

impl Platform {
    /// Every platform, in the order of their names.
    pub const ALL: &'static [Self] = &[Self::Bluesky, Self::Mastodon, Self::Threads, Self::X];

    pub const fn name(self) -> &'static str {
        with_adapter!(self, A => A::NAME)
    }

    /// The limits of the platform. An account or its server may have others: [`crate::Channel::limits`].
    pub fn limits(self) -> Limits {
        with_adapter!(self, A => A::limits())
    }

    pub const fn guarantee(self) -> Guarantee {
        with_adapter!(self, A => A::GUARANTEE)
    }

    pub const fn facts(self) -> PlatformFacts {
        with_adapter!(self, A => A::FACTS)
    }

    /// How long a call with an unknown outcome may still take effect on the platform. A query before that may miss it.
    pub const fn settle_time_s(self) -> u32 {
        with_adapter!(self, A => A::SETTLE_TIME_S)
    }
}
