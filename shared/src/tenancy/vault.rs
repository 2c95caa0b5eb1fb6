//! The secrets of a workspace: sealed and opened only through its scope.

use std::fmt::Display;

use super::keys;
use super::scope::Scope;
use crate::crypto::sealed::{KeyOwner, Place, Sealed};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;

impl Scope {
    /// Seals a secret for one purpose and one owner (an item's id). It opens only for these.
    pub async fn seal(
        &self,
        purpose: &'static str,
        owner: &impl Display,
        secret: &SecretText,
    ) -> Result<Sealed, Problem> {
        let owner = owner.to_string();
        Box::pin(async move {
            let session = self.session().await?;
            let key = keys::current(self, &session).await?;
            let place = Place { key_owner: KeyOwner::Workspace(self.id()), purpose, owner: &owner };
            self.app().data_keys.seal(&self.app().aws, Some(&session.credentials), &key, &place, secret).await
        })
        .await
    }

    /// Opens a sealed secret of this workspace.
    pub async fn open(
        &self,
        purpose: &'static str,
        owner: &impl Display,
        sealed: &Sealed,
    ) -> Result<SecretText, Problem> {
        let owner = owner.to_string();
        Box::pin(async move {
            let credentials = self.session().await?.credentials;
            let place = Place { key_owner: KeyOwner::Workspace(self.id()), purpose, owner: &owner };
            self.app().data_keys.open(&self.app().aws, Some(&credentials), &place, sealed).await
        })
        .await
    }
}
