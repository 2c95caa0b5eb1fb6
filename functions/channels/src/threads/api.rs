//! Calls to the Threads API.
//!
//! Sources, read on 2026-11-27: <https://developers.facebook.com/docs/threads/>, pages `posts`, `reference/publishing`,
//! `troubleshooting`, `threads-media`, `get-started/get-access-tokens-and-permissions` and `get-started/long-lived-tokens`.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use super::options::ThreadsOptions;
use crate::call::{Call, CallError, call, parse};
use crate::meta::{ContainerStatus, DIALECT, Number};
use crate::publishing::LinkedPicture;
use crate::renewal;

pub const SERVER: &str = "https://graph.threads.net/";
/// Each path of the API begins with the version that this code was written for.
const VERSION: &str = "v1.0";
const TIMEOUT_S: u64 = 20;
const MOST_ANSWER_BYTES: usize = 64 * 1024;
/// A page of posts with their texts.
const MOST_PAGE_BYTES: usize = 1024 * 1024;
/// The most posts that the API lists at once.
pub const PAGE: usize = 100;

/// The API on behalf of one workspace.
pub struct Client<'a> {
    pub scope: &'a Scope,
    pub server: &'a Url,
}

#[derive(Deserialize)]
pub struct ShortToken {
    pub access_token: SecretText,
    pub user_id: Number,
}

/// A token that lives for 60 days.
#[derive(Deserialize)]
pub struct LongToken {
    pub access_token: SecretText,
    /// In seconds.
    pub expires_in: u32,
}

#[derive(Deserialize)]
pub struct Profile {
    pub id: Number,
    pub username: String,
}

#[derive(Deserialize)]
struct IdAnswer {
    id: Number,
}

#[derive(Deserialize)]
pub struct ContainerAnswer {
    pub status: ContainerStatus,
    /// The platform's word for what went wrong.
    pub error_message: Option<String>,
}

#[derive(Deserialize)]
struct PageAnswer {
    data: Vec<PostAnswer>,
}

#[derive(Debug, Deserialize)]
pub struct PostAnswer {
    pub id: Number,
    pub permalink: Option<String>,
    #[serde(default)]
    pub text: String,
    /// Like `2026-11-27T05:42:03+0000`.
    pub timestamp: String,
}

impl PostAnswer {
    /// None if the platform writes times otherwise than documented.
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", &self.timestamp).ok()
    }
}

/// What a container publishes.
pub enum Content<'a> {
    Text(&'a str, &'a ThreadsOptions),
    Picture { text: &'a str, options: &'a ThreadsOptions, picture: &'a LinkedPicture },
    CarouselItem(&'a LinkedPicture),
    Carousel { text: &'a str, options: &'a ThreadsOptions, children: &'a [Number] },
}

impl Content<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let (mut fields, post) = match self {
            Self::Text(text, options) => (vec![("media_type", "TEXT".to_owned())], Some((text, options))),
            Self::Picture { text, options, picture } => (picture_fields(picture), Some((text, options))),
            Self::CarouselItem(picture) => {
                let mut fields = picture_fields(picture);
                fields.push(("is_carousel_item", "true".to_owned()));
                (fields, None)
            }
            Self::Carousel { text, options, children } => {
                let children: Vec<_> = children.iter().map(Number::as_str).collect();
                let fields = vec![("media_type", "CAROUSEL".to_owned()), ("children", children.join(","))];
                (fields, Some((text, options)))
            }
        };
        if let Some((text, options)) = post {
            fields.push(("text", (*text).to_owned()));
            fields.extend(options.parameters());
        }
        fields
    }
}

fn picture_fields(picture: &LinkedPicture) -> Vec<(&'static str, String)> {
    let mut fields = vec![("media_type", "IMAGE".to_owned()), ("image_url", picture.url.expose().to_owned())];
    if !picture.alt_text.is_empty() {
        fields.push(("alt_text", picture.alt_text.clone()));
    }
    fields
}

impl Client<'_> {
    /// Redeems a code, which can be redeemed once, for a token of an hour.
    pub async fn redeem(
        &self,
        app: &PlatformApp,
        redirect_uri: &str,
        code: &SecretText,
    ) -> Result<ShortToken, CallError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.expose()),
            ("redirect_uri", redirect_uri),
            ("code", code.expose()),
        ];
        self.post("POST /oauth/access_token", "/oauth/access_token", &fields).await
    }

    /// Exchanges a token of an hour for one of 60 days.
    pub async fn exchange(&self, app: &PlatformApp, token: &SecretText) -> Result<LongToken, CallError> {
        let parameters = [("grant_type", "th_exchange_token"), ("client_secret", app.client_secret.expose())];
        self.get("GET /access_token", "/access_token", token, &parameters, TIMEOUT_S).await
    }

    /// Renews a token of 60 days that is at least a day old. The API documents no effect on the former one.
    pub async fn refresh(&self, token: &SecretText) -> Result<LongToken, CallError> {
        let parameters = [("grant_type", "th_refresh_token")];
        let path = "/refresh_access_token";
        self.get("GET /refresh_access_token", path, token, &parameters, renewal::CALL_TIMEOUT_S).await
    }

    pub async fn profile(&self, token: &SecretText) -> Result<Profile, CallError> {
        let path = format!("/{VERSION}/me");
        self.get("GET /me", &path, token, &[("fields", "id,username")], TIMEOUT_S).await
    }

    /// Creates a container. It is invisible until it is published, and expires after a day.
    pub async fn create(&self, token: &SecretText, user: &str, content: &Content<'_>) -> Result<Number, CallError> {
        let fields = content.fields();
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("access_token", token.expose()));
        let path = format!("/{VERSION}/{user}/threads");
        self.post::<IdAnswer>("POST /{threads-user-id}/threads", &path, &fields).await.map(|answer| answer.id)
    }

    pub async fn container(&self, token: &SecretText, id: &Number) -> Result<ContainerAnswer, CallError> {
        let path = format!("/{VERSION}/{}", id.as_str());
        let parameters = [("fields", "id,status,error_message")];
        self.get("GET /{threads-container-id}", &path, token, &parameters, TIMEOUT_S).await
    }

    /// Publishes a container: the number of the post.
    pub async fn publish(&self, token: &SecretText, user: &str, container: &Number) -> Result<Number, CallError> {
        let fields = [("creation_id", container.as_str()), ("access_token", token.expose())];
        let path = format!("/{VERSION}/{user}/threads_publish");
        self.post::<IdAnswer>("POST /{threads-user-id}/threads_publish", &path, &fields).await.map(|answer| answer.id)
    }

    pub async fn post_of(&self, token: &SecretText, id: &Number) -> Result<PostAnswer, CallError> {
        let path = format!("/{VERSION}/{}", id.as_str());
        self.get("GET /{threads-media-id}", &path, token, &[("fields", POST_FIELDS)], TIMEOUT_S).await
    }

    /// The account's newest posts since an instant.
    pub async fn posts(&self, token: &SecretText, user: &str, since: Timestamp) -> Result<Vec<PostAnswer>, CallError> {
        let path = format!("/{VERSION}/{user}/threads");
        let (since, limit) = (since.as_second().to_string(), PAGE.to_string());
        let parameters = [("fields", POST_FIELDS), ("since", &since), ("limit", &limit)];
        self.get::<PageAnswer>("GET /{threads-user-id}/threads", &path, token, &parameters, TIMEOUT_S)
            .await
            .map(|page| page.data)
    }

    /// The API takes the token as a parameter only: no log has the query of a call.
    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        token: &SecretText,
        parameters: &[(&str, &str)],
        timeout_s: u64,
    ) -> Result<T, CallError> {
        let mut call = Call { timeout_s, most_bytes: MOST_PAGE_BYTES, ..self.call(Method::GET, path, name) };
        call.url.query_pairs_mut().extend_pairs(parameters).append_pair("access_token", token.expose());
        self.answer(call).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded".to_owned(), form.into_bytes()));
        self.answer(Call { body, ..self.call(Method::POST, path, name) }).await
    }

    fn call(&self, method: Method, path: &str, name: &'static str) -> Call<'static> {
        let mut url = self.server.clone();
        url.set_path(path);
        let (timeout_s, most_bytes) = (TIMEOUT_S, MOST_ANSWER_BYTES);
        Call { method, url, name, token: None, body: None, headers: Vec::new(), timeout_s, most_bytes }
    }

    async fn answer<T: DeserializeOwned>(&self, request: Call<'_>) -> Result<T, CallError> {
        let name = request.name;
        call(self.scope, request, &DIALECT).await.and_then(parse(name))
    }
}

const POST_FIELDS: &str = "id,permalink,text,timestamp";
