//! A user's authenticator app: its enrolment, its used codes and its failures.

use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord, Accounts};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::totp_secret::{TotpCode, TotpSecret};

/// The app's name in emails.
pub const APP: &str = "authenticator app";
/// The purpose that the secret is sealed for.
const PURPOSE: &str = "totp";
/// How long an enrolment waits for its first code.
const ENROLMENT_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// The first consecutive failure that causes a delay: people mistype, and clocks are off.
const FREE_FAILURES: u32 = 5;
/// The delay after that failure; each further one doubles it.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(30);
/// From this many consecutive failures on, each causes the longest delay.
const MANY_FAILURES: u32 = 10;
const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);
/// After this many consecutive failures every code is refused (NIST SP 800-63B-4, section 3.2.2), until another factor
/// is proved.
const MOST_FAILURES: u32 = 100;

/// A user's authenticator app.
#[derive(Serialize, Deserialize)]
pub struct Totp {
    user: UserId,
    /// The secret in base32, sealed for this user.
    sealed: String,
    state: State,
    /// The step of the newest used code: it and all earlier codes are refused (RFC 6238, section 5.2).
    last_step: Option<u64>,
    /// Wrong codes since the last right one.
    failures: u32,
    last_failure_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// The secret was shown, but no code has confirmed yet that an app has it.
    Pending {
        until: Timestamp,
    },
    Confirmed {
        since: Timestamp,
    },
}

/// The result of an attempt. The client does not learn which kind of refusal it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    Right,
    /// Wrong, or used before. It counts.
    Wrong,
    /// Sent during a delay: not checked, and not counted.
    Delayed,
}

impl Totp {
    /// Begins an enrolment with a new secret.
    pub async fn begin(accounts: &Accounts, user: UserId, secret: &TotpSecret) -> Result<Self, Problem> {
        let sealed = accounts.seal(PURPOSE, user, &secret.base32()).await?;
        Ok(Self::pending(user, sealed, accounts.now()))
    }

    fn pending(user: UserId, sealed: String, now: Timestamp) -> Self {
        let state = State::Pending { until: after(now, ENROLMENT_LIFETIME) };
        Self { user, sealed, state, last_step: None, failures: 0, last_failure_at: None }
    }

    pub async fn secret(&self, accounts: &Accounts) -> Result<TotpSecret, Problem> {
        let text = accounts.open(PURPOSE, self.user, &self.sealed).await?;
        TotpSecret::from_base32(&text).ok_or_else(|| Problem::internal("a stored TOTP secret is not one of ours"))
    }

    /// When it became a factor; `None` while it waits for its first code.
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending { .. } => None,
            State::Confirmed { since } => Some(since),
        }
    }

    /// When the enrolment expires; `None` once it is a factor.
    pub fn pending_until(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending { until } => Some(until),
            State::Confirmed { .. } => None,
        }
    }

    /// Confirms the enrolment if the code proves that an app has the secret. This uses the code up.
    pub fn confirm(&mut self, secret: &TotpSecret, code: &TotpCode, now: Timestamp) -> bool {
        let State::Pending { until } = self.state else { return false };
        self.last_step = secret.step_of(code, now, None).filter(|_| now < until);
        if self.last_step.is_some() {
            self.state = State::Confirmed { since: now };
        }
        self.last_step.is_some()
    }

    /// Checks a code and records the result.
    pub fn attempt(&mut self, secret: &TotpSecret, code: &TotpCode, now: Timestamp) -> Attempt {
        if self.confirmed_at().is_none() {
            return Attempt::Wrong;
        }
        if self.refuses_until().is_some_and(|until| now < until) {
            return Attempt::Delayed;
        }
        let Some(step) = secret.step_of(code, now, self.last_step) else {
            self.failures = self.failures.saturating_add(1);
            self.last_failure_at = Some(now);
            return Attempt::Wrong;
        };
        self.last_step = Some(step);
        self.forgive();
        Attempt::Right
    }

    /// Resets the count of failures, after the user has authenticated.
    pub fn forgive(&mut self) {
        self.failures = 0;
        self.last_failure_at = None;
    }

    /// Wrong codes since the last right one.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the last failure is the one from which on guessing is suspected.
    pub fn is_guessed_at(&self) -> bool {
        self.failures == MANY_FAILURES
    }

    fn refuses_until(&self) -> Option<Timestamp> {
        let delay = match self.failures {
            ..FREE_FAILURES => return None,
            MOST_FAILURES.. => return Some(Timestamp::MAX),
            MANY_FAILURES.. => LONGEST_DELAY,
            failures => FIRST_DELAY * (1 << (failures - FREE_FAILURES)),
        };
        self.last_failure_at.map(|at| after(at, delay))
    }
}

impl AccountRecord for Totp {
    const KIND: &'static str = "TOTP";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.pending_until()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use shared::kernel::entropy::Entropy;

    use super::*;
    use crate::totp_secret::tests::{at, code, oathtool};

    /// A confirmed app, its secret, and its codes from the step before the confirmation on.
    fn confirmed(second: i64) -> (Totp, TotpSecret, Vec<String>) {
        let secret = TotpSecret::new(&Entropy::seeded(9));
        let codes = oathtool(&secret, second - 30, 40);
        let mut totp = Totp::pending(format!("user_{:032x}", 1).parse().unwrap(), String::new(), at(second));
        assert!(totp.confirm(&secret, &code(&codes[0]), at(second)));
        (totp, secret, codes)
    }

    #[test]
    fn a_used_code_and_all_earlier_codes_are_refused() {
        let start = 1_800_000_000;
        let (mut totp, secret, codes) = confirmed(start);
        let mut attempt = |at_s: i64, text: &str| totp.attempt(&secret, &code(text), at(start + at_s));
        assert_eq!(attempt(0, &codes[0]), Attempt::Wrong, "the code that confirmed");
        assert_eq!(attempt(0, &codes[2]), Attempt::Right, "a clock that is 30 seconds fast");
        assert_eq!(attempt(1, &codes[2]), Attempt::Wrong);
        assert_eq!(attempt(1, &codes[1]), Attempt::Wrong, "an older code, though it was not used");
        assert_eq!(attempt(30, &codes[3]), Attempt::Right);
        assert_eq!(attempt(30, &codes[5]), Attempt::Wrong, "two steps ahead");
        assert_eq!(attempt(240, &codes[7]), Attempt::Wrong, "two steps behind");
        assert_eq!(attempt(240, &codes[8]), Attempt::Right, "a clock that is 30 seconds slow");
    }

    #[test]
    fn an_enrolment_is_confirmed_once_by_a_valid_code_before_it_expires() {
        let (start, secret) = (1_800_000_000, TotpSecret::new(&Entropy::seeded(2)));
        let user = format!("user_{:032x}", 1).parse().unwrap();
        let mut totp = Totp::pending(user, String::new(), at(start));
        let codes = oathtool(&secret, start, 31);
        assert_eq!(totp.expires_at(), Some(at(start + 900)));
        assert_eq!(totp.attempt(&secret, &code(&codes[0]), at(start)), Attempt::Wrong, "not a factor yet");
        assert!(!totp.confirm(&secret, &code(&codes[5]), at(start)));
        assert!(!totp.confirm(&secret, &code(&codes[30]), at(start + 900)), "too late");
        assert!(totp.confirm(&secret, &code(&codes[29]), at(start + 899)));
        assert_eq!((totp.confirmed_at(), totp.expires_at()), (Some(at(start + 899)), None));
        assert!(!totp.confirm(&secret, &code(&codes[30]), at(start + 900)), "twice");
    }

    #[test]
    fn wrong_codes_are_delayed_and_refused_for_good_after_100() {
        let start = 1_800_000_000;
        let (mut totp, secret, codes) = confirmed(start);
        let wrong = |codes: &[String]| (0..).map(|n| format!("{n:06}")).find(|text| !codes.contains(text)).unwrap();
        let wrong = code(&wrong(&codes));
        let mut now = start + 30;
        let mut waits = Vec::new();
        for count in 1..=11 {
            assert_eq!(totp.attempt(&secret, &wrong, at(now)), Attempt::Wrong);
            assert_eq!(totp.is_guessed_at(), count == 10);
            let until = totp.refuses_until().map_or(now, |until| until.as_second());
            waits.push(until - now);
            if now < until {
                let right = code(&oathtool(&secret, now, 0)[0]);
                assert_eq!(totp.attempt(&secret, &right, at(until - 1)), Attempt::Delayed);
            }
            now = until;
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(totp.failures(), 11, "a delayed attempt was counted");

        let right = oathtool(&secret, now, 0).remove(0);
        assert_eq!(totp.attempt(&secret, &code(&right), at(now)), Attempt::Right);
        assert_eq!(totp.refuses_until(), None, "a right code must reset the failures");

        totp.failures = 99;
        totp.last_failure_at = Some(at(now));
        now += 900;
        assert_eq!(totp.attempt(&secret, &wrong, at(now)), Attempt::Wrong);
        let later = now + 10 * 365 * 86_400;
        let right = code(&oathtool(&secret, later, 0)[0]);
        assert_eq!(totp.attempt(&secret, &right, at(later)), Attempt::Delayed);
        totp.forgive();
        assert_eq!(totp.attempt(&secret, &right, at(later)), Attempt::Right);
    }
}
