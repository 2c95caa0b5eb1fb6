//! Access tokens: read, and renewed under a lease so that two renewals never run concurrently.

use std::time::Duration;

use shared::crypto::Sealed;
use shared::crypto::digest::hex;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::table::Stored;
use shared::tenancy::{Changes, Scope};
use url::Url;

use super::answers::{SessionAnswer, access_expires_at, hosting_server};
use super::client::{Client, SESSION_TIMEOUT_S};
use super::identifiers::Did;
use crate::audit_actions::CHANNEL_REAUTHORISATION_NEEDED;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::{Channel, ChannelId};
use crate::disconnection::disconnected;
use crate::publishing::PublishError;
use crate::server_address::stored_origin;
use crate::session::{ChannelSession, EndedSession, Step, TOKEN_PURPOSE};

/// Reads of a session that is renewed concurrently. Each read follows another commit or a wait.
const LOOKS: u32 = 12;
const REFRESH: &str = "com.atproto.server.refreshSession";
/// How long to wait for a concurrent renewal before the next read.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// A token and the server to send it to.
pub struct Access {
    pub token: SecretText,
    pub server: Url,
    /// Distinguishes this token from the next one, if the server refuses it.
    pub generation: u64,
}

/// Why a renewal is not stored.
#[derive(Debug, thiserror::Error)]
enum LeaseError {
    #[error("Another function is renewing this channel's session.")]
    Lost,
}

const CHANNEL_SESSION_LEASED: ProblemCode = ProblemCode::of_job(409, "channel_session_leased");

impl shared::kernel::problems::Refusal for LeaseError {
    fn problem(&self) -> ProblemCode {
        CHANNEL_SESSION_LEASED
    }
}

/// The channel's token, renewed first if it has less than five minutes left or belongs to the generation that the
/// server has just `refused`.
pub async fn access(scope: &Scope, channel: ChannelId, refused: Option<u64>) -> Result<Access, PublishError> {
    let holder = hex(scope.new_id::<ChannelSession>().as_bytes());
    let mut free_at = scope.now();
    for _ in 0..LOOKS {
        let mut session = session(scope, channel).await?;
        match session.next_step(scope.now(), refused) {
            Step::Use => return opened(scope, &session).await,
            Step::Wait(until) => {
                free_at = until;
                scope.pause(BETWEEN_LOOKS).await;
            }
            Step::Renew => {
                session.lease_to(&holder, scope.now());
                if stored(scope, &session, "the lease of a renewal").await? {
                    session.committed();
                    // Used even if it expires soon: another renewal could loop forever.
                    if let Some(access) = renew(scope, session, &holder).await? {
                        return Ok(access);
                    }
                }
            }
        }
    }
    let left_s = free_at.duration_since(scope.now()).as_secs();
    Err(PublishError::NotNow {
        retry_after_s: u32::try_from(left_s).unwrap_or_default().max(1),
        code: CHANNEL_SESSION_LEASED.code.to_owned(),
        text: LeaseError::Lost.to_string(),
    })
}

/// The server of a channel, for reads without a token.
pub async fn server(scope: &Scope, channel: ChannelId) -> Result<Url, PublishError> {
    server_of(&*session(scope, channel).await?)
}

async fn session(scope: &Scope, channel: ChannelId) -> Result<Stored<ChannelSession>, PublishError> {
    scope.find::<ChannelSession>(&channel).await?.ok_or_else(disconnected)
}

fn server_of(session: &ChannelSession) -> Result<Url, PublishError> {
    Ok(stored_origin(&session.server)?)
}

fn refresh_of(session: &ChannelSession) -> Result<&Sealed, Problem> {
    session.tokens.refresh.as_ref().ok_or_else(without_refresh)
}

fn without_refresh() -> Problem {
    Problem::internal("a session of Bluesky without a refresh token")
}

async fn opened(scope: &Scope, session: &ChannelSession) -> Result<Access, PublishError> {
    let token = scope.open(TOKEN_PURPOSE, &session.channel(), &session.tokens.access).await?;
    Ok(Access { token, server: server_of(session)?, generation: session.generation })
}

/// Writes a session back. False if another commit came first: then that one counts.
async fn stored(scope: &Scope, session: &Stored<ChannelSession>, why: &'static str) -> Result<bool, Problem> {
    let changes = Changes::default().replace(session).or(LeaseError::Lost).unaudited(why);
    lost_or(scope.commit(changes).await)
}

fn lost_or(committed: Result<(), Problem>) -> Result<bool, Problem> {
    match committed {
        Ok(()) => Ok(true),
        Err(problem) if problem.code() == CHANNEL_SESSION_LEASED.code => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Renews under a held lease. None if the lease was lost: the new tokens are then dropped, because the server accepts
/// the old refresh token for two more hours.
async fn renew(scope: &Scope, session: Stored<ChannelSession>, holder: &str) -> Result<Option<Access>, PublishError> {
    let call = SignedDuration::from_secs(SESSION_TIMEOUT_S.cast_signed());
    if !session.is_leased_to(holder, scope.now(), call) {
        return Ok(None);
    }
    let server = server_of(&session)?;
    let refresh = scope.open(TOKEN_PURPOSE, &session.channel(), refresh_of(&session)?).await?;
    match Client::new(scope, &server).refresh_session(&refresh).await {
        Ok(answer) if is_of(scope, session.channel(), &answer.did).await? => keep(scope, session, answer).await,
        Ok(_) => put_off(scope, session, &CallError::Malformed(REFRESH)).await.map(|()| None),
        Err(CallError::Refused(refusal)) if is_final(&refusal) => {
            give_up(scope, session, &refusal).await.map(|()| None)
        }
        Err(passing) => put_off(scope, session, &passing).await.map(|()| None),
    }
}

/// Whether it is the channel's account: tokens of another account are never stored.
async fn is_of(scope: &Scope, channel: ChannelId, did: &Did) -> Result<bool, PublishError> {
    let channel = scope.find::<Channel>(&channel).await?.ok_or_else(disconnected)?;
    Ok(channel.account_id == did.as_str())
}

/// Releases the lease after a failed renewal.
async fn put_off(scope: &Scope, mut session: Stored<ChannelSession>, why: &CallError) -> Result<(), PublishError> {
    session.release();
    stored(scope, &session, "the end of a failed renewal").await?;
    Err(why.not_now())
}

/// Whether a refusal ends the session, by the official client's rules. Any other error may be temporary and never
/// disconnects.
fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.meaning, Meaning::StaleToken | Meaning::AccountGone)
}

/// Stores the fields that a renewal returned, and only those.
async fn keep(
    scope: &Scope,
    mut session: Stored<ChannelSession>,
    answer: SessionAnswer,
) -> Result<Option<Access>, PublishError> {
    let owner = session.channel();
    let access = match &answer.access_jwt {
        Some(token) => {
            let token = token.secret();
            Some((scope.seal(TOKEN_PURPOSE, &owner, token).await?, access_expires_at(token, scope.now())))
        }
        None => None,
    };
    let refresh = match &answer.refresh_jwt {
        Some(token) => Some(scope.seal(TOKEN_PURPOSE, &owner, token.secret()).await?),
        None => None,
    };
    let brought_nothing = access.is_none();
    let server = answer.did_doc.as_ref().and_then(|document| callable_server(document, &answer.did));
    session.renew(access, refresh, server.map(String::from));
    let is_stored = stored(scope, &session, "a renewed token").await?;
    if brought_nothing {
        return Err(CallError::Malformed(REFRESH).not_now());
    }
    if is_stored { opened(scope, &session).await.map(Some) } else { Ok(None) }
}

/// The server of a DID document, if this build may call it.
pub fn callable_server(did_doc: &serde_json::Value, did: &Did) -> Option<Url> {
    hosting_server(did_doc, did).filter(|url| shared::aws::outbound::check(url).is_ok())
}

/// The server refuses the refresh token: a person must sign in again, unless the lease has been lost, because then
/// another renewal has the newer token.
async fn give_up(scope: &Scope, mut session: Stored<ChannelSession>, refusal: &Refusal) -> Result<(), PublishError> {
    session.release();
    let mut channel = scope.get::<Channel>(&session.channel()).await?;
    let changes = Changes::default().replace(&session).or(LeaseError::Lost);
    let news = channel.need_reauthorisation(&refusal.code, &refusal.text, scope.now());
    let changes = if news {
        changes
            .replace(&channel)
            .or(LeaseError::Lost)
            .audit(&CHANNEL_REAUTHORISATION_NEEDED, channel.id)
            .detail(serde_json::json!({ "code": refusal.code }))
    } else {
        changes.unaudited("the first refusal of the channel is audited")
    };
    match lost_or(scope.commit(changes).await)? {
        true => Err(PublishError::Disconnected { code: refusal.code.clone(), text: refusal.text.clone() }),
        false => Ok(()),
    }
}

/// Signs out. A session that the server refuses to end has already ended; if the server cannot be reached, the caller
/// repeats the call.
pub async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
    let server = stored_origin(&ended.server)?;
    let refresh = ended.refresh.as_ref().ok_or_else(without_refresh)?;
    let refresh = scope.open(TOKEN_PURPOSE, &ended.channel, refresh).await?;
    match Client::new(scope, &server).delete_session(&refresh).await {
        Err(error) if error.is_passing() => Err(Problem::unavailable(error)),
        Ok(()) | Err(CallError::Refused(_) | CallError::Forbidden(_)) => Ok(()),
        Err(error) => Err(Problem::internal(error)),
    }
}
