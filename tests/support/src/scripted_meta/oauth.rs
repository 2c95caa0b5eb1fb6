//! Tokens: a code becomes a token of an hour, that one a token of 60 days, which can be renewed.

use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use url::Url;

use super::{Answered, Call, State, refused};

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
        let rules = self.rules;
        if (url.host_str(), url.path()) != (Some(rules.page.0), rules.page.1) {
            return Err("another page");
        }
        let parameter =
            |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        if parameter("client_id").as_deref() != Some(rules.client.0)
            || parameter("response_type").as_deref() != Some("code")
        {
            return Err("unknown app");
        }
        let scopes = parameter("scope").ok_or("without scopes")?;
        if !scopes.split(',').eq(rules.scopes) {
            return Err("other scopes");
        }
        let redirect_uri = parameter("redirect_uri").ok_or("without a redirect")?;
        let code = format!("code-{}", self.issue());
        self.grants.insert(code.clone(), Grant { account, redirect_uri, is_used: false });
        // The page says that the address ends with this, which is no part of the code.
        Ok((format!("{code}#_"), parameter("state").unwrap_or_default()))
    }

    pub(super) fn redeem(&mut self, call: &Call) -> Answered {
        let (id, secret) = self.rules.client;
        let is_app = call.parameter("client_id") == id && call.parameter("client_secret") == secret;
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
        let number = self.app_number(account).parse::<u64>().expect("a number");
        Ok(self.one(json!({ "access_token": token, "user_id": number })))
    }

    pub(super) fn exchange(&mut self, call: &Call) -> Answered {
        if call.parameter("client_secret") != self.rules.client.1 || call.parameter("grant_type") != self.rules.grants.0
        {
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
        if call.parameter("grant_type") != self.rules.grants.1 {
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
        let name = self.rules.accounts.iter().find(|(_, number, _)| *number == account).map_or("", |(name, ..)| *name);
        let own = self.app_number(&account);
        let asked = |field: &str| call.parameter("fields").split(',').any(|asked| asked == field);
        let user_id = asked("user_id").then_some(account.as_str());
        Ok(self.one(json!({ "id": own, "user_id": user_id, "username": name })))
    }

    /// The number by which an app knows an account: where it is another one, the account is not found by it elsewhere.
    fn app_number(&self, account: &str) -> &'static str {
        self.rules.accounts.iter().find(|(_, number, _)| *number == account).map_or("", |(_, _, own)| *own)
    }

    fn one(&self, answer: Value) -> Value {
        if self.rules.lists_one { json!({ "data": [answer] }) } else { answer }
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
