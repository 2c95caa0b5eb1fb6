//! What the functions of recovery need.

use accounts::recovery::Recovery;
use accounts::routes::request_password_reset;
use profiles::routes::delete_account;
use recovery::jobs::tell_of_recovery::TellOfRecovery;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;

use crate::cloud;
use crate::place::{World, text};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_recovery(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "restore-account" => {
                let ready = self.as_someone(ready).await;
                self.call(&delete_account::FUNCTION, ready.get("token"), &Filling::default(), Value::Null).await;
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(&self.app, ready.get("email"));
                ready.with("link_token", token)
            }
            "reset-password" => {
                let ready = self.as_someone(ready).await;
                self.anyone(&request_password_reset::FUNCTION, json!({ "email": ready.get("email") })).await;
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(&self.app, ready.get("email"));
                ready.with("link_token", token)
            }
            "start-recovery" => {
                let ready = self.with_an_app(ready).await;
                let asked = self.signed_in(ready.get("email")).await;
                ready.with("challenge", text(&asked["second_factor"]["challenge"]))
            }
            "cancel-recovery" | "tell-of-recovery" => self.recovering(ready, false).await,
            "offer-recoveries" => self.recovering(ready, true).await,
            "complete-recovery" => {
                let ready = self.recovering(ready, true).await;
                self.app.tick(&recovery::jobs::offer_recoveries::FUNCTION).await.unwrap();
                self.post_letters(ready.get("user")).await;
                let token = cloud::mailed_token(&self.app, ready.get("email"));
                ready.with("link_token", token)
            }
            _ => ready,
        }
    }

    /// A user with an authenticator app and a started recovery, in a workspace whose owner must be notified. The
    /// waiting time may be over or not: three days would end every other session here.
    pub(super) async fn recovering(&self, ready: Filling, is_over: bool) -> Filling {
        let ready = self.with_an_app(ready).await;
        let (owner, admin) = (self.account().await, self.account().await);
        let token = text(&owner.tokens["access_token"]);
        let body = json!({ "name": "Northwind Studio" });
        let made = self.call(&workspaces::routes::create_workspace::FUNCTION, &token, &Filling::default(), body).await;
        let workspace = text(&made["id"]).parse().unwrap();
        let user: UserId = ready.get("user").parse().unwrap();
        self.app.add_member(workspace, user, Role::Member).await.unwrap();
        let admin = text(&admin.tokens["user_id"]).parse().unwrap();
        self.app.add_member(workspace, admin, Role::Admin).await.unwrap();
        let asked = self.signed_in(ready.get("email")).await;
        let body = json!({ "challenge": asked["second_factor"]["challenge"] });
        self.anyone(&recovery::routes::start_recovery::FUNCTION, body).await;
        let posted = self.app.outbox::<TellOfRecovery>(&format!("U#{user}")).await.unwrap();
        let told: TellOfRecovery = posted.last().unwrap().payload().unwrap();
        if is_over {
            let accounts = self.app.accounts();
            let mut recovery = accounts.find::<Recovery>(&AccountKey::User(user)).await.unwrap().unwrap();
            recovery.ready_at = self.app.now();
            accounts.commit(AccountChanges::default().replace(&recovery)).await.unwrap();
        }
        self.app.advance(SignedDuration::from_millis(1));
        ready.with("recovery_started_at", told.started_at)
    }
}
