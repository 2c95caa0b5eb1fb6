//! The content of a post: its own, and what single channels get instead.

use std::borrow::Cow;

use channels::{ChannelId, PlatformOptions};
use media::MediaId;
use serde::{Deserialize, Deserializer, Serialize, de};
use shared::http::repeated;
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::bounds::{MAX_CHANNELS, MediaIds};
use crate::post_text::PostText;

/// What one channel gets instead of the post's own content. What it does not have is the post's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    pub channel_id: ChannelId,
    #[serde(default)]
    pub text: Option<PostText>,
    #[serde(default)]
    pub media_ids: Option<Vec<MediaId>>,
    #[serde(default)]
    pub options: Option<PlatformOptions>,
}

/// The text, pictures and variants of a post.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    pub text: &'a PostText,
    pub media_ids: &'a [MediaId],
    pub variants: &'a [Variant],
}

/// What one channel gets.
#[derive(Clone, Copy)]
pub struct ChannelContent<'a> {
    pub text: &'a PostText,
    pub media_ids: &'a [MediaId],
    pub options: Option<&'a PlatformOptions>,
    /// The channel's variant, and its place among the variants.
    variant: Option<(usize, &'a Variant)>,
}

impl<'a> Content<'a> {
    /// What a channel gets: of its variant what that has, and the rest of the post.
    pub fn on(self, channel_id: ChannelId) -> ChannelContent<'a> {
        let variant = self.variants.iter().enumerate().find(|(_, variant)| variant.channel_id == channel_id);
        let own = variant.map(|(_, variant)| variant);
        ChannelContent {
            text: own.and_then(|variant| variant.text.as_ref()).unwrap_or(self.text),
            media_ids: own.and_then(|variant| variant.media_ids.as_deref()).unwrap_or(self.media_ids),
            options: own.and_then(|variant| variant.options.as_ref()),
            variant,
        }
    }
}

impl ChannelContent<'_> {
    /// The field of the request that has the text.
    pub fn text_field(&self) -> String {
        self.field("text", |variant| variant.text.is_some())
    }

    /// The field of the request that has the pictures.
    pub fn media_field(&self) -> String {
        self.field("media_ids", |variant| variant.media_ids.is_some())
    }

    /// The field of the request that has the options, which only a variant has.
    pub fn options_field(&self) -> String {
        self.field("options", |_| true)
    }

    fn field(&self, name: &str, has: fn(&Variant) -> bool) -> String {
        match self.variant {
            Some((place, variant)) if has(variant) => format!("variants.{place}.{name}"),
            _ => name.to_owned(),
        }
    }
}

/// What one channel gets instead of the post's own content. An omitted field has the post's value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantInput {
    /// One of the selected channels.
    channel_id: ChannelId,
    #[serde(default)]
    #[schema(inline, value_type = PostText, required = false)]
    text: Option<PostText>,
    /// Pictures of the workspace, in display order. An empty list publishes none on this channel.
    #[serde(default)]
    #[schema(inline, value_type = MediaIds, required = false)]
    media_ids: Option<MediaIds>,
    #[serde(default)]
    #[schema(value_type = PlatformOptions, required = false)]
    options: Option<PlatformOptions>,
}

impl From<VariantInput> for Variant {
    fn from(input: VariantInput) -> Self {
        let VariantInput { channel_id, text, media_ids, options } = input;
        Self { channel_id, text, media_ids: media_ids.map(MediaIds::into_vec), options }
    }
}

/// The variants of a request: at most one for each channel, and at most as many as a post has channels.
#[derive(Default)]
pub struct Variants(Vec<Variant>);

impl Variants {
    pub fn into_vec(self) -> Vec<Variant> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let variants = Vec::<VariantInput>::deserialize(deserializer)?;
        if variants.len() > MAX_CHANNELS {
            return Err(de::Error::custom(format_args!("must have at most {MAX_CHANNELS} variants")));
        }
        let channels: Vec<ChannelId> = variants.iter().map(|variant| variant.channel_id).collect();
        match repeated(&channels) {
            Some(twice) => {
                Err(de::Error::custom(format_args!("must have one variant for each channel; {twice} has two")))
            }
            None => Ok(Self(variants.into_iter().map(Variant::from).collect())),
        }
    }
}

impl PartialSchema for Variants {
    fn schema() -> RefOr<Schema> {
        let items = Ref::from_schema_name(VariantInput::name());
        ArrayBuilder::new().items(items).max_items(Some(MAX_CHANNELS)).into()
    }
}

impl ToSchema for Variants {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("VariantInputs")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((VariantInput::name().into_owned(), VariantInput::schema()));
        VariantInput::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    fn channel(number: usize) -> String {
        format!("chan_01890a5d00007000800000000000{number:04x}")
    }

    fn parse(variants: Value) -> Result<Vec<Variant>, String> {
        serde_json::from_value::<Variants>(variants).map(Variants::into_vec).map_err(|error| error.to_string())
    }

    #[test]
    fn a_channel_gets_what_its_variant_has_and_the_rest_of_the_post() {
        let variants = parse(json!([
            { "channel_id": channel(1), "text": "another" },
            { "channel_id": channel(2), "media_ids": [], "options": { "platform": "mastodon", "sensitive": true } },
        ]))
        .unwrap();
        let text = PostText::parse("own").unwrap();
        let media_ids = ["media_01890a5d000070008000000000000009".parse().unwrap()];
        let content = Content { text: &text, media_ids: &media_ids, variants: &variants };
        let on = |number| {
            let content = content.on(channel(number).parse().unwrap());
            let fields = [content.text_field(), content.media_field(), content.options_field()];
            (content.text.as_str(), content.media_ids.len(), content.options.is_some(), fields)
        };
        let fields = |fields: [&str; 3]| fields.map(str::to_owned);
        assert_eq!(on(0), ("own", 1, false, fields(["text", "media_ids", "options"])));
        assert_eq!(on(1), ("another", 1, false, fields(["variants.0.text", "media_ids", "variants.0.options"])));
        assert_eq!(on(2), ("own", 0, true, fields(["text", "variants.1.media_ids", "variants.1.options"])));
    }

    #[test]
    fn a_channel_has_at_most_one_variant() {
        let of = |number| json!({ "channel_id": channel(number) });
        assert_eq!(parse((0..20).map(of).collect()).unwrap().len(), 20);
        assert_eq!(parse((0..21).map(of).collect()).unwrap_err(), "must have at most 20 variants");
        let twice = parse(json!([of(1), of(2), of(1)])).unwrap_err();
        assert_eq!(twice, format!("must have one variant for each channel; {} has two", channel(1)));
    }

    #[test]
    fn a_stored_variant_is_read_again() {
        let variants = parse(json!([
            { "channel_id": channel(1) },
            { "channel_id": channel(2), "text": "a", "options": { "platform": "bluesky", "languages": ["en"] } },
        ]))
        .unwrap();
        let stored = serde_json::to_value(&variants).unwrap();
        assert_eq!(serde_json::from_value::<Vec<Variant>>(stored).unwrap(), variants);
    }
}
