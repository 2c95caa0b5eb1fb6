//! How Mastodon counts a text: extended grapheme clusters, where a link counts as 23, and of a mention only the name.
//!
//! Source: `StatusLengthValidator` of the official server.

use unicode_segmentation::UnicodeSegmentation;

/// What a link counts, whatever its length: the server's `characters_reserved_per_url`.
pub const LINK_CHARACTERS: usize = 23;

/// The length of a text with its content warning, of which every character counts.
pub fn count(warning: &str, text: &str) -> u32 {
    let mut counted = warning.to_owned();
    push_countable(text, &mut counted);
    u32::try_from(counted.graphemes(true).count()).unwrap_or(u32::MAX)
}

/// Appends a text in which every link is replaced by as many letters as it counts, and every mention by its name. Graphemes
/// are counted in the result, because they can cross the border of a link.
fn push_countable(text: &str, counted: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['h', 'H', '@']) {
        let free = rest[..at].chars().next_back().or_else(|| before(text, rest)).is_none_or(is_boundary);
        let (start, tail) = rest.split_at(at);
        counted.push_str(start);
        let length = if let Some(bytes) = link(tail).filter(|_| free) {
            counted.extend(std::iter::repeat_n('x', LINK_CHARACTERS));
            bytes
        } else if let Some((name, whole)) = mention(tail).filter(|_| free) {
            counted.push_str(&tail[..name]);
            whole
        } else {
            // Both letters and the sign are one byte.
            counted.push_str(&tail[..1]);
            1
        };
        rest = &tail[length..];
    }
    counted.push_str(rest);
}

/// The character before the rest of a text.
fn before(text: &str, rest: &str) -> Option<char> {
    text[..text.len() - rest.len()].chars().next_back()
}

/// Whether a link or a mention can follow.
fn is_boundary(before: char) -> bool {
    !before.is_alphanumeric() && !matches!(before, '_' | '@' | '/' | '#' | '$' | '＠')
}

/// A link without what ends the sentence after it. A closing bracket belongs to it if its opening one does
/// (`valid_url_balanced_parens` of `twitter-text`, which the server uses).
fn ended(mut link: &str) -> &str {
    let opened = link.matches('(').count();
    let mut closed = link.matches(')').count();
    loop {
        link = link.trim_end_matches(['.', ',', '!', '?', ';', ':', '\'', ']', '}', '*', '~', '…']);
        match link.strip_suffix(')') {
            Some(rest) if closed > opened => (link, closed) = (rest, closed - 1),
            _ => return link,
        }
    }
}

/// The bytes of the link that a text begins with. The server recognises a link by its scheme and a host with a dot.
fn link(text: &str) -> Option<usize> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end = text
        .find(|next: char| next.is_whitespace() || matches!(next, '<' | '>' | '"' | '｡' | '。' | '、' | '「' | '」'));
    let link = ended(&text[..end.unwrap_or(text.len())]);
    let host = link[scheme.len().min(link.len())..].split(['/', '?', '#', ':']).next()?;
    let (name, top) = host.rsplit_once('.')?;
    let is_host =
        !name.is_empty() && top.chars().count() >= 2 && top.chars().all(|next| next.is_alphabetic() || next == '-');
    is_host.then_some(link.len())
}

/// The bytes of the name, and of the whole, of a mention of an account on another server: `@name@server.example`.
fn mention(text: &str) -> Option<(usize, usize)> {
    let is_name = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '.' | '-');
    let span = |text: &str| text.find(|next| !is_name(next)).unwrap_or(text.len());
    let name = 1 + span(text.strip_prefix('@')?);
    let server = text[name..].strip_prefix('@')?;
    let server = &server[..span(server)];
    let server = server.trim_end_matches(['.', '-']);
    (name > 1 && server.contains('.')).then_some((name, name + 1 + server.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_counts_as_23_and_a_mention_as_its_name() {
        for (text, characters) in [
            ("", 0),
            ("hello", 5),
            ("👨‍👩‍👧‍👧 e\u{301}", 3),
            ("https://a.example", 23),
            ("see https://example.com/a/long/path?with=a&query#and-a-fragment.", 4 + 23 + 1),
            ("(http://example.com)", 25),
            ("https://example.com/a_(b)", 23),
            ("(see https://example.com/a_(b).)", 5 + 23 + 2),
            ("HTTPS://EXAMPLE.COM", 23),
            ("xhttps://a.example", 18),
            ("https://localhost", 17),
            ("https://", 8),
            ("@alice", 6),
            ("@alice@mastodon.example", 6),
            ("hi @alice@mastodon.example, hi", 3 + 6 + 4),
            ("a@b@c.example", 13),
            ("alice@example.com", 17),
            ("@@", 2),
            ("h\u{301}", 1),
            ("h", 1),
            ("https://例え.テスト/パス", 23),
        ] {
            assert_eq!(count("", text), characters, "{text:?}");
        }
    }

    #[test]
    fn a_content_warning_counts_in_full() {
        assert_eq!(count("see https://example.com/a/long/path", "hi"), 35 + 2);
        assert_eq!(count("a", "\u{301}"), 1, "a character crosses the border");
    }
}
