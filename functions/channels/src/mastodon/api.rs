//! Calls to a Mastodon server. Anyone can run one, so every field is bounded.
//!
//! Sources: <https://docs.joinmastodon.org/methods/>, pages `apps`, `oauth`, `accounts`, `instance`, `media` and `statuses`.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::aws::outbound::OutboundAnswer;
use shared::crypto::digest::hex;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;
use url::Url;

use crate::call::{Call, CallError, Dialect, Meaning, call, form, parse};
use crate::identifier::Identifier;
use crate::publishing::Picture;

const TIMEOUT_S: u64 = 10;
/// A status is written in one transaction, and its links are fetched later.
const WRITE_TIMEOUT_S: u64 = 20;
/// A picture of 16 MB on a slow line.
const UPLOAD_TIMEOUT_S: u64 = 40;
/// An account with its fields takes a few kilobytes, an instance with its rules and languages some tens.
const MOST_ANSWER_BYTES: usize = 256 * 1024;
/// Forty statuses with their accounts, cards and attachments.
const MOST_PAGE_BYTES: usize = 2 * 1024 * 1024;
/// The most statuses that a server lists at once.
pub const PAGE: usize = 40;

/// A server answers with `error`, and the OAuth endpoints with `error_description` too.
pub const DIALECT: Dialect = Dialect {
    words: |body| {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        match text("error_description") {
            "" => ("".into(), text("error").into()),
            description => (text("error").into(), description.into()),
        }
    },
    meaning: |status, code, text| match status {
        // A token of Mastodon does not expire: one that is refused was revoked.
        401 => Meaning::AccountGone,
        403 if text.starts_with("Your login") || text.contains("authorized scopes") => Meaning::AccountGone,
        404 | 410 => Meaning::NotFound,
        429 => Meaning::TooMany,
        408 | 500.. => Meaning::ServerFault,
        400 if code == "invalid_grant" => Meaning::StaleToken,
        _ => Meaning::Rejected,
    },
};

/// A server, called on behalf of one workspace.
pub struct Client<'a> {
    pub scope: &'a Scope,
    pub server: &'a Url,
}

/// The registration of this product on a server.
#[derive(Deserialize)]
pub struct App {
    pub client_id: String,
    pub client_secret: SecretText,
}

#[derive(Deserialize)]
pub struct TokenAnswer {
    pub access_token: SecretText,
}

#[derive(Deserialize)]
pub struct Account {
    pub id: Number,
    pub username: String,
}

/// A server's identifier of a thing: Mastodon's are numbers, those of compatible servers letters and digits.
pub type Number = Identifier<64, true>;

#[derive(Deserialize)]
pub struct Instance {
    /// The domain in the handles of its accounts, which can differ from that of the server.
    pub domain: Option<String>,
    #[serde(default)]
    pub configuration: Configuration,
}

/// Every number may be missing: compatible servers state some of them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Configuration {
    pub statuses: StatusLimits,
    pub media_attachments: MediaLimits,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct StatusLimits {
    pub max_characters: Option<u32>,
    pub max_media_attachments: Option<u32>,
    pub characters_reserved_per_url: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MediaLimits {
    pub image_size_limit: Option<u32>,
    pub description_limit: Option<u32>,
}

#[derive(Deserialize)]
pub struct MediaAnswer {
    pub id: Number,
    /// None while the server is still processing the file.
    pub url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct StatusAnswer {
    pub id: Number,
    pub created_at: Timestamp,
    /// The page of the status.
    pub url: Option<String>,
    pub account: AuthorAnswer,
    #[serde(default)]
    pub media_attachments: Vec<AttachmentAnswer>,
    /// The client that wrote it; only shown to the author.
    pub application: Option<ApplicationAnswer>,
}

#[derive(Debug, Deserialize)]
pub struct AuthorAnswer {
    pub id: Number,
}

#[derive(Debug, Deserialize)]
pub struct AttachmentAnswer {
    pub id: Number,
}

#[derive(Debug, Deserialize)]
pub struct ApplicationAnswer {
    pub name: String,
}

#[derive(Deserialize)]
struct SourceAnswer {
    text: String,
    #[serde(default)]
    spoiler_text: String,
}

impl Client<'_> {
    /// Registers this product. Nothing needs to be registered by hand with each of thousands of servers.
    pub async fn register(
        &self,
        name: &str,
        website: &str,
        redirect_uri: &str,
        scopes: &str,
    ) -> Result<App, CallError> {
        let input = json!({ "client_name": name, "website": website, "redirect_uris": redirect_uri, "scopes": scopes });
        self.post("POST /api/v1/apps", "/api/v1/apps", None, &input).await
    }

    /// Redeems a code. It can be redeemed once.
    pub async fn token(
        &self,
        app: &App,
        redirect_uri: &str,
        code: &SecretText,
        verifier: &SecretText,
    ) -> Result<TokenAnswer, CallError> {
        let name = "POST /oauth/token";
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.expose()),
            ("redirect_uri", redirect_uri),
            ("code", code.expose()),
            ("code_verifier", verifier.expose()),
        ];
        self.oauth(name, "/oauth/token", &fields).await.and_then(parse(name))
    }

    /// Revokes a token. A token that is no longer known is revoked.
    pub async fn revoke(&self, app: &App, token: &SecretText) -> Result<(), CallError> {
        let fields = [
            ("client_id", app.client_id.as_str()),
            ("client_secret", app.client_secret.expose()),
            ("token", token.expose()),
        ];
        self.oauth("POST /oauth/revoke", "/oauth/revoke", &fields).await.map(|_| ())
    }

    async fn oauth(
        &self,
        name: &'static str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<OutboundAnswer, CallError> {
        self.answer(Call { body: Some(form(fields)), ..self.call(Method::POST, path, name) }).await
    }

    /// The account that a token belongs to.
    pub async fn account(&self, token: &SecretText) -> Result<Account, CallError> {
        let path = "/api/v1/accounts/verify_credentials";
        self.get("GET /api/v1/accounts/verify_credentials", path, &[], Some(token), MOST_ANSWER_BYTES).await
    }

    /// What the server states about itself.
    pub async fn instance(&self) -> Result<Instance, CallError> {
        self.get("GET /api/v2/instance", "/api/v2/instance", &[], None, MOST_ANSWER_BYTES).await
    }

    /// Uploads a picture. It is invisible until a status refers to it, and is deleted if none does.
    pub async fn upload(&self, token: &SecretText, picture: Picture) -> Result<MediaAnswer, CallError> {
        let name = "POST /api/v2/media";
        let (content_type, body) = multipart(&hex(self.scope.new_id::<Picture>().as_bytes()), picture);
        let call = Call {
            body: Some((content_type, body)),
            timeout_s: UPLOAD_TIMEOUT_S,
            ..self.call(Method::POST, "/api/v2/media", name)
        };
        self.answer(Call { token: Some(token), ..call }).await.and_then(parse(name))
    }

    /// An uploaded file, to learn whether it has been processed.
    pub async fn media(&self, token: &SecretText, id: Number) -> Result<MediaAnswer, CallError> {
        let name = "GET /api/v1/media/:id";
        let call = self.call(Method::GET, &format!("/api/v1/media/{}", id.as_str()), name);
        let answer = self.answer(Call { token: Some(token), ..call }).await?;
        // Still being processed: the response need not have a body.
        if answer.status == 206 { Ok(MediaAnswer { id, url: None }) } else { parse(name)(answer) }
    }

    /// Publishes a status. A repeat with the same key within an hour returns the same status.
    pub async fn publish(
        &self,
        token: &SecretText,
        key: &str,
        parameters: Map<String, Value>,
    ) -> Result<StatusAnswer, CallError> {
        let name = "POST /api/v1/statuses";
        let input = Value::Object(parameters);
        let call = Call {
            token: Some(token),
            body: Some(("application/json".to_owned(), input.to_string().into_bytes())),
            headers: vec![("idempotency-key", key.to_owned())],
            timeout_s: WRITE_TIMEOUT_S,
            ..self.call(Method::POST, "/api/v1/statuses", name)
        };
        self.answer(call).await.and_then(parse(name))
    }

    /// The account's own statuses, newest first, older than `before`.
    pub async fn statuses(
        &self,
        token: &SecretText,
        account: &str,
        before: Option<&Number>,
    ) -> Result<Vec<StatusAnswer>, CallError> {
        let path = format!("/api/v1/accounts/{account}/statuses");
        let limit = PAGE.to_string();
        let mut parameters = vec![("limit", limit.as_str()), ("exclude_reblogs", "true")];
        parameters.extend(before.map(|id| ("max_id", id.as_str())));
        self.get("GET /api/v1/accounts/:id/statuses", &path, &parameters, Some(token), MOST_PAGE_BYTES).await
    }

    /// The content warning and the text of an own status as they were sent.
    pub async fn source(&self, token: &SecretText, id: &Number) -> Result<(String, String), CallError> {
        let path = format!("/api/v1/statuses/{}/source", id.as_str());
        let name = "GET /api/v1/statuses/:id/source";
        let source: SourceAnswer = self.get(name, &path, &[], Some(token), MOST_ANSWER_BYTES).await?;
        Ok((source.spoiler_text, source.text))
    }

    fn call(&self, method: Method, path: &str, name: &'static str) -> Call<'static> {
        let mut url = self.server.clone();
        url.set_path(path);
        Call {
            method,
            url,
            name,
            token: None,
            body: None,
            headers: Vec::new(),
            timeout_s: TIMEOUT_S,
            most_bytes: MOST_ANSWER_BYTES,
        }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        parameters: &[(&str, &str)],
        token: Option<&SecretText>,
        most_bytes: usize,
    ) -> Result<T, CallError> {
        let mut call = Call { token, most_bytes, ..self.call(Method::GET, path, name) };
        if !parameters.is_empty() {
            call.url.query_pairs_mut().extend_pairs(parameters);
        }
        self.answer(call).await.and_then(parse(name))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        name: &'static str,
        path: &str,
        token: Option<&SecretText>,
        input: &Value,
    ) -> Result<T, CallError> {
        let body = Some(("application/json".to_owned(), input.to_string().into_bytes()));
        self.answer(Call { token, body, ..self.call(Method::POST, path, name) }).await.and_then(parse(name))
    }

    async fn answer(&self, request: Call<'_>) -> Result<OutboundAnswer, CallError> {
        call(self.scope, request, &DIALECT).await
    }
}

/// A picture with its description as `multipart/form-data` (RFC 7578).
fn multipart(boundary: &str, picture: Picture) -> (String, Vec<u8>) {
    let Picture { bytes, content_type, alt_text, .. } = picture;
    let mut body = Vec::with_capacity(bytes.len() + alt_text.len() + 512);
    let mut part = |head: String, value: &[u8]| {
        body.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    };
    if !alt_text.is_empty() {
        part("name=\"description\"".to_owned(), alt_text.as_bytes());
    }
    let extension = content_type.rsplit('/').next().unwrap_or_default();
    part(format!("name=\"file\"; filename=\"picture.{extension}\"\r\nContent-Type: {content_type}"), &bytes);
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_sent_as_a_form() {
        let (content_type, alt_text) = ("image/png".to_owned(), "A wall".to_owned());
        let picture = Picture { bytes: b"png".to_vec(), content_type, alt_text, width: 1, height: 1 };
        let (content_type, body) = multipart("b", picture);
        assert_eq!(content_type, "multipart/form-data; boundary=b");
        assert_eq!(
            String::from_utf8_lossy(&body),
            "--b\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\nA wall\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture.png\"\r\nContent-Type: image/png\r\n\r\n\
             png\r\n--b--\r\n"
        );
    }
}
