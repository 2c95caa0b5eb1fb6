//! Tokens: a code becomes a token of an hour, that one a token of 60 days, which can be renewed.

use serde_json::json;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use url::Url;

use super::{ACCOUNTS, Answered, CLIENT_ID, CLIENT_SECRET, Call, State, refused};

/// As an authorization gave it.
pub(super) struct Grant {
    account: &'static str,
    redirect_uri: String,
    is_used: bool,
}

pub(super) struct Token {
    pub(super) account: String,
    is_long: bool,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

const SHORT: SignedDuration = SignedDuration::from_hours(1);
const LONG: SignedDuration = SignedDuration::from_secs(5_183_944);
const RENEWABLE_AFTER: SignedDuration = SignedDuration::from_hours(24);

impl State {
    pub(super) fn authorize(&mut self, account: &'static str, url: &str) -> Result<(String, String), &'static str> {
        let url = Url::parse(url).map_err(|_| "not a URL")?;
        if url.host_str() != Some("threads.com") || url.path() != "/oauth/authorize" {
            return Err("another page");
        }
        let parameter =
            |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        if parameter("client_id").as_deref() != Some(CLIENT_ID) || parameter("response_type").as_deref() != Some("code")
        {
            return Err("unknown app");
        }
        let scopes = parameter("scope").ok_or("without scopes")?;
        if !scopes.split(',').eq(["threads_basic", "threads_content_publish"]) {
            return Err("other scopes");
        }
        let redirect_uri = parameter("redirect_uri").ok_or("without a redirect")?;
        let code = format!("code-{}", self.issue());
        self.grants.insert(code.clone(), Grant { account, redirect_uri, is_used: false });
        // The page says that the address ends with this, which is no part of the code.
        Ok((format!("{code}#_"), parameter("state").unwrap_or_default()))
    }

    pub(super) fn redeem(&mut self, call: &Call) -> Answered {
        let is_app = call.parameter("client_id") == CLIENT_ID && call.parameter("client_secret") == CLIENT_SECRET;
        if !is_app || call.parameter("grant_type") != "authorization_code" {
            return Err(refused(400, 101, "Error validating client secret."));
        }
        let grant = self.grants.get_mut(call.parameter("code"));
        let grant = grant.filter(|grant| !grant.is_used && grant.redirect_uri == call.parameter("redirect_uri"));
        let Some(grant) = grant else {
            return Err(refused(400, 100, "This authorization code has been used"));
        };
        grant.is_used = true;
        let account = grant.account;
        let token = self.token(account, false);
        let user_id: u64 = account.parse().expect("a number");
        Ok(json!({ "access_token": token, "user_id": user_id }))
    }

    pub(super) fn exchange(&mut self, call: &Call) -> Answered {
        if call.parameter("client_secret") != CLIENT_SECRET || call.parameter("grant_type") != "th_exchange_token" {
            return Err(refused(400, 101, "Error validating client secret."));
        }
        let token = self.valid(call)?;
        if token.is_long {
            return Err(refused(400, 452, "Session key invalid"));
        }
        let account = token.account.clone();
        let token = self.token(&account, true);
        Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": LONG.as_secs() }))
    }

    pub(super) fn refresh(&mut self, call: &Call) -> Answered {
        if call.parameter("grant_type") != "th_refresh_token" {
            return Err(refused(400, 100, "Unsupported grant"));
        }
        let now = self.now;
        let token = self.valid(call)?;
        if !token.is_long || now < after(token.issued_at, RENEWABLE_AFTER) {
            return Err(refused(400, 100, "The token is less than 24 hours old"));
        }
        let account = token.account.clone();
        let token = self.token(&account, true);
        Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": LONG.as_secs() }))
    }

    pub(super) fn profile(&mut self, call: &Call) -> Answered {
        let account = self.valid(call)?.account.clone();
        let name = ACCOUNTS.iter().find(|(_, number)| *number == account).map_or("", |(name, _)| *name);
        Ok(json!({ "id": account, "username": name }))
    }

    /// The account of a call whose token is of this account.
    pub(super) fn own(&self, call: &Call) -> Result<String, (u16, serde_json::Value)> {
        let token = self.valid(call)?;
        if token.account != call.id {
            return Err(refused(400, 10, "Application does not have permission for this action"));
        }
        Ok(token.account.clone())
    }

    pub(super) fn valid(&self, call: &Call) -> Result<&Token, (u16, serde_json::Value)> {
        let token = self.tokens.get(call.parameter("access_token")).filter(|token| self.now < token.expires_at);
        token.ok_or_else(|| refused(400, 190, "Error validating access token: Session has expired"))
    }

    fn token(&mut self, account: &str, is_long: bool) -> String {
        let token = format!("TH{}", self.issue());
        let expires_at = after(self.now, if is_long { LONG } else { SHORT });
        let (account, issued_at) = (account.to_owned(), self.now);
        self.tokens.insert(token.clone(), Token { account, is_long, issued_at, expires_at });
        token
    }
}
