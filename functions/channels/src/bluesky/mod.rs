//! The Bluesky adapter: signing in and publishing over the AT Protocol.

mod answers;
mod client;
mod handle;
mod identifiers;
pub mod options;
mod publish;
mod record;
mod record_key;
mod rich_text;
mod service;
pub(crate) mod sign_in;
mod tokens;

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use crate::adapter::{Adapter, Authorization, Begun, Code, NoSteps, Prepared};
use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::{Limits, PictureType, TextLimit, TextMeasure};
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::{ConnectionMethod, PlatformFacts};
use crate::publishing::{Outgoing, Picture, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
use crate::session::EndedSession;

use self::options::BlueskyOptions;

pub struct Bluesky;

impl Adapter for Bluesky {
    const PLATFORM: Platform = Platform::Bluesky;
    const NAME: &'static str = "bluesky";
    /// Seen on the official server: `putRecord` with `swapRecord: null` creates a record or repeats it, and never replaces
    /// another one.
    const GUARANTEE: Guarantee = Guarantee::ExactlyOnce { for_s: None };
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::AppPassword,
        api_version: "@atproto/api 0.20.44",
        limits_source: "the lexicons app.bsky.feed.post and app.bsky.embed.images, and the official server",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    /// A write is one transaction in the account's own database, limited by the server's request timeout.
    const SETTLE_TIME_S: u32 = 30;
    /// Seen on the official server: the old refresh token returns the same new one for two hours.
    const REUSE: Option<Reuse> = Some(Reuse::Answered { for_s: 2 * 3_600 });

    type Request = publish::Request;
    type Staged = NoSteps;
    type Picture = Picture;
    type Options = BlueskyOptions;

    /// Checked on 2026-11-27 against the lexicons `app.bsky.feed.post` and `app.bsky.embed.images` in `@atproto/api`
    /// 0.20.44, and on 2026-11-22 against the official server, which refuses one more of each.
    fn limits() -> Limits {
        let most = |measure, most| TextLimit { measure, most };
        let text = vec![most(TextMeasure::Graphemes, 300), most(TextMeasure::Utf8Bytes, 3_000)];
        Limits {
            text,
            least_pictures: 0,
            pictures: 4,
            picture_bytes: 2_000_000,
            picture_types: PictureType::all(),
            aspect_ratios: None,
            alt_text: None,
        }
    }

    fn options(of: &PlatformOptions) -> Option<&BlueskyOptions> {
        let PlatformOptions::Bluesky(options) = of else { return None };
        Some(options)
    }

    fn render(text: &str, _options: &BlueskyOptions) -> Rendered {
        Rendered { facets: rich_text::facets(text), ..Rendered::plain(text) }
    }

    async fn begin(_scope: &Scope, _service: Option<&Service>, _asked: &Authorization) -> Result<Begun, Problem> {
        Err(Problem::invalid(
            "platform",
            "must be a platform that is connected by OAuth: connect Bluesky with an app password",
        ))
    }

    async fn redeem(
        _scope: &Scope,
        _pending: &PendingConnection,
        _code: &Code,
    ) -> Result<Vec<OfferedAccount>, Problem> {
        Err(Problem::internal("Bluesky is connected with an app password"))
    }

    async fn prepare(
        scope: &Scope,
        channel: &Channel,
        outgoing: Outgoing<BlueskyOptions>,
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
        _since: Timestamp,
    ) -> Result<Option<Published>, PublishError> {
        publish::reconcile(scope, channel, request).await
    }

    async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        tokens::refresh(scope, renewing).await
    }

    async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
        tokens::revoke(scope, ended).await
    }
}
