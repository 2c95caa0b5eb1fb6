//! The names and parameters of the Threads API.
//!
//! Sources, read on 2026-11-27: <https://developers.facebook.com/docs/threads/>, pages `posts`, `reference/publishing`,
//! `troubleshooting`, `threads-media`, `get-started/get-access-tokens-and-permissions` and `get-started/long-lived-tokens`.

use serde::Deserialize;

use super::Threads;
use super::options::ThreadsOptions;
use crate::meta::graph::{Api, ContainerStatus, Content, Graph, Looked, children_list};
use crate::publishing::LinkedPicture;

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
        web: "https://www.threads.",
    };
    type Container = ContainerAnswer;

    fn parameters(content: &Content<'_, ThreadsOptions>) -> Vec<(&'static str, String)> {
        let (mut fields, post) = match content {
            Content::Text { text, options } => (vec![("media_type", "TEXT".to_owned())], Some((text, options))),
            Content::Picture { text, options, picture } => (picture_fields(picture), Some((text, options))),
            Content::CarouselItem(picture) => {
                let mut fields = picture_fields(picture);
                fields.push(("is_carousel_item", "true".to_owned()));
                (fields, None)
            }
            Content::Carousel { text, options, children } => {
                let fields = vec![("media_type", "CAROUSEL".to_owned()), ("children", children_list(children))];
                (fields, Some((text, options)))
            }
        };
        if let Some((text, options)) = post {
            fields.push(("text", (*text).to_owned()));
            fields.extend(options.parameters());
        }
        fields
    }

    fn page_of(handle: &str) -> String {
        format!("https://www.threads.com/{handle}")
    }
}

fn picture_fields(picture: &LinkedPicture) -> Vec<(&'static str, String)> {
    let mut fields = vec![("media_type", "IMAGE".to_owned()), ("image_url", picture.url.expose().to_owned())];
    if !picture.alt_text.is_empty() {
        fields.push(("alt_text", picture.alt_text.clone()));
    }
    fields
}
