//! Rust sources as text, without comments, strings or tests.

/// The text with comments and the contents of literals blanked out in place.
pub fn bare(text: &str) -> String {
    blanked(text, true)
}

/// The text with comments blanked out.
pub fn uncommented(text: &str) -> String {
    blanked(text, false)
}

fn blanked(text: &str, literals_too: bool) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let (end, is_literal) = token(&letters, at);
        let kept = end == at + 1 || (is_literal && !literals_too);
        for letter in &letters[at..end] {
            out.push(if kept || *letter == '\n' { *letter } else { ' ' });
        }
        at = end;
    }
    out
}

/// The end of the comment or literal that begins here; the next letter if none begins.
fn token(letters: &[char], at: usize) -> (usize, bool) {
    let next = letters.get(at + 1).copied();
    match letters[at] {
        '/' if next == Some('/') => (find(letters, at, |rest| rest[0] == '\n'), false),
        '/' if next == Some('*') => (find(letters, at + 2, |rest| rest.starts_with(&['*', '/'])) + 2, false),
        '"' => (closing(letters, at + 1, '"'), true),
        'r' if !is_word(letters, at) && (next == Some('"') || next == Some('#')) => raw(letters, at),
        // A lifetime has no closing quote right after its first letter.
        '\'' if next == Some('\\') || letters.get(at + 2) == Some(&'\'') => (closing(letters, at + 1, '\''), true),
        _ => (at + 1, false),
    }
}

fn is_word(letters: &[char], at: usize) -> bool {
    at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_')
}

fn find(letters: &[char], from: usize, is_end: impl Fn(&[char]) -> bool) -> usize {
    (from..letters.len()).find(|at| is_end(&letters[*at..])).unwrap_or(letters.len())
}

fn closing(letters: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < letters.len() && letters[at] != quote {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(letters.len())
}

fn raw(letters: &[char], at: usize) -> (usize, bool) {
    let hashes = letters[at + 1..].iter().take_while(|letter| **letter == '#').count();
    if letters.get(at + 1 + hashes) != Some(&'"') {
        return (at + 1, false);
    }
    let mut end = vec!['"'];
    end.extend(std::iter::repeat_n('#', hashes));
    let close = find(letters, at + 2 + hashes, |rest| rest.starts_with(&end));
    ((close + end.len()).min(letters.len()), true)
}

/// Bare code without the modules and items that are compiled only for tests.
pub fn without_tests(bare: &str) -> String {
    let mut text = bare.to_owned();
    while let Some(start) = text.find("#[cfg(test)]") {
        let end = item_end(&text[start..]) + start;
        let blank: String = text[start..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect();
        text.replace_range(start..end, &blank);
    }
    text
}

/// The end of the item that begins here: its `;`, or the brace that closes its first one.
fn item_end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The identifiers of bare code with their line numbers, from 1.
pub fn identifiers(bare: &str) -> impl Iterator<Item = (usize, &str)> {
    bare.lines().enumerate().flat_map(|(line, text)| {
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .filter(|word| !word.is_empty())
            .map(move |word| (line + 1, word))
    })
}

/// The words of an identifier, in lower case: `CreatePost` and `create_post` are `create`, `post`.
pub fn words(identifier: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for letter in identifier.chars() {
        let begins = letter != '_' && (before == '_' || (letter.is_uppercase() && !before.is_uppercase()));
        if begins {
            words.push(String::new());
        }
        if letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let text =
            "let a = \"// no \\\" comment\"; // yes\nlet b = 'x'; /* two\nlines */ fn f<'a>() {}\nr#\"a \" b\"# end";
        let bare = bare(text);
        assert_eq!(bare.lines().count(), text.lines().count());
        let kept: Vec<&str> = bare.split_whitespace().collect();
        assert_eq!(kept.join(" "), "let a = ; let b = ; fn f<'a>() {} end");
        assert!(uncommented(text).contains("\"// no \\\" comment\""));
    }

    #[test]
    fn items_compiled_only_for_tests_are_removed() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\n#[cfg(test)]\nmod more;\nfn c() {}\n";
        let kept: Vec<String> = without_tests(text).split_whitespace().map(str::to_owned).collect();
        assert_eq!(kept.join(" "), "fn a() {} fn c() {}");
    }

    #[test]
    fn an_identifier_is_split_into_words() {
        assert_eq!(words("CreatePost"), ["create", "post"]);
        assert_eq!(words("create_post"), ["create", "post"]);
        assert_eq!(words("POST_PUBLISHING"), ["post", "publishing"]);
        assert_eq!(words("_id"), ["id"]);
    }
}
