//! Renewing a Bluesky session, and ending it.

use shared::kernel::problems::Problem;
use shared::tenancy::Scope;
use url::Url;

use super::answers::{access_expires_at, hosting_server, refresh_expires_at};
use super::client::Client;
use super::identifiers::Did;
use crate::call::CallError;
use crate::renewal::{Renewed, Renewing};
use crate::server_address::stored_origin;
use crate::session::{EndedSession, TOKEN_PURPOSE};

/// Rotates the tokens. Every field but the DID may be missing from the answer.
pub async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
    let answer = Client::new(scope, &renewing.server).refresh_session(&renewing.token).await?;
    // Tokens of another account are never stored.
    if renewing.channel.account_id != answer.did.as_str() {
        return Err(CallError::Malformed("com.atproto.server.refreshSession"));
    }
    let now = scope.now();
    let server = answer.did_doc.as_ref().and_then(|document| callable_server(document, &answer.did));
    let access = answer.access_jwt.map(|token| {
        let expires_at = access_expires_at(token.secret(), now);
        (token.into_secret(), expires_at)
    });
    let renewable_until = answer.refresh_jwt.as_ref().map(|token| refresh_expires_at(token.secret(), now));
    let refresh = answer.refresh_jwt.map(|token| token.into_secret());
    Ok(Renewed { access, refresh, renewable_until, server })
}

/// The server of a DID document, if this build may call it.
pub fn callable_server(did_doc: &serde_json::Value, did: &Did) -> Option<Url> {
    hosting_server(did_doc, did).filter(|url| shared::aws::outbound::check(url).is_ok())
}

/// Signs out. A session that the server refuses to end has already ended; if the server cannot be reached, the caller
/// repeats the call.
pub async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
    let server = stored_origin(&ended.server)?;
    let refresh =
        ended.refresh.as_ref().ok_or_else(|| Problem::internal("a session of Bluesky without a refresh token"))?;
    let refresh = scope.open(TOKEN_PURPOSE, &ended.channel, refresh).await?;
    match Client::new(scope, &server).delete_session(&refresh).await {
        Err(error) if error.is_passing() => Err(Problem::unavailable(error)),
        Ok(()) | Err(CallError::Refused(_) | CallError::Forbidden(_)) => Ok(()),
        Err(error) => Err(Problem::internal(error)),
    }
}
