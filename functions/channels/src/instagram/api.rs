//! The names and parameters of the Instagram API.
//!
//! Sources, read on 2026-11-27: <https://developers.facebook.com/docs/instagram-platform/>, pages
//! `instagram-api-with-instagram-login/business-login` and `…/get-started`, `content-publishing`, and of
//! `instagram-graph-api/reference` the pages `ig-user/media`, `ig-user/media_publish`, `ig-container`, `ig-media` and `error-codes`.

use serde::Deserialize;

use super::Instagram;
use super::options::InstagramOptions;
use crate::meta::graph::{Api, ContainerStatus, Content, Graph, Looked, children_list};
use crate::publishing::LinkedPicture;

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
        web: "https://www.instagram.com/",
    };
    type Container = ContainerAnswer;

    fn parameters(content: &Content<'_, InstagramOptions>) -> Vec<(&'static str, String)> {
        let (mut fields, post) = match content {
            // The limits refuse a post without a picture before.
            Content::Text { text, options } => (Vec::new(), Some((text, options))),
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
            fields.push(("caption", (*text).to_owned()));
            fields.extend(options.parameters());
        }
        fields
    }

    fn page_of(handle: &str) -> String {
        format!("https://www.instagram.com/{}/", handle.trim_start_matches('@'))
    }
}

fn picture_fields(picture: &LinkedPicture) -> Vec<(&'static str, String)> {
    let mut fields = vec![("image_url", picture.url.expose().to_owned())];
    if !picture.alt_text.is_empty() {
        fields.push(("alt_text", picture.alt_text.clone()));
    }
    fields
}
