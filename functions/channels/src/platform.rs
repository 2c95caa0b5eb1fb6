//! The platforms: the limits and the delivery guarantee of each.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

/// A social platform with an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Bluesky,
}

/// What is guaranteed for a post if the connection breaks during the send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Guarantee {
    /// The send is repeated safely: the platform recognises a repeat by its key.
    ExactlyOnce,
    /// The platform is asked first whether it has the post.
    ReconcileThenRetry,
    /// The post is held for a person: the platform can neither recognise a repeat nor be asked.
    AtMostOnceAndHold,
}

/// The maximum size of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChannelLimits)]
pub struct Limits {
    /// Extended grapheme clusters (UAX #29): user-perceived characters.
    pub text_graphemes: u32,
    /// Bytes in UTF-8.
    pub text_bytes: u32,
    pub pictures: u32,
    /// Bytes of one picture.
    pub picture_bytes: u32,
}

/// Checked on 2026-11-22 against the lexicons `app.bsky.feed.post` and `app.bsky.embed.images` in
/// `@atproto/api` 0.19.19, and against the official server, which refuses one more of each.
const BLUESKY: Limits = Limits { text_graphemes: 300, text_bytes: 3_000, pictures: 4, picture_bytes: 2_000_000 };

impl Platform {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bluesky => "bluesky",
        }
    }

    pub const fn limits(self) -> Limits {
        match self {
            Self::Bluesky => BLUESKY,
        }
    }

    pub const fn guarantee(self) -> Guarantee {
        match self {
            Self::Bluesky => Guarantee::ExactlyOnce,
        }
    }

    /// How long a call with an unknown outcome may still take effect on the platform. A query before that may miss it.
    pub const fn settle_time_s(self) -> u32 {
        match self {
            // A write is one transaction in the account's own database, limited by the server's request timeout.
            Self::Bluesky => 30,
        }
    }
}

/// A limit that a post exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    #[error("must have at most {most} characters; it has {is}")]
    Graphemes { most: u32, is: u32 },
    #[error("must have at most {most} bytes in UTF-8; it has {is}")]
    Bytes { most: u32, is: u32 },
    #[error("must not exceed {most} pictures; there are {is}")]
    Pictures { most: u32, is: u32 },
    #[error("must have at most {most} bytes per picture; one has {is}")]
    PictureBytes { most: u32, is: u32 },
}

impl Limits {
    /// Whether a text fits. Checked when the post is written, before publishing could fail.
    pub fn check_text(&self, text: &str) -> Result<(), OverLimit> {
        let bytes = count(text.len());
        if bytes > self.text_bytes {
            return Err(OverLimit::Bytes { most: self.text_bytes, is: bytes });
        }
        let graphemes = count_graphemes(text);
        if graphemes > self.text_graphemes {
            return Err(OverLimit::Graphemes { most: self.text_graphemes, is: graphemes });
        }
        Ok(())
    }

    /// Whether pictures of these sizes fit.
    pub fn check_pictures(&self, sizes_bytes: impl IntoIterator<Item = u64>) -> Result<(), OverLimit> {
        let mut pictures = 0;
        for size in sizes_bytes {
            pictures += 1;
            if size > u64::from(self.picture_bytes) {
                let is = u32::try_from(size).unwrap_or(u32::MAX);
                return Err(OverLimit::PictureBytes { most: self.picture_bytes, is });
            }
        }
        if pictures > self.pictures {
            return Err(OverLimit::Pictures { most: self.pictures, is: pictures });
        }
        Ok(())
    }
}

/// The extended grapheme clusters of a text (UAX #29), as the platforms count them.
pub fn count_graphemes(text: &str) -> u32 {
    count(text.graphemes(true).count())
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphemes_are_counted_as_user_perceived_characters() {
        for (text, graphemes) in
            [("", 0), ("abc", 3), ("e\u{301}", 1), ("👨‍👩‍👧‍👧", 1), ("🇫🇷🇩🇪", 2), ("नमस्ते", 3), ("\r\n", 1), ("👍🏽", 1)]
        {
            assert_eq!(count_graphemes(text), graphemes, "{text:?}");
        }
    }

    #[test]
    fn bluesky_accepts_at_most_300_graphemes_and_3_000_bytes() {
        let limits = Platform::Bluesky.limits();
        let family = "👨‍👩‍👧‍👧";
        assert_eq!(limits.check_text(&"é".repeat(300)), Ok(()));
        assert_eq!(limits.check_text(&"é".repeat(301)), Err(OverLimit::Graphemes { most: 300, is: 301 }));
        assert_eq!(limits.check_text(&family.repeat(120)), Ok(()));
        assert_eq!(limits.check_text(&family.repeat(121)), Err(OverLimit::Bytes { most: 3_000, is: 3_025 }));
    }

    #[test]
    fn bluesky_accepts_at_most_four_pictures_of_2_000_000_bytes() {
        let limits = Platform::Bluesky.limits();
        assert_eq!(limits.check_pictures([2_000_000; 4]), Ok(()));
        assert_eq!(limits.check_pictures([1; 5]), Err(OverLimit::Pictures { most: 4, is: 5 }));
        let over = OverLimit::PictureBytes { most: 2_000_000, is: 2_000_001 };
        assert_eq!(limits.check_pictures([1, 2_000_001]), Err(over));
        assert_eq!(over.to_string(), "must have at most 2000000 bytes per picture; one has 2000001");
    }
}
