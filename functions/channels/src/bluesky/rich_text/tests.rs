//! Vectors for rich text: the cases and results of the official client's own tests, then the deviations.

#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::limits::TextMeasure;

fn covered(text: &str) -> Vec<(&str, String)> {
    let value = |feature| match feature {
        Feature::Mention(handle) => format!("@{handle}"),
        Feature::Link(uri) => uri,
        Feature::Tag(tag) => format!("#{tag}"),
    };
    detect(text).into_iter().map(|span| (&text[span.byte_start..span.byte_end], value(span.feature))).collect()
}

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let found = covered(text);
    let found: Vec<(&str, &str)> = found.iter().map(|(part, value)| (*part, value.as_str())).collect();
    assert_eq!(found, expected, "in {text:?}");
}

#[test]
fn mentions_match_the_official_client() {
    const HANDLE: (&str, &str) = ("@handle.com", "@handle.com");
    check("no mention", &[]);
    check("@handle.com middle end", &[HANDLE]);
    check("start @handle.com end", &[HANDLE]);
    check("start middle @handle.com", &[HANDLE]);
    check("@handle.com @handle.com @handle.com", &[HANDLE, HANDLE, HANDLE]);
    check("@full123-chars.test", &[("@full123-chars.test", "@full123-chars.test")]);
    check("not@right", &[]);
    check("@handle.com!@#$chars", &[HANDLE]);
    check("@handle.com\n@handle.com", &[HANDLE, HANDLE]);
    check("parenthetical (@handle.com)", &[HANDLE]);
    check("👨👩👧👧 @handle.com 👨👩👧👧", &[HANDLE]);
}

#[test]
fn a_mention_ends_at_a_word_boundary() {
    check("@handle.com. @handle.com-", &[("@handle.com", "@handle.com"), ("@handle.com", "@handle.com")]);
    check("@handle.com_x @handle.com-_", &[]);
    check("@handle.comé", &[("@handle.com", "@handle.com")]);
    check("@handle.notatld @handle @.com @a..com @-a.com", &[]);
    check("@Alice.Bsky.Social", &[("@Alice.Bsky.Social", "@alice.bsky.social")]);
}

#[test]
fn links_match_the_official_client() {
    for address in [
        "https://middle.com",
        "https://middle.com/foo/bar",
        "https://middle.com/foo/bar?baz=bux",
        "https://middle.com/foo/bar?baz=bux#hash",
        "https://socket3.wordpress.com/2018/02/03/designing-windows-95s-user-interface/",
    ] {
        check(&format!("start {address} end"), &[(address, address)]);
        check(&format!("{address} middle end"), &[(address, address)]);
        check(&format!("start middle {address}"), &[(address, address)]);
        check(&format!("start middle {address} "), &[(address, address)]);
        let bare = address.trim_start_matches("https://");
        check(&format!("start {bare} end"), &[(bare, address)]);
        check(&format!("{bare} middle end"), &[(bare, address)]);
        check(&format!("start middle {bare}"), &[(bare, address)]);
    }
    let newlines = "https://newline1.com\nhttps://newline2.com";
    check(
        newlines,
        &[("https://newline1.com", "https://newline1.com"), ("https://newline2.com", "https://newline2.com")],
    );
    check(
        "newline1.com\nnewline2.com",
        &[("newline1.com", "https://newline1.com"), ("newline2.com", "https://newline2.com")],
    );
    check("👨👩👧👧 https://middle.com 👨👩👧👧", &[("https://middle.com", "https://middle.com")]);
    check("a example.com/index.php php link", &[("example.com/index.php", "https://example.com/index.php")]);
    check("a trailing bsky.app: colon", &[("bsky.app", "https://bsky.app")]);
    for none in
        ["not.. a..url ..here", "e.g.", "something-cool.jpg", "website.com.jpg", "e.g./foo", "website.com.jpg/foo"]
    {
        check(none, &[]);
    }
    check(
        "https://foo.com https://bar.com/whatever https://baz.com",
        &[
            ("https://foo.com", "https://foo.com"),
            ("https://bar.com/whatever", "https://bar.com/whatever"),
            ("https://baz.com", "https://baz.com"),
        ],
    );
    check(
        "punctuation https://foo.com, https://bar.com/whatever; https://baz.com.",
        &[
            ("https://foo.com", "https://foo.com"),
            ("https://bar.com/whatever", "https://bar.com/whatever"),
            ("https://baz.com", "https://baz.com"),
        ],
    );
    check("parenthentical (https://foo.com)", &[("https://foo.com", "https://foo.com")]);
    check(
        "except for https://foo.com/thing_(cool)",
        &[("https://foo.com/thing_(cool)", "https://foo.com/thing_(cool)")],
    );
}

#[test]
fn a_link_that_the_server_would_refuse_is_not_detected() {
    check("httpbin.org/get", &[("httpbin.org/get", "https://httpbin.org/get")]);
    check("HTTPS://Example.com/A", &[("HTTPS://Example.com/A", "HTTPS://Example.com/A")]);
    check("https:// http://. https:///x", &[]);
    check("Done.So we left", &[]);
    check("see(example.com).", &[("example.com", "https://example.com")]);
    check("(e.g.(example.com))", &[]);
}

#[test]
fn of_overlapping_spans_the_first_is_kept() {
    check("https://example.com/(@bob.com)", &[("https://example.com/(@bob.com)", "https://example.com/(@bob.com)")]);
}

/// Text, then for every tag its name and its range in bytes.
type TagVector = (&'static str, &'static [(&'static str, usize, usize)]);

#[track_caller]
fn check_tags(vectors: &[TagVector]) {
    for (text, expected) in vectors {
        let found = detect(text);
        let found: Vec<_> = found
            .iter()
            .filter_map(|span| match &span.feature {
                Feature::Tag(tag) => Some((tag.as_str(), span.byte_start, span.byte_end)),
                _ => None,
            })
            .collect();
        assert_eq!(&found, expected, "in {text:?}");
    }
}

#[test]
fn hashtags_match_the_official_client() {
    check_tags(&[
        ("#a", &[("a", 0, 2)]),
        ("#a #b", &[("a", 0, 2), ("b", 3, 5)]),
        ("#1", &[]),
        ("#1a", &[("1a", 0, 3)]),
        ("#tag", &[("tag", 0, 4)]),
        ("body #tag", &[("tag", 5, 9)]),
        ("#tag body", &[("tag", 0, 4)]),
        ("body #tag body", &[("tag", 5, 9)]),
        ("body #1", &[]),
        ("body #1a", &[("1a", 5, 8)]),
        ("body #a1", &[("a1", 5, 8)]),
        ("#", &[]),
        ("#?", &[]),
        ("text #", &[]),
        ("text # text", &[]),
        (
            "body #thisisa64characterstring_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            &[("thisisa64characterstring_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 5, 70)],
        ),
        ("body #thisisa65characterstring_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", &[]),
        (
            "body #thisisa64characterstring_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
            &[("thisisa64characterstring_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 5, 70)],
        ),
        ("its a #double#rainbow", &[("double#rainbow", 6, 21)]),
        ("##hashash", &[("#hashash", 0, 9)]),
        ("##", &[]),
        ("some #n0n3s@n5e!", &[("n0n3s@n5e", 5, 15)]),
        ("works #with,punctuation", &[("with,punctuation", 6, 23)]),
        ("strips trailing #punctuation, #like. #this!", &[("punctuation", 16, 28), ("like", 30, 35), ("this", 37, 42)]),
        ("strips #multi_trailing___...", &[("multi_trailing", 7, 22)]),
        ("works with #🦋 emoji, and #butter🦋fly", &[("🦋", 11, 16), ("butter🦋fly", 28, 42)]),
        ("#same #same #but #diff", &[("same", 0, 5), ("same", 6, 11), ("but", 12, 16), ("diff", 17, 22)]),
        ("this #\u{fe0f}\u{20e3}tag should not be a tag", &[]),
        ("this ##\u{fe0f}\u{20e3}tag should be a tag", &[("#\u{fe0f}\u{20e3}tag", 5, 16)]),
        ("this #t\nag should be a tag", &[("t", 5, 7)]),
        ("no match (\\u200B): #\u{200b}", &[]),
        ("no match (\\u200Ba): #\u{200b}a", &[]),
        ("match (a\\u200Bb): #a\u{200b}b", &[("a", 18, 20)]),
        ("match (ab\\u200B): #ab\u{200b}", &[("ab", 18, 21)]),
        ("no match (\\u20e2tag): #\u{20e2}tag", &[]),
        ("no match (a\\u20e2b): #a\u{20e2}b", &[("a", 21, 23)]),
        ("match full width number sign (tag): ＃tag", &[("tag", 36, 42)]),
        ("match full width number sign (tag): ＃#\u{fe0f}\u{20e3}tag", &[("#\u{fe0f}\u{20e3}tag", 36, 49)]),
        ("no match 1?: #1?", &[]),
    ]);
}

#[test]
fn cashtags_match_the_official_client() {
    check_tags(&[
        ("$AAPL", &[("$AAPL", 0, 5)]),
        ("$aapl", &[("$AAPL", 0, 5)]),
        ("$A", &[("$A", 0, 2)]),
        ("$BTC $ETH", &[("$BTC", 0, 4), ("$ETH", 5, 9)]),
        ("$100", &[]),
        ("$GOOGL", &[("$GOOGL", 0, 6)]),
        ("$TOOLONG", &[]),
        ("check $LEGO now", &[("$LEGO", 6, 11)]),
        ("($GOOG)", &[("$GOOG", 1, 6)]),
        ("$AAPL.", &[("$AAPL", 0, 5)]),
        ("$AAPL, $MSFT!", &[("$AAPL", 0, 5), ("$MSFT", 7, 12)]),
        ("no$SPACE", &[]),
        ("$", &[]),
        ("$ AAPL", &[]),
        ("$123ABC", &[]),
        ("$ABC12", &[("$ABC12", 0, 6)]),
        ("$ABC123", &[]),
    ]);
}

#[test]
fn a_tag_over_its_graphemes_or_bytes_is_not_detected() {
    let family = "👨‍👩‍👧‍👧";
    assert_eq!(covered(&format!("#{}", "é".repeat(64))).len(), 1);
    assert_eq!(covered(&format!("#{}", "é".repeat(65))).len(), 0);
    // A zero-width joiner ends a tag, so the family emoji is cut to its first member.
    check(&format!("#{family}"), &[("#👨", "#👨")]);
    // 64 graphemes of up to 11 bytes: 384 bytes, then 704.
    assert_eq!(covered(&format!("#{}", "e\u{301}\u{302}\u{303}\u{304}\u{305}x".repeat(32))).len(), 1);
    assert_eq!(covered(&format!("#{}", "e\u{301}\u{302}\u{303}\u{304}\u{305}".repeat(64))).len(), 0);
}

#[test]
fn the_top_level_domains_are_sorted_lower_case_lines() {
    assert!(TOP_LEVEL_DOMAINS.lines().count() > 1_400);
    assert!(
        TOP_LEVEL_DOMAINS.lines().all(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')))
    );
}

/// What the official library makes of each text; `tests/peers/rich_text.py` writes and verifies it.
const CORPUS: &str = include_str!("corpus.json");

#[test]
fn lengths_and_facets_of_the_corpus_match_the_official_library() {
    let corpus: serde_json::Value = serde_json::from_str(CORPUS).unwrap();
    let texts = corpus["texts"].as_array().unwrap();
    assert!(texts.len() > 500, "only {} texts", texts.len());
    let mut different = Vec::new();
    for official in texts {
        let text = official["text"].as_str().unwrap();
        let (graphemes, utf8_bytes) = (TextMeasure::Graphemes.count(text), TextMeasure::Utf8Bytes.count(text));
        let ours = json!({ "text": text, "graphemes": graphemes, "utf8_bytes": utf8_bytes, "facets": facets(text) });
        if ours != *official {
            different.push((text, ours, official));
        }
    }
    let unexpected = different.iter().filter(|(text, ..)| !DEVIATIONS.contains(text));
    let unexpected: Vec<String> = unexpected.map(|(_, ours, official)| format!("{ours}\n  {official}")).collect();
    assert!(unexpected.is_empty(), "{} differ:\n{}", unexpected.len(), unexpected.join("\n"));
    let texts: Vec<&str> = different.iter().map(|(text, ..)| *text).collect();
    assert_eq!(texts, DEVIATIONS, "a deviation is gone");
}

/// Texts of the corpus with a deviation that the head of `rich_text.rs` explains.
const DEVIATIONS: &[&str] = &[
    "@Alice.Bsky.Social",
    "@.com",
    "@a..com",
    "@-a.com",
    "@a-.com",
    "HTTPS://EXAMPLE.COM",
    "x HTTPS://EXAMPLE.COM y",
    "https:///a",
    "http.example.com",
    "x http.example.com y",
];
