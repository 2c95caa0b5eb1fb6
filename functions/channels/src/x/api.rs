//! Calls to X. Sources: <https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token>, and of
//! <https://docs.x.com/x-api> the pages `users/get-my-user`, `media/upload-media`, `media/create-media-metadata`,
//! `posts/create-post` and `users/get-posts`.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::aws::outbound::OutboundAnswer;
use shared::crypto::digest::base64;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use super::options::XOptions;
use crate::call::{Call, CallError, Dialect, Meaning, call, form, parse};
use crate::identifier::Identifier;
use crate::publishing::Picture;
use crate::renewal::CALL_TIMEOUT_S;

/// The API, which is the server of every account.
pub const API: &str = "https://api.x.com/";
const WRITE_TIMEOUT_S: u64 = 20;
/// A picture of 5 MB, in base64, on a slow line.
const UPLOAD_TIMEOUT_S: u64 = 40;
const MOST_ANSWER_BYTES: usize = 64 * 1024;
/// A hundred posts with their entities.
const MOST_PAGE_BYTES: usize = 2 * 1024 * 1024;
/// The most posts that X lists at once.
pub const PAGE: usize = 100;

/// The errors of the OAuth endpoints (RFC 6749, section 5.2). X says `invalid_request` of a token or code that it does not accept.
const OAUTH: Dialect = Dialect {
    words: |body| {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        (text("error").into(), text("error_description").into())
    },
    meaning: |status, code, text| match (status, code) {
        (429, _) => Meaning::TooMany,
        (408 | 500.., _) => Meaning::ServerFault,
        (401, _) | (_, "invalid_client" | "unauthorized_client") => Meaning::AppRefused,
        (_, "invalid_grant") => Meaning::StaleToken,
        (400, "invalid_request") if text.starts_with("Value passed for the ") && text.ends_with("was invalid.") => {
            Meaning::StaleToken
        }
        _ => Meaning::Rejected,
    },
};

/// The errors of the API: <https://docs.x.com/x-api/fundamentals/response-codes-and-errors>.
const PROBLEMS: Dialect = Dialect {
    words: |body| {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        (text("title").into(), text("detail").into())
    },
    meaning: |status, _, text| match status {
        401 => Meaning::StaleToken,
        403 if text.contains("suspended") || text.contains("is locked") => Meaning::AccountGone,
        404 => Meaning::NotFound,
        429 => Meaning::TooMany,
        408 | 500.. => Meaning::ServerFault,
        _ => Meaning::Rejected,
    },
};

/// X, called on behalf of one workspace.
pub struct Client<'a> {
    pub scope: &'a Scope,
}

#[derive(Deserialize)]
pub struct TokenAnswer {
    pub access_token: SecretText,
    /// Seconds.
    pub expires_in: i64,
    /// Only with the scope `offline.access`.
    pub refresh_token: Option<SecretText>,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
pub struct User {
    pub id: Id,
    pub username: String,
}

#[derive(Deserialize)]
struct Media {
    id: Id,
}

#[derive(Deserialize)]
struct Created {
    id: Id,
}

/// A page of an account's posts.
#[derive(Deserialize)]
pub struct Posts {
    /// Missing if there are none.
    #[serde(default)]
    pub data: Vec<Post>,
    #[serde(default)]
    pub meta: Meta,
}

#[derive(Default, Deserialize)]
pub struct Meta {
    pub next_token: Option<String>,
}

#[derive(Deserialize)]
pub struct Post {
    pub id: Id,
    /// With `&`, `<` and `>` as entities of HTML, and links replaced by the shortener's.
    pub text: String,
    pub created_at: Timestamp,
    #[serde(default)]
    pub entities: Entities,
    #[serde(default)]
    pub attachments: Attachments,
}

#[derive(Default, Deserialize)]
pub struct Entities {
    #[serde(default)]
    pub urls: Vec<Link>,
}

/// A shortened link of a text.
#[derive(Deserialize)]
pub struct Link {
    pub url: String,
    pub expanded_url: Option<String>,
    /// Set if it is the link of an attached picture, which X adds to the text.
    pub media_key: Option<String>,
}

#[derive(Default, Deserialize)]
pub struct Attachments {
    #[serde(default)]
    pub media_keys: Vec<String>,
}

/// An identifier of X: up to 19 digits.
pub type Id = Identifier<19, false>;

impl Client<'_> {
    /// Redeems a code, which X accepts for 30 seconds.
    pub async fn redeem(
        &self,
        app: &PlatformApp,
        redirect_uri: &str,
        code: &SecretText,
        verifier: &SecretText,
    ) -> Result<TokenAnswer, CallError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        self.oauth(app, "POST /2/oauth2/token", "/2/oauth2/token", &fields)
            .await
            .and_then(parse("POST /2/oauth2/token"))
    }

    /// Rotates the tokens. The refresh token works once.
    pub async fn refresh(&self, app: &PlatformApp, refresh: &SecretText) -> Result<TokenAnswer, CallError> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        self.oauth(app, "POST /2/oauth2/token", "/2/oauth2/token", &fields)
            .await
            .and_then(parse("POST /2/oauth2/token"))
    }

    pub async fn revoke(&self, app: &PlatformApp, token: &SecretText) -> Result<(), CallError> {
        let fields = [("token", token.expose())];
        self.oauth(app, "POST /2/oauth2/revoke", "/2/oauth2/revoke", &fields).await.map(|_| ())
    }

    /// The account that a token belongs to.
    pub async fn me(&self, token: &SecretText) -> Result<User, CallError> {
        let answer: Data<User> = self.get("GET /2/users/me", "/2/users/me", &[], token, MOST_ANSWER_BYTES).await?;
        Ok(answer.data)
    }

    /// Uploads a picture with its description. It is invisible until a post refers to it, and is deleted after a day if none does.
    pub async fn upload(&self, token: &SecretText, picture: Picture) -> Result<Id, CallError> {
        let input = json!({
            "media": base64(&picture.bytes), "media_category": "tweet_image", "media_type": picture.content_type,
        });
        let uploaded: Data<Media> =
            self.post("POST /2/media/upload", "/2/media/upload", token, &input, UPLOAD_TIMEOUT_S).await?;
        let id = uploaded.data.id;
        if !picture.alt_text.is_empty() {
            let input = json!({ "id": id, "metadata": { "alt_text": { "text": picture.alt_text } } });
            let _described: Value =
                self.post("POST /2/media/metadata", "/2/media/metadata", token, &input, WRITE_TIMEOUT_S).await?;
        }
        Ok(id)
    }

    /// Publishes a post: the one visible call.
    pub async fn publish(
        &self,
        token: &SecretText,
        text: &str,
        media_ids: &[Id],
        options: &XOptions,
    ) -> Result<Id, CallError> {
        let mut input = json!({ "text": text });
        if !media_ids.is_empty() {
            input["media"] = json!({ "media_ids": media_ids });
        }
        if let Some(settings) = options.reply_settings {
            input["reply_settings"] = json!(settings.parameter());
        }
        let created: Data<Created> = self.post("POST /2/tweets", "/2/tweets", token, &input, WRITE_TIMEOUT_S).await?;
        Ok(created.data.id)
    }

    /// The account's own posts since an instant, newest first.
    pub async fn posts(
        &self,
        token: &SecretText,
        account: &str,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<Posts, CallError> {
        let (limit, since) = (PAGE.to_string(), since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        let mut parameters = vec![
            ("max_results", limit.as_str()),
            ("start_time", since.as_str()),
            ("exclude", "retweets"),
            ("tweet.fields", "created_at,entities,attachments"),
        ];
        parameters.extend(page.map(|token| ("pagination_token", token)));
        let path = format!("/2/users/{account}/tweets");
        self.get("GET /2/users/:id/tweets", &path, &parameters, token, MOST_PAGE_BYTES).await
    }

    /// A form of a confidential client, which authenticates itself (RFC 6749, section 2.3.1).
    async fn oauth(
        &self,
        app: &PlatformApp,
        name: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<OutboundAnswer, CallError> {
        let credentials = base64(format!("{}:{}", app.client_id, app.client_secret.expose()).as_bytes());
        let request = Call {
            body: Some(form(fields)),
            headers: vec![("authorization", format!("Basic {credentials}"))],
            ..request(Method::POST, path, name)?
        };
        call(self.scope, request, &OAUTH).await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        parameters: &[(&str, &str)],
        token: &SecretText,
        most_bytes: usize,
    ) -> Result<T, CallError> {
        let mut request = Call { token: Some(token), most_bytes, ..request(Method::GET, path, name)? };
        if !parameters.is_empty() {
            request.url.query_pairs_mut().extend_pairs(parameters);
        }
        call(self.scope, request, &PROBLEMS).await.and_then(parse(name))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        token: &SecretText,
        input: &Value,
        timeout_s: u64,
    ) -> Result<T, CallError> {
        let body = Some(("application/json".to_owned(), input.to_string().into_bytes()));
        let request = Call { token: Some(token), body, timeout_s, ..request(Method::POST, path, name)? };
        call(self.scope, request, &PROBLEMS).await.and_then(parse(name))
    }
}

fn request(method: Method, path: &str, name: &'static str) -> Result<Call<'static>, CallError> {
    let mut url = Url::parse(API).map_err(|error| CallError::Forbidden(error.to_string()))?;
    url.set_path(path);
    let (token, body, headers) = (None, None, Vec::new());
    Ok(Call { method, url, name, token, body, headers, timeout_s: CALL_TIMEOUT_S, most_bytes: MOST_ANSWER_BYTES })
}
