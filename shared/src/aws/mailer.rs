//! SES: sending one mail.

use aws_sdk_sesv2::error::SdkError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::{Aws, failed, is_throttling};
use crate::kernel::problems::Problem;

/// A mail, ready to be sent. Both parts have the same content.
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
    /// SES will never accept it: a malformed address, rejected content, a suppressed recipient.
    Rejected { code: String },
    /// SES may accept it later: throttling, a paused account, no response.
    NotNow(Problem),
}

impl Aws {
    /// Sends a mail and returns SES's message id. At least once: if the response is lost after SES accepted the mail,
    /// it is sent again, and SES has no idempotency key to detect that.
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
