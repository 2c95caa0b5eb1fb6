//! What the functions of profiles need.

use profiles::access_token::AccessToken;
use profiles::reminded::Reminded;
use profiles::routes::{change_email, create_access_token, delete_account};
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey};

use crate::cloud;
use crate::place::{Place, World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_profiles(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "create-access-token" => {
                self.prove_second_factor(&place.owner.token).await;
                ready
            }
            "logout-everywhere" | "revoke-session" | "change-email" | "delete-account" => self.as_someone(ready).await,
            "cancel-email-change" => {
                let ready = self.as_someone(ready).await;
                self.asked_for_another_email(&ready).await;
                ready
            }
            "confirm-email-change" => {
                let ready = self.as_someone(ready).await;
                let email = self.asked_for_another_email(&ready).await;
                ready.with("link_token", cloud::mailed_token(&self.app, &email))
            }
            "revoke-access-token" => {
                let ready = self.as_someone(ready).await;
                let body = json!({ "name": "CI", "scopes": ["posts:read"] });
                let path = Filling::default();
                let made = self.call(&create_access_token::FUNCTION, ready.get("token"), &path, body).await;
                ready.with("token_id", text(&made["id"]))
            }
            "remind-expiring-access-tokens" => {
                let ready = self.as_someone(ready).await;
                let body = json!({ "name": "CI", "scopes": ["posts:read"], "expires_in_days": 1 });
                let path = Filling::default();
                let made = self.call(&create_access_token::FUNCTION, ready.get("token"), &path, body).await;
                let (accounts, key) = (self.app.accounts(), AccountKey::User(ready.get("user").parse().unwrap()));
                let token = accounts.find_part::<AccessToken>(&key, &text(&made["id"])).await.unwrap();
                let mut token = token.expect("a token");
                token.reminded = Reminded::default();
                accounts.commit(AccountChanges::default().replace(&token)).await.unwrap();
                ready
            }
            "purge-deleted-accounts" => {
                let ready = self.as_someone(ready).await;
                self.call(&delete_account::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
                self.and_wait(ready, 31 * 24)
            }
            "purge-login-history" => self.and_wait(self.as_someone(ready).await, 91 * 24),
            _ => ready,
        }
    }

    /// The new address, to which the email was sent.
    pub(super) async fn asked_for_another_email(&self, ready: &Filling) -> String {
        let email = self.email();
        let body = json!({ "email": email });
        self.call(&change_email::FUNCTION, ready.get("token"), &Filling::default(), body).await;
        self.post_letters(ready.get("user")).await;
        email
    }
}
