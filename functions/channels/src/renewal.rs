//! Tokens: read, and renewed under a lease, so that a refresh token is never presented by two functions at the same time.
//!
//! What holds for every platform is here; its adapter has the one call ([`Adapter::refresh`]). Before the call, the session stores
//! that a renewal has begun, and the tokens that it brings are stored before those it replaces are forgotten. A renewal
//! whose outcome is unknown is repeated; only a definite refusal disconnects the channel (decision 0049).

use std::time::Duration;

use shared::crypto::Sealed;
use shared::crypto::digest::hex;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::table::Stored;
use shared::tenancy::{Changes, PlatformApp, Scope};
use url::Url;

use crate::adapter::Adapter;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::{Channel, ChannelId, Connection};
use crate::disconnection::{disconnected, needing_reauthorisation};
use crate::operator_app;
use crate::publishing::PublishError;
use crate::server_address::stored_origin;
use crate::session::{ChannelSession, RenewedTokens, Step, TOKEN_PURPOSE};

/// The longest call of [`Adapter::refresh`].
pub const CALL_TIMEOUT_S: u64 = 10;
const CALL: SignedDuration = SignedDuration::from_secs(CALL_TIMEOUT_S as i64);
/// Reads of a session that is renewed concurrently. Each read follows another commit or a wait.
const LOOKS: u32 = 12;
/// How long to wait for a concurrent renewal before the next read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// How often new tokens are stored, if the table is busy or another function has changed the session.
const STORES: u32 = 6;

const CHANNEL_SESSION_LEASED: ProblemCode = ProblemCode::of_job(409, "channel_session_leased");

/// What a platform does with a refresh token that was already used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// For a time, it answers as to the first use: a lost answer loses nothing.
    Answered { for_s: u32 },
    /// It refuses it, and may end the whole session as if the token were stolen. Two functions must never present one.
    EndsSession,
}

/// What renews a session.
pub struct Renewing<'a> {
    pub channel: &'a Channel,
    /// The server's API.
    pub server: Url,
    /// The refresh token; the access token if the platform gives no other.
    pub token: SecretText,
    /// The app that the tokens were issued to, if there is one.
    pub app: Option<PlatformApp>,
}

/// What a renewal brought. An omitted token erases nothing.
#[derive(Default)]
pub struct Renewed {
    /// With the instant at which it expires.
    pub access: Option<(SecretText, Timestamp)>,
    pub refresh: Option<SecretText>,
    /// Until when the session can be renewed, if it is not used before.
    pub renewable_until: Option<Timestamp>,
    pub server: Option<Url>,
}

/// A token and the server to send it to.
pub struct Access {
    pub token: SecretText,
    pub server: Url,
    /// Distinguishes this token from the next one, if the server refuses it.
    pub generation: u64,
}

/// The channel's token, renewed first if it has less than five minutes left or belongs to the generation that the
/// server has just `refused`.
pub async fn access<A: Adapter>(
    scope: &Scope,
    channel: ChannelId,
    refused: Option<u64>,
) -> Result<Access, PublishError> {
    let holder = hex(scope.new_id::<ChannelSession>().as_bytes());
    let mut free_at = scope.now();
    for _ in 0..LOOKS {
        let session = session(scope, channel).await?;
        match session.next_step(scope.now(), refused) {
            Step::Use => return opened(scope, &session).await,
            Step::Wait(until) => {
                free_at = until;
                scope.pause(BETWEEN_LOOKS).await;
            }
            Step::PutOff { until, code, text } => {
                let retry_after_s = seconds_until(until, scope.now());
                return Err(PublishError::NotNow { retry_after_s, code, text });
            }
            Step::Renew => {
                if let Some(access) = Box::pin(renew::<A>(scope, session, &holder, refused)).await? {
                    return Ok(access);
                }
            }
        }
    }
    Err(PublishError::NotNow {
        retry_after_s: seconds_until(free_at, scope.now()),
        code: CHANNEL_SESSION_LEASED.code.to_owned(),
        text: "Another function is renewing this channel's session.".to_owned(),
    })
}

/// Renews a session before it would be lost, and one whose renewal had an unknown outcome. Does nothing for a session that is
/// not due.
pub async fn renew_ahead<A: Adapter>(
    scope: &Scope,
    channel: &Channel,
    mut session: Stored<ChannelSession>,
) -> Result<(), Problem> {
    // The index is eventually consistent.
    if !session.is_due(scope.now()) {
        return Ok(());
    }
    if channel.connection != Connection::Connected {
        session.rest();
        stored(scope, &session, "a session that was given up is no longer renewed").await?;
        return Ok(());
    }
    let holder = hex(scope.new_id::<ChannelSession>().as_bytes());
    match Box::pin(renew::<A>(scope, session, &holder, None)).await {
        Err(PublishError::Internal(problem)) => Err(problem),
        // What failed is stored with when it is tried again, or that the channel needs a person.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The server of a channel, for reads without a token.
pub async fn server(scope: &Scope, channel: ChannelId) -> Result<Url, PublishError> {
    Ok(stored_origin(&session(scope, channel).await?.server)?)
}

fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(at.duration_since(now).as_secs()).unwrap_or_default().max(1)
}

async fn session(scope: &Scope, channel: ChannelId) -> Result<Stored<ChannelSession>, PublishError> {
    scope.find::<ChannelSession>(&channel).await?.ok_or_else(disconnected)
}

async fn opened(scope: &Scope, session: &ChannelSession) -> Result<Access, PublishError> {
    let token = scope.open(TOKEN_PURPOSE, &session.channel(), &session.tokens.access).await?;
    Ok(Access { token, server: stored_origin(&session.server)?, generation: session.generation })
}

/// Writes a session back. False if another commit came first: then that one counts.
async fn stored(scope: &Scope, session: &Stored<ChannelSession>, why: &'static str) -> Result<bool, Problem> {
    scope.commit_if_unchanged(Changes::default().replace(session).unaudited(why)).await
}

/// Takes the lease and renews. None if another function came first.
async fn renew<A: Adapter>(
    scope: &Scope,
    mut session: Stored<ChannelSession>,
    holder: &str,
    refused: Option<u64>,
) -> Result<Option<Access>, PublishError> {
    let reuse = A::REUSE.ok_or_else(|| Problem::internal("the tokens of this platform are not renewed"))?;
    let channel = scope.find::<Channel>(&session.channel()).await?.ok_or_else(disconnected)?;
    let renewing = renewing::<A>(scope, &session, &channel).await?;
    // Fetches the key that seals the new tokens: if KMS failed after the call, they would be lost.
    scope.seal(TOKEN_PURPOSE, &channel.id, &renewing.token).await?;
    session.lease_to(holder, scope.now(), reuse);
    if !stored(scope, &session, "the lease of a renewal").await? {
        return Ok(None);
    }
    session.committed();
    if !session.is_leased_to(holder, scope.now(), CALL) {
        return Ok(None);
    }
    match A::refresh(scope, &renewing).await {
        Ok(renewed) => keep(scope, session, reuse, renewed).await,
        Err(CallError::Refused(refusal)) if is_final(&refusal) => {
            give_up(scope, session, &refusal).await.map(|()| None)
        }
        Err(error) => {
            if error.meaning() == Some(Meaning::AppRefused) {
                scope.forget_platform_app(A::PLATFORM.name()).await;
            }
            session.fail(&error, reuse, scope.now());
            put_off(scope, session, &error, refused).await
        }
    }
}

async fn renewing<'a, A: Adapter>(
    scope: &Scope,
    session: &ChannelSession,
    channel: &'a Channel,
) -> Result<Renewing<'a>, Problem> {
    let token = session.tokens.refresh.as_ref().unwrap_or(&session.tokens.access);
    let token = scope.open(TOKEN_PURPOSE, &channel.id, token).await?;
    let app = match &session.tokens.app {
        Some(app) => Some(operator_app::opened(scope, A::PLATFORM, channel.id, app).await?),
        None => None,
    };
    Ok(Renewing { channel, server: stored_origin(&session.server)?, token, app })
}

/// Whether a refusal ends the session. Any other error may be temporary and never disconnects.
fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.meaning, Meaning::StaleToken | Meaning::AccountGone)
}

/// Stores what a renewal brought, and only that. Only this function knows the new tokens, so it also stores them if its lease
/// has ended, unless other tokens were stored since.
async fn keep(
    scope: &Scope,
    mut session: Stored<ChannelSession>,
    reuse: Reuse,
    renewed: Renewed,
) -> Result<Option<Access>, PublishError> {
    let tokens = sealed(scope, session.channel(), renewed).await?;
    let (used, brought_nothing) = (session.tokens.clone(), tokens.access.is_none());
    for round in 0..STORES {
        if brought_nothing {
            session.keep(&tokens);
            session.fail(&CallError::Malformed("the renewal of a token"), reuse, scope.now());
        } else {
            session.renew(&tokens, scope.now());
        }
        match stored(scope, &session, "a renewed token").await {
            Ok(true) if brought_nothing => {
                return Err(CallError::Malformed("the renewal of a token").not_now());
            }
            Ok(true) => return opened(scope, &session).await.map(Some),
            Err(problem) if problem.status() != 503 => return Err(problem.into()),
            Ok(false) | Err(_) => {}
        }
        scope.pause(Duration::from_millis(50 << round)).await;
        session = self::session(scope, session.channel()).await?;
        if session.tokens != used {
            return Ok(None);
        }
    }
    Err(Problem::unavailable("renewed tokens could not be stored").into())
}

async fn sealed(scope: &Scope, owner: ChannelId, renewed: Renewed) -> Result<RenewedTokens, Problem> {
    let seal = async |token: &SecretText| -> Result<Sealed, Problem> { scope.seal(TOKEN_PURPOSE, &owner, token).await };
    let access = match &renewed.access {
        Some((token, expires_at)) => Some((seal(token).await?, *expires_at)),
        None => None,
    };
    let refresh = match &renewed.refresh {
        Some(token) => Some(seal(token).await?),
        None => None,
    };
    let (renewable_until, server) = (renewed.renewable_until, renewed.server.map(String::from));
    Ok(RenewedTokens { access, refresh, renewable_until, server })
}

/// Stores that a renewal failed, and when the next may begin. A token that still lasts is used.
async fn put_off(
    scope: &Scope,
    session: Stored<ChannelSession>,
    why: &CallError,
    refused: Option<u64>,
) -> Result<Option<Access>, PublishError> {
    stored(scope, &session, "the end of a failed renewal").await?;
    match session.next_step(scope.now(), refused) {
        Step::Use => opened(scope, &session).await.map(Some),
        _ => Err(why.not_now()),
    }
}

/// The platform refuses the refresh token: a person must sign in again, unless the lease has been lost, because then
/// another renewal has the newer token.
async fn give_up(scope: &Scope, mut session: Stored<ChannelSession>, refusal: &Refusal) -> Result<(), PublishError> {
    let unknown_since = session.unknown_since();
    session.rest();
    let channel = scope.get::<Channel>(&session.channel()).await?;
    let changes =
        needing_reauthorisation(Changes::default().replace(&session), channel, refusal, unknown_since, scope.now());
    match scope.commit_if_unchanged(changes).await? {
        true => Err(PublishError::Disconnected { code: refusal.code.clone(), text: refusal.text.clone() }),
        false => Ok(()),
    }
}
