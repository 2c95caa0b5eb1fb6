//! The job `replace-sender-keys`: an operator stores the keys that verify a sender's signed calls.

use shared::identity::SenderKeyring;
use shared::kernel::secrets::SecretText;
use shared::prelude::job::*;

/// The maximum number of keys per sender: during a rotation, its calls are signed with either key.
const MOST_KEYS: usize = 2;

/// `sender` is the `NAME` of its type; `keys` are as the sender shows them, the newest first. They take the place of those
/// before within a minute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceSenderKeys {
    sender: String,
    keys: Vec<SecretText>,
}

pub static FUNCTION: Function = Function::job::<ReplaceSenderKeys>();

impl Job for ReplaceSenderKeys {
    const JOB: Declaration = Declaration::new("replace-sender-keys", Trigger::Operator);
    const GRANTS: &'static [Grant] = &[Grant::ReplaceSenderKeys];
    type Access = SenderKeyring;

    async fn run(self, keyring: &SenderKeyring) -> Result<(), JobError> {
        let is_name = |letter: u8| letter.is_ascii_lowercase() || letter == b'-';
        if self.sender.is_empty() || !self.sender.bytes().all(is_name) {
            return Err(Problem::invalid("sender", "must be lower-case words separated by hyphens").into());
        }
        if !(1..=MOST_KEYS).contains(&self.keys.len()) || self.keys.iter().any(|key| key.expose().is_empty()) {
            return Err(Problem::invalid("keys", "must be one or two keys, none of them empty").into());
        }
        keyring.replace(&self.sender, &self.keys).await?;
        Ok(())
    }
}
