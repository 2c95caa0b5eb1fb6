//! What the functions of channels need.

use channels::jobs::end_channel_session::EndChannelSession;
use channels::renewal::Reuse;
use channels::session::ChannelSession;
use channels::{Channel, ChannelId};
use serde_json::Value;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Changes;

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
                // No longer than needed: the owner's access token lasts 15 minutes for all functions together.
                self.app.advance(SignedDuration::from_secs(601));
                ready
            }
            "disconnect-channel" => ready.with("channel_id", self.channel(place).await),
            "refresh-channel-tokens" => {
                self.abandoned_renewal(place).await;
                self.app.advance(SignedDuration::from_secs(31));
                ready
            }
            "notify-reauthorisation" => self.refused_channel(place, ready).await,
            "end-channel-session" => ready.with("ended_session_id", self.ended_session(place).await),
            _ => ready,
        }
    }

    /// A session whose renewal was begun by a function that died.
    async fn abandoned_renewal(&self, place: &Place) {
        let id: ChannelId = self.channel(place).await.parse().unwrap();
        let scope = self.app.scope(place.owner.workspace);
        let mut session = scope.get::<ChannelSession>(&id).await.unwrap();
        session.lease_to("dead", self.app.now(), Reuse::Answered { for_s: 7_200 });
        scope.commit(Changes::default().replace(&session).unaudited("a test")).await.unwrap();
    }

    /// A channel whose session the platform refuses.
    async fn refused_channel(&self, place: &Place, filling: Filling) -> Filling {
        let id = self.channel(place).await;
        let scope = self.app.scope(place.owner.workspace);
        let mut channel = scope.get::<Channel>(&id.parse().unwrap()).await.unwrap();
        channel.need_reauthorisation("ExpiredToken", "Token has been revoked", self.app.now());
        scope.commit(Changes::default().replace(&channel).unaudited("a test")).await.unwrap();
        filling.with("channel_id", id).with("since", self.app.now())
    }

    pub(super) async fn ended_session(&self, place: &Place) -> String {
        let path = place.filling.clone().with("channel_id", self.channel(place).await);
        self.call(&channels::routes::disconnect_channel::FUNCTION, &place.owner.token, &path, Value::Null).await;
        let posted = self.app.outbox::<EndChannelSession>(&place.owner.outbox()).await.unwrap();
        let newest: EndChannelSession = posted.last().unwrap().payload().unwrap();
        newest.ended_session_id.to_string()
    }
}
