//! The Mastodon adapter: any server, with which this product registers itself.

mod api;
mod connect;
pub(crate) mod length;
pub mod options;
mod publish;

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

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

use self::options::MastodonOptions;

/// The name under which this product is registered, shown with each status.
const CLIENT_NAME: &str = "Bulkhead";

/// The limits of the official server's source: `StatusLengthValidator`, `Status::MEDIA_ATTACHMENTS_LIMIT`.
const CHARACTERS: u32 = 500;
const PICTURES: u32 = 4;
/// The longest description of a picture (`MediaAttachment::MAX_DESCRIPTION_LENGTH`). Servers state it since 4.4.
const DESCRIPTION: u32 = 1_500;

pub struct Mastodon;

impl Adapter for Mastodon {
    const PLATFORM: Platform = Platform::Mastodon;
    const NAME: &'static str = "mastodon";
    /// <https://docs.joinmastodon.org/methods/statuses/#create>: a server keeps an `Idempotency-Key` for an hour. It stores the
    /// key after the status, so two calls at the same time can both succeed: the account's statuses are read before a repeat.
    const GUARANTEE: Guarantee = Guarantee::ExactlyOnce { for_s: Some(3_600) };
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "/api/v1 and /api/v2 of Mastodon 4",
        limits_source: "the source of the official server: StatusLengthValidator, Status and MediaAttachment",
        limits_checked_on: "2026-11-27",
        limits_differ: true,
    };
    /// A server ends a request after 60 seconds at most (its `RACK_TIMEOUT`, or its proxy's timeout).
    const SETTLE_TIME_S: u32 = 60;
    /// <https://docs.joinmastodon.org/api/oauth-tokens/>: access tokens do not expire.
    const REUSE: Option<Reuse> = None;

    type Request = publish::Request;
    type Staged = NoSteps;
    type Picture = Picture;
    type Options = MastodonOptions;

    /// The defaults of the official server, checked on 2026-11-27 against its source (`StatusLengthValidator`,
    /// `Status::MEDIA_ATTACHMENTS_LIMIT`, `MediaAttachment::IMAGE_LIMIT`). Each server states its own (`/api/v2/instance`), which a
    /// channel keeps.
    fn limits() -> Limits {
        let text = vec![TextLimit { measure: TextMeasure::Mastodon, most: CHARACTERS }];
        Limits { text, pictures: PICTURES, picture_bytes: 16 * 1024 * 1024, alt_text: Some(DESCRIPTION) }
    }

    fn options(of: &PlatformOptions) -> Option<&MastodonOptions> {
        let PlatformOptions::Mastodon(options) = of else { return None };
        Some(options)
    }

    fn render(text: &str, options: &MastodonOptions) -> Rendered {
        Rendered { before: options.warning().to_owned(), ..Rendered::plain(publish::stripped(text)) }
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
        outgoing: Outgoing<MastodonOptions>,
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

    async fn refresh(_scope: &Scope, _renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        Ok(Renewed::default())
    }

    async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
        connect::revoke(scope, ended).await
    }
}

/// The account's number on its server, which is the last part of its id.
fn account_number(channel: &Channel) -> &str {
    channel.account_id.rsplit('/').next().unwrap_or_default()
}
