//! Users as samples need them, and what their access tokens contain.

use mail::SendEmail;
use serde_json::Value;
use shared::crypto::digest::from_base64url;
use shared::identity::{AccountChanges, EpochTurn, Strength};
use shared::kernel::time::SignedDuration;

use crate::place::{Account, World, text};
use crate::sample::Filling;

impl World {
    pub fn and_wait(&self, ready: Filling, hours: i64) -> Filling {
        self.app.advance(SignedDuration::from_hours(hours));
        ready
    }

    /// Replaces the owner by a new user who has just signed in.
    pub async fn as_someone(&self, ready: Filling) -> Filling {
        let Account { email, tokens } = self.account().await;
        let session = session_of(&text(&tokens["access_token"]));
        ready
            .with("email", email)
            .with("token", text(&tokens["access_token"]))
            .with("user", text(&tokens["user_id"]))
            .with("session_id", session)
    }

    pub async fn post_letters(&self, user: &str) {
        self.post_letters_of(&format!("U#{user}")).await;
    }

    /// The same for the outbox of a user or workspace.
    pub async fn post_letters_of(&self, outbox: &str) {
        let posted = self.app.outbox::<SendEmail>(outbox).await.unwrap();
        self.app.deliver(&mail::jobs::send_email::FUNCTION, &posted).await.unwrap();
    }

    /// Marks a second factor as just verified in a session.
    pub async fn prove_second_factor(&self, token: &str) {
        let accounts = self.app.accounts();
        let (user, session) = (claim(token, "sub"), claim(token, "sid"));
        let (user, session) = (user.parse().unwrap(), session.parse().unwrap());
        let epoch = accounts.epoch(user).await.unwrap();
        let changes = AccountChanges::default().turn(user, epoch, EpochTurn::default().and_enrolling()).prove_factor(
            user,
            session,
            (Strength::Multi, epoch.with_other_factors()),
            self.app.now(),
        );
        accounts.commit(changes).await.unwrap();
    }
}

pub fn session_of(token: &str) -> String {
    claim(token, "sid")
}

/// A claim of an access token.
pub fn claim(token: &str, name: &str) -> String {
    member(token, 1, name)
}

pub fn header(token: &str, name: &str) -> String {
    member(token, 0, name)
}

fn member(token: &str, part: usize, name: &str) -> String {
    let members = from_base64url(token.split('.').nth(part).unwrap()).unwrap();
    let members: Value = serde_json::from_slice(&members).unwrap();
    text(&members[name])
}
