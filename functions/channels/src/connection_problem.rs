//! The problem of a failed call while an account is connected: what was expected, and the server's own error.

use shared::kernel::problems::Problem;

use crate::call::{CallError, Meaning, Refusal};
use crate::problems;

pub fn connection_problem(error: &CallError) -> Problem {
    match error {
        CallError::Forbidden(_) => {
            let detail = "The field service must be a public https address.";
            Problem::new(problems::CHANNEL_SERVICE_FORBIDDEN, detail).at("service", "must be a public https address")
        }
        CallError::NotSent(_) => {
            Problem::new(problems::PLATFORM_UNREACHABLE, "The server of this account cannot be reached.")
                .at("service", "must be the address of a reachable server")
        }
        CallError::NoAnswer(_) => {
            Problem::new(problems::PLATFORM_TIMED_OUT, "The server of this account did not answer in time. Try again.")
        }
        CallError::Malformed(_) => {
            malformed("The server at this address does not answer like a server of this platform.")
        }
        CallError::Refused(refusal) => match refusal.meaning {
            Meaning::TooMany => Problem::new(problems::PLATFORM_RATE_LIMITED, words(refusal))
                .retry_after(refusal.retry_after_s.unwrap_or(300)),
            Meaning::ServerFault | Meaning::AppRefused => Problem::new(problems::PLATFORM_FAILED, words(refusal)),
            _ => malformed(&words(refusal)),
        },
    }
}

fn malformed(text: &str) -> Problem {
    let problem = Problem::new(problems::PLATFORM_ANSWER_MALFORMED, text.to_owned());
    problem.at("service", "must be the address of a server of the platform")
}

/// The platform does not accept the code: it is another one's, expired, or used.
pub fn refused_code(refusal: &Refusal) -> Problem {
    let problem = Problem::new(problems::CONNECTION_CODE_REFUSED, words(refusal));
    problem.at("code", "must be a code that the platform has just given for this connection")
}

/// The server's own error, as clients see it.
pub fn words(refusal: &Refusal) -> String {
    format!("The server says: {}: {}", refusal.code, refusal.text)
}
