//! The mailroom: what a job that writes mail may do.

use std::sync::Arc;

use jiff::Timestamp;

use super::invitation::InvitationClaim;
use crate::crypto::derived::Label;
use crate::crypto::link::{self, LinkClaims};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::tenancy::app::App;

/// The proof of a job that writes mail: it can make link tokens and send.
pub struct Mailroom {
    pub(crate) app: Arc<App>,
}

impl Mailroom {
    /// The token of a mailed link.
    pub async fn sign_link(&self, claims: &LinkClaims) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::MailedLink).await?;
        link::sign(&key, claims)
    }

    /// The token of an emailed invitation.
    pub async fn sign_invitation(&self, claim: &InvitationClaim) -> Result<SecretText, Problem> {
        let key = self.app.derived.get(&self.app.aws, Label::Invitation).await?;
        Ok(claim.sign(&key))
    }

    pub fn app_url(&self) -> &str {
        &self.app.aws.config.app_url
    }

    pub fn now(&self) -> Timestamp {
        self.app.aws.clock.now()
    }

    pub async fn send(&self, mail: &crate::aws::mailer::Mail) -> Result<String, crate::aws::mailer::MailError> {
        Box::pin(self.app.aws.send_mail(mail)).await
    }
}
