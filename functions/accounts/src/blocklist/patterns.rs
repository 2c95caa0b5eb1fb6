//! What people compose passwords of beside words: runs, keyboard walks, dates and repetitions.
//!
//! Each gives the length and the cost of every piece that begins at a place. Costs are in tenths of a bit.

/// No piece is longer, nor looks further back: so the work at one place is bounded.
pub(super) const LONGEST: usize = 64;
/// A shorter piece is not cheaper than its characters one by one.
const SHORTEST: usize = 3;

/// Where it begins, which way, how far, and that it is one.
const RUN: u32 = 70;
/// A key out of 47, a direction, and how far.
const WALK: u32 = 70;
/// Where a walk turns, and whereto.
const TURN: u32 = 20;
/// One out of 140, and that it is one.
const YEAR: u32 = 85;
/// One out of 140 times 366.
const DATE: u32 = 170;
/// That what stands right before comes again, and how often.
const REPETITION: u32 = 40;
/// The same for something further back.
const ECHO: u32 = 70;

const FIRST_YEAR: u32 = 1900;
const LAST_YEAR: u32 = 2039;

/// Rows of keys, each shifted right against the one above by less than a key. What a key gives with shift stands at its
/// place in `SHIFTED`.
const LAYOUTS: [[&str; 4]; 3] = [
    ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
    ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"],
    ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"],
];
const SHIFTED: (&str, &str) = ("!@#$%^&*()_+{}:\"<>?", "1234567890-=[];',./");

/// Gives every piece of these kinds that begins at `start`.
pub(super) fn pieces(text: &[char], start: usize, piece: &mut impl FnMut(usize, u32)) {
    runs(text, start, piece);
    for layout in &LAYOUTS {
        walks(layout, text, start, piece);
    }
    dates(text, start, piece);
    repetitions(text, start, piece);
}

/// Whether the second character is the first one's neighbour; a keyboard's digits go round (`…8901…`).
pub(crate) fn follows(first: char, second: char) -> bool {
    u32::from(second) == u32::from(first) + 1 || (first, second) == ('9', '0')
}

/// `abcd`, `4321`.
fn runs(text: &[char], start: usize, piece: &mut impl FnMut(usize, u32)) {
    let rest = within_reach(text, start);
    for goes_on in [|a, b| follows(a, b), |a, b| follows(b, a)] as [fn(char, char) -> bool; 2] {
        let steps = rest.windows(2).take_while(|pair| goes_on(pair[0], pair[1])).count();
        (SHORTEST..=steps + 1).for_each(|length| piece(length, RUN));
    }
}

/// `qwert`, `1qaz`, `!QAZ` (as it is in lower case), `q2w3e4`.
fn walks(layout: &[&str; 4], text: &[char], start: usize, piece: &mut impl FnMut(usize, u32)) {
    let (mut cost, mut last, mut direction) = (WALK, None::<(i8, i8)>, None);
    for (at, character) in within_reach(text, start).iter().enumerate() {
        let Some(key) = key(layout, *character) else { return };
        if let Some(last) = last {
            let step = (key.0 - last.0, key.1 - last.1);
            if !matches!(step, (0, 1 | -1) | (1 | -1, 0) | (-1, 1) | (1, -1)) {
                return;
            }
            if direction.is_some_and(|direction| direction != step) {
                cost += TURN;
            }
            direction = Some(step);
        }
        last = Some(key);
        if at + 1 >= SHORTEST {
            piece(at + 1, cost);
        }
    }
}

/// Row and column of a character's key.
fn key(layout: &[&str; 4], character: char) -> Option<(i8, i8)> {
    let (above, below) = SHIFTED;
    let unshifted = above.chars().zip(below.chars()).find(|(shifted, _)| *shifted == character);
    let character = unshifted.map_or(character, |(_, plain)| plain);
    layout.iter().zip(0..).find_map(|(row, at)| {
        let column = row.chars().zip(0..).find(|(key, _)| *key == character)?.1;
        Some((at, column))
    })
}

/// `1987`, `311299`, `19991231`, `12/31/1999` without its signs.
fn dates(text: &[char], start: usize, piece: &mut impl FnMut(usize, u32)) {
    let digits: Vec<u32> =
        within_reach(text, start).iter().take(8).map_while(|character| character.to_digit(10)).collect();
    let number = |at: std::ops::Range<usize>| digits.get(at).map(|of| of.iter().fold(0, |sum, digit| sum * 10 + digit));
    let is_year = |year: Option<u32>| year.is_some_and(|year| (FIRST_YEAR..=LAST_YEAR).contains(&year));
    let is_day = |one: Option<u32>, other: Option<u32>| {
        let fit = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
        one.zip(other).is_some_and(|(one, other)| fit(one, other) || fit(other, one))
    };
    if is_year(number(0..4)) {
        piece(4, YEAR);
    }
    if is_day(number(0..2), number(2..4)) && digits.len() >= 6 || is_day(number(2..4), number(4..6)) {
        piece(6, DATE);
    }
    let year_first = is_year(number(0..4)) && is_day(number(4..6), number(6..8));
    if year_first || is_day(number(0..2), number(2..4)) && is_year(number(4..8)) {
        piece(8, DATE);
    }
}

/// What stands before in the text, again.
fn repetitions(text: &[char], start: usize, piece: &mut impl FnMut(usize, u32)) {
    let rest = within_reach(text, start);
    for distance in 1..=start.min(LONGEST) {
        let before = text.get(start - distance..).unwrap_or_default();
        let same = rest.iter().zip(before).take_while(|(one, other)| one == other).count();
        for length in SHORTEST..=same {
            piece(length, if length >= distance { REPETITION } else { ECHO });
        }
    }
}

fn within_reach(text: &[char], start: usize) -> &[char] {
    text.get(start..(start + LONGEST).min(text.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cost of the cheapest piece that is the whole text.
    fn whole(text: &str) -> Option<u32> {
        let text: Vec<char> = text.chars().collect();
        let mut cheapest = None;
        pieces(&text, 0, &mut |length, cost| {
            if length == text.len() {
                cheapest = Some(cheapest.unwrap_or(cost).min(cost));
            }
        });
        cheapest
    }

    #[test]
    fn runs_and_walks_are_seen() {
        for (text, cost) in [
            ("abcdefgh", Some(RUN)),
            ("zyxwv", Some(RUN)),
            ("qwertyuiop", Some(WALK)),
            ("poiuytrewq", Some(WALK)),
            ("1qaz", Some(WALK)),
            ("zaq1", Some(WALK)),
            ("qwertzuiop", Some(WALK)),
            ("azertyuiop", Some(WALK)),
            ("!@#$%^&*()", Some(WALK)),
            ("qwedsa", Some(WALK + 2 * TURN)),
            ("q2w3", Some(WALK + 2 * TURN)),
            ("890123", Some(RUN)),
            ("qwertx", None),
            ("tram", None),
            ("ab", None),
        ] {
            assert_eq!(whole(text), cost, "{text}");
        }
    }

    #[test]
    fn years_and_dates_are_seen() {
        for (text, cost) in [
            ("1987", Some(YEAR)),
            ("2039", Some(YEAR)),
            ("2040", None),
            ("1899", None),
            ("31121999", Some(DATE)),
            ("12311999", Some(DATE)),
            ("19991231", Some(DATE)),
            ("19993112", Some(DATE)),
            ("311299", Some(DATE)),
            ("991231", Some(DATE)),
            ("32131999", None),
            ("48213097", None),
        ] {
            assert_eq!(whole(text), cost, "{text}");
        }
    }

    #[test]
    fn what_stands_before_is_seen_again() {
        let text: Vec<char> = "tramxytramtram".chars().collect();
        let mut seen = Vec::new();
        repetitions(&text, 6, &mut |length, cost| seen.push((length, cost)));
        assert_eq!(seen, [(3, ECHO), (4, ECHO)]);
        seen.clear();
        repetitions(&text, 10, &mut |length, cost| seen.push((length, cost)));
        assert_eq!(seen.iter().min_by_key(|(length, cost)| (cost, *length)), Some(&(4, REPETITION)));
    }

    #[test]
    fn a_place_gives_a_bounded_number_of_pieces() {
        for text in ["a".repeat(1024), "qwertyuiop".repeat(103), "1234567890".repeat(103), "0101".repeat(256)] {
            let text: Vec<char> = text.chars().collect();
            let most = (0..text.len()).map(|start| {
                let mut count = 0;
                pieces(&text, start, &mut |_, _| count += 1);
                count
            });
            assert!(most.max() <= Some(LONGEST * (LONGEST + 6)));
        }
    }
}
