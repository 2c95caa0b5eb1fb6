//! What one request of `POST /auth/refresh` does, call by call, to what is stored. `routes` compares it with the route.

/// Seconds since the start.
pub type Seconds = i64;
/// A client's attempt, or none.
pub type Attempt = Option<u8>;

/// How long a client may retry an exchange (decision 0018).
pub const RETRIED_FOR: Seconds = 60;
pub const IDLE: Seconds = 12 * 3600;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    pub session: usize,
    /// The token and the attempt that it was exchanged for.
    pub succeeds: Option<(usize, Attempt)>,
    /// When its session was last used, and is idle from.
    pub used_at: Seconds,
    pub spent: Option<(Seconds, Attempt)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pub epoch: u32,
    pub is_open: bool,
    pub used_at: Seconds,
}

/// What is stored for one user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Store {
    pub now: Seconds,
    pub epoch: u32,
    pub sessions: Vec<Session>,
    pub tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// 200 with this token.
    Token(usize),
    /// 401 `session_ended`.
    Ended,
    /// 401 `refresh_token_reused`.
    Reused,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub token: usize,
    pub attempt: Attempt,
    pub next: Call,
}

/// The next call of a request to the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    Read,
    /// Commits the exchange, which was prepared at this instant.
    Exchange {
        at: Seconds,
    },
    ReadAgain,
    ReadSuccessor,
    /// Commits nothing but the conditions: the successor is unspent, and the session is alive.
    Repeat {
        successor: usize,
    },
    ReadEpoch,
    /// Commits the next epoch.
    Revoke {
        epoch: u32,
    },
}

impl Call {
    pub fn commits(self) -> bool {
        matches!(self, Self::Exchange { .. } | Self::Repeat { .. } | Self::Revoke { .. })
    }
}

impl Request {
    pub fn new(token: usize, attempt: Attempt) -> Self {
        Self { token, attempt, next: Call::Read }
    }

    /// Makes the next call. Returns the answer if it was the last.
    pub fn step(&mut self, store: &mut Store) -> Option<Answer> {
        match self.make(self.next, store) {
            Ok(next) => {
                self.next = next;
                None
            }
            Err(answer) => Some(answer),
        }
    }

    fn make(&self, call: Call, store: &mut Store) -> Result<Call, Answer> {
        let (now, record) = (store.now, store.tokens[self.token].clone());
        match call {
            Call::Read if record.spent.is_none() => {
                if now < record.used_at + IDLE {
                    Ok(Call::Exchange { at: now })
                } else {
                    Err(Answer::Ended)
                }
            }
            Call::Read | Call::ReadAgain => Ok(match record.spent {
                Some((at, attempt)) if attempt.is_some() && attempt == self.attempt && now < at + RETRIED_FOR => {
                    Call::ReadSuccessor
                }
                _ => Call::ReadEpoch,
            }),
            Call::Exchange { .. } if record.spent.is_some() => Ok(Call::ReadAgain),
            Call::Exchange { at } => {
                store.require_alive(record.session)?;
                store.tokens[self.token].spent = Some((at, self.attempt));
                store.sessions[record.session].used_at = at;
                let succeeds = Some((self.token, self.attempt));
                store.tokens.push(Token { session: record.session, succeeds, used_at: at, spent: None });
                Err(Answer::Token(store.tokens.len() - 1))
            }
            Call::ReadSuccessor => {
                let succeeds = Some((self.token, self.attempt));
                match store.tokens.iter().position(|token| token.succeeds == succeeds) {
                    Some(successor) if now < store.tokens[successor].used_at + IDLE => {
                        let is_spent = store.tokens[successor].spent.is_some();
                        Ok(if is_spent { Call::ReadEpoch } else { Call::Repeat { successor } })
                    }
                    _ => Err(Answer::Ended),
                }
            }
            Call::Repeat { successor } if store.tokens[successor].spent.is_some() => Ok(Call::ReadEpoch),
            Call::Repeat { successor } => {
                store.require_alive(record.session)?;
                store.sessions[record.session].used_at = store.tokens[successor].used_at;
                Err(Answer::Token(successor))
            }
            Call::ReadEpoch if store.epoch != store.sessions[record.session].epoch => Err(Answer::Reused),
            Call::ReadEpoch => Ok(Call::Revoke { epoch: store.epoch }),
            Call::Revoke { epoch } => {
                if store.epoch == epoch {
                    store.epoch += 1;
                }
                Err(Answer::Reused)
            }
        }
    }
}

impl Store {
    /// A user who has just signed in.
    pub fn signed_in() -> Self {
        let mut store = Self::default();
        store.sign_in();
        store
    }

    pub fn sign_in(&mut self) {
        let used_at = self.now;
        self.sessions.push(Session { epoch: self.epoch, is_open: true, used_at });
        self.tokens.push(Token { session: self.sessions.len() - 1, succeeds: None, used_at, spent: None });
    }

    pub fn is_alive(&self, session: usize) -> bool {
        let Session { epoch, is_open, used_at } = self.sessions[session];
        epoch == self.epoch && is_open && self.now < used_at + IDLE
    }

    /// Whether a token would be exchanged now.
    pub fn is_live(&self, token: usize) -> bool {
        self.tokens[token].spent.is_none() && self.is_alive(self.tokens[token].session)
    }

    pub fn live_tokens(&self) -> impl Iterator<Item = usize> {
        (0..self.tokens.len()).filter(|token| self.is_live(*token))
    }

    fn require_alive(&self, session: usize) -> Result<(), Answer> {
        if self.is_alive(session) { Ok(()) } else { Err(Answer::Ended) }
    }
}
