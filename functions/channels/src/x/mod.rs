//! The X adapter: accounts of X, connected with the operator's app.

mod api;
mod connect;
pub(crate) mod length;
pub mod options;
mod publish;

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use self::options::XOptions;
use crate::adapter::{Adapter, Authorization, Begun, Code, NoSteps, Prepared};
use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::{Limits, TextLimit, TextMeasure};
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::{ConnectionMethod, PlatformFacts};
use crate::publishing::{Outgoing, Picture, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
use crate::session::EndedSession;

pub struct X;

impl Adapter for X {
    const PLATFORM: Platform = Platform::X;
    const NAME: &'static str = "x";
    /// <https://docs.x.com/x-api/posts/create-post> has no key of a repeat; the account's posts can be read.
    const GUARANTEE: Guarantee = Guarantee::ReconcileThenRetry { window_s: Self::SETTLE_TIME_S };
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "/2 of docs.x.com",
        limits_source: "docs.x.com: counting characters, media best practices, create post, media metadata",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    /// X states no time. A request is ended by its front end within a minute, and a post is in the account's timeline seconds
    /// after it was written.
    const SETTLE_TIME_S: u32 = 120;
    /// RFC 6749, section 6, with rotation: an answer to a refresh has the next token, and the one before is refused.
    const REUSE: Option<Reuse> = Some(Reuse::EndsSession);

    type Request = publish::Request;
    type Staged = NoSteps;
    type Options = XOptions;
    type Picture = Picture;

    /// Checked on 2026-11-27: <https://docs.x.com/fundamentals/counting-characters> (280),
    /// <https://docs.x.com/x-api/media/quickstart/best-practices> (images of at most 5 MB),
    /// <https://docs.x.com/x-api/posts/create-post> (1 to 4 media), and <https://docs.x.com/x-api/media/create-media-metadata>
    /// (descriptions of at most 1,000 characters).
    fn limits() -> Limits {
        let text = vec![TextLimit { measure: TextMeasure::X, most: 280 }];
        Limits { text, pictures: 4, picture_bytes: 5 * 1024 * 1024, alt_text: Some(1_000) }
    }

    fn options(of: &PlatformOptions) -> Option<&XOptions> {
        let PlatformOptions::X(options) = of else { return None };
        Some(options)
    }

    fn render(text: &str, _options: &XOptions) -> Rendered {
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
        outgoing: Outgoing<XOptions>,
    ) -> Result<Prepared<publish::Request, NoSteps>, PublishError> {
        publish::prepare(scope, channel, outgoing).await.map(Prepared::Ready)
    }

    async fn advance(
        _scope: &Scope,
        _channel: &Channel,
        staged: NoSteps,
    ) -> Result<Prepared<publish::Request, NoSteps>, PublishError> {
        match staged {}
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

    async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
        connect::revoke(scope, ended).await
    }
}
