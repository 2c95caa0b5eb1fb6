//! The commands of the user, or of anyone who has their password, their mail or an old token, in any order.

use proptest::prelude::*;

/// Passwords to choose from; the last one is never set.
pub const PASSWORDS: [&str; 4] = [
    "a tram, a lamp and 3 crows",
    "9 grey crows under a lamp",
    "the kettle hums at half past",
    "not this one, surely not",
];
const CHOSEN: usize = PASSWORDS.len() - 1;

/// Selects one item, counted from the newest, and wraps around after the oldest.
pub type Pick = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The app's current code.
    Now,
    /// The app's previous code.
    Before,
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    Password(usize),
    Code(Code),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Register,
    Verify {
        link: Pick,
        password: usize,
    },
    Login {
        password: usize,
    },
    /// Answers the last challenge.
    SecondFactor(Code),
    /// Also with used tokens, and with tokens of ended sessions.
    Refresh {
        token: Pick,
    },
    Logout {
        session: Pick,
    },
    LogoutEverywhere {
        session: Pick,
    },
    Revoke {
        by: Pick,
        session: Pick,
    },
    ChangePassword {
        session: Pick,
        current: usize,
        new: usize,
    },
    RequestReset,
    Reset {
        link: Pick,
        new: usize,
    },
    EnrolTotp {
        session: Pick,
    },
    ConfirmTotp {
        session: Pick,
        code: Code,
    },
    DisableTotp {
        session: Pick,
    },
    StepUp {
        session: Pick,
        factor: Factor,
    },
    Wait {
        seconds: i64,
    },
}

/// Usually the newest.
fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![3 => Just(0), 1 => 0..5_usize]
}

/// Usually the first, which most accounts start with.
fn known() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(0), 2 => 0..PASSWORDS.len()]
}

fn chosen() -> impl Strategy<Value = usize> {
    0..CHOSEN
}

fn code() -> impl Strategy<Value = Code> {
    prop_oneof![4 => Just(Code::Now), 1 => Just(Code::Before), 1 => Just(Code::Wrong)]
}

/// Longer than the lifetime of a code, a fresh factor, an access token or an idle session. No sum of a few of them
/// comes within a second of a limit.
fn wait() -> impl Strategy<Value = i64> {
    prop_oneof![4 => Just(31), 2 => Just(367), 2 => Just(1_031), 1 => Just(13 * 3_600 + 7)]
}

fn command() -> impl Strategy<Value = Command> {
    let factor = prop_oneof![1 => known().prop_map(Factor::Password), 2 => code().prop_map(Factor::Code)];
    prop_oneof![
        1 => Just(Command::Register),
        1 => (pick(), chosen()).prop_map(|(link, password)| Command::Verify { link, password }),
        4 => known().prop_map(|password| Command::Login { password }),
        3 => code().prop_map(Command::SecondFactor),
        4 => pick().prop_map(|token| Command::Refresh { token }),
        1 => pick().prop_map(|session| Command::Logout { session }),
        1 => pick().prop_map(|session| Command::LogoutEverywhere { session }),
        1 => (pick(), pick()).prop_map(|(by, session)| Command::Revoke { by, session }),
        2 => (pick(), known(), chosen())
            .prop_map(|(session, current, new)| Command::ChangePassword { session, current, new }),
        1 => Just(Command::RequestReset),
        2 => (pick(), chosen()).prop_map(|(link, new)| Command::Reset { link, new }),
        3 => pick().prop_map(|session| Command::EnrolTotp { session }),
        3 => (pick(), code()).prop_map(|(session, code)| Command::ConfirmTotp { session, code }),
        1 => pick().prop_map(|session| Command::DisableTotp { session }),
        2 => (pick(), factor).prop_map(|(session, factor)| Command::StepUp { session, factor }),
        3 => wait().prop_map(|seconds| Command::Wait { seconds }),
    ]
}

/// Commands that belong together, to reach the deeper rules: a single random command seldom has its preconditions.
fn step() -> impl Strategy<Value = Vec<Command>> {
    let wait = Command::Wait { seconds: 31 };
    let sign_in = move |code| vec![wait, Command::Login { password: 0 }, Command::SecondFactor(code)];
    let set_up = |code| vec![Command::EnrolTotp { session: 0 }, Command::ConfirmTotp { session: 0, code }];
    let prove = move |code| vec![wait, Command::StepUp { session: 0, factor: Factor::Code(code) }];
    prop_oneof![
        8 => command().prop_map(|command| vec![command]),
        2 => code().prop_map(set_up),
        2 => code().prop_map(sign_in),
        1 => code().prop_map(prove),
        1 => chosen().prop_map(|new| vec![Command::RequestReset, Command::Reset { link: 0, new }]),
        1 => pick().prop_map(|token| vec![Command::Refresh { token: 0 }, Command::Refresh { token: token + 1 }]),
    ]
}

/// Sequences, most of which start with a signed-in user.
pub fn commands() -> impl Strategy<Value = Vec<Command>> {
    let begun = [Command::Register, Command::Verify { link: 0, password: 0 }, Command::Login { password: 0 }];
    (prop::bool::weighted(0.9), prop::collection::vec(step(), 6..=12)).prop_map(move |(is_begun, steps)| {
        let begun = if is_begun { &begun[..] } else { &[] };
        begun.iter().copied().chain(steps.into_iter().flatten()).collect()
    })
}
