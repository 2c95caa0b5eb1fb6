//! What the functions of channels need.

use channels::jobs::end_channel_session::EndChannelSession;
use serde_json::Value;
use shared::kernel::time::SignedDuration;

use crate::place::{Place, World};
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_channels(&self, function: &str, place: &Place, ready: Filling) -> Filling {
        match function {
            "connect-bluesky" => ready.with("handle", self.unique("bob-", ".test")),
            "complete-connection" => self.begun_connection(place, ready).await,
            "choose-account" => self.offered_connection(place, ready).await,
            "expire-connections" => {
                self.offered_connection(place, ready.clone()).await;
                self.app.advance(SignedDuration::from_mins(11));
                ready
            }
            "disconnect-channel" => ready.with("channel_id", self.channel(place).await),
            "end-channel-session" => ready.with("ended_session_id", self.ended_session(place).await),
            _ => ready,
        }
    }

    pub(super) async fn ended_session(&self, place: &Place) -> String {
        let path = place.filling.clone().with("channel_id", self.channel(place).await);
        self.call(&channels::routes::disconnect_channel::FUNCTION, &place.owner.token, &path, Value::Null).await;
        let posted = self.app.outbox::<EndChannelSession>(&place.owner.outbox()).await.unwrap();
        let newest: EndChannelSession = posted.last().unwrap().payload().unwrap();
        newest.ended_session_id.to_string()
    }
}
