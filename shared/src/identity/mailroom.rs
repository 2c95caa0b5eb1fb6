//! The mailroom: the access of a job that writes mail.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::accounts::letter_place;
use super::invitation::InvitationClaim;
use super::records::{AccountKey, USER};
use crate::aws::grants::Table;
use crate::crypto::derived::Label;
use crate::crypto::link::{self, LinkClaims};
use crate::crypto::sealed::Sealed;
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::table::item::body;
use crate::table::read::Reader;
use crate::tenancy::app::App;

/// The proof of a job that writes mail: it can read the recipient of a letter, make link tokens and send.
pub struct Mailroom {
    pub(crate) app: Arc<App>,
    /// The outbox of the message.
    pub(crate) partition: String,
}

impl Mailroom {
    /// The current fields of a user's record that a letter needs; `None` for an erased user.
    pub async fn user<R: DeserializeOwned>(&self, user: UserId) -> Result<Option<R>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let item = reader.get(Table::Accounts, &AccountKey::User(user).partition(), USER).await?;
        item.as_ref().map(body).transpose()
    }

    /// Opens a letter that `Accounts::seal_letter` sealed for the outbox of this message.
    pub async fn open_letter(&self, sealed: &Sealed) -> Result<SecretText, Problem> {
        let place = letter_place(&self.partition);
        Box::pin(self.app.data_keys.open(&self.app.aws, None, &place, sealed)).await
    }

    /// The token of an emailed link.
    pub async fn sign_link(&self, claims: &LinkClaims) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::MailedLink).await?;
        link::sign(&key, claims)
    }

    /// The token of an emailed invitation.
    pub async fn sign_invitation(&self, claim: &InvitationClaim) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Invitation).await?;
        Ok(claim.sign(&key))
    }

    /// The URL of a page of the web application.
    pub fn page_url(&self, page: &str) -> String {
        self.app.aws.config.page_url(page)
    }

    pub fn now(&self) -> Timestamp {
        self.app.aws.clock.now()
    }

    pub async fn send(&self, mail: &crate::aws::mailer::Mail) -> Result<String, crate::aws::mailer::MailError> {
        Box::pin(self.app.aws.send_mail(mail)).await
    }
}
