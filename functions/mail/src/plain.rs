//! Makes text that a person chose harmless before it is put in a mail.

use std::net::IpAddr;

/// The most characters of a chosen text in a mail.
const LONGEST: usize = 80;

/// The text without what makes a mail program see a link or another line.
///
/// Mail programs make links of bare words too (`example.com`, `www.example.com`, `a@b`), in texts and in pages. So what
/// only addresses need is dropped, and a dot inside a word gets a space behind it: `J. R. Tolkien` reads as before, and
/// `evil.example` leads nowhere. A dot before a digit stays, for versions: no top-level domain begins with one.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars().take(LONGEST).peekable();
    while let Some(character) = characters.next() {
        match character {
            // The dots that a host name can be written with (UTS 46, section 2.3).
            '.' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}' => {
                plain.push('.');
                if characters.peek().is_some_and(|next| !next.is_whitespace() && !next.is_ascii_digit()) {
                    plain.push(' ');
                }
            }
            ':' | '/' | '\\' | '@' | '<' | '>' => plain.push(' '),
            _ if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => plain.push(' '),
            _ => plain.push(character),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A network address as it is, anything else as `plain` leaves it.
pub(crate) fn plain_ip(text: &str) -> String {
    text.parse::<IpAddr>().map_or_else(|_| plain(text), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        for name in ["Ada Lovelace", "Nguyễn Văn A.", "O’Neil-Smith, Jr.", "Firefox 128.0.1", "李小龍", "R&D \"bot\""]
        {
            assert_eq!(plain(name), name);
        }
        assert_eq!(plain("J.R.R. Tolkien"), "J. R. R. Tolkien");
        assert_eq!(plain(&"x".repeat(100_000)).len(), LONGEST);
    }

    #[test]
    fn nothing_can_be_clicked() {
        assert_eq!(plain("win at https://evil.example/a?b"), "win at https evil. example a?b");
        assert_eq!(plain("www.evil.example"), "www. evil. example");
        assert_eq!(plain("evil\u{3002}example evil\u{FF0E}example"), "evil. example evil. example");
        assert_eq!(plain("ask@evil.example"), "ask evil. example");
        assert_eq!(plain("Ada\r\n\r\nBcc\u{2028}<b>x"), "Ada Bcc b x");
    }

    #[test]
    fn only_a_network_address_keeps_its_marks() {
        assert_eq!(plain_ip("192.0.2.1"), "192.0.2.1");
        assert_eq!(plain_ip("2001:db8::1"), "2001:db8::1");
        assert_eq!(plain_ip("evil.example"), "evil. example");
    }
}
