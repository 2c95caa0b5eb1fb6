//! Limits the letters that unauthenticated requests can send to an address: one budget for each kind of request.

use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, Timestamp, after};

/// Letters per budget in its time span.
const MOST: usize = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Shorter than the lifetime of a reset link: whenever the budget is used up, its letters are in the mailbox and their
/// links are valid for at least five more minutes. With a longer span, an attacker who uses up the budget could lock
/// the owner out.
const RESET_SPAN: SignedDuration = SignedDuration::from_mins(25);

/// A kind of unauthenticated request that sends a letter. Using up the budget of one kind does not affect the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Registration,
    Verification,
    PasswordReset,
    /// A change of a user's address to this one: each user has a separate budget.
    EmailChange(UserId),
    /// An invitation to a workspace, from whichever workspace.
    Invitation,
}

impl Request {
    fn part(self) -> String {
        match self {
            Self::Registration => "registration".to_owned(),
            Self::Verification => "verification".to_owned(),
            Self::PasswordReset => "password_reset".to_owned(),
            Self::EmailChange(user) => format!("email_change#{user}"),
            Self::Invitation => "invitation".to_owned(),
        }
    }

    fn span(self) -> SignedDuration {
        match self {
            Self::PasswordReset => RESET_SPAN,
            Self::Registration | Self::Verification | Self::EmailChange(_) => HOUR,
            Self::Invitation => DAY,
        }
    }

    /// The name for operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
            Self::EmailChange(_) => "email_change",
            Self::Invitation => "invitation",
        }
    }
}

/// The recent letters of one kind to an address.
#[derive(Serialize, Deserialize)]
pub struct LetterBudget {
    address: AccountKey,
    part: String,
    span_s: i64,
    sent_at: Vec<Timestamp>,
    /// The newest letters that were counted under a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    letters: Vec<String>,
}

impl LetterBudget {
    pub fn unused(address: AccountKey, request: Request) -> Self {
        Self {
            address,
            part: request.part(),
            span_s: request.span().as_secs(),
            sent_at: Vec::new(),
            letters: Vec::new(),
        }
    }

    /// The sort key part of its record under the address.
    pub fn part_of(request: Request) -> String {
        request.part()
    }

    /// Counts a letter, if the budget has room for one.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let span = SignedDuration::from_secs(self.span_s);
        self.sent_at.retain(|at| now < after(*at, span));
        let may = self.sent_at.len() < MOST;
        if may {
            self.sent_at.push(now);
        }
        may
    }

    /// Counts a letter of this name once, however often the job that sends it is tried.
    pub fn take_once(&mut self, letter: &str, now: Timestamp) -> bool {
        if self.letters.iter().any(|counted| counted == letter) {
            return true;
        }
        let may = self.take(now);
        if may {
            self.letters.push(letter.to_owned());
            self.letters.drain(..self.letters.len().saturating_sub(MOST));
        }
        may
    }
}

impl AccountRecord for LetterBudget {
    const KIND: &'static str = "LETTERS";

    fn account_key(&self) -> AccountKey {
        self.address.clone()
    }

    fn part(&self) -> String {
        self.part.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.sent_at.last().map(|at| after(*at, SignedDuration::from_secs(self.span_s)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::RESET_LIFETIME;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_sixth_letter_within_the_span_is_withheld() {
        let mut budget = LetterBudget::unused(AccountKey::email("ada@example.com"), Request::Registration);
        let minute = |minutes| after(START, SignedDuration::from_mins(minutes));
        assert!((0..5).all(|minutes| budget.take(minute(minutes))));
        assert!(!budget.take(minute(59)), "five letters in the last hour");
        assert!(budget.take(minute(60)), "the first letter is an hour old");
        assert!(!budget.take(minute(60)));
    }

    #[test]
    fn a_letter_that_is_tried_again_is_counted_once() {
        let mut budget = LetterBudget::unused(AccountKey::email("ada@example.com"), Request::Invitation);
        for letter in ["a", "b", "c", "d", "e"] {
            assert!((0..9).all(|_| budget.take_once(letter, START)), "{letter}");
        }
        assert!(!budget.take_once("f", START));
        assert!(budget.take_once("a", START), "it was counted");
    }

    #[test]
    fn a_withheld_reset_leaves_a_working_link_in_the_mailbox() {
        let mut budget = LetterBudget::unused(AccountKey::email("ada@example.com"), Request::PasswordReset);
        let mut links_end_at = Vec::new();
        // An attacker sends a request every second for an hour.
        for second in 0..3600 {
            let now = after(START, SignedDuration::from_secs(second));
            if budget.take(now) {
                links_end_at.push(after(now, RESET_LIFETIME));
            } else {
                let left = links_end_at.iter().filter(|end| **end >= after(now, SignedDuration::from_mins(5)));
                assert!(left.count() > 0, "no valid link in second {second}");
            }
        }
    }
}
