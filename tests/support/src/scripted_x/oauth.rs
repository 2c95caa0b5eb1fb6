//! The OAuth endpoints of the scripted X.

use serde_json::{Value, json};
use shared::crypto::digest::{base64url, from_base64, sha256};
use shared::kernel::time::{SignedDuration, after};

use super::{Answered, Call, Session, State};

const CODE_LASTS: SignedDuration = SignedDuration::from_secs(30);
const ACCESS_LASTS: SignedDuration = SignedDuration::from_hours(2);

impl State {
    /// The client of a call, by its Basic authentication.
    fn client(&self, call: &Call) -> Result<String, (u16, Value)> {
        let unknown = || oauth_error(401, "unauthorized_client", "Missing valid authorization header");
        let decoded = call.authorization.strip_prefix("Basic ").and_then(from_base64).ok_or_else(unknown)?;
        let decoded = String::from_utf8(decoded).map_err(|_| unknown())?;
        let (client_id, secret) = decoded.split_once(':').ok_or_else(unknown)?;
        let known = self.apps.get(client_id).is_some_and(|known| known == secret);
        if known { Ok(client_id.to_owned()) } else { Err(unknown()) }
    }

    pub(super) fn token(&mut self, call: &Call) -> Answered {
        let client_id = self.client(call)?;
        match call.field("grant_type") {
            "authorization_code" => self.redeem(call, &client_id),
            "refresh_token" => self.refresh(call, &client_id),
            _ => Err(oauth_error(400, "invalid_request", "Missing required parameter [grant_type].")),
        }
    }

    fn redeem(&mut self, call: &Call, client_id: &str) -> Answered {
        let invalid = || oauth_error(400, "invalid_request", "Value passed for the authorization code was invalid.");
        let grant = self.grants.remove(call.field("code")).ok_or_else(invalid)?;
        let fits = grant.client_id == client_id
            && grant.redirect_uri == call.field("redirect_uri")
            && grant.challenge == base64url(&sha256(call.field("code_verifier").as_bytes()))
            && self.now < after(grant.created_at, CODE_LASTS);
        if !fits {
            return Err(invalid());
        }
        let session = Session {
            account: grant.account,
            client_id: client_id.to_owned(),
            access: String::new(),
            expires_at: self.now,
            refresh: String::new(),
            used: Vec::new(),
            is_ended: false,
        };
        self.sessions.push(session);
        Ok(self.issue_tokens(self.sessions.len() - 1))
    }

    fn refresh(&mut self, call: &Call, client_id: &str) -> Answered {
        let invalid = || oauth_error(400, "invalid_request", "Value passed for the token was invalid.");
        let presented = call.field("refresh_token").to_owned();
        let index = self.sessions.iter().position(|session| {
            session.client_id == client_id && (session.refresh == presented || session.used.contains(&presented))
        });
        let index = index.ok_or_else(invalid)?;
        if self.sessions[index].refresh != presented {
            // A second use: the session may be stolen.
            self.sessions[index].is_ended = true;
        }
        if self.sessions[index].is_ended {
            return Err(invalid());
        }
        self.sessions[index].used.push(presented);
        Ok(self.issue_tokens(index))
    }

    fn issue_tokens(&mut self, index: usize) -> (u16, Value) {
        let number = self.issue();
        let expires_at = after(self.now, ACCESS_LASTS);
        let session = &mut self.sessions[index];
        (session.access, session.refresh) = (format!("access-{number}"), format!("refresh-{number}"));
        session.expires_at = expires_at;
        let answer = json!({
            "token_type": "bearer", "expires_in": 7_200, "access_token": session.access, "refresh_token": session.refresh,
            "scope": "tweet.read tweet.write users.read media.write offline.access",
        });
        (200, answer)
    }

    pub(super) fn revoke(&mut self, call: &Call) -> Answered {
        let client_id = self.client(call)?;
        let token = call.field("token");
        for session in self.sessions.iter_mut().filter(|session| session.client_id == client_id) {
            session.is_ended |= session.access == token || session.refresh == token;
        }
        Ok((200, json!({ "revoked": true })))
    }
}

fn oauth_error(status: u16, error: &str, description: &str) -> (u16, Value) {
    (status, json!({ "error": error, "error_description": description }))
}
