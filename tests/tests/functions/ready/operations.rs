//! What the functions of operations need.

use mail::SendEmail;
use shared::kernel::time::SignedDuration;
use shared::testing::Posted;

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_operations(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "relay-outbox" => ready.with("message_id", self.posted_letter(place).await.envelope.id),
            "sweep-outbox" => {
                self.posted_letter(place).await;
                self.app.advance(SignedDuration::from_secs(61));
                ready
            }
            _ => ready,
        }
    }

    /// A message in the workspace's outbox that the relay has not sent.
    pub(super) async fn posted_letter(&self, place: &Place) -> Posted {
        let letter = SendEmail::to_user(place.owner.user, accounts::letters::already_registered());
        let changes = shared::tenancy::Changes::default().unaudited("only the message matters").send(&letter);
        self.app.scope(place.owner.workspace).commit(changes).await.unwrap();
        self.app.outbox::<SendEmail>(&place.owner.outbox()).await.unwrap().pop().unwrap()
    }
}
