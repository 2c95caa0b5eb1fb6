//! Connecting a Threads account with the operator's app: the code, a token of an hour, and the one of 60 days.

use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use super::api::{Client, LongToken, SERVER};
use super::server;
use crate::adapter::{Authorization, Begun, Code};
use crate::call::{CallError, Meaning};
use crate::connection_problem::{connection_problem, refused_code};
use crate::operator_app;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::Platform;
use crate::renewal::{Renewed, Renewing};
use crate::server_address::Service;
use crate::session::{TOKEN_PURPOSE, Tokens};

const AUTHORIZATION_URL: &str = "https://threads.com/oauth/authorize";
/// The rights that a person gives: to read who they are and their posts, and to publish.
const SCOPES: &str = "threads_basic,threads_content_publish";
const SERVICE: &str = "https://threads.com";

pub async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
    if service.is_some() {
        return Err(Problem::invalid("service", "must be left out: Threads has one server"));
    }
    let app = operator_app::current(scope, Platform::Threads).await?;
    let mut authorization_url: Url = AUTHORIZATION_URL.parse().map_err(Problem::internal)?;
    authorization_url.query_pairs_mut().extend_pairs(asked.parameters(&app.client_id, SCOPES));
    Ok(Begun { service: SERVICE.to_owned(), client_id: app.client_id, client_secret: None, authorization_url })
}

pub async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
    let server = server()?;
    let client = Client { scope, server: &server };
    let app = PlatformApp { client_id: pending.app.client_id.clone(), client_secret: code.client_secret.clone() };
    let short = match client.redeem(&app, &pending.redirect_uri, &bare(&code.code)).await {
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
    if profile.id != short.user_id {
        return Err(connection_problem(&CallError::Malformed("GET /me")));
    }
    let access = scope.seal(TOKEN_PURPOSE, &pending.channel, &token.access_token).await?;
    let expires_at = expiry(&token, scope.now());
    Ok(vec![OfferedAccount {
        account_id: profile.id.into(),
        handle: format!("@{}", profile.username),
        server: SERVER.to_owned(),
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

/// The address of the redirect ends with `#_`, which is no part of the code.
fn bare(code: &SecretText) -> SecretText {
    SecretText::new(code.expose().trim_end_matches("#_").to_owned())
}

fn expiry(token: &LongToken, now: Timestamp) -> Timestamp {
    after(now, SignedDuration::from_secs(token.expires_in.into()))
}

/// A renewed token replaces the former one.
pub async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
    let token = Client { scope, server: &renewing.server }.refresh(&renewing.token).await?;
    let expires_at = expiry(&token, scope.now());
    let access = Some((token.access_token, expires_at));
    Ok(Renewed { access, renewable_until: Some(expires_at), ..Renewed::default() })
}
