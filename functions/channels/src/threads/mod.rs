//! Threads: what its API has of its own. Containers are `meta/`.
//!
//! Sources, read on 2026-11-27: <https://developers.facebook.com/docs/threads/>, pages `posts`, `reference/publishing`,
//! `troubleshooting`, `threads-media`, `get-started/get-access-tokens-and-permissions` and `get-started/long-lived-tokens`.

pub(crate) mod length;
pub mod options;

use serde::Deserialize;

use self::options::ThreadsOptions;
use crate::limits::{Limits, PictureType, TextLimit, TextMeasure};
use crate::meta::graph::{Api, ContainerStatus, Graph, Looked};
use crate::options::PlatformOptions;
use crate::platform::Platform;
use crate::platform_facts::{ConnectionMethod, PlatformFacts};

pub struct Threads;

const SERVER: &str = "https://graph.threads.net/";

#[derive(Deserialize)]
pub struct ContainerAnswer {
    status: ContainerStatus,
    error_message: Option<String>,
}

impl From<ContainerAnswer> for Looked {
    fn from(ContainerAnswer { status, error_message }: ContainerAnswer) -> Self {
        Self { status, error: error_message }
    }
}

impl Graph for Threads {
    const PLATFORM: Platform = Platform::Threads;
    const NAME: &'static str = "threads";
    const FACTS: PlatformFacts = PlatformFacts {
        connected_by: ConnectionMethod::Oauth,
        api_version: "v1.0 of graph.threads.net",
        limits_source: "developers.facebook.com/docs/threads: posts, reference/publishing",
        limits_checked_on: "2026-11-27",
        limits_differ: false,
    };
    const API: Api = Api {
        server: SERVER,
        code_server: SERVER,
        authorization_url: "https://threads.com/oauth/authorize",
        scopes: "threads_basic,threads_content_publish",
        service: "https://threads.com",
        version: "v1.0",
        exchange: "th_exchange_token",
        renew: "th_refresh_token",
        profile_fields: "id,username",
        posts: "threads",
        list: "GET /{threads-user-id}/threads",
        create: "POST /{threads-user-id}/threads",
        publish: "threads_publish",
        publish_call: "POST /{threads-user-id}/threads_publish",
        container_call: "GET /{threads-container-id}",
        container_fields: "id,status,error_message",
        post_call: "GET /{threads-media-id}",
        post_fields: "id,permalink,text,timestamp",
        text: "text",
        text_type: Some("TEXT"),
        picture_type: Some("IMAGE"),
        web: "https://www.threads.",
    };

    type Options = ThreadsOptions;
    type Container = ContainerAnswer;

    /// Checked on 2026-11-27 against the pages `posts` and `reference/publishing`.
    fn limits() -> Limits {
        let text = vec![TextLimit { measure: TextMeasure::Threads, most: 500 }];
        Limits {
            text,
            least_pictures: 0,
            pictures: 20,
            picture_bytes: 8_000_000,
            picture_types: PictureType::all(),
            aspect_ratios: None,
            alt_text: Some(1_000),
        }
    }

    fn options(of: &PlatformOptions) -> Option<&ThreadsOptions> {
        let PlatformOptions::Threads(options) = of else { return None };
        Some(options)
    }

    fn parameters(options: &ThreadsOptions) -> impl Iterator<Item = (&'static str, String)> {
        options.parameters()
    }

    fn page_of(handle: &str) -> String {
        format!("https://www.threads.com/{handle}")
    }
}
