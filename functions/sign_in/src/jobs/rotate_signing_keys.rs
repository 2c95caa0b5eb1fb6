//! The job `rotate-signing-keys`: once a day, replaces the key that signs access tokens if it is due.

use shared::identity::Keyring;
use shared::prelude::job::*;

#[derive(Deserialize)]
pub struct RotateSigningKeys {}

pub static FUNCTION: Function = Function::job::<RotateSigningKeys>();

impl Job for RotateSigningKeys {
    const JOB: Declaration = Declaration::new("rotate-signing-keys", Trigger::Schedule("cron(40 3 * * ? *)"));
    const GRANTS: &'static [Grant] = &[Grant::RotateKeys];
    type Access = Keyring;

    async fn run(self, keyring: &Keyring) -> Result<(), JobError> {
        let rotated = keyring.rotate().await?;
        tracing::info!(?rotated, "signing keys");
        Ok(())
    }
}
