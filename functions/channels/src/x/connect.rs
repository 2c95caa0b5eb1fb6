//! Connecting an account of X: the code, the tokens' renewal and their end.

use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::{PlatformApp, Scope};

use super::api::{API, Client, TokenAnswer};
use crate::adapter::{Authorization, Begun, Code};
use crate::call::{CallError, Meaning};
use crate::connection_problem::{connection_problem, refused_code};
use crate::operator_app;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::Platform;
use crate::renewal::{Renewed, Renewing};
use crate::server_address::Service;
use crate::session::{EndedSession, TOKEN_PURPOSE, Tokens};

/// Where accounts sign in, and where a person agrees.
const SERVICE: &str = "https://x.com";
const AUTHORIZE: &str = "https://x.com/i/oauth2/authorize";
/// The rights that a person gives: to read who they are and their posts, to write posts with media, and to do so until they
/// withdraw it.
const SCOPES: &str = "tweet.read tweet.write users.read media.write offline.access";
/// X does not state how long an unused refresh token lives. Sessions are renewed as if it were this long.
const RENEWABLE_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Tokens live two hours; a longer life is not counted on.
const LONGEST_LIFE_S: i64 = 24 * 3_600;

pub async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
    operator_app::begin(scope, Platform::X, (SERVICE, AUTHORIZE, SCOPES), service, asked).await
}

pub async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
    let client = Client { scope };
    let (client_id, client_secret) = (pending.app.client_id.clone(), code.client_secret.clone());
    let app = PlatformApp { client_id, client_secret };
    let answer = match client.redeem(&app, &pending.redirect_uri, &code.code, &code.verifier).await {
        Ok(answer) => answer,
        Err(CallError::Refused(refusal)) if matches!(refusal.meaning, Meaning::StaleToken | Meaning::Rejected) => {
            return Err(refused_code(&refusal));
        }
        Err(error) => return Err(connection_problem(&error)),
    };
    let access = answer.access_token.clone();
    match offered(scope, pending, answer).await {
        Ok(account) => Ok(vec![account]),
        Err(problem) => {
            // On a best-effort basis: X has no use for tokens that are not kept.
            let _best_effort = client.revoke(&app, &access).await;
            Err(problem)
        }
    }
}

async fn offered(scope: &Scope, pending: &PendingConnection, answer: TokenAnswer) -> Result<OfferedAccount, Problem> {
    let malformed = || connection_problem(&CallError::Malformed("POST /2/oauth2/token"));
    let refresh = answer.refresh_token.as_ref().ok_or_else(malformed)?;
    let user = Client { scope }.me(&answer.access_token).await.map_err(|error| connection_problem(&error))?;
    let seal = async |token: &SecretText| scope.seal(TOKEN_PURPOSE, &pending.channel, token).await;
    let tokens = Tokens {
        access: seal(&answer.access_token).await?,
        access_expires_at: Some(expires_at(&answer, scope.now())),
        refresh: Some(seal(refresh).await?),
        app: None,
        renewable_until: Some(after(scope.now(), RENEWABLE_FOR)),
    };
    let (account_id, handle) = (user.id.into(), format!("@{}", user.username));
    Ok(OfferedAccount { account_id, handle, server: API.to_owned(), tokens, limits: None })
}

fn expires_at(answer: &TokenAnswer, now: Timestamp) -> Timestamp {
    after(now, SignedDuration::from_secs(answer.expires_in.clamp(0, LONGEST_LIFE_S)))
}

pub async fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> Result<Renewed, CallError> {
    let app = renewing.app.as_ref().ok_or_else(|| CallError::NotSent("the tokens have no app".to_owned()))?;
    let answer = Client { scope }.refresh(app, &renewing.token).await?;
    let access = Some((answer.access_token.clone(), expires_at(&answer, scope.now())));
    let renewable_until = Some(after(scope.now(), RENEWABLE_FOR));
    Ok(Renewed { access, refresh: answer.refresh_token, renewable_until, server: None })
}

/// Ends the session: its refresh token, or its access token if it has no other.
pub async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
    let (Some(token), Some(app)) = (ended.refresh.as_ref().or(ended.access.as_ref()), &ended.app) else {
        return Err(Problem::internal("an ended session of X without its token"));
    };
    let app = operator_app::opened(scope, ended.platform, ended.channel, app).await?;
    let token = scope.open(TOKEN_PURPOSE, &ended.channel, token).await?;
    match (Client { scope }).revoke(&app, &token).await {
        Err(error) if error.is_passing() => Err(Problem::unavailable(error)),
        Ok(()) | Err(CallError::Refused(_) | CallError::Forbidden(_)) => Ok(()),
        Err(error) => Err(Problem::internal(error)),
    }
}
