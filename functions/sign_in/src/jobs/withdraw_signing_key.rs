//! The job `withdraw-signing-key`: an operator revokes a compromised signing key at once.

use shared::identity::Keyring;
use shared::prelude::job::*;

/// `kid` is the key's id, as in `/.well-known/jwks.json` and in a token's header. Its tokens are refused within a
/// minute; users continue with their refresh tokens. An unpublished `kid` is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawSigningKey {
    kid: String,
}

pub static FUNCTION: Function = Function::job::<WithdrawSigningKey>();

impl Job for WithdrawSigningKey {
    const JOB: Declaration = Declaration::new("withdraw-signing-key", Trigger::Operator);
    const GRANTS: &'static [Grant] = &[Grant::RotateKeys];
    type Access = Keyring;

    async fn run(self, keyring: &Keyring) -> Result<(), JobError> {
        keyring.withdraw(&self.kid).await?;
        Ok(())
    }
}
