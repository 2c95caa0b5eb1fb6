//! What a post on a channel can be at most, or must be, and how each platform counts it.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;

use crate::rendering::Rendered;
use crate::{mastodon, threads, x};

mod marks;

/// What a post on a channel can be at most, or must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelLimits)]
pub struct Limits {
    /// A text must be within all of them.
    pub text: Vec<TextLimit>,
    /// The fewest pictures of a post.
    #[serde(default)]
    #[schema(required = true)]
    pub least_pictures: u32,
    /// The most pictures of a post.
    pub pictures: u32,
    /// Bytes of one picture.
    pub picture_bytes: u32,
    /// The types of a picture. Where JPEG alone is accepted, a PNG is sent as JPEG, on white where it is transparent.
    #[serde(default = "PictureType::all")]
    #[schema(required = true)]
    pub picture_types: Vec<PictureType>,
    /// The shapes of a picture. Null: any.
    #[serde(default)]
    pub aspect_ratios: Option<AspectRatios>,
    /// Unicode code points of a picture's description. Null: as many as a picture can have here.
    #[serde(default)]
    pub alt_text: Option<u32>,
}

/// A type of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChannelPictureType)]
pub enum PictureType {
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
}

impl PictureType {
    /// Both types that a stored picture can have.
    pub fn all() -> Vec<Self> {
        vec![Self::Jpeg, Self::Png]
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// The width of a picture divided by its height, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AspectRatios {
    /// Of the tallest picture.
    pub least_thousandths: u32,
    /// Of the widest picture.
    pub most_thousandths: u32,
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
    /// Code units in UTF-16.
    Utf16Units,
    /// Words that begin with `#`.
    Hashtags,
    /// Names that begin with `@`.
    Mentions,
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
            Self::Utf16Units => number(before.encode_utf16().count() + text.encode_utf16().count()),
            Self::Hashtags => number(marks::hashtags(before) + marks::hashtags(text)),
            Self::Mentions => number(marks::mentions(before) + marks::mentions(text)),
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
            Self::Utf16Units => "utf16_units",
            Self::Hashtags => "hashtags",
            Self::Mentions => "mentions",
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
            Self::Utf16Units => "UTF-16 code units",
            Self::Hashtags => "hashtags",
            Self::Mentions => "mentions",
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
    #[error("must have pictures, at least {least}; there are {is}")]
    FewPictures { least: u32, is: u32 },
    #[error("must be a picture of a type that the channel accepts")]
    PictureType,
    #[error(
        "must be a picture whose width divided by its height is from {} to {} thousandths; it is {is}",
        .within.least_thousandths, .within.most_thousandths
    )]
    AspectRatio { within: AspectRatios, is: u32 },
    #[error("must have at most {most} bytes per picture; one has {is}")]
    PictureBytes { most: u32, is: u32 },
    #[error("must have at most {most} characters in the description of a picture; one has {is}")]
    AltText { most: u32, is: u32 },
}

impl OverLimit {
    /// What is counted, the count, and the limit. None where nothing is counted.
    pub const fn numbers(&self) -> Option<(&'static str, u32, u32)> {
        Some(match self {
            Self::Text { limit, is } => (limit.measure.name(), *is, limit.most),
            Self::Pictures { most, is } => ("pictures", *is, *most),
            Self::FewPictures { least, is } => ("least_pictures", *is, *least),
            Self::PictureType => return None,
            Self::AspectRatio { within, is } => {
                let AspectRatios { least_thousandths: least, most_thousandths: most } = *within;
                ("aspect_ratio_thousandths", *is, if *is < least { least } else { most })
            }
            Self::PictureBytes { most, is } => ("picture_bytes", *is, *most),
            Self::AltText { most, is } => ("alt_text_code_points", *is, *most),
        })
    }
}

impl MeasuredText {
    /// Its limit, if it exceeds that.
    pub fn over(&self) -> Option<OverLimit> {
        let Self { measure, count, limit: most } = *self;
        (count > most).then_some(OverLimit::Text { limit: TextLimit { measure, most }, is: count })
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
        self.measure(rendered).into_iter().filter_map(|measured| measured.over())
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
        if pictures < self.least_pictures {
            return Err(OverLimit::FewPictures { least: self.least_pictures, is: pictures });
        }
        Ok(())
    }

    /// Whether a picture of this type fits, as it is sent.
    pub fn check_type(&self, content_type: &str) -> Result<(), OverLimit> {
        let is_accepted = self.picture_types.iter().any(|accepted| accepted.content_type() == content_type);
        if is_accepted { Ok(()) } else { Err(OverLimit::PictureType) }
    }

    /// Whether a picture of this width and height fits.
    pub fn check_shape(&self, width: u32, height: u32) -> Result<(), OverLimit> {
        let Some(within) = self.aspect_ratios else { return Ok(()) };
        let (width, height) = (u64::from(width), u64::from(height).max(1));
        // To the nearest thousandth.
        let is = u32::try_from((width * 1_000 + height / 2) / height).unwrap_or(u32::MAX);
        let fits = (within.least_thousandths..=within.most_thousandths).contains(&is);
        if fits { Ok(()) } else { Err(OverLimit::AspectRatio { within, is }) }
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
mod tests;
