//! The platform: what it shows, what may still take effect, and the judge's ledger, which the product cannot read.

use channels::Guarantee;
use channels::publishing::{Intent, PublishError, Published, Staged};
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;

/// The answer to a call, without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Accepted,
    /// A step of the preparation is done, and the next one follows at once or after a wait.
    Staged {
        wait_s: u32,
    },
    /// The next step needs more time.
    Processing,
    /// What the platform had of the post is lost.
    Unstaged,
    Refused,
    KeyTaken,
    NotNow,
    /// None: the connection broke.
    Unknown,
    Disconnected,
    /// A fault on our side, before the call was sent.
    Internal,
}

/// The answers by which nothing was done.
pub const NEGATIVE: [Answer; 4] = [Answer::Refused, Answer::NotNow, Answer::Disconnected, Answer::Internal];

impl Answer {
    /// The adapter's error. None if the call succeeded.
    pub fn error(self) -> Option<PublishError> {
        let (code, text) = (String::new(), String::new());
        Some(match self {
            Self::Accepted | Self::Staged { .. } | Self::Processing => return None,
            Self::Unstaged => PublishError::Unstaged { code, text },
            Self::Refused => PublishError::Refused { code, text, remedy: String::new() },
            Self::KeyTaken => PublishError::KeyTaken { code, text },
            Self::NotNow => PublishError::NotNow { retry_after_s: 30, code, text },
            Self::Unknown => PublishError::Unknown { code, text },
            Self::Disconnected => PublishError::Disconnected { code, text },
            Self::Internal => PublishError::Internal(Problem::unavailable("a fault of the model")),
        })
    }
}

/// What happens to a visible call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It takes effect and is answered.
    Answered,
    /// It takes effect, and the answer is lost.
    AnswerLost,
    /// It takes effect later, up to the settle time after the connection broke.
    Late,
    /// It never arrives, and nothing says so.
    Lost,
    /// It is refused, and the answer arrives.
    Negative(Answer),
}

/// A call that has not taken effect yet, but will.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    pub delivery: usize,
    pub attempt: u32,
    pub text: String,
    /// None while its connection is open.
    pub ends_by: Option<Timestamp>,
}

/// The visible record of the post on the channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Effect {
    pub delivery: usize,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Every visible record of the post. More than one is the fault that the product exists to prevent.
    pub effects: Vec<Effect>,
    pub flights: Vec<Flight>,
    /// For each delivery, whether its recorded intent may have been sent, as far as the product can know.
    pub may_exist: Vec<bool>,
}

impl Ledger {
    /// A call arrives. A platform that recognises keys shows one record per post; another shows each call.
    pub fn accept(&mut self, guarantee: Guarantee, delivery: usize, text: &str) -> Answer {
        let shown = self.effects.first().filter(|_| guarantee.recognises_repeats());
        match shown {
            Some(effect) if effect.text == text => Answer::Accepted,
            Some(_) => Answer::KeyTaken,
            None => {
                self.effects.push(Effect { delivery, text: text.to_owned() });
                Answer::Accepted
            }
        }
    }

    /// What a query for an intent finds.
    pub fn find(&self, text: &str) -> Result<Option<Published>, Answer> {
        match self.effects.iter().find(|effect| effect.text == text) {
            Some(effect) => Ok(Some(published(&effect.text))),
            None if self.effects.is_empty() => Ok(None),
            None => Err(Answer::KeyTaken),
        }
    }

    /// Whether something of this delivery is visible or will be.
    pub fn has_or_awaits(&self, delivery: usize) -> bool {
        self.effects.iter().any(|effect| effect.delivery == delivery) || self.awaits(delivery)
    }

    pub fn awaits(&self, delivery: usize) -> bool {
        self.flights.iter().any(|flight| flight.delivery == delivery)
    }
}

/// What the platform has of a text that it is still preparing.
pub fn staged(text: &str) -> Staged {
    Staged { account_id: "did:plc:a".to_owned(), state: text.into() }
}

pub fn intent(text: &str) -> Intent {
    Intent { account_id: "did:plc:a".to_owned(), request: text.into() }
}

pub fn published(text: &str) -> Published {
    Published { id: text.to_owned(), receipt: serde_json::Value::Null, url: String::new() }
}
