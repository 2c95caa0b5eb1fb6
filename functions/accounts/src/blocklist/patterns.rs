//! Patterns in passwords other than words: runs, keyboard walks, counting, dates and repetitions.
//!
//! Each function yields the length and the cost of every piece that begins at a place. Costs are in tenths of a bit.

use super::keyboard::{Places, Step, places};

/// The longest piece, and the furthest look back: this bounds the work at one place.
pub(super) const LONGEST: usize = 64;
/// A shorter piece is not cheaper than its single characters.
const SHORTEST: usize = 3;
/// How far back a stepped repetition is compared.
const FURTHEST_STEP: usize = 10;

/// The start, the direction, the length, and the choice of a run.
const RUN: u32 = 70;
/// One key out of 47, a direction and a length.
const WALK: u32 = 70;
/// The place and the direction of a turn.
const TURN: u32 = 20;
/// One year out of 140, and the choice of a year.
const YEAR: u32 = 85;
/// One date out of 140 times 366.
const DATE: u32 = 170;
/// The first number, the step and the length.
const COUNTING: u32 = 100;
/// A repetition of the text directly before, and its count.
const REPETITION: u32 = 40;
/// The same for text further back.
const ECHO: u32 = 70;
/// An echo whose characters or keys are all shifted by one step, or each by the step of the one before.
const PROGRESS: u32 = 100;

const FIRST_YEAR: u32 = 1900;
const LAST_YEAR: u32 = 2039;
/// The steps in which people count.
const COUNTING_STEPS: [i32; 8] = [1, 2, 3, 5, 10, 11, -1, -2];

/// Comparisons of a text with itself, computed once.
pub(super) struct Patterns<'a> {
    text: &'a [char],
    keys: Vec<Places>,
    /// For every distance back: the number of characters from each place on that equal those at that distance.
    same: Vec<Vec<usize>>,
    /// For every distance back: the number of characters from each place on that continue by a step.
    progress: Vec<Vec<usize>>,
}

impl<'a> Patterns<'a> {
    pub(super) fn of(text: &'a [char]) -> Self {
        let keys: Vec<Places> = text.iter().copied().map(places).collect();
        let values: Vec<Value> = text.iter().copied().map(value).collect();
        let same = (1..=LONGEST).map(|distance| stretches(text.len(), distance, |at| text[at] == text[at - distance]));
        let progress = (1..=FURTHEST_STEP).map(|distance| {
            let by_value = progress(distance, &|at, before| step_between(values[before], values[at]), text.len());
            let by_key = (0..Places::default().len()).map(|nth| {
                let step = |at: usize, before: usize| Some(keys[at][nth]? - keys[before][nth]?);
                progress(distance, &step, text.len())
            });
            by_key.fold(by_value, longer)
        });
        Self { text, same: same.collect(), progress: progress.collect(), keys }
    }

    /// Yields every piece of these kinds that begins at `start`.
    pub(super) fn pieces(&self, start: usize, piece: &mut impl FnMut(usize, u32)) {
        let rest = self.text.get(start..(start + LONGEST).min(self.text.len())).unwrap_or_default();
        runs(rest, piece);
        let keys = &self.keys[start..start + rest.len()];
        (0..Places::default().len()).for_each(|nth| walks(keys.iter().map(|places| places[nth]), piece));
        dates(rest, piece);
        counting(rest, piece);
        self.repetitions(start, piece);
    }

    /// An earlier part of the text: repeated, or shifted by a step (`1qaz2wsx`, `aaabbb`, `a1b2c3`).
    fn repetitions(&self, start: usize, piece: &mut impl FnMut(usize, u32)) {
        let same = |distance: usize| self.same[distance - 1][start].min(LONGEST);
        let furthest = start.min(LONGEST);
        let longest = (1..=furthest).map(same).max().unwrap_or_default();
        let mut repeated = 0;
        for length in 1..=longest {
            if length <= furthest {
                repeated = repeated.max(same(length));
            }
            if length >= SHORTEST {
                piece(length, if repeated >= length { REPETITION } else { ECHO });
            }
        }
        let progress =
            self.progress.iter().map(|of_distance| of_distance[start].min(LONGEST)).max().unwrap_or_default();
        (SHORTEST..=progress).for_each(|length| piece(length, PROGRESS));
    }
}

/// For each place, the number of consecutive matching places from there on. The first `distance` places never match.
fn stretches(length: usize, distance: usize, holds: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut stretches = vec![0; length];
    let mut stretch = 0;
    for at in (distance.min(length)..length).rev() {
        stretch = if holds(at) { stretch + 1 } else { 0 };
        stretches[at] = stretch;
    }
    stretches
}

/// For each place, the number of characters from there on that are shifted against those `distance` before: all by one
/// step, or each by the step of the one before. `step` goes from the second place to the first.
fn progress<S: PartialEq + Copy>(
    distance: usize,
    step: &impl Fn(usize, usize) -> Option<S>,
    length: usize,
) -> Vec<usize> {
    let moved = |at: usize| step(at, at - distance);
    let as_the_next =
        stretches(length, distance, |at| moved(at).is_some() && at + 1 < length && moved(at) == moved(at + 1));
    let together = (0..length).map(|at| if at >= distance && moved(at).is_some() { as_the_next[at] + 1 } else { 0 });
    let each = stretches(length, 2 * distance, |at| moved(at).is_some() && moved(at) == moved(at - distance));
    longer(together.collect(), each)
}

fn longer(one: Vec<usize>, other: Vec<usize>) -> Vec<usize> {
    one.into_iter().zip(other).map(|(one, other)| one.max(other)).collect()
}

/// A character's position among those of its kind.
#[derive(Clone, Copy)]
enum Value {
    Digit(i64),
    Latin(i64),
    Foreign(i64),
    Sign,
}

fn value(character: char) -> Value {
    let value = i64::from(u32::from(character));
    match character {
        '0'..='9' => Value::Digit(value),
        'a'..='z' => Value::Latin(value),
        character if character.is_alphabetic() => Value::Foreign(value),
        _ => Value::Sign,
    }
}

/// The step from one character to another of its kind; digits and Latin letters wrap around.
fn step_between(from: Value, to: Value) -> Option<i64> {
    match (from, to) {
        (Value::Digit(from), Value::Digit(to)) => Some((to - from).rem_euclid(10)),
        (Value::Latin(from), Value::Latin(to)) => Some((to - from).rem_euclid(26)),
        (Value::Foreign(from), Value::Foreign(to)) => Some(to - from),
        _ => None,
    }
}

/// Whether the second character follows the first; digits wrap around as on a keyboard (`…8901…`).
pub(crate) fn follows(first: char, second: char) -> bool {
    u32::from(second) == u32::from(first) + 1 || (first, second) == ('9', '0')
}

/// `abcd`, `4321`.
fn runs(rest: &[char], piece: &mut impl FnMut(usize, u32)) {
    for goes_on in [|a, b| follows(a, b), |a, b| follows(b, a)] as [fn(char, char) -> bool; 2] {
        let steps = rest.windows(2).take_while(|pair| goes_on(pair[0], pair[1])).count();
        (SHORTEST..=steps + 1).for_each(|length| piece(length, RUN));
    }
}

/// `qwert`, `1qaz`, `!QAZ` (in lower case), `q2w3e4`, `фывапр`.
fn walks(keys: impl Iterator<Item = Option<Step>>, piece: &mut impl FnMut(usize, u32)) {
    let (mut cost, mut last, mut direction) = (WALK, None::<Step>, None);
    for (at, key) in keys.enumerate() {
        let Some(key) = key else { return };
        if let Some(last) = last {
            let step = key - last;
            if !step.is_to_a_neighbour() {
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

/// `1987`, `311299`, `19991231`, `12/31/1999` without its signs.
fn dates(rest: &[char], piece: &mut impl FnMut(usize, u32)) {
    let digits: Vec<u32> = rest.iter().take(8).map_while(|character| character.to_digit(10)).collect();
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

/// `8910111213`, `2468101214`, `100099989796`: three or more numbers, the first of up to four digits.
fn counting(rest: &[char], piece: &mut impl FnMut(usize, u32)) {
    let digits: Vec<u32> = rest.iter().map_while(|character| character.to_digit(10)).collect();
    if digits.first() == Some(&0) {
        return;
    }
    for first in 1..=4.min(digits.len()) {
        let from = digits[..first].iter().fold(0, |sum, digit| sum * 10 + digit);
        for step in COUNTING_STEPS {
            let (mut at, mut number) = (first, from);
            for nth in 2.. {
                number = number.saturating_add_signed(step);
                let length = number.checked_ilog10().map_or(0, |tens| tens as usize + 1);
                let next = digits.get(at..at + length).unwrap_or_default();
                if length == 0 || next.is_empty() || next.iter().fold(0, |sum, digit| sum * 10 + digit) != number {
                    break;
                }
                at += length;
                if nth >= 3 {
                    piece(at, COUNTING);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cost of the cheapest piece that is the whole text.
    fn whole(text: &str) -> Option<u32> {
        let text: Vec<char> = text.chars().collect();
        let mut cheapest = None;
        Patterns::of(&text).pieces(0, &mut |length, cost| {
            if length == text.len() {
                cheapest = Some(cheapest.unwrap_or(cost).min(cost));
            }
        });
        cheapest
    }

    #[test]
    fn runs_and_walks_are_recognized() {
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
    fn years_and_dates_are_recognized() {
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
    fn counting_is_recognized() {
        for (text, cost) in [
            ("8910111213", Some(COUNTING)),
            ("246810", Some(COUNTING)),
            ("9989991000", Some(COUNTING)),
            ("10099989796", Some(COUNTING)),
            ("510152025", Some(COUNTING)),
            ("1011", None),
            ("101112131", None),
            ("748219640", None),
            ("0001", None),
        ] {
            assert_eq!(whole(text), cost, "{text}");
        }
    }

    /// The lowest cost of each length at a place.
    fn repeated(text: &str, place: usize) -> Vec<(usize, u32)> {
        let text: Vec<char> = text.chars().collect();
        let mut seen = std::collections::BTreeMap::new();
        Patterns::of(&text).repetitions(place, &mut |length, cost| {
            let cheapest = seen.entry(length).or_insert(cost);
            *cheapest = cost.min(*cheapest);
        });
        seen.into_iter().collect()
    }

    #[test]
    fn repetitions_are_recognized() {
        assert_eq!(repeated("tramxytramtram", 6), [(3, ECHO), (4, ECHO)]);
        assert_eq!(repeated("tramxytramtram", 10), [(3, ECHO), (4, REPETITION)]);
        assert_eq!(repeated("aaaaa", 1), [(3, REPETITION), (4, REPETITION)]);
    }

    #[test]
    fn repetitions_with_a_step_are_recognized() {
        for (text, place, length) in [
            ("aaabbbccc", 3, 6),
            ("acegi", 1, 4),
            ("a1b2c3d4", 2, 6),
            ("a9b8c7d6", 4, 4),
            ("7980911", 2, 4),
            ("1qaz2wsx3edc", 4, 8),
            ("qwaszx", 2, 4),
            ("йфяцычувс", 3, 6),
        ] {
            let text: String = super::super::fold(text).iter().collect();
            assert_eq!(repeated(&text, place).last(), Some(&(length, PROGRESS)), "{text}");
        }
        assert_eq!(repeated("tramlampcrow", 4), []);
    }

    #[test]
    fn a_place_yields_a_bounded_number_of_pieces() {
        for text in ["a".repeat(128), "qwertyuiop".repeat(13), "1234567890".repeat(13), "0101".repeat(32)] {
            let text: Vec<char> = text.chars().collect();
            let patterns = Patterns::of(&text);
            let most = (0..text.len()).map(|start| {
                let mut count = 0;
                patterns.pieces(start, &mut |_, _| count += 1);
                count
            });
            assert!(most.max() <= Some(LONGEST * 10));
        }
    }
}
