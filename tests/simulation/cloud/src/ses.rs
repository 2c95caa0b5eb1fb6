//! A fake of SES: it keeps what it accepts.
//!
//! Its rules are those of
//! [SendEmail](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{Answer, Failure, Surroundings};

/// An accepted mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

pub(crate) struct Mailbox {
    around: Surroundings,
    /// The domains whose addresses may send.
    pub(crate) domains: HashSet<String>,
    pub(crate) mails: Vec<Mail>,
}

impl Mailbox {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self { around, domains: HashSet::new(), mails: Vec::new() }
    }

    pub(crate) fn send(&mut self, request: &Value) -> Answer {
        let message = &request["Content"]["Simple"];
        let part = |at: &Value| at["Data"].as_str().unwrap_or_default().to_owned();
        let to = request["Destination"]["ToAddresses"][0].as_str().unwrap_or_default().to_owned();
        let from = request["FromEmailAddress"].as_str().unwrap_or_default().to_owned();
        // An address has one @, with a local part and a domain around it (RFC 5321, section 4.1.2).
        let is_address = to.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
        if !is_address || from.is_empty() {
            return Err(Failure::new("BadRequestException", "Missing or malformed address"));
        }
        let (_, domain) = from.trim_end_matches('>').rsplit_once('@').unwrap_or_default();
        if !self.domains.contains(domain) {
            return Err(Failure::new("MessageRejected", format!("{from} is not of a verified domain")));
        }
        self.mails.push(Mail {
            from,
            to,
            subject: part(&message["Subject"]),
            text: part(&message["Body"]["Text"]),
            html: part(&message["Body"]["Html"]),
        });
        Ok(json!({ "MessageId": self.around.id() }))
    }
}
