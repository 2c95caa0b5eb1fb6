//! Instagram ("Instagram API with Instagram Login", for professional accounts): what its API has of its own. Containers are `meta/`.
//!
//! Sources, read on 2026-11-27: <https://developers.facebook.com/docs/instagram-platform/>, pages
//! `instagram-api-with-instagram-login/business-login` and `…/get-started`, `content-publishing`, and of
//! `instagram-graph-api/reference` the pages `ig-user/media`, `ig-user/media_publish`, `ig-container`, `ig-media` and `error-codes`.

pub mod options;

use serde::Deserialize;

use self::options::InstagramOptions;
use crate::limits::{AspectRatios, Limits, PictureType, TextLimit, TextMeasure};
use crate::meta::graph::{Api, ContainerStatus, Graph, Looked};
use crate::options::PlatformOptions;
use crate::platform::Platform;
use crate::platform_facts::{ConnectionMethod, PlatformFacts};

pub struct Instagram;

#[derive(Deserialize)]
pub struct ContainerAnswer {
    status_code: ContainerStatus,
    /// After an error, its subcode.
    status: Option<String>,
}

impl From<ContainerAnswer> for Looked {
    fn from(ContainerAnswer { status_code, status }: ContainerAnswer) -> Self {
        Self { status: status_code, error: status }
    }
}

impl Graph for Instagram {
    const PLATFORM: Platform = Platform::Instagram;
    const NAME: &'static str = "instagram";
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "v25.0 of graph.instagram.com",
        limits_source: "developers.facebook.com/docs/instagram-platform: content-publishing, reference/ig-user/media",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    const API: Api = Api {
        server: "https://graph.instagram.com/",
        code_server: "https://api.instagram.com/",
        authorization_url: "https://www.instagram.com/oauth/authorize",
        scopes: "instagram_business_basic,instagram_business_content_publish",
        service: "https://www.instagram.com",
        version: "v25.0",
        exchange: "ig_exchange_token",
        renew: "ig_refresh_token",
        // `user_id` is the number that the other calls take; `id` is another for each app.
        profile_fields: "id,user_id,username",
        posts: "media",
        list: "GET /{ig-user-id}/media",
        create: "POST /{ig-user-id}/media",
        publish: "media_publish",
        publish_call: "POST /{ig-user-id}/media_publish",
        container_call: "GET /{ig-container-id}",
        container_fields: "id,status_code,status",
        post_call: "GET /{ig-media-id}",
        post_fields: "id,permalink,caption,timestamp",
        text: "caption",
        // The limits refuse a post without a picture before.
        text_type: None,
        picture_type: None,
        web: "https://www.instagram.com/",
    };

    type Options = InstagramOptions;
    type Container = ContainerAnswer;

    /// Checked on 2026-11-27 against the pages `content-publishing` (carousels of 2 to 10, JPEG only) and `reference/ig-user/media`
    /// (2,200 characters, 30 hashtags, 20 mentions, 8 MB, 4:5 to 1.91:1, descriptions of 1,000 characters). No page says what a
    /// character is: UTF-16 units are never fewer than any of its meanings.
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

    fn parameters(options: &InstagramOptions) -> impl Iterator<Item = (&'static str, String)> {
        options.parameters().into_iter()
    }

    fn page_of(handle: &str) -> String {
        format!("https://www.instagram.com/{}/", handle.trim_start_matches('@'))
    }
}
