//! Rich text: which parts of a post's text are links, mentions and tags, by UTF-8 byte offsets.
//!
//! The rules are those of Bluesky's official client (`@atproto/api` 0.20, `rich-text`), so that a post looks the same
//! in both; a corpus holds them to it (`rich_text/corpus.json`). Three deviations because the official rule produces a facet that
//! the server refuses or that cannot work, and one because it misses what the author means:
//! - a bare domain that begins with `http` (`httpbin.org`) gets its `https://` like any other;
//! - a link must be a `uri` as the lexicon defines it, and a mention a handle;
//! - a handle and a scheme are recognised in any case (`@Alice.Bsky.Social`, `HTTPS://EXAMPLE.COM`);
//! - a tag is measured as the lexicon does, in graphemes and bytes, and not in UTF-16 units.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::handle::Handle;
use crate::rendering::{Facet, FacetKind};

/// A part of a text and its feature. The end is exclusive, and parts never overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    byte_start: usize,
    byte_end: usize,
    feature: Feature,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Feature {
    /// An account. The handle must still be resolved to a DID.
    Mention(Handle),
    /// An absolute address.
    Link(String),
    /// A hashtag without its `#`, or a cashtag in capitals with its `$`.
    Tag(String),
}

/// `app.bsky.richtext.facet#tag`: at most 64 graphemes and 640 bytes.
pub const TAG_GRAPHEMES: usize = 64;
pub const TAG_BYTES: usize = 640;
/// Letters and digits of a cashtag.
const TICKER_LENGTH: usize = 5;

/// The IANA root zone's names (data.iana.org/TLD), in the order of their bytes.
const TOP_LEVEL_DOMAINS: &str = include_str!("top_level_domains.txt");

/// Every span of a text as a facet, in order.
pub fn facets(text: &str) -> Vec<Facet> {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let facet = |span: Span| {
        let (kind, value) = match span.feature {
            Feature::Mention(handle) => (FacetKind::Mention, handle.to_string()),
            Feature::Link(uri) => (FacetKind::Link, uri),
            Feature::Tag(tag) => (FacetKind::Tag, tag),
        };
        Facet { byte_start: offset(span.byte_start), byte_end: offset(span.byte_end), kind, value }
    };
    detect(text).into_iter().map(facet).collect()
}

/// Every span of a text, in order.
fn detect(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    find_mentions(text, &mut found);
    find_links(text, &mut found);
    find_hashtags(text, &mut found);
    find_cashtags(text, &mut found);
    // The sort is stable: of two spans with the same start, the kind that was searched first wins.
    found.sort_by_key(|span| span.byte_start);
    let mut end = 0;
    found.retain(|span| {
        let free = span.byte_start >= end;
        if free {
            end = span.byte_end;
        }
        free
    });
    found
}

/// `@` and a domain name, at the start or after a space or `(`.
fn find_mentions(text: &str, found: &mut Vec<Span>) {
    for (start, _) in text.match_indices('@').filter(|(at, _)| opens(text, *at, &['('])) {
        let rest = &text[start + 1..];
        let run = leading(rest, |next| next.is_ascii_alphanumeric() || matches!(next, '.' | '-'));
        let name = &rest[..last_word_boundary(rest, run)];
        let Some(handle) = Handle::parse(name) else { continue };
        // `.test` exists only in development networks; the official client accepts it too.
        if has_top_level_domain(handle.as_str()) || handle.as_str().ends_with(".test") {
            let byte_end = start + 1 + name.len();
            found.push(Span { byte_start: start, byte_end, feature: Feature::Mention(handle) });
        }
    }
}

/// The largest length up to `run` at a word boundary, as defined by `\b`.
fn last_word_boundary(rest: &str, run: usize) -> usize {
    let bytes = rest.as_bytes();
    let is_word = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (1..=run).rev().find(|end| is_word(bytes.get(end - 1)) != is_word(bytes.get(*end))).unwrap_or_default()
}

/// An `http` address, or a bare domain name with the rest of the word, at the start or after a space or `(`.
fn find_links(text: &str, found: &mut Vec<Span>) {
    for word in words(text) {
        let starts = std::iter::once(0).chain(word.text.match_indices('(').map(|(at, _)| at + 1));
        // The first start that looks like a link consumes the rest of the word, even if it is no link.
        let Some((start, kind)) = starts.filter_map(|at| Some((at, link_kind(&word.text[at..])?))).next() else {
            continue;
        };
        let written = without_closing_punctuation(&word.text[start..]);
        let uri = match kind {
            LinkKind::Address => written.to_owned(),
            LinkKind::Domain(domain) if has_top_level_domain(domain) => format!("https://{written}"),
            LinkKind::Domain(_) => continue,
        };
        if is_uri(&uri) {
            let byte_start = word.byte_start + start;
            found.push(Span { byte_start, byte_end: byte_start + written.len(), feature: Feature::Link(uri) });
        }
    }
}

enum LinkKind<'a> {
    Address,
    Domain(&'a str),
}

fn link_kind(word: &str) -> Option<LinkKind<'_>> {
    let begins = |scheme: &str| {
        word.len() > scheme.len() && word.as_bytes()[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
    };
    if begins("https://") || begins("http://") {
        return Some(LinkKind::Address);
    }
    bare_domain(word).map(LinkKind::Domain)
}

/// The longest run of letters and digits in at least two labels, the first of which starts with a letter.
///
/// A hyphen ends it, as in the official client: `something-cool.jpg` must not become a link.
fn bare_domain(word: &str) -> Option<&str> {
    if !word.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let label = |from: usize| leading(&word[from..], |next| next.is_ascii_alphanumeric());
    let mut end = label(0);
    let mut labels = 1;
    while word[end..].starts_with('.') && label(end + 1) > 0 {
        end += 1 + label(end + 1);
        labels += 1;
    }
    (labels >= 2).then(|| &word[..end])
}

/// At most one closing mark and one `)`, the latter only if the link opens none.
fn without_closing_punctuation(link: &str) -> &str {
    let link = link.strip_suffix(['.', ',', ';', ':', '!', '?']).unwrap_or(link);
    match link.strip_suffix(')') {
        Some(inner) if !link.contains('(') => inner,
        _ => link,
    }
}

/// The lexicon format `uri`, as the server checks it: `^\w+:(?://)?[^\s/]\S*$`.
fn is_uri(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with('/'))
}

/// `#` and a run without spaces that has more than digits and punctuation, at the start or after a space.
fn find_hashtags(text: &str, found: &mut Vec<Span>) {
    for (start, sign) in text.match_indices(['#', '＃']).filter(|(at, _)| opens(text, *at, &[])) {
        let rest = &text[start + sign.len()..];
        let run = &rest[..leading(rest, |next| !ends_tag(next))];
        // `#` and U+FE0F is the first half of the keycap emoji.
        if run.starts_with('\u{fe0f}') || run.chars().all(|next| next.is_ascii_digit() || is_punctuation(next)) {
            continue;
        }
        let tag = run.trim_end_matches(is_punctuation);
        if tag.len() <= TAG_BYTES && tag.graphemes(true).count() <= TAG_GRAPHEMES {
            let byte_end = start + sign.len() + tag.len();
            found.push(Span { byte_start: start, byte_end, feature: Feature::Tag(tag.to_owned()) });
        }
    }
}

/// Spaces and zero-width characters end a tag.
fn ends_tag(next: char) -> bool {
    is_space(next)
        || matches!(next, '\u{ad}' | '\u{2060}' | '\u{200a}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{20e2}')
}

/// `$` and one to five letters or digits, at the start or after a space or `(`.
fn find_cashtags(text: &str, found: &mut Vec<Span>) {
    for (start, _) in text.match_indices('$').filter(|(at, _)| opens(text, *at, &['('])) {
        let rest = &text[start + 1..];
        let ticker = &rest[..leading(rest, |next| next.is_ascii_alphanumeric())];
        let closed = rest[ticker.len()..].chars().next().is_none_or(|next| {
            is_space(next) || matches!(next, '.' | ',' | ';' | ':' | '!' | '?' | ')' | '"' | '\'' | '\u{2019}')
        });
        let starts_with_letter = ticker.starts_with(|first: char| first.is_ascii_alphabetic());
        if starts_with_letter && ticker.len() <= TICKER_LENGTH && closed {
            let feature = Feature::Tag(format!("${}", ticker.to_ascii_uppercase()));
            found.push(Span { byte_start: start, byte_end: start + 1 + ticker.len(), feature });
        }
    }
}

/// Whether a span may begin at `at`: at the start, after a space, or after one of `also`.
fn opens(text: &str, at: usize, also: &[char]) -> bool {
    text[..at].chars().next_back().is_none_or(|before| is_space(before) || also.contains(&before))
}

/// The length in bytes of the leading characters that fit.
fn leading(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|next| !fits(next)).unwrap_or(text.len())
}

struct Word<'a> {
    byte_start: usize,
    text: &'a str,
}

fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut byte_start = 0;
    text.split_inclusive(is_space).map(move |piece| {
        let word = Word { byte_start, text: piece.trim_end_matches(is_space) };
        byte_start += piece.len();
        word
    })
}

/// White space as ECMAScript's `\s` defines it: unlike Unicode's, with U+FEFF and without U+0085.
fn is_space(next: char) -> bool {
    next == '\u{feff}' || (next.is_whitespace() && next != '\u{85}')
}

fn is_punctuation(next: char) -> bool {
    next.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// Whether a domain's last label is a top-level domain. The comparison is case-sensitive on purpose: "Done.So we left"
/// lacks a space and is no link.
fn has_top_level_domain(domain: &str) -> bool {
    let Some((_, last)) = domain.rsplit_once('.') else { return false };
    TOP_LEVEL_DOMAINS.lines().any(|name| name == last)
}

#[cfg(test)]
mod tests;
