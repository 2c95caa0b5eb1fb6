//! Hashtags and mentions, where a platform limits their number. No platform documents what begins one: what could be one counts.

pub fn hashtags(text: &str) -> usize {
    marks(text, '#').count()
}

/// An address of mail has none.
pub fn mentions(text: &str) -> usize {
    marks(text, '@').filter(|before| !before.is_some_and(is_of_word)).count()
}

/// Each sign with a word after it: the character before it.
fn marks(text: &str, sign: char) -> impl Iterator<Item = Option<char>> {
    let begins = move |place: usize| text[place + sign.len_utf8()..].starts_with(is_of_word);
    text.match_indices(sign)
        .filter(move |(place, _)| begins(*place))
        .map(|(place, _)| text[..place].chars().next_back())
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
