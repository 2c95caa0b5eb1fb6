//! Calls to a Graph API whose accounts publish containers.
//!
//! The pages that each platform's paths and parameters are from are named in its own folder.

use std::marker::PhantomData;

use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::{PlatformApp, Scope};
use url::Url;
use utoipa::ToSchema;

use super::{DIALECT, Number};
use crate::call::{Call, CallError, call, form, parse};
use crate::limits::Limits;
use crate::options::PlatformOptions;
use crate::platform::Platform;
use crate::platform_facts::PlatformFacts;
use crate::publishing::LinkedPicture;
use crate::renewal;

const TIMEOUT_S: u64 = 20;
const MOST_ANSWER_BYTES: usize = 64 * 1024;
/// A page of posts with their texts.
const MOST_PAGE_BYTES: usize = 1024 * 1024;
/// The most posts that the API lists at once.
pub const PAGE: usize = 100;

/// A platform that publishes containers: what differs between them. Each is an [`Adapter`](crate::adapter::Adapter).
pub trait Graph: Send + Sync + Sized + 'static {
    const PLATFORM: Platform;
    const NAME: &'static str;
    const FACTS: PlatformFacts;
    const API: Api;

    type Options: Clone + Default + Serialize + DeserializeOwned + ToSchema + Send + Sync;
    /// What the API says of a container.
    type Container: DeserializeOwned + Into<Looked> + Send;

    fn limits() -> Limits;

    fn options(of: &PlatformOptions) -> Option<&Self::Options>;

    /// The parameters of a container that options set.
    fn parameters(options: &Self::Options) -> impl Iterator<Item = (&'static str, String)>;

    /// The page of an account, by its handle.
    fn page_of(handle: &str) -> String;
}

/// The names in a platform's API.
pub struct Api {
    pub server: &'static str,
    /// Where a code is redeemed.
    pub code_server: &'static str,
    /// Where a person agrees.
    pub authorization_url: &'static str,
    /// The rights that a person gives: to read who they are and their posts, and to publish.
    pub scopes: &'static str,
    /// Where an account signs in.
    pub service: &'static str,
    /// Each path of the API begins with the version that the code was written for.
    pub version: &'static str,
    /// The types of grant that exchange a token of an hour, and renew one of 60 days.
    pub exchange: &'static str,
    pub renew: &'static str,
    pub profile_fields: &'static str,
    /// The edge of an account with its posts, to which containers are added, and the names of both calls.
    pub posts: &'static str,
    pub list: &'static str,
    pub create: &'static str,
    /// The edge that publishes a container, and the name of the call.
    pub publish: &'static str,
    pub publish_call: &'static str,
    pub container_call: &'static str,
    pub container_fields: &'static str,
    pub post_call: &'static str,
    pub post_fields: &'static str,
    /// The parameter with the text of a post.
    pub text: &'static str,
    /// The `media_type` of a post without a picture and of one picture, where the API names them.
    pub text_type: Option<&'static str>,
    pub picture_type: Option<&'static str>,
    /// How the address of a post begins.
    pub web: &'static str,
}

/// What a container publishes.
pub enum Content<'a, O> {
    Text { text: &'a str, options: &'a O },
    Picture { text: &'a str, options: &'a O, picture: &'a LinkedPicture },
    CarouselItem(&'a LinkedPicture),
    Carousel { text: &'a str, options: &'a O, children: &'a [Number] },
}

impl<O> Content<'_, O> {
    /// The parameters of its container.
    fn parameters<G: Graph<Options = O>>(&self) -> Vec<(&'static str, String)> {
        let of_type = |name: Option<&'static str>| name.map(|name| ("media_type", name.to_owned()));
        let picture = |picture: &LinkedPicture| {
            let alt_text = Some(&picture.alt_text).filter(|text| !text.is_empty());
            let alt_text = alt_text.map(|text| ("alt_text", text.clone()));
            let url = ("image_url", picture.url.expose().to_owned());
            of_type(G::API.picture_type).into_iter().chain([url]).chain(alt_text)
        };
        let (mut fields, post): (Vec<_>, _) = match self {
            Self::Text { text, options } => (of_type(G::API.text_type).into_iter().collect(), Some((text, options))),
            Self::Picture { text, options, picture: shown } => (picture(shown).collect(), Some((text, options))),
            Self::CarouselItem(shown) => {
                (picture(shown).chain([("is_carousel_item", "true".to_owned())]).collect(), None)
            }
            Self::Carousel { text, options, children } => {
                let children: Vec<_> = children.iter().map(Number::as_str).collect();
                let fields = vec![("media_type", "CAROUSEL".to_owned()), ("children", children.join(","))];
                (fields, Some((text, options)))
            }
        };
        if let Some((text, options)) = post {
            fields.push((G::API.text, (*text).to_owned()));
            fields.extend(G::parameters(options));
        }
        fields
    }
}

/// A container, as the platform sees it.
pub struct Looked {
    pub status: ContainerStatus,
    /// The platform's word for what went wrong.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContainerStatus {
    InProgress,
    Finished,
    Published,
    Error,
    Expired,
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
    pub id: Option<Number>,
    /// The account's own number, where `id` is another for each app.
    pub user_id: Option<Number>,
    pub username: String,
}

/// An object, or a list with it: Instagram's pages show the one, and its servers were seen to send the other.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOf<T> {
    Listed { data: [T; 1] },
    Bare(T),
}

impl<T> OneOf<T> {
    fn into_inner(self) -> T {
        match self {
            Self::Listed { data: [one] } | Self::Bare(one) => one,
        }
    }
}

#[derive(Deserialize)]
struct IdAnswer {
    id: Number,
}

#[derive(Deserialize)]
struct PageAnswer {
    data: Vec<PostAnswer>,
}

#[derive(Debug, Deserialize)]
pub struct PostAnswer {
    pub id: Number,
    pub permalink: Option<String>,
    #[serde(alias = "caption")]
    pub text: Option<String>,
    /// Like `2026-11-27T05:42:03+0000`.
    pub timestamp: String,
}

impl PostAnswer {
    /// None if the platform writes times otherwise than documented.
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", &self.timestamp).ok()
    }
}

/// The API of a platform on behalf of one workspace.
pub struct Client<'a, G> {
    pub scope: &'a Scope,
    server: &'a Url,
    platform: PhantomData<fn() -> G>,
}

impl<'a, G: Graph> Client<'a, G> {
    pub fn new(scope: &'a Scope, server: &'a Url) -> Self {
        Self { scope, server, platform: PhantomData }
    }

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
        let answer = self.post::<OneOf<_>>("POST /oauth/access_token", "/oauth/access_token", &fields).await;
        answer.map(OneOf::into_inner)
    }

    /// Exchanges a token of an hour for one of 60 days.
    pub async fn exchange(&self, app: &PlatformApp, token: &SecretText) -> Result<LongToken, CallError> {
        let parameters = [("grant_type", G::API.exchange), ("client_secret", app.client_secret.expose())];
        self.get("GET /access_token", "/access_token", token, &parameters, TIMEOUT_S).await
    }

    /// Renews a token of 60 days that is at least a day old. The API documents no effect on the former one.
    pub async fn refresh(&self, token: &SecretText) -> Result<LongToken, CallError> {
        let parameters = [("grant_type", G::API.renew)];
        let path = "/refresh_access_token";
        self.get("GET /refresh_access_token", path, token, &parameters, renewal::CALL_TIMEOUT_S).await
    }

    pub async fn profile(&self, token: &SecretText) -> Result<Profile, CallError> {
        let parameters = [("fields", G::API.profile_fields)];
        let answer = self.get::<OneOf<_>>("GET /me", &path(&G::API, "me"), token, &parameters, TIMEOUT_S).await;
        answer.map(OneOf::into_inner)
    }

    /// Creates a container. It is invisible until it is published, and expires after a day.
    pub async fn create(
        &self,
        token: &SecretText,
        user: &str,
        content: &Content<'_, G::Options>,
    ) -> Result<Number, CallError> {
        let fields = content.parameters::<G>();
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("access_token", token.expose()));
        let path = path(&G::API, &format!("{user}/{}", G::API.posts));
        self.post::<IdAnswer>(G::API.create, &path, &fields).await.map(|answer| answer.id)
    }

    pub async fn container(&self, token: &SecretText, id: &Number) -> Result<Looked, CallError> {
        let parameters = [("fields", G::API.container_fields)];
        let path = path(&G::API, id.as_str());
        self.get::<G::Container>(G::API.container_call, &path, token, &parameters, TIMEOUT_S).await.map(Into::into)
    }

    /// Publishes a container: the number of the post.
    pub async fn publish(&self, token: &SecretText, user: &str, container: &Number) -> Result<Number, CallError> {
        let fields = [("creation_id", container.as_str()), ("access_token", token.expose())];
        let path = path(&G::API, &format!("{user}/{}", G::API.publish));
        self.post::<IdAnswer>(G::API.publish_call, &path, &fields).await.map(|answer| answer.id)
    }

    pub async fn post_of(&self, token: &SecretText, id: &Number) -> Result<PostAnswer, CallError> {
        let parameters = [("fields", G::API.post_fields)];
        self.get(G::API.post_call, &path(&G::API, id.as_str()), token, &parameters, TIMEOUT_S).await
    }

    /// The account's newest posts since an instant.
    pub async fn posts(&self, token: &SecretText, user: &str, since: Timestamp) -> Result<Vec<PostAnswer>, CallError> {
        let (since, limit) = (since.as_second().to_string(), PAGE.to_string());
        let parameters = [("fields", G::API.post_fields), ("since", &since), ("limit", &limit)];
        let path = path(&G::API, &format!("{user}/{}", G::API.posts));
        self.get::<PageAnswer>(G::API.list, &path, token, &parameters, TIMEOUT_S).await.map(|page| page.data)
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
        self.answer(Call { body: Some(form(fields)), ..self.call(Method::POST, path, name) }).await
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

fn path(api: &Api, rest: &str) -> String {
    format!("/{}/{rest}", api.version)
}
