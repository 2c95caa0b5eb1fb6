//! What the functions of passkeys need.

use passkeys::routes::{register_passkey, start_passkey_registration, start_passkey_sign_in};
use serde_json::{Value, json};
use test_support::authenticator::Authenticator;

use crate::place::{World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_passkeys(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "start-passkey-registration" => self.as_someone(ready).await,
            "register-passkey" => {
                let ready = self.as_someone(ready).await;
                let started = self.begun(&ready).await;
                with_credential(ready, &started, Authenticator::es256().create(&started["options"]))
            }
            "rename-passkey" | "delete-passkey" => self.with_a_passkey(ready).await.0,
            "sign-in-with-passkey" | "step-up-with-passkey" => {
                let (ready, mut authenticator) = self.with_a_passkey(ready).await;
                let started = self.anyone(&start_passkey_sign_in::FUNCTION, json!({})).await;
                with_credential(ready, &started, authenticator.get(&started["options"]))
            }
            _ => ready,
        }
    }

    pub(super) async fn begun(&self, ready: &Filling) -> Value {
        let function = &start_passkey_registration::FUNCTION;
        self.call(function, ready.get("token"), &Filling::default(), json!({})).await
    }

    pub(super) async fn with_a_passkey(&self, ready: Filling) -> (Filling, Authenticator) {
        let ready = self.as_someone(ready).await;
        let started = self.begun(&ready).await;
        let mut authenticator = Authenticator::es256();
        let credential = authenticator.create(&started["options"]);
        let body = json!({ "ceremony": started["ceremony"], "name": "Laptop", "credential": credential });
        let made = self.call(&register_passkey::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        (ready.with("passkey_id", text(&made["id"])), authenticator)
    }
}

/// The parts of an authenticator's response.
pub(super) fn with_credential(ready: Filling, started: &Value, credential: Value) -> Filling {
    let pieces = [
        ("client_data", "clientDataJSON"),
        ("attestation_object", "attestationObject"),
        ("authenticator_data", "authenticatorData"),
        ("signature", "signature"),
        ("user_handle", "userHandle"),
    ];
    let ready = ready.with("ceremony", text(&started["ceremony"])).with("credential_id", text(&credential["id"]));
    pieces.iter().fold(ready, |ready, (name, member)| match credential["response"][*member].as_str() {
        Some(piece) => ready.with(name, piece),
        None => ready,
    })
}
