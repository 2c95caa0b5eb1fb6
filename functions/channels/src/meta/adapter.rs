//! The adapter of each platform on the Graph API: [`Graph`] has what differs.

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use super::graph::Graph;
use super::{connect, containers};
use crate::adapter::{Adapter, Authorization, Begun, Code, Prepared};
use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::Limits;
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::PlatformFacts;
use crate::publishing::{LinkedPicture, Outgoing, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
use crate::session::EndedSession;

impl<G: Graph> Adapter for G {
    const PLATFORM: Platform = <G as Graph>::PLATFORM;
    const NAME: &'static str = <G as Graph>::NAME;
    /// A container says whether it was published (Threads: `reference/publishing`; Instagram: `reference/ig-container`): it is asked
    /// before it is published again.
    const GUARANTEE: Guarantee = Guarantee::ReconcileThenRetry { window_s: Self::SETTLE_TIME_S };
    const FACTS: PlatformFacts = <G as Graph>::FACTS;
    /// The APIs state none: three times the longest that a call of ours waits.
    const SETTLE_TIME_S: u32 = 60;
    /// A token of 60 days can be renewed until it expires; no page says that a renewal ends it (Threads:
    /// `get-started/long-lived-tokens`; Instagram: `business-login`).
    const REUSE: Option<Reuse> = Some(Reuse::Answered { for_s: 24 * 3_600 });

    type Request = containers::Request;
    type Staged = containers::Staged<<G as Graph>::Options>;
    type Options = <G as Graph>::Options;
    type Picture = LinkedPicture;

    fn limits() -> Limits {
        <G as Graph>::limits()
    }

    fn options(of: &PlatformOptions) -> Option<&Self::Options> {
        <G as Graph>::options(of)
    }

    fn render(text: &str, _options: &Self::Options) -> Rendered {
        Rendered::plain(text)
    }

    async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
        connect::begin::<G>(scope, service, asked).await
    }

    async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
        connect::redeem::<G>(scope, pending, code).await
    }

    async fn prepare(
        scope: &Scope,
        channel: &Channel,
        outgoing: Outgoing<Self::Options, LinkedPicture>,
    ) -> Result<Prepared<Self::Request, Self::Staged>, PublishError> {
        containers::prepare::<G>(scope, channel, outgoing).await
    }

    async fn advance(
        scope: &Scope,
        channel: &Channel,
        staged: Self::Staged,
    ) -> Result<Prepared<Self::Request, Self::Staged>, PublishError> {
        containers::advance::<G>(scope, channel, staged).await
    }

    async fn send(scope: &Scope, channel: &Channel, request: &Self::Request) -> Result<Published, PublishError> {
        containers::send::<G>(scope, channel, request).await
    }

    async fn reconcile(
        scope: &Scope,
        channel: &Channel,
        request: &Self::Request,
        since: Timestamp,
    ) -> Result<Option<Published>, PublishError> {
        containers::reconcile::<G>(scope, channel, request, since).await
    }

    async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        connect::refresh::<G>(scope, renewing).await
    }

    /// The APIs have no call that ends a token: the account's owner removes the app, or it expires within 60 days. Ours is deleted.
    async fn revoke(_scope: &Scope, _ended: &EndedSession) -> Result<(), Problem> {
        Ok(())
    }
}
