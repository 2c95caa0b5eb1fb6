//! Every rule that a post breaks is named with its channel, its field and its numbers.

#![allow(clippy::unwrap_used)]

use channels::Platform;
use serde_json::{Value, json};
use shared::kernel::time::Timestamp;

use super::*;
use crate::content::Variants;
use crate::post_text::PostText;

const CHANNEL: &str = "chan_01890a5d000070008000000000000003";

fn channel(platform: Platform) -> Channel {
    Channel { platform, ..crate::delivery::tests::channel() }
}

/// A picture that is not uploaded yet: its size is known, but not its renditions.
fn awaited(number: u8, alt_text: usize) -> Media {
    let size = serde_json::from_value(number.into()).unwrap();
    let by = "user_01890a5d000070008000000000000004".parse().unwrap();
    let id = format!("media_01890a5d0000700080000000000000{number:02x}").parse().unwrap();
    let alt_text = (alt_text > 0).then(|| AltText::try_from("a".repeat(alt_text)).unwrap());
    Media::announced(id, size, media::media::Sha256::of(b""), alt_text, by, Timestamp::UNIX_EPOCH)
}

/// The faults of a post with a variant for the channel.
fn faults_of(platform: Platform, text: &str, pictures: &[Media], variant: &Value) -> Vec<FieldError> {
    let text = PostText::parse(text).unwrap();
    let media_ids: Vec<MediaId> = pictures.iter().map(Media::id).collect();
    let variants: Variants = serde_json::from_value(variant.clone()).unwrap();
    let variants = variants.into_vec();
    let content = Content { text: &text, media_ids: &media_ids, variants: &variants };
    let pictures = pictures.iter().map(|picture| (picture.id(), picture.clone())).collect();
    Checked::of(channel(platform), content, &pictures).faults
}

fn fit(text: &str, pictures: &[Media]) -> Vec<FieldError> {
    faults_of(Platform::Bluesky, text, pictures, &json!([]))
}

#[test]
fn a_misfit_names_the_channel_and_the_limit() {
    assert_eq!(fit(&"é".repeat(300), &[]), []);
    let faults = fit(&"é".repeat(301), &[]);
    let rule = "for alice.test (bluesky, chan_01890a5d000070008000000000000003): \
                must have at most 300 characters; it has 301";
    let exceeded = Some(Exceeded { measure: "graphemes", count: 301, limit: 300 });
    let resource_id = Some(CHANNEL.to_owned());
    assert_eq!(faults, [FieldError { field: "text".to_owned(), rule: rule.to_owned(), resource_id, exceeded }]);
}

#[test]
fn all_misfits_are_reported_at_once() {
    let pictures: Vec<_> = (1..=5).map(|number| awaited(number, 0)).collect();
    assert_eq!(fit("a", &pictures[..4]), []);
    let fields: Vec<_> = fit(&"é".repeat(301), &pictures).into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["text", "media_ids"]);
    let problem = refuse(fit(&"é".repeat(301), &pictures)).unwrap_err();
    assert_eq!((problem.status(), problem.code(), problem.errors().len()), (422, "post_does_not_fit", 2));
}

#[test]
fn a_misfit_of_a_variant_names_the_field_of_the_variant() {
    let numbers = |fault: &FieldError| fault.exceeded.map(|over| (over.measure, over.count, over.limit));
    let pictures: Vec<_> = (1..=5).map(|number| awaited(number, usize::from(number) * 310)).collect();
    let variant = json!([{
        "channel_id": CHANNEL,
        "text": "é".repeat(495),
        "options": { "platform": "mastodon", "spoiler_text": "Spoiler" },
    }]);
    let faults = faults_of(Platform::Mastodon, "a", &pictures, &variant);
    let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), numbers(fault))).collect();
    assert_eq!(
        found,
        [
            ("variants.0.text", Some(("mastodon", 502, 500))),
            ("media_ids.4", Some(("alt_text_code_points", 1_550, 1_500))),
            ("media_ids", Some(("pictures", 5, 4))),
        ]
    );
    // The post's own text is not sent there, and the variant has no pictures.
    let variant = json!([{ "channel_id": CHANNEL, "text": "a", "media_ids": [] }]);
    assert_eq!(faults_of(Platform::Mastodon, &"é".repeat(501), &pictures, &variant), []);
}

/// A picture that is ready, of this size in pixels.
fn ready(number: u8, (width, height): (u32, u32)) -> Media {
    let (name, version, sha256) = (String::new(), String::new(), media::media::Sha256::of(b""));
    let mut picture = awaited(number, 0);
    let format = media::rendition::Format::Png;
    picture.complete(media::media::StoredPicture { name, version, format, size_bytes: 9, width, height, sha256 }, None);
    picture
}

#[test]
fn a_platform_that_needs_a_picture_of_a_shape_says_so_with_its_numbers() {
    let found = |text: &str, pictures: &[Media]| {
        let faults = faults_of(Platform::Instagram, text, pictures, &json!([]));
        let numbers =
            |fault: FieldError| (fault.field, fault.exceeded.map(|over| (over.measure, over.count, over.limit)));
        faults.into_iter().map(numbers).collect::<Vec<_>>()
    };
    assert_eq!(found("a", &[]), [("media_ids".to_owned(), Some(("least_pictures", 0, 1)))]);
    // A PNG is sent as JPEG, and one that is not uploaded yet has no shape.
    assert_eq!(found("a", &[ready(1, (1_080, 1_350)), awaited(2, 0)]), []);
    let tall = ("media_ids.1".to_owned(), Some(("aspect_ratio_thousandths", 563, 800)));
    assert_eq!(found("a", &[ready(1, (4, 4)), ready(2, (1_080, 1_920))]), [tall]);
    let tags = ("text".to_owned(), Some(("hashtags", 31, 30)));
    assert_eq!(found(&"#a ".repeat(31), &[ready(1, (4, 4))]), [tags]);
    let mentions = ("text".to_owned(), Some(("mentions", 21, 20)));
    assert_eq!(found(&"@a ".repeat(21), &[ready(1, (4, 4))]), [mentions]);
    assert_eq!(faults_of(Platform::Threads, "a", &[ready(1, (1_080, 1_920))], &json!([])), []);
}

/// Each platform counts the same text by its own rule, to the last character.
#[test]
fn a_long_address_with_hashtags_after_it_is_refused_where_it_does_not_fit() {
    let text = format!("{} https://example.com/{} #spring #märz", "a".repeat(175), "b".repeat(100));
    assert_eq!(text.chars().count(), 310);
    let numbers = |platform, text: &str| {
        let faults = faults_of(platform, text, &[], &json!([]));
        faults.into_iter().filter_map(|fault| fault.exceeded).map(|over| (over.count, over.limit)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(Platform::Bluesky, &text), [(310, 300)]);
    assert_eq!(numbers(Platform::Bluesky, &text[10..]), []);
    assert_eq!(numbers(Platform::Bluesky, &text[9..]), [(301, 300)]);
    assert_eq!(numbers(Platform::Mastodon, &text), []);
    // The address has 120 characters, which count as 23.
    let longer = format!("{}{text}", "c".repeat(500 - 310 + 120 - 23));
    assert_eq!(numbers(Platform::Mastodon, &longer), []);
    assert_eq!(numbers(Platform::Mastodon, &format!("c{longer}")), [(501, 500)]);
}

#[test]
fn options_of_another_platform_are_a_misfit() {
    let variant = json!([{ "channel_id": CHANNEL, "options": { "platform": "mastodon" } }]);
    let faults = faults_of(Platform::Bluesky, "a", &[], &variant);
    let rule = "for alice.test (bluesky, chan_01890a5d000070008000000000000003): \
                must be options of bluesky; these are of mastodon";
    let found: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.rule.as_str())).collect();
    assert_eq!(found, [("variants.0.options", rule)]);
}
