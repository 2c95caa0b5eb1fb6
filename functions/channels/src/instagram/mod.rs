//! The Instagram adapter ("Instagram API with Instagram Login"): containers, as on Threads. Professional accounts only.

mod api;
pub mod options;

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use self::options::InstagramOptions;
use crate::adapter::{Adapter, Authorization, Begun, Code, Prepared};
use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::{AspectRatios, Limits, PictureType, TextLimit, TextMeasure};
use crate::meta::{connect, containers};
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::{ConnectionMethod, PlatformFacts};
use crate::publishing::{LinkedPicture, Outgoing, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
use crate::session::EndedSession;

pub struct Instagram;

impl Adapter for Instagram {
    const PLATFORM: Platform = Platform::Instagram;
    const NAME: &'static str = "instagram";
    /// A container says whether it was published (`reference/ig-container`): it is asked before it is published again.
    const GUARANTEE: Guarantee = Guarantee::ReconcileThenRetry { window_s: Self::SETTLE_TIME_S };
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "v25.0 of graph.instagram.com",
        limits_source: "developers.facebook.com/docs/instagram-platform: content-publishing, reference/ig-user/media",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    /// The API states none: three times the longest that a call of ours waits.
    const SETTLE_TIME_S: u32 = 60;
    /// A token of 60 days can be renewed until it expires; no page says that a renewal ends it (`business-login`).
    const REUSE: Option<Reuse> = Some(Reuse::Answered { for_s: 24 * 3_600 });

    type Request = containers::Request;
    type Staged = containers::Staged<InstagramOptions>;
    type Options = InstagramOptions;
    type Picture = LinkedPicture;

    /// Checked on 2026-11-27 against the pages `content-publishing` (carousels of 2 to 10, JPEG only) and `reference/ig-user/media`
    /// (2,200 characters, 30 hashtags, 20 mentions, 8 MB, 4:5 to 1.91:1, descriptions of 1,000 characters) of
    /// <https://developers.facebook.com/docs/instagram-platform/>. No page says what a character is: UTF-16 units are never
    /// fewer than any of its meanings.
    fn limits() -> Limits {
        let most = |measure, most| TextLimit { measure, most };
        Limits {
            text: vec![
                most(TextMeasure::Utf16Units, 2_200),
                most(TextMeasure::Hashtags, 30),
                most(TextMeasure::Mentions, 20),
            ],
            least_pictures: 1,
            pictures: 10,
            picture_bytes: 8_000_000,
            picture_types: vec![PictureType::Jpeg],
            aspect_ratios: Some(AspectRatios { least_thousandths: 800, most_thousandths: 1_910 }),
            alt_text: Some(1_000),
        }
    }

    fn options(of: &PlatformOptions) -> Option<&InstagramOptions> {
        let PlatformOptions::Instagram(options) = of else { return None };
        Some(options)
    }

    fn render(text: &str, _options: &InstagramOptions) -> Rendered {
        Rendered::plain(text)
    }

    async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
        connect::begin::<Self>(scope, service, asked).await
    }

    async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
        connect::redeem::<Self>(scope, pending, code).await
    }

    async fn prepare(
        scope: &Scope,
        channel: &Channel,
        outgoing: Outgoing<InstagramOptions, LinkedPicture>,
    ) -> Result<Prepared<containers::Request, Self::Staged>, PublishError> {
        containers::prepare::<Self>(scope, channel, outgoing).await
    }

    async fn advance(
        scope: &Scope,
        channel: &Channel,
        staged: Self::Staged,
    ) -> Result<Prepared<containers::Request, Self::Staged>, PublishError> {
        containers::advance::<Self>(scope, channel, staged).await
    }

    async fn send(scope: &Scope, channel: &Channel, request: &containers::Request) -> Result<Published, PublishError> {
        containers::send::<Self>(scope, channel, request).await
    }

    async fn reconcile(
        scope: &Scope,
        channel: &Channel,
        request: &containers::Request,
        since: Timestamp,
    ) -> Result<Option<Published>, PublishError> {
        containers::reconcile::<Self>(scope, channel, request, since).await
    }

    async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
        connect::refresh::<Self>(scope, renewing).await
    }

    /// The API has no call that ends a token: the account's owner removes the app, or it expires within 60 days. Ours is deleted.
    async fn revoke(_scope: &Scope, _ended: &EndedSession) -> Result<(), Problem> {
        Ok(())
    }
}
