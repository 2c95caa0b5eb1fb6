//! Differences: the lines in which two texts differ, for people to read.

use std::fmt::Write as _;

/// The maximum number of lines that are shown.
const SHOWN: usize = 40;

/// The lines that only one of the texts has, with their line number in the first text.
pub fn difference(committed: &str, generated: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (committed.lines().collect(), generated.lines().collect());
    let head = old.iter().zip(&new).take_while(|(left, right)| left == right).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(left, right)| left == right).count();
    let changed = changed(&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut report = String::new();
    let mut last = None;
    for change in changed.iter().take(SHOWN) {
        if last.is_none_or(|line| change.line > line + 1) {
            let _ = writeln!(report, "  line {}", head + change.line + 1);
        }
        last = Some(change.line);
        let _ = writeln!(report, "  {} {}", change.sign, change.text);
    }
    if changed.len() > SHOWN {
        let _ = writeln!(report, "  … {} more lines", changed.len() - SHOWN);
    }
    report
}

struct Change<'a> {
    sign: char,
    /// The line in the first text.
    line: usize,
    text: &'a str,
}

/// By the longest common subsequence: quadratic, which is fast enough for a few thousand lines.
fn changed<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Change<'a>> {
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let (below, next) = (common[(i + 1) * width + j], common[i * width + j + 1]);
            let longest = if left == right { common[(i + 1) * width + j + 1] + 1 } else { below.max(next) };
            common[i * width + j] = longest;
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            changes.push(Change { sign: '-', line: i, text: old[i] });
            i += 1;
        } else {
            changes.push(Change { sign: '+', line: i, text: new[j] });
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_lines_are_shown_with_their_numbers() {
        let report = difference("one\ntwo\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfour and a half\nfive\n");
        assert_eq!(report, "  line 2\n  - two\n  + 2\n  line 5\n  + four and a half\n");
    }

    #[test]
    fn a_long_difference_is_truncated() {
        let generated: String = (0..100).map(|line| format!("{line}\n")).collect();
        let report = difference("", &generated);
        assert!(report.ends_with("  + 39\n  … 60 more lines\n"), "{report}");
    }
}
