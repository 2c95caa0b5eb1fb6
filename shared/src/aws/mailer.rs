//! SES: sending one mail.

use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{Aws, failed, is_throttling};
use crate::kernel::problems::Problem;

/// A mail, ready to be sent. Both parts say the same.
pub struct Mail {
    /// The sender's display name, next to the deployment's address: ASCII, without quotes.
    pub sender: &'static str,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why a mail was not sent.
#[derive(Debug)]
pub enum MailError {
    /// SES will never take it: a malformed address, content that it rejects, a suppressed recipient.
    Rejected { code: String },
    /// It may be taken later: throttling, a paused account, no answer.
    NotNow(Problem),
}

impl Aws {
    /// Sends a mail and returns SES's message id. At least once: an answer that is lost after SES took
    /// the mail leads to a second try, and SES has no key to tell the two apart.
    pub(crate) async fn send_mail(&self, mail: &Mail) -> Result<String, MailError> {
        let part = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let built = part(&mail.subject).and_then(|subject| {
            let body = Body::builder().text(part(&mail.text)?).html(part(&mail.html)?).build();
            Ok(Message::builder().subject(subject).body(body).build())
        });
        let message = built.map_err(|error| MailError::NotNow(Problem::internal(error)))?;
        let answer = self
            .ses()
            .send_email()
            .from_email_address(format!("{} <{}>", mail.sender, self.config.mail_from))
            .destination(Destination::builder().to_addresses(&mail.to).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        match answer {
            Ok(sent) => Ok(sent.message_id.unwrap_or_default()),
            Err(SdkError::ServiceError(error))
                if matches!(
                    error.err().code(),
                    Some(
                        "MessageRejected"
                            | "BadRequestException"
                            | "InvalidParameterValue"
                            | "InvalidParameterException"
                    )
                ) && !is_throttling(error.err().code()) =>
            {
                Err(MailError::Rejected { code: error.err().code().unwrap_or("MessageRejected").to_owned() })
            }
            Err(error) => Err(MailError::NotNow(failed("ses:SendEmail", error))),
        }
    }
}
