//! The links of a text, by the grammar of the vendor's library (`extractUrlsWithIndices`).

use std::collections::HashSet;
use std::sync::LazyLock;

/// The longest link, and the longest label of a host (RFC 1035, section 2.3.4).
const MOST_LINK: usize = 4_096;
const MOST_LABEL: usize = 63;
/// The longest path of a link of X's own shortener.
const MOST_SLUG: usize = 40;

/// The top-level domains that the library knows: without a scheme, only a host under one of them is a link.
static TOP_LEVEL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| include_str!("tlds.txt").lines().collect());
static LONGEST_TOP_LEVEL: LazyLock<usize> =
    LazyLock::new(|| TOP_LEVEL.iter().map(|name| name.chars().count()).max().unwrap_or_default());

/// The links of a text, from start to end.
pub(super) fn links(text: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at <= text.len() {
        // The character before a link is part of its pattern; at the beginning of the text there need not be one. The library
        // works on UTF-16: the first half of a character can precede its second half.
        let before = text.get(at).copied().filter(|before| may_precede(*before));
        let half = before.filter(|before| is_pair(*before)).and_then(|_| Link::at(text, at));
        let half = half.map(|link| Link { after_half: true, ..link });
        let after_one = || before.and_then(|_| Link::at(text, at + 1));
        let first = || if at == 0 { Link::at(text, 0) } else { None };
        let Some(link) = half.or_else(after_one).or_else(first) else {
            at += 1;
            continue;
        };
        at = link.end.max(at + 1);
        link.add_to(&mut found, text);
    }
    found
}

/// Whether a character is two units in UTF-16.
fn is_pair(character: char) -> bool {
    character.len_utf16() == 2
}

fn may_precede(before: char) -> bool {
    !before.is_ascii_alphanumeric()
        && !matches!(before, '@' | '＠' | '$' | '#' | '＃' | '\u{fffe}' | '\u{feff}' | '\u{ffff}')
}

/// What matches the pattern of a link.
struct Link {
    start: usize,
    /// Whether its first character is the second half of one.
    after_half: bool,
    has_scheme: bool,
    /// The host, from its start to its end.
    host: (usize, usize),
    has_path: bool,
    end: usize,
}

impl Link {
    fn at(text: &[char], start: usize) -> Option<Self> {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| starts_with(&text[start..], scheme));
        let host_start = start + scheme.map_or(0, str::len);
        let host_end = host(text, host_start)?;
        let mut end = host_end;
        if text.get(end) == Some(&':') {
            let digits = text[end + 1..].iter().take_while(|next| next.is_ascii_digit()).count();
            end += if digits > 0 { digits + 1 } else { 0 };
        }
        let has_path = text.get(end) == Some(&'/');
        if has_path {
            end = path(text, end + 1);
        }
        end = query(text, end);
        Some(Self {
            start,
            after_half: false,
            has_scheme: scheme.is_some(),
            host: (host_start, host_end),
            has_path,
            end,
        })
    }

    /// Adds the link, unless the library refuses it. Without a scheme, only the parts of the host in Latin letters count.
    fn add_to(&self, found: &mut Vec<(usize, usize)>, text: &[char]) {
        let host = &text[self.host.0..self.host.1];
        let scheme = if self.has_scheme { 0 } else { "https://".len() };
        if self.end - self.start + scheme > MOST_LINK || !labels_fit(host) {
            return;
        }
        if self.has_scheme {
            if let Some(end) = self.shortened(text) {
                found.extend(end.map(|end| (self.start, end)));
                return;
            }
            found.push((self.start, self.end));
            return;
        }
        let before = self.start.checked_sub(1).and_then(|at| text.get(at)).filter(|_| !self.after_half);
        if before.is_some_and(|before| matches!(before, '-' | '_' | '.' | '/')) {
            return;
        }
        let mut latin = latin_hosts(host);
        let last = latin.pop();
        let whole = |(start, end): (usize, usize)| (self.host.0 + start, self.host.0 + end);
        found.extend(latin.into_iter().map(whole));
        if let Some((start, end)) = last.map(whole) {
            found.push((start, if self.has_path { self.end } else { end }));
        }
    }

    /// The end of a link of the shortener, which has no further path; none if its path is too long. None of both for others.
    fn shortened(&self, text: &[char]) -> Option<Option<usize>> {
        let host: String = text[self.host.0..self.host.1].iter().collect();
        let path = &text[self.host.1..self.end];
        if !host.eq_ignore_ascii_case("t.co") || path.first() != Some(&'/') {
            return None;
        }
        let slug = path[1..].iter().take_while(|next| next.is_ascii_alphanumeric()).count();
        match slug {
            0 => None,
            slug if slug > MOST_SLUG => Some(None),
            slug => Some(Some(query(text, self.host.1 + 1 + slug))),
        }
    }
}

fn starts_with(text: &[char], start: &str) -> bool {
    start.chars().enumerate().all(|(at, wanted)| text.get(at).is_some_and(|next| next.eq_ignore_ascii_case(&wanted)))
}

/// Whether a character can be in the label of a host.
fn is_label(next: char) -> bool {
    !matches!(next,
        '!' | '\'' | '#' | '%' | '&' | '(' | ')' | '*' | '+' | ',' | '\\' | '-' | '.' | '/' | ':' | ';' | '<' | '=' | '>' | '?'
            | '@' | '[' | ']' | '^' | '_' | '{' | '|' | '}' | '~' | '$'
            | '\u{9}'..='\u{d}' | ' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200a}'
            | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{fffe}' | '\u{feff}' | '\u{ffff}'
            | '\u{202a}'..='\u{202e}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}')
}

/// The end of the host that starts here: labels, and the last top-level domain that can end them.
fn host(text: &[char], start: usize) -> Option<usize> {
    let mut ends = Vec::new();
    let mut at = start;
    loop {
        let label = text[at..].iter().take_while(|next| is_label(**next) || matches!(next, '-' | '_')).count();
        let (first, last) = (text.get(at), text.get(at + label.checked_sub(1)?));
        let is_closed = first.is_some_and(|next| is_label(*next)) && last.is_some_and(|next| is_label(*next));
        if !is_closed || text.get(at + label) != Some(&'.') {
            break;
        }
        let is_name = !text[at..at + label].contains(&'_');
        at += label + 1;
        if is_name {
            ends.push(at);
        }
        if text.get(at).is_none_or(|next| !is_label(*next) && !matches!(next, '-' | '_')) {
            break;
        }
    }
    ends.into_iter().rev().find_map(|at| top_level(&text[at..]).map(|length| at + length))
}

/// The length of the top-level domain that a text begins with.
fn top_level(text: &[char]) -> Option<usize> {
    let can_follow =
        |next: Option<&char>| next.is_none_or(|next| !next.is_ascii_alphanumeric() && !matches!(next, '@' | '+' | '-'));
    let known = (1..=text.len().min(*LONGEST_TOP_LEVEL)).rev().find(|length| {
        let name: String = text[..*length].iter().flat_map(|next| next.to_lowercase()).collect();
        can_follow(text.get(*length)) && TOP_LEVEL.contains(name.as_str())
    });
    known.or_else(|| {
        let is_encoded = starts_with(text, "xn--");
        let rest = text.get(4..)?.iter().take_while(|next| next.is_ascii_alphanumeric() || **next == '-').count();
        (is_encoded && rest > 0).then_some(4 + rest)
    })
}

/// Whether the labels of a host fit into the domain name system.
fn labels_fit(host: &[char]) -> bool {
    host.split(|next| *next == '.').all(|label| {
        // A label in other letters is longer in its encoded form; this is its least length.
        let label = label.len() + if label.iter().all(char::is_ascii) { 0 } else { "xn--".len() };
        (1..=MOST_LABEL).contains(&label)
    })
}

/// The hosts in Latin letters within a host that matched without a scheme.
fn latin_hosts(host: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < host.len() {
        match latin_host(&host[at..]) {
            Some(length) => {
                found.push((at, at + length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn latin_host(text: &[char]) -> Option<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    loop {
        let label =
            text[at..].iter().take_while(|next| next.is_ascii_alphanumeric() || **next == '-' || is_latin(**next));
        let label = label.count();
        if label == 0 || text.get(at + label) != Some(&'.') {
            break;
        }
        at += label + 1;
        ends.push(at);
    }
    ends.into_iter().rev().find_map(|at| top_level(&text[at..]).map(|length| at + length))
}

fn is_latin(next: char) -> bool {
    matches!(next,
        '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{253}' | '\u{254}' | '\u{256}' | '\u{257}'
            | '\u{259}' | '\u{25b}' | '\u{263}' | '\u{268}' | '\u{26f}' | '\u{272}' | '\u{289}' | '\u{28b}' | '\u{2bb}'
            | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}')
}

fn is_letter_of_path(next: char) -> bool {
    next.is_ascii_alphanumeric() || matches!(next, '\u{400}'..='\u{4ff}') || is_latin(next)
}

fn is_path(next: char) -> bool {
    is_letter_of_path(next)
        || matches!(
            next,
            '!' | '*'
                | '\''
                | ';'
                | ':'
                | '='
                | '+'
                | ','
                | '.'
                | '$'
                | '/'
                | '%'
                | '#'
                | '['
                | ']'
                | '-'
                | '\u{2013}'
                | '_'
                | '~'
                | '@'
                | '|'
                | '&'
        )
}

/// The end of a path, after its slash: it does not end with punctuation, and its parentheses are balanced.
fn path(text: &[char], start: usize) -> usize {
    let (mut at, mut end) = (start, start);
    while let Some(next) = text.get(at) {
        if is_path(*next) {
            at += 1;
            if is_letter_of_path(*next) || matches!(next, '+' | '-' | '=' | '_' | '#' | '/') {
                end = at;
            }
        } else if let Some(length) = parentheses(&text[at..]) {
            at += length;
            end = at;
        } else {
            break;
        }
    }
    end
}

/// The length of balanced parentheses, with at most one pair within them.
fn parentheses(text: &[char]) -> Option<usize> {
    let run = |from: usize| text[from..].iter().take_while(|next| is_path(**next)).count();
    if text.first() != Some(&'(') {
        return None;
    }
    let outer = 1 + run(1);
    match text.get(outer) {
        Some(')') if outer > 1 => Some(outer + 1),
        Some('(') => {
            let inner = outer + 1 + run(outer + 1);
            let is_closed = inner > outer + 1 && text.get(inner) == Some(&')');
            let end = inner + 1 + if is_closed { run(inner + 1) } else { 0 };
            (is_closed && text.get(end) == Some(&')')).then_some(end + 1)
        }
        _ => None,
    }
}

/// The end of a query, or the same position if there is none.
fn query(text: &[char], start: usize) -> usize {
    if text.get(start) != Some(&'?') {
        return start;
    }
    let mut end = start;
    for (at, next) in text.iter().enumerate().skip(start + 1) {
        let ends = next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | '&' | '=' | '#' | '/');
        let is_query = ends
            || matches!(
                next,
                '!' | '?'
                    | '*'
                    | '\''
                    | '@'
                    | '('
                    | ')'
                    | ';'
                    | ':'
                    | '+'
                    | '$'
                    | '%'
                    | '['
                    | ']'
                    | '.'
                    | ','
                    | '~'
                    | '|'
            );
        if !is_query {
            break;
        }
        if ends {
            end = at + 1;
        }
    }
    end
}
