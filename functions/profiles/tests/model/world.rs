//! The model: the state of an account and the outcome of each command, implemented independently of the code.

use crate::commands::{Code, Command, Factor, Pick};
use crate::limits::{Failures, exceeds_limit};

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A status and a stable code.
pub type Outcome = (u16, &'static str);

const OK: Outcome = (200, "");
const CREATED: Outcome = (201, "");
const ACCEPTED: Outcome = (202, "");
const DONE: Outcome = (204, "");
const NOT_SIGNED_IN: Outcome = (401, "not_signed_in");
const WRONG_CODE: Outcome = (401, "wrong_code");
const WRONG_IN_SESSION: Outcome = (403, "wrong_code");
const LINK_INVALID: Outcome = (422, "link_invalid");

/// A session. Times are in milliseconds.
pub struct Session {
    epoch: u32,
    is_closed: bool,
    /// The factor generation in which a second factor was proved.
    multi_in: Option<u32>,
    factor_at: i64,
    idle_ends_at: i64,
    ends_at: i64,
    /// In whole seconds, as in the token.
    access_ends_s: i64,
}

/// A refresh token.
struct Token {
    session: usize,
    idle_ends_at: i64,
    is_spent: bool,
}

#[derive(Clone, Copy)]
struct Registration {
    number: usize,
    expires_at: i64,
}

#[derive(PartialEq)]
enum Link {
    Verify { registration: usize, expires_at: i64 },
    Reset { passwords_set: u32, expires_at: i64 },
}

#[derive(Clone, Copy, Default, PartialEq)]
enum App {
    #[default]
    None,
    Pending {
        until: i64,
    },
    Confirmed,
}

#[derive(Default)]
pub struct World {
    registered: usize,
    waiting: Option<Registration>,
    /// The registration that became the account, if any. `password` is the current one.
    owner: Option<usize>,
    password: usize,
    passwords_set: u32,
    registration_letters_at: Vec<i64>,
    reset_letters_at: Vec<i64>,
    links: Vec<Link>,
    epoch: u32,
    failures: Failures,
    /// Wrong passwords in sessions.
    step_failures: Failures,
    sessions: Vec<Session>,
    tokens: Vec<Token>,
    /// The last challenge: when it was issued, and in which epoch.
    challenge: Option<(i64, u32)>,
    app: App,
    /// The factor generation, which changes when the first factor is added and when the last is removed.
    factors: u32,
    last_step: i64,
    wrong_codes: Failures,
    changes_at: Vec<i64>,
    step_ups_at: Vec<i64>,
}

/// The index of the picked one of `count` items, counted from the newest.
pub fn nth(pick: Pick, count: usize) -> Option<usize> {
    (count > 0).then(|| count - 1 - pick % count)
}

impl World {
    /// The numbers of opened sessions, issued refresh tokens and emailed links.
    pub fn handed_out(&self) -> (usize, usize, usize) {
        (self.sessions.len(), self.tokens.len(), self.links.len())
    }

    fn has_app(&self) -> bool {
        self.app == App::Confirmed
    }

    /// Whether the session's newest access token is accepted.
    pub fn admits(&self, session: usize, now: i64) -> bool {
        let session = &self.sessions[session];
        let lives = !session.is_closed && session.epoch == self.epoch;
        let access = now.div_euclid(SECOND) < session.access_ends_s;
        lives && access && now < session.idle_ends_at && now < session.ends_at
    }

    fn enter(&self, pick: Pick, now: i64) -> Result<usize, Outcome> {
        nth(pick, self.sessions.len()).filter(|at| self.admits(*at, now)).ok_or(NOT_SIGNED_IN)
    }

    fn enter_fresh(&self, pick: Pick, now: i64) -> Result<usize, Outcome> {
        let at = self.enter(pick, now)?;
        // The strongest kind of factor that the account has must have been proved.
        let is_strong = !self.has_app() || self.is_multi(at);
        let is_fresh = is_strong && now < self.sessions[at].factor_at + 10 * MINUTE;
        if is_fresh { Ok(at) } else { Err((401, "fresh_factor_needed")) }
    }

    /// Whether the second factor that was proved in the session still exists.
    fn is_multi(&self, session: usize) -> bool {
        self.has_app() && self.sessions[session].multi_in == Some(self.factors)
    }

    /// Whether a password given in a session is right and not delayed.
    fn try_password(&mut self, password: usize, now: i64) -> bool {
        if self.step_failures.delays(1, now) {
            return false;
        }
        if password != self.password {
            self.step_failures.add(now);
            return false;
        }
        true
    }

    fn open(&mut self, is_multi: bool, now: i64) {
        let idle_ends_at = now + 12 * HOUR;
        self.sessions.push(Session {
            epoch: self.epoch,
            is_closed: false,
            multi_in: is_multi.then_some(self.factors),
            factor_at: now,
            idle_ends_at,
            ends_at: now + 30 * DAY,
            access_ends_s: now.div_euclid(SECOND) + 900,
        });
        self.tokens.push(Token { session: self.sessions.len() - 1, idle_ends_at, is_spent: false });
    }

    fn set_password(&mut self, password: usize) {
        self.password = password;
        self.passwords_set += 1;
        self.epoch += 1;
        (self.failures, self.step_failures) = (Failures::default(), Failures::default());
    }

    fn live_registration(&self, now: i64) -> Option<Registration> {
        self.waiting.filter(|registration| now < registration.expires_at)
    }

    /// Emails a link. Emailing the same link twice counts once.
    fn mail(&mut self, link: Link) {
        if self.links.last() != Some(&link) {
            self.links.push(link);
        }
    }

    fn try_code(&mut self, code: Code, now: i64) -> bool {
        if !self.has_app() || self.wrong_codes.delays(30, now) {
            return false;
        }
        let step = now.div_euclid(30 * SECOND) - i64::from(code == Code::Before);
        if code == Code::Wrong || step <= self.last_step {
            self.wrong_codes.add(now);
            return false;
        }
        self.last_step = step;
        self.wrong_codes = Failures::default();
        true
    }

    /// Applies a command and returns its outcome.
    pub fn take(&mut self, command: Command, now: i64) -> Outcome {
        self.attempt(command, now).unwrap_or_else(|refused| refused)
    }

    fn attempt(&mut self, command: Command, now: i64) -> Result<Outcome, Outcome> {
        match command {
            Command::Register => {
                if has_room(&mut self.registration_letters_at, HOUR, now) && self.owner.is_none() {
                    let number = self.live_registration(now).map_or(self.registered, |waiting| waiting.number);
                    self.registered = self.registered.max(number + 1);
                    let expires_at = now + DAY;
                    self.waiting = Some(Registration { number, expires_at });
                    self.mail(Link::Verify { registration: number, expires_at });
                }
                Ok(ACCEPTED)
            }
            Command::RequestReset => {
                if has_room(&mut self.reset_letters_at, 25 * MINUTE, now) {
                    if self.owner.is_some() {
                        let (passwords_set, expires_at) = (self.passwords_set, now + 30 * MINUTE);
                        self.mail(Link::Reset { passwords_set, expires_at });
                    } else if let Some(Registration { number, expires_at }) = self.live_registration(now) {
                        self.mail(Link::Verify { registration: number, expires_at });
                    }
                }
                Ok(ACCEPTED)
            }
            Command::Verify { link, password } => self.verify(link, password, now),
            Command::Reset { link, new } => {
                let link = nth(link, self.links.len()).map(|at| &self.links[at]);
                let Some(Link::Reset { passwords_set, expires_at }) = link else { return Err(LINK_INVALID) };
                if *passwords_set != self.passwords_set || *expires_at <= now {
                    return Err(LINK_INVALID);
                }
                self.set_password(new);
                Ok(OK)
            }
            Command::Login { password } => self.login(password, now),
            Command::SecondFactor(code) => {
                let Some((issued_at, epoch)) = self.challenge else { return Err((401, "challenge_expired")) };
                if epoch != self.epoch || issued_at + 5 * MINUTE <= now {
                    return Err((401, "challenge_expired"));
                }
                if !self.try_code(code, now) {
                    return Err(WRONG_CODE);
                }
                self.open(true, now);
                Ok(OK)
            }
            Command::Refresh { token } => self.refresh(token, now),
            Command::Logout { session } => {
                let at = self.enter(session, now)?;
                self.sessions[at].is_closed = true;
                Ok(DONE)
            }
            Command::LogoutEverywhere { session } => {
                self.enter(session, now)?;
                self.epoch += 1;
                Ok(DONE)
            }
            Command::Revoke { by, session } => {
                self.enter(by, now)?;
                let at = nth(session, self.sessions.len()).ok_or((404, "not_found"))?;
                // The records of sessions that were revoked with all others exist until their idle timeout.
                if self.sessions[at].is_closed || self.sessions[at].idle_ends_at <= now {
                    return Err((404, "not_found"));
                }
                self.sessions[at].is_closed = true;
                Ok(DONE)
            }
            Command::ChangePassword { session, current, new } => {
                let at = self.enter_fresh(session, now)?;
                if exceeds_limit(&mut self.changes_at, now) {
                    return Err((429, "too_many_requests"));
                }
                if !self.try_password(current, now) {
                    return Err((403, "wrong_password"));
                }
                if new == current {
                    return Err((422, "same_password"));
                }
                let is_multi = self.is_multi(at);
                self.set_password(new);
                self.open(is_multi, now);
                Ok(OK)
            }
            Command::EnrolTotp { session } => self.enrol(session, now),
            Command::ConfirmTotp { session, code } => self.confirm(session, code, now),
            Command::DisableTotp { session } => {
                self.enter_fresh(session, now)?;
                if !self.has_app() {
                    return Err((404, "not_found"));
                }
                self.app = App::None;
                self.factors += 1;
                Ok(DONE)
            }
            Command::StepUp { session, factor } => self.step_up(session, factor, now),
            Command::Wait { .. } => Ok(OK),
        }
    }

    fn verify(&mut self, link: Pick, password: usize, now: i64) -> Result<Outcome, Outcome> {
        let link = nth(link, self.links.len()).map(|at| &self.links[at]);
        let Some(Link::Verify { registration, expires_at }) = link else { return Err(LINK_INVALID) };
        let (number, expires_at) = (*registration, *expires_at);
        if expires_at <= now {
            return Err(LINK_INVALID);
        }
        if self.owner == Some(number) {
            // A retry must send the same password.
            return if password == self.password { Ok(OK) } else { Err(LINK_INVALID) };
        }
        self.live_registration(now).filter(|waiting| waiting.number == number).ok_or(LINK_INVALID)?;
        (self.owner, self.password, self.epoch) = (Some(number), password, 1);
        self.waiting = None;
        Ok(OK)
    }

    fn login(&mut self, password: usize, now: i64) -> Result<Outcome, Outcome> {
        let is_delayed = self.failures.delays(1, now);
        if self.owner.is_none() || password != self.password || is_delayed {
            if !is_delayed {
                self.failures.add(now);
            }
            return Err((401, "wrong_credentials"));
        }
        self.failures = Failures::default();
        if self.has_app() {
            self.challenge = Some((now, self.epoch));
        } else {
            self.open(false, now);
        }
        Ok(OK)
    }

    fn refresh(&mut self, token: Pick, now: i64) -> Result<Outcome, Outcome> {
        let at = nth(token, self.tokens.len()).ok_or((401, "session_ended"))?;
        let Token { session, idle_ends_at, is_spent } = self.tokens[at];
        if is_spent {
            // Sessions are not revoked twice.
            if self.sessions[session].epoch == self.epoch {
                self.epoch += 1;
            }
            return Err((401, "refresh_token_reused"));
        }
        if idle_ends_at <= now || self.sessions[session].is_closed || self.sessions[session].epoch != self.epoch {
            return Err((401, "session_ended"));
        }
        self.tokens[at].is_spent = true;
        let refreshed = &mut self.sessions[session];
        refreshed.idle_ends_at = (now + 12 * HOUR).min(refreshed.ends_at);
        refreshed.access_ends_s = now.div_euclid(SECOND) + 900;
        self.tokens.push(Token { session, idle_ends_at: refreshed.idle_ends_at, is_spent: false });
        Ok(OK)
    }

    fn enrol(&mut self, session: Pick, now: i64) -> Result<Outcome, Outcome> {
        self.enter_fresh(session, now)?;
        if self.has_app() {
            return Err((409, "totp_enrolled"));
        }
        self.app = App::Pending { until: now + 15 * MINUTE };
        Ok(CREATED)
    }

    fn confirm(&mut self, session: Pick, code: Code, now: i64) -> Result<Outcome, Outcome> {
        let at = self.enter_fresh(session, now)?;
        match self.app {
            App::Confirmed => return Err((409, "totp_enrolled")),
            App::Pending { until } if now < until => {}
            _ => return Err((409, "totp_not_pending")),
        }
        if code == Code::Wrong {
            return Err(WRONG_IN_SESSION);
        }
        self.last_step = now.div_euclid(30 * SECOND) - i64::from(code == Code::Before);
        (self.app, self.wrong_codes) = (App::Confirmed, Failures::default());
        self.factors += 1;
        (self.sessions[at].multi_in, self.sessions[at].factor_at) = (Some(self.factors), now);
        Ok(OK)
    }

    fn step_up(&mut self, session: Pick, factor: Factor, now: i64) -> Result<Outcome, Outcome> {
        let at = self.enter(session, now)?;
        if exceeds_limit(&mut self.step_ups_at, now) {
            return Err((429, "too_many_requests"));
        }
        match factor {
            Factor::Password(_) if self.has_app() => return Err((422, "second_factor_required")),
            Factor::Password(password) if !self.try_password(password, now) => return Err((403, "wrong_password")),
            Factor::Password(_) => self.step_failures = Failures::default(),
            Factor::Code(code) if self.try_code(code, now) => self.sessions[at].multi_in = Some(self.factors),
            Factor::Code(_) => return Err(WRONG_IN_SESSION),
        }
        self.sessions[at].factor_at = now;
        Ok(OK)
    }
}

/// Counts one more letter of a kind, if the budget allows it.
fn has_room(letters_at: &mut Vec<i64>, span: i64, now: i64) -> bool {
    letters_at.retain(|at| now < at + span);
    let has_room = letters_at.len() < 5;
    if has_room {
        letters_at.push(now);
    }
    has_room
}
