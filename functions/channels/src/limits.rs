//! The maximum size of a post, and how each platform counts it.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

use crate::rendering::Rendered;
use crate::{mastodon, threads, x};

/// The maximum size of a post on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelLimits)]
pub struct Limits {
    /// A text must be within all of them.
    pub text: Vec<TextLimit>,
    pub pictures: u32,
    /// Bytes of one picture.
    pub picture_bytes: u32,
    /// Unicode code points of a picture's description. Null: as many as a picture can have here.
    #[serde(default)]
    pub alt_text: Option<u32>,
}

/// The maximum length of a text, in one measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextLimit {
    pub measure: TextMeasure,
    pub most: u32,
}

/// How the length of a text is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextMeasure {
    /// Extended grapheme clusters (UAX #29): user-perceived characters.
    Graphemes,
    /// Bytes in UTF-8.
    Utf8Bytes,
    /// Extended grapheme clusters, where a link counts as 23, and of a mention (`@name@server`) only the name.
    Mastodon,
    /// Extended grapheme clusters, where an emoji counts as many as it has bytes in UTF-8.
    Threads,
    /// Weighted characters: most letters count as one, emoji and characters of East Asian scripts as two, and a link as 23.
    X,
}

/// The length of a text in one measure, and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeasuredText {
    pub measure: TextMeasure,
    /// The length.
    pub count: u32,
    /// The longest length that the channel accepts.
    pub limit: u32,
}

impl TextMeasure {
    /// The length of a text.
    pub fn count(self, text: &str) -> u32 {
        self.count_with("", text)
    }

    /// The length of a text with what is shown before it, whose links and mentions count in full.
    pub fn count_with(self, before: &str, text: &str) -> u32 {
        match self {
            Self::Graphemes => number([before, text].concat().graphemes(true).count()),
            Self::Utf8Bytes => number(before.len().saturating_add(text.len())),
            Self::Mastodon => mastodon::length::count(before, text),
            Self::Threads => threads::length::count(&[before, text].concat()),
            Self::X => x::length::count(&[before, text].concat()),
        }
    }

    /// As in the API: `graphemes`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Graphemes => "graphemes",
            Self::Utf8Bytes => "utf8_bytes",
            Self::Mastodon => "mastodon",
            Self::Threads => "threads",
            Self::X => "x",
        }
    }

    /// The unit of the length in a sentence.
    const fn unit(self) -> &'static str {
        match self {
            Self::Graphemes | Self::Mastodon | Self::Threads => "characters",
            Self::X => "weighted characters",
            Self::Utf8Bytes => "bytes in UTF-8",
        }
    }
}

/// A limit that a post exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    #[error("must have at most {} {}; it has {is}", .limit.most, .limit.measure.unit())]
    Text { limit: TextLimit, is: u32 },
    #[error("must not exceed {most} pictures; there are {is}")]
    Pictures { most: u32, is: u32 },
    #[error("must have at most {most} bytes per picture; one has {is}")]
    PictureBytes { most: u32, is: u32 },
    #[error("must have at most {most} characters in the description of a picture; one has {is}")]
    AltText { most: u32, is: u32 },
}

impl OverLimit {
    /// What is counted, the count, and the limit.
    pub const fn numbers(&self) -> (&'static str, u32, u32) {
        match self {
            Self::Text { limit, is } => (limit.measure.name(), *is, limit.most),
            Self::Pictures { most, is } => ("pictures", *is, *most),
            Self::PictureBytes { most, is } => ("picture_bytes", *is, *most),
            Self::AltText { most, is } => ("alt_text_code_points", *is, *most),
        }
    }
}

impl Limits {
    /// The length of a text in each measure that is limited.
    pub fn measure(&self, rendered: &Rendered) -> Vec<MeasuredText> {
        let measured = |limit: &TextLimit| {
            let TextLimit { measure, most } = *limit;
            MeasuredText { measure, count: measure.count_with(&rendered.before, &rendered.text), limit: most }
        };
        self.text.iter().map(measured).collect()
    }

    /// Every limit that a text exceeds. Checked when the post is written, before publishing could fail.
    pub fn check_text(&self, rendered: &Rendered) -> impl Iterator<Item = OverLimit> {
        self.measure(rendered).into_iter().filter(|text| text.count > text.limit).map(|text| {
            let MeasuredText { measure, count, limit } = text;
            OverLimit::Text { limit: TextLimit { measure, most: limit }, is: count }
        })
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

    /// Whether a picture's description fits.
    pub fn check_alt_text(&self, alt_text: &str) -> Result<(), OverLimit> {
        let is = number(alt_text.chars().count());
        match self.alt_text {
            Some(most) if is > most => Err(OverLimit::AltText { most, is }),
            _ => Ok(()),
        }
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphemes_are_counted_as_user_perceived_characters() {
        for (text, graphemes) in
            [("", 0), ("abc", 3), ("e\u{301}", 1), ("👨‍👩‍👧‍👧", 1), ("🇫🇷🇩🇪", 2), ("नमस्ते", 3), ("\r\n", 1), ("👍🏽", 1)]
        {
            assert_eq!(TextMeasure::Graphemes.count(text), graphemes, "{text:?}");
        }
    }

    #[test]
    fn a_content_warning_counts_with_the_text_after_it() {
        // The link of the text counts as 23 on Mastodon, and the one before it in full.
        for (measure, length) in
            [(TextMeasure::Graphemes, 11 + 13), (TextMeasure::Utf8Bytes, 11 + 14), (TextMeasure::Mastodon, 11 + 25)]
        {
            assert_eq!(measure.count_with("http://a.co", "http://a.co é"), length, "{measure:?}");
        }
    }

    #[test]
    fn every_exceeded_limit_of_a_text_is_reported() {
        let most = |measure, most| TextLimit { measure, most };
        let text = vec![most(TextMeasure::Graphemes, 2), most(TextMeasure::Utf8Bytes, 4)];
        let limits = Limits { text, pictures: 4, picture_bytes: 2_000_000, alt_text: None };
        let over = |text| limits.check_text(&Rendered::plain(text)).map(|over| over.to_string()).collect::<Vec<_>>();
        assert!(over("éé").is_empty());
        assert_eq!(over("abc"), ["must have at most 2 characters; it has 3"]);
        assert_eq!(over("👍🏽"), ["must have at most 4 bytes in UTF-8; it has 8"]);
        assert_eq!(
            over("ééé"),
            ["must have at most 2 characters; it has 3", "must have at most 4 bytes in UTF-8; it has 6"]
        );
    }

    #[test]
    fn the_number_and_the_bytes_of_pictures_are_limited() {
        let limits = Limits { text: Vec::new(), pictures: 4, picture_bytes: 2_000_000, alt_text: None };
        assert_eq!(limits.check_pictures([2_000_000; 4]), Ok(()));
        let described = Limits { alt_text: Some(3), ..limits.clone() };
        assert_eq!((described.check_alt_text("é👍x"), limits.check_alt_text("wall")), (Ok(()), Ok(())));
        assert_eq!(described.check_alt_text("wall"), Err(OverLimit::AltText { most: 3, is: 4 }));
        assert_eq!(limits.check_pictures([1; 5]), Err(OverLimit::Pictures { most: 4, is: 5 }));
        let over = OverLimit::PictureBytes { most: 2_000_000, is: 2_000_001 };
        assert_eq!(limits.check_pictures([1, 2_000_001]), Err(over));
        assert_eq!(over.to_string(), "must have at most 2000000 bytes per picture; one has 2000001");
    }
}
