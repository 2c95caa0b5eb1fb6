//! The job `send-email`: writes one letter and hands it to SES.
//!
//! A message is sent once as far as we can tell: the runner does not run one again that is done. If SES took a mail and
//! its answer was lost, the mail goes out twice, because SES has no key by which it could know: mail is at least once.

use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::aws::mailer::{Mail, MailError};
use shared::crypto::link::LinkClaims;
use shared::function::Function;
use shared::identity::accounts::Mailroom;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::{Problem, Refusal};
use shared::kernel::time::Timestamp;
use shared::outbox::Message;

use crate::EmailAddress;
use crate::letter::{self, Letter, Written};

/// Has a letter sent. It carries no secret: the token of a link is made while the mail is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendEmail {
    pub to: EmailAddress,
    pub letter: Letter,
}

impl Message for SendEmail {
    const NAME: &'static str = "send-email";
}

/// Why a mail is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsendableMail {
    #[error("SES will never take this mail ({code})")]
    Rejected { code: String },
    #[error("the mail's link has expired before it was sent")]
    LinkExpired,
}

impl Refusal for UnsendableMail {
    fn status(&self) -> u16 {
        422
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Rejected { .. } => "mail_rejected",
            Self::LinkExpired => "mail_link_expired",
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
        let mail = Mail { to: self.to.as_str().to_owned(), subject: subject.to_owned(), text, html };
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
            JobError::Retry(Problem::new(503, "mail_not_taken", "SES does not take mail now; it is tried again."))
        }
    }
}

async fn write(letter: &Letter, mailroom: &Mailroom) -> Result<Written, Problem> {
    let sign_in_link = format!("{}/sign-in", mailroom.app_url());
    let written = match letter {
        Letter::VerifyEmail { link } => {
            let valid_for_h = hours_left(link, mailroom.now())?;
            let token = mailroom.sign_link(link).await?;
            // In the fragment: browsers send it to no server, and leave it out of the Referer header.
            let link = format!("{}/verify-email#token={}", mailroom.app_url(), token.expose());
            letter::verify_email(&link, valid_for_h)
        }
        Letter::AlreadyRegistered => letter::already_registered(&sign_in_link),
        Letter::SessionsRevoked { name, at } => letter::sessions_revoked(name, *at, &sign_in_link),
    };
    written.map_err(Problem::internal)
}

/// What is left of a link, in hours, rounded: a mail that is a minute late still says 24.
fn hours_left(link: &LinkClaims, now: Timestamp) -> Result<i64, UnsendableMail> {
    let left_s = link.expires_at.as_second() - now.as_second();
    if left_s > 0 { Ok(((left_s + 1800) / 3600).max(1)) } else { Err(UnsendableMail::LinkExpired) }
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
        assert_eq!(hours_left(&link("2026-03-02T12:00:00Z"), now), Ok(24));
        assert_eq!(hours_left(&link("2026-03-02T11:58:00Z"), now), Ok(24));
        assert_eq!(hours_left(&link("2026-03-01T12:05:00Z"), now), Ok(1));
        assert_eq!(hours_left(&link("2026-03-01T12:00:00Z"), now), Err(UnsendableMail::LinkExpired));
    }

    #[test]
    fn only_what_may_still_be_sent_comes_back() {
        let rejected = after_failure(MailError::Rejected { code: "MessageRejected".to_owned() });
        assert!(matches!(rejected, JobError::GiveUp(problem) if problem.code() == "mail_rejected"));
        let throttled = after_failure(MailError::NotNow(Problem::unavailable("TooManyRequestsException")));
        assert!(matches!(throttled, JobError::Retry(problem) if problem.code() == "mail_not_taken"));
    }

    #[test]
    fn a_message_tells_no_address_to_the_log() {
        let at = "2026-03-01T12:00:00Z".parse().unwrap();
        let letter = Letter::SessionsRevoked { name: "Ada".to_owned(), at };
        let message = SendEmail { to: "ada@example.com".parse().unwrap(), letter };
        assert!(!format!("{message:?}").contains("ada@"));
    }
}
