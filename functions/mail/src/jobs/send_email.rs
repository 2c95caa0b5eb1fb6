//! The job `send-email`: writes one letter and hands it to SES.
//!
//! A message is sent once as far as we can tell: the runner does not run one again that is done. If SES took a mail and
//! its answer was lost, the mail goes out twice, because SES has no key by which it could know: mail is at least once.

use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::aws::mailer::{Mail, MailError};
use shared::crypto::link::LinkClaims;
use shared::function::Function;
use shared::identity::Mailroom;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::Timestamp;
use shared::outbox::Message;

use crate::EmailAddress;
use crate::letter::Letter;
use crate::wording::{Link, Places, content};
use crate::written::Written;

/// Has a letter sent. It carries no secret: the token of a link is made while the mail is written.
///
/// Its `Debug` tells neither the address nor what the letter is filled in with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendEmail {
    pub to: EmailAddress,
    pub letter: Letter,
}

impl Message for SendEmail {
    const NAME: &'static str = "send-email";
}

/// The sender of a letter, as the recipient sees it.
const SENDER: &str = "Bulkhead";

/// Why a mail is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsendableMail {
    #[error("SES will never take this mail ({code})")]
    Rejected { code: String },
    #[error("the mail's link has expired before it was sent")]
    LinkExpired,
}

const MAIL_LINK_EXPIRED: ProblemCode = ProblemCode::of_job(422, "mail_link_expired");
const MAIL_NOT_TAKEN: ProblemCode = ProblemCode::of_job(503, "mail_not_taken");
const MAIL_REJECTED: ProblemCode = ProblemCode::of_job(422, "mail_rejected");

impl Refusal for UnsendableMail {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Rejected { .. } => MAIL_REJECTED,
            Self::LinkExpired => MAIL_LINK_EXPIRED,
        }
    }
}

pub static FUNCTION: Function = Function::job::<SendEmail>();

impl Job for SendEmail {
    // SES counts mails by the second; what it refuses for that comes back from the queue.
    const JOB: Declaration = Declaration::new("send-email", Trigger::message::<Self>()).timeout_s(30).concurrency(5);
    const GRANTS: &'static [Grant] = &[Grant::SendMail, Grant::DeriveKeys];
    type Access = Mailroom;

    async fn run(self, mailroom: &Mailroom) -> Result<(), JobError> {
        let Written { subject, text, html } = write(&self.letter, mailroom).await?;
        let (sender, to) = (SENDER, self.to.as_str().to_owned());
        let mail = Mail { sender, to, subject: subject.to_owned(), text, html };
        let message_id = mailroom.send(&mail).await.map_err(after_failure)?;
        tracing::info!(ses.message_id = message_id, "mail sent");
        Ok(())
    }
}

/// What SES will never take is given up and recorded; what it may take later (it throttles, paused the account, or did
/// not answer) comes back from the queue.
fn after_failure(error: MailError) -> JobError {
    match error {
        MailError::Rejected { code } => JobError::GiveUp(UnsendableMail::Rejected { code }.into()),
        MailError::NotNow(problem) => {
            tracing::warn!(cause = ?problem, "SES did not take a mail");
            JobError::retry(Problem::new(MAIL_NOT_TAKEN, "SES does not take mail now; it is tried again."))
        }
    }
}

async fn write(letter: &Letter, mailroom: &Mailroom) -> Result<Written, Problem> {
    let link = match letter.link() {
        Some((claims, page)) => {
            let works_for = time_left(claims, mailroom.now())?;
            let token = mailroom.sign_link(claims).await?;
            // In the fragment: browsers send it to no server, and leave it out of the Referer header.
            Some(Link { url: format!("{}/{page}#token={}", mailroom.app_url(), token.expose()), works_for })
        }
        None => None,
    };
    content(letter, Places { app_url: mailroom.app_url(), link }).write().map_err(Problem::internal)
}

/// What is left of a link, rounded, in the largest unit that tells it well: a mail that is a minute late still says
/// 24 hours.
fn time_left(link: &LinkClaims, now: Timestamp) -> Result<String, UnsendableMail> {
    let left_s = link.expires_at.as_second() - now.as_second();
    let in_units_of = |unit_s: i64, name: &str| {
        let units = ((left_s + unit_s / 2) / unit_s).max(1);
        Ok(format!("{units} {name}{}", if units == 1 { "" } else { "s" }))
    };
    match left_s {
        ..=0 => Err(UnsendableMail::LinkExpired),
        1..3_570 => in_units_of(60, "minute"),
        3_570..172_800 => in_units_of(3_600, "hour"),
        _ => in_units_of(86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_tells_how_long_it_works() {
        let link = |expires_at: &str| LinkClaims {
            purpose: "verify-email".to_owned(),
            user: format!("user_{:032x}", 1).parse().unwrap(),
            binding: String::new(),
            expires_at: expires_at.parse().unwrap(),
        };
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for (expires_at, left) in [
            ("2026-03-31T12:00:00Z", "30 days"),
            ("2026-03-02T12:00:00Z", "24 hours"),
            ("2026-03-02T11:58:00Z", "24 hours"),
            ("2026-03-01T13:00:00Z", "1 hour"),
            ("2026-03-01T12:30:00Z", "30 minutes"),
            ("2026-03-01T12:29:55Z", "30 minutes"),
            ("2026-03-01T12:28:30Z", "29 minutes"),
            ("2026-03-01T12:00:05Z", "1 minute"),
        ] {
            assert_eq!(time_left(&link(expires_at), now).as_deref(), Ok(left), "{expires_at}");
        }
        assert_eq!(time_left(&link("2026-03-01T12:00:00Z"), now), Err(UnsendableMail::LinkExpired));
    }

    #[test]
    fn only_what_may_still_be_sent_comes_back() {
        let rejected = after_failure(MailError::Rejected { code: "MessageRejected".to_owned() });
        assert!(matches!(rejected, JobError::GiveUp(problem) if problem.code() == "mail_rejected"));
        let throttled = after_failure(MailError::NotNow(Problem::unavailable("TooManyRequestsException")));
        assert!(matches!(throttled, JobError::Retry { problem, .. } if problem.code() == "mail_not_taken"));
    }

    #[test]
    fn a_message_tells_the_log_nothing_of_a_person() {
        let at = "2026-03-01T12:00:00Z".parse().unwrap();
        let [name, browser, system, ip] = ["Ada", "Firefox", "Linux", "192.0.2.1"].map(str::to_owned);
        let letter = Letter::NewSignIn { name, at, browser, system, ip };
        let message = SendEmail { to: "ada@example.com".parse().unwrap(), letter };
        let shown = format!("{message:?}");
        assert_eq!(shown, "SendEmail { to: EmailAddress(…), letter: Letter(\"New sign-in to your account\") }");
    }
}
