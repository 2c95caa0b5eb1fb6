//! Connecting an account with the operator's app: the code, a token of an hour, and the one of 60 days.

use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use super::graph::{Client, Graph, LongToken};
use crate::adapter::{Authorization, Begun, Code};
use crate::call::{CallError, Meaning};
use crate::connection_problem::{connection_problem, refused_code};
use crate::operator_app;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::renewal::{Renewed, Renewing};
use crate::server_address::Service;
use crate::session::{TOKEN_PURPOSE, Tokens};

pub async fn begin<G: Graph>(
    scope: &Scope,
    service: Option<&Service>,
    asked: &Authorization,
) -> Result<Begun, Problem> {
    let platform = (G::API.service, G::API.authorization_url, G::API.scopes);
    operator_app::begin(scope, G::PLATFORM, platform, service, asked).await
}

pub async fn redeem<G: Graph>(
    scope: &Scope,
    pending: &PendingConnection,
    code: &Code,
) -> Result<Vec<OfferedAccount>, Problem> {
    let (code_server, server) = (address(G::API.code_server)?, address(G::API.server)?);
    let client = Client::<G>::new(scope, &server);
    let app = PlatformApp { client_id: pending.app.client_id.clone(), client_secret: code.client_secret.clone() };
    let redeeming = Client::<G>::new(scope, &code_server);
    let short = match redeeming.redeem(&app, &pending.redirect_uri, &bare(&code.code)).await {
        Ok(short) => short,
        Err(CallError::Refused(refusal))
            if matches!(refusal.meaning, Meaning::StaleToken | Meaning::AccountGone | Meaning::Rejected) =>
        {
            return Err(refused_code(&refusal));
        }
        Err(error) => return Err(connection_problem(&error)),
    };
    let token = client.exchange(&app, &short.access_token).await.map_err(|error| connection_problem(&error))?;
    let profile = client.profile(&token.access_token).await.map_err(|error| connection_problem(&error))?;
    // The code's account is named by either number.
    let is_of_code = [&profile.id, &profile.user_id].contains(&&Some(short.user_id));
    let Some(account) = profile.user_id.or(profile.id).filter(|_| is_of_code) else {
        return Err(connection_problem(&CallError::Malformed("GET /me")));
    };
    let access = scope.seal(TOKEN_PURPOSE, &pending.channel, &token.access_token).await?;
    let expires_at = expiry(&token, scope.now());
    Ok(vec![OfferedAccount {
        account_id: account.into(),
        handle: format!("@{}", profile.username),
        server: G::API.server.to_owned(),
        tokens: Tokens {
            access,
            access_expires_at: Some(expires_at),
            refresh: None,
            app: None,
            renewable_until: Some(expires_at),
        },
        limits: None,
    }])
}

fn address(text: &str) -> Result<Url, Problem> {
    text.parse().map_err(Problem::internal)
}

/// The address of the redirect ends with `#_`, which is no part of the code.
fn bare(code: &SecretText) -> SecretText {
    SecretText::new(code.expose().trim_end_matches("#_").to_owned())
}

fn expiry(token: &LongToken, now: Timestamp) -> Timestamp {
    after(now, SignedDuration::from_secs(token.expires_in.into()))
}

/// A renewed token replaces the former one.
pub async fn refresh<G: Graph>(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
    let token = Client::<G>::new(scope, &renewing.server).refresh(&renewing.token).await?;
    let expires_at = expiry(&token, scope.now());
    let access = Some((token.access_token, expires_at));
    Ok(Renewed { access, renewable_until: Some(expires_at), ..Renewed::default() })
}
