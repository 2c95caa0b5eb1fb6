//! The Threads adapter: containers, which the platform processes and publishes once.

mod api;
mod connect;
pub(crate) mod length;
pub mod options;
mod publish;

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;
use url::Url;

use self::options::ThreadsOptions;
use crate::adapter::{Adapter, Authorization, Begun, Code, Prepared};
use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::{Limits, TextLimit, TextMeasure};
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::{ConnectionMethod, PlatformFacts};
use crate::publishing::{LinkedPicture, Outgoing, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
use crate::session::EndedSession;

pub struct Threads;

impl Adapter for Threads {
    const PLATFORM: Platform = Platform::Threads;
    const NAME: &'static str = "threads";
    /// A container says whether it was published (`reference/publishing`): it is asked before it is published again.
    const GUARANTEE: Guarantee = Guarantee::ReconcileThenRetry { window_s: Self::SETTLE_TIME_S };
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "v1.0 of graph.threads.net",
        limits_source: "developers.facebook.com/docs/threads: posts, reference/publishing",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    /// The API states none: three times the longest that a call of ours waits.
    const SETTLE_TIME_S: u32 = 60;
    /// A token of 60 days can be renewed until it expires; no page says that a renewal ends it (`get-started/long-lived-tokens`).
    const REUSE: Option<Reuse> = Some(Reuse::Answered { for_s: 24 * 3_600 });

    type Request = publish::Request;
    type Staged = publish::Staged;
    type Options = ThreadsOptions;
    type Picture = LinkedPicture;

    /// Checked on 2026-11-27 against the pages `posts` and `reference/publishing` of
    /// <https://developers.facebook.com/docs/threads/>.
    fn limits() -> Limits {
        let text = vec![TextLimit { measure: TextMeasure::Threads, most: 500 }];
        Limits { text, pictures: 20, picture_bytes: 8_000_000, alt_text: Some(1_000) }
    }

    fn options(of: &PlatformOptions) -> Option<&ThreadsOptions> {
        let PlatformOptions::Threads(options) = of else { return None };
        Some(options)
    }

    fn render(text: &str, _options: &ThreadsOptions) -> Rendered {
        Rendered::plain(text)
    }

    async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
        connect::begin(scope, service, asked).await
    }

    async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
        connect::redeem(scope, pending, code).await
    }

    async fn prepare(
        scope: &Scope,
        channel: &Channel,
        outgoing: Outgoing<ThreadsOptions, LinkedPicture>,
    ) -> Result<Prepared<publish::Request, publish::Staged>, PublishError> {
        publish::prepare(scope, channel, outgoing).await
    }

    async fn advance(
        scope: &Scope,
        channel: &Channel,
        staged: publish::Staged,
    ) -> Result<Prepared<publish::Request, publish::Staged>, PublishError> {
        publish::advance(scope, channel, staged).await
    }

    async fn send(scope: &Scope, channel: &Channel, request: &publish::Request) -> Result<Published, PublishError> {
        publish::send(scope, channel, request).await
    }

    async fn reconcile(
        scope: &Scope,
        channel: &Channel,
        request: &publish::Request,
        since: Timestamp,
    ) -> Result<Option<Published>, PublishError> {
        publish::reconcile(scope, channel, request, since).await
    }

    async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        connect::refresh(scope, renewing).await
    }

    /// The API has no call that ends a token: the account's owner removes the app, or it expires within 60 days. Ours is deleted.
    async fn revoke(_scope: &Scope, _ended: &EndedSession) -> Result<(), Problem> {
        Ok(())
    }
}

fn server() -> Result<Url, Problem> {
    api::SERVER.parse().map_err(Problem::internal)
}
