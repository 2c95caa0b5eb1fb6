//! How texts and pictures are counted, and what is over a limit.

#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;

fn limits(text: Vec<TextLimit>) -> Limits {
    Limits {
        text,
        least_pictures: 0,
        pictures: 4,
        picture_bytes: 2_000_000,
        picture_types: PictureType::all(),
        aspect_ratios: None,
        alt_text: None,
    }
}

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
    let limits = limits(text);
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
    let limits = limits(Vec::new());
    assert_eq!(limits.check_pictures([2_000_000; 4]), Ok(()));
    let described = Limits { alt_text: Some(3), ..limits.clone() };
    assert_eq!((described.check_alt_text("é👍x"), limits.check_alt_text("wall")), (Ok(()), Ok(())));
    assert_eq!(described.check_alt_text("wall"), Err(OverLimit::AltText { most: 3, is: 4 }));
    assert_eq!(limits.check_pictures([1; 5]), Err(OverLimit::Pictures { most: 4, is: 5 }));
    let over = OverLimit::PictureBytes { most: 2_000_000, is: 2_000_001 };
    assert_eq!(limits.check_pictures([1, 2_000_001]), Err(over));
    assert_eq!(over.to_string(), "must have at most 2000000 bytes per picture; one has 2000001");
}

#[test]
fn hashtags_mentions_and_utf16_units_are_counted() {
    for (text, hashtags, mentions, units) in [
        ("", 0, 0, 0),
        ("#a#b #ä_1 # #! a#c", 4, 0, 18),
        ("@a,@b_c (@d) me@example.com @ @.", 0, 3, 32),
        ("👍é", 0, 0, 3),
    ] {
        let counted =
            [TextMeasure::Hashtags, TextMeasure::Mentions, TextMeasure::Utf16Units].map(|measure| measure.count(text));
        assert_eq!(counted, [hashtags, mentions, units], "{text:?}");
    }
}

#[test]
fn the_fewest_pictures_their_types_and_their_shapes_are_limited() {
    let within = AspectRatios { least_thousandths: 800, most_thousandths: 1_910 };
    let (picture_types, aspect_ratios) = (vec![PictureType::Jpeg], Some(within));
    let strict = Limits { least_pictures: 1, picture_types, aspect_ratios, ..limits(Vec::new()) };
    let few = strict.check_pictures([]).unwrap_err();
    assert_eq!(
        (few.to_string().as_str(), few.numbers()),
        ("must have pictures, at least 1; there are 0", Some(("least_pictures", 0, 1)))
    );
    assert_eq!((strict.check_pictures([1]), limits(Vec::new()).check_pictures([])), (Ok(()), Ok(())));
    assert_eq!((strict.check_type("image/jpeg"), limits(Vec::new()).check_type("image/png")), (Ok(()), Ok(())));
    assert_eq!(strict.check_type("image/png"), Err(OverLimit::PictureType));
    for (width, height) in [(800, 1_000), (1_080, 1_350), (1_080, 1_080), (1_910, 1_000), (1_080, 566)] {
        assert_eq!(strict.check_shape(width, height), Ok(()), "{width} x {height}");
    }
    for (width, height, is, limit) in [(1_080, 1_920, 563, 800), (799, 1_000, 799, 800), (1_911, 1_000, 1_911, 1_910)] {
        let over = strict.check_shape(width, height).unwrap_err();
        assert_eq!(over.numbers(), Some(("aspect_ratio_thousandths", is, limit)));
        assert_eq!(limits(Vec::new()).check_shape(width, height), Ok(()));
    }
}

/// The limits of a server, as releases stored them before there were platforms that need a picture.
#[test]
fn stored_limits_of_earlier_releases_are_read() {
    let stored = json!({ "text": [{ "measure": "mastodon", "most": 500 }], "pictures": 4, "picture_bytes": 9 });
    let read: Limits = serde_json::from_value(stored).unwrap();
    assert_eq!((read.least_pictures, read.aspect_ratios, read.alt_text), (0, None, None));
    assert_eq!(read.picture_types, [PictureType::Jpeg, PictureType::Png]);
}
