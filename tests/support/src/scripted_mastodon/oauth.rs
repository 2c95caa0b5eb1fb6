//! Apps, codes and tokens: OAuth 2.0 with an authorization code and PKCE.
//!
//! Sources: <https://docs.joinmastodon.org/methods/apps/> and <https://docs.joinmastodon.org/methods/oauth/>; the texts of the
//! errors are those of Doorkeeper, with which the official server implements them.

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, sha256};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use url::Url;

use super::form::parameters;
use super::{Answered, Call, State, refused};

/// How long a code can be redeemed: Doorkeeper's default.
const CODE_LASTS: SignedDuration = SignedDuration::from_mins(10);
const INVALID_CLIENT: &str = "Client authentication failed due to unknown client, no client authentication included, or \
                              unsupported authentication method.";
const INVALID_GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI \
                             used in the authorization request, or was issued to another client.";

pub(super) struct App {
    pub(super) name: String,
    secret: String,
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
}

/// An approved authorization whose code was not redeemed yet.
pub(super) struct Grant {
    account: &'static str,
    client_id: String,
    redirect_uri: String,
    scopes: Vec<String>,
    challenge: String,
    created_at: Timestamp,
}

pub(super) struct Token {
    pub(super) account: String,
    pub(super) client_id: String,
    pub(super) is_revoked: bool,
    scopes: Vec<String>,
}

impl State {
    /// <https://docs.joinmastodon.org/methods/apps/#create>.
    pub(super) fn register(&mut self, call: &Call) -> Answered {
        let input = parameters(call);
        let text = |field: &str| input[field].as_str().unwrap_or_default().to_owned();
        let name = text("client_name");
        if name.is_empty() {
            return Err(refused(422, "Validation failed: Application name can't be blank"));
        }
        // A string with one URI per line, or an array.
        let redirect_uris: Vec<String> = match input["redirect_uris"].as_array() {
            Some(uris) => uris.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => text("redirect_uris").lines().map(str::to_owned).collect(),
        };
        if redirect_uris.is_empty() || redirect_uris.iter().any(|uri| Url::parse(uri).is_err()) {
            return Err(refused(422, "Validation failed: Redirect URI must be an absolute URI."));
        }
        let scopes = match input["scopes"].as_str() {
            Some(scopes) => words(scopes),
            None => words("read"),
        };
        if !scopes.iter().all(|scope| is_scope(scope)) {
            return Err(refused(422, "Validation failed: Scopes doesn't match configured on the server."));
        }
        let number = self.issue();
        let (client_id, secret) = (format!("client-{number}"), format!("secret-{number}"));
        let answer = json!({
            "id": number.to_string(), "name": name, "website": input["website"], "scopes": scopes,
            "redirect_uri": redirect_uris.join("\n"), "redirect_uris": redirect_uris,
            "client_id": client_id, "client_secret": secret, "client_secret_expires_at": 0,
        });
        self.apps.insert(client_id, App { name, secret, redirect_uris, scopes });
        Ok((200, answer))
    }

    /// <https://docs.joinmastodon.org/methods/oauth/#authorize>: what the page checks before a person sees it.
    pub(super) fn authorize(&mut self, account: &'static str, url: &str) -> Result<(String, String), &'static str> {
        let page = format!("{}/oauth/authorize?", self.url);
        let url =
            Url::parse(url).ok().filter(|url| url.as_str().starts_with(&page)).ok_or("not_the_authorization_page")?;
        let parameter = |wanted: &str| {
            let found: Vec<_> = url.query_pairs().filter(|(name, _)| name == wanted).collect();
            // A repeated parameter is refused (RFC 6749, section 3.1).
            if let [(_, value)] = found.as_slice() { value.to_string() } else { String::new() }
        };
        if parameter("response_type") != "code" {
            return Err("unsupported_response_type");
        }
        let client_id = parameter("client_id");
        let app = self.apps.get(&client_id).ok_or("invalid_client")?;
        let redirect_uri = parameter("redirect_uri");
        if !app.redirect_uris.contains(&redirect_uri) {
            return Err("invalid_redirect_uri");
        }
        let scopes = match parameter("scope") {
            none if none.is_empty() => words("read"),
            scopes => words(&scopes),
        };
        if !scopes.iter().all(|scope| is_covered(scope, &app.scopes)) {
            return Err("invalid_scope");
        }
        if parameter("code_challenge_method") != "S256" {
            return Err("invalid_code_challenge_method");
        }
        // A SHA-256 in base64url has 43 characters (RFC 7636, section 4.2).
        let challenge = parameter("code_challenge");
        if challenge.len() != 43 {
            return Err("invalid_request");
        }
        let code = format!("code-{}", self.issue());
        let grant = Grant { account, client_id, redirect_uri, scopes, challenge, created_at: self.now };
        self.grants.insert(code.clone(), grant);
        Ok((code, parameter("state")))
    }

    /// <https://docs.joinmastodon.org/methods/oauth/#token>.
    pub(super) fn redeem(&mut self, call: &Call) -> Answered {
        let input = parameters(call);
        let text = |field: &str| input[field].as_str().unwrap_or_default();
        if text("grant_type") != "authorization_code" {
            let description = "The authorization grant type is not supported by the authorization server.";
            return Err(oauth_error(400, "unsupported_grant_type", description));
        }
        if !self.is_client(&input) {
            return Err(oauth_error(401, "invalid_client", INVALID_CLIENT));
        }
        let invalid = || oauth_error(400, "invalid_grant", INVALID_GRANT);
        let grant = self.grants.get(text("code")).ok_or_else(invalid)?;
        let fits = grant.client_id == text("client_id")
            && grant.redirect_uri == text("redirect_uri")
            && grant.challenge == base64url(&sha256(text("code_verifier").as_bytes()))
            && self.now < after(grant.created_at, CODE_LASTS);
        if !fits {
            return Err(invalid());
        }
        let Some(Grant { account, client_id, scopes, .. }) = self.grants.remove(text("code")) else {
            return Err(invalid());
        };
        let token = format!("token-{}", self.issue());
        let scope = scopes.join(" ");
        self.tokens.insert(token.clone(), Token { account: account.to_owned(), client_id, is_revoked: false, scopes });
        let created_at = self.now.as_second();
        Ok((200, json!({ "access_token": token, "token_type": "Bearer", "scope": scope, "created_at": created_at })))
    }

    /// <https://docs.joinmastodon.org/methods/oauth/#revoke>: a repeat succeeds, and so does a token that is not known.
    pub(super) fn revoke(&mut self, call: &Call) -> Answered {
        let input = parameters(call);
        let is_client = self.is_client(&input);
        let token = self.tokens.get_mut(input["token"].as_str().unwrap_or_default());
        let is_owned = token.as_ref().is_none_or(|token| input["client_id"] == json!(token.client_id));
        if !is_client || !is_owned || input["token"].is_null() {
            return Err(oauth_error(403, "unauthorized_client", "You are not authorized to revoke this token"));
        }
        if let Some(token) = token {
            token.is_revoked = true;
        }
        Ok((200, json!({})))
    }

    /// The token of a call, if it is valid and has the scope.
    pub(super) fn account(&self, call: &Call, scope: &str) -> Result<&Token, (u16, Value)> {
        let token = match self.tokens.get(&call.token) {
            Some(token) if token.is_revoked => return Err(refused(401, "The access token was revoked")),
            Some(token) => token,
            None => return Err(refused(401, "The access token is invalid")),
        };
        match is_covered(scope, &token.scopes) {
            true => Ok(token),
            false => Err(refused(403, "This action is outside the authorized scopes")),
        }
    }

    /// Whether the parameters have the credentials of an app.
    fn is_client(&self, input: &Value) -> bool {
        let app = self.apps.get(input["client_id"].as_str().unwrap_or_default());
        app.is_some_and(|app| input["client_secret"] == json!(app.secret))
    }
}

fn oauth_error(status: u16, error: &str, description: &str) -> (u16, Value) {
    (status, json!({ "error": error, "error_description": description }))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The scopes that this product may need: <https://docs.joinmastodon.org/api/oauth-scopes/>.
fn is_scope(scope: &str) -> bool {
    matches!(scope.split(':').next(), Some("read" | "write" | "follow" | "push" | "profile"))
}

/// Whether scopes include this one: `read` includes `read:accounts`.
fn is_covered(scope: &str, scopes: &[String]) -> bool {
    let whole = scope.split(':').next().unwrap_or_default();
    scopes.iter().any(|given| given == scope || given == whole)
}
