//! The job `send-email`: writes one letter and hands it to SES.
//!
//! A message is sent once as far as we can tell: the runner does not run one again that is done. If SES took a mail and
//! its answer was lost, the mail goes out twice, because SES has no key by which it could know: mail is at least once.

use std::fmt;

use shared::aws::mailer::{Mail, MailError};
use shared::crypto::Sealed;
use shared::identity::Mailroom;
use shared::kernel::ids::UserId;
use shared::kernel::problems::ProblemCode;
use shared::prelude::job::*;

use crate::former::Former;
use crate::letter::Letter;
use crate::rendering::render;
use crate::unsendable::UnsendableMail;
use crate::written::Written;

/// Sends a letter. The message has no secret and no readable address: the token of a link is made, and a user's address is
/// read, when the mail is rendered.
///
/// Its `Debug` shows neither the address nor the facts in the letter.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SendEmail {
    ToUser {
        user: UserId,
        letter: Letter,
    },
    /// The letter together with its reader.
    Sealed(Sealed),
    /// In the form of the previous release.
    #[serde(untagged, skip_serializing)]
    Former(Former),
}

impl fmt::Debug for SendEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToUser { user, letter } => write!(f, "SendEmail({user}, {letter:?})"),
            Self::Sealed(_) => f.write_str("SendEmail(sealed)"),
            Self::Former(_) => f.write_str("SendEmail(of the previous release)"),
        }
    }
}

impl Message for SendEmail {
    const NAME: &'static str = "send-email";
}

/// The sender of a letter, as the recipient sees it.
const SENDER: &str = "Bulkhead";

const MAIL_NOT_TAKEN: ProblemCode = ProblemCode::of_job(503, "mail_not_taken");

pub static FUNCTION: Function = Function::job::<SendEmail>();

impl Job for SendEmail {
    // SES counts mails by the second; what it refuses for that comes back from the queue.
    const JOB: Declaration = Declaration::new("send-email", Trigger::message::<Self>()).timeout_s(30).concurrency(5);
    const GRANTS: &'static [Grant] = &[Grant::OpenLetters, Grant::SendMail, Grant::DeriveKeys];
    type Access = Mailroom;

    async fn run(self, mailroom: &Mailroom) -> Result<(), JobError> {
        let Some((reader, letter)) = self.open(mailroom).await? else {
            tracing::info!(outcome = "recipient_erased", "mail not sent: its user was erased");
            return Ok(());
        };
        let Written { subject, text, html } = render(&letter, &reader, mailroom).await?;
        let mail = Mail { sender: SENDER, to: reader.email.as_str().to_owned(), subject, text, html };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Fact;

    #[test]
    fn only_what_may_still_be_sent_comes_back() {
        let rejected = after_failure(MailError::Rejected { code: "MessageRejected".to_owned() });
        assert!(matches!(rejected, JobError::GiveUp(problem) if problem.code() == "mail_rejected"));
        let throttled = after_failure(MailError::NotNow(Problem::unavailable("TooManyRequestsException")));
        assert!(matches!(throttled, JobError::Retry { problem, .. } if problem.code() == "mail_not_taken"));
    }

    #[test]
    fn a_message_tells_the_log_nothing_of_a_person() {
        let user: UserId = format!("user_{:032x}", 1).parse().unwrap();
        let letter = Letter::about("New sign-in to your account").tells("By {}.", &[Fact::Ip("192.0.2.1")]);
        let shown = format!("{:?}", SendEmail::to_user(user, letter));
        assert_eq!(shown, format!("SendEmail({user}, Letter(\"New sign-in to your account\"))"));
    }
}
