//! What a failed call means for a post, and for the account that it was made for.

use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Stored;
use shared::tenancy::{Audited, Changes, Scope};

use crate::audit_actions::CHANNEL_REAUTHORISATION_NEEDED;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::{Channel, ChannelId};
use crate::jobs::notify_reauthorisation::NotifyReauthorisation;
use crate::publishing::PublishError;

/// The outcome of a failed write for the post. `remedy` says what to change after a refusal.
pub async fn unsent(
    scope: &Scope,
    channel: &Channel,
    error: CallError,
    remedy: fn(&Refusal) -> &'static str,
) -> Result<PublishError, Problem> {
    let refusal = match error {
        CallError::Forbidden(_) | CallError::NotSent(_) => return Ok(error.not_now()),
        CallError::NoAnswer(_) | CallError::Malformed(_) => {
            let (code, text) = (error.code().to_owned(), error.to_string());
            return Ok(PublishError::Unknown { code, text });
        }
        CallError::Refused(refusal) => refusal,
    };
    let Refusal { code, text, .. } = refusal.clone();
    Ok(match refusal.meaning {
        Meaning::TooMany | Meaning::StaleToken | Meaning::AppRefused => CallError::Refused(refusal).not_now(),
        Meaning::ServerFault => PublishError::Unknown { code, text },
        Meaning::AccountGone => {
            mark_disconnected(scope, channel.id, &refusal).await?;
            PublishError::Disconnected { code, text }
        }
        Meaning::OtherVersion | Meaning::NotFound | Meaning::Rejected => {
            let remedy = remedy(&refusal).to_owned();
            PublishError::Refused { code, text, remedy }
        }
    })
}

/// The outcome of a failed upload. It is invisible, so an unknown outcome counts as no effect.
pub async fn not_uploaded(
    scope: &Scope,
    channel: &Channel,
    error: CallError,
    remedy: fn(&Refusal) -> &'static str,
) -> Result<PublishError, Problem> {
    Ok(match unsent(scope, channel, error, remedy).await? {
        PublishError::Unknown { code, text } => PublishError::NotNow { retry_after_s: 30, code, text },
        known => known,
    })
}

/// The outcome of a failed read. It has no effect, so it can be repeated after any error but the loss of the account.
pub async fn unread(
    scope: &Scope,
    channel: &Channel,
    error: CallError,
    remedy: fn(&Refusal) -> &'static str,
) -> Result<PublishError, Problem> {
    match error.meaning() {
        Some(Meaning::AccountGone) => unsent(scope, channel, error, remedy).await,
        _ => Ok(error.not_now()),
    }
}

/// Records that the account itself is gone: suspended, deactivated, deleted.
async fn mark_disconnected(scope: &Scope, channel: ChannelId, refusal: &Refusal) -> Result<(), Problem> {
    let channel = scope.get::<Channel>(&channel).await?;
    let changes = needing_reauthorisation(Changes::default(), channel, refusal, None, scope.now());
    // False: a concurrent change reconnected the channel, or recorded the same.
    scope.commit_if_unchanged(changes).await.map(|_| ())
}

/// Adds to changes that a channel needs a new sign-in, with the one audit entry and the letters to the admins: at its first
/// refusal. `unknown_since` is since when the platform may have replaced the tokens by others that were lost.
pub fn needing_reauthorisation(
    changes: Changes,
    mut channel: Stored<Channel>,
    refusal: &Refusal,
    unknown_since: Option<Timestamp>,
    now: Timestamp,
) -> Audited {
    if !channel.need_reauthorisation(&refusal.code, &refusal.text, now) {
        return changes.unaudited("the first refusal of the channel is audited");
    }
    changes
        .replace(&channel)
        .audit(&CHANNEL_REAUTHORISATION_NEEDED, channel.id)
        .detail(serde_json::json!({ "code": refusal.code, "renewal_unknown_since": unknown_since }))
        .send(&NotifyReauthorisation { channel_id: channel.id, since: now })
}

pub fn disconnected() -> PublishError {
    PublishError::Disconnected {
        code: "channel_disconnected".to_owned(),
        text: "The channel was disconnected.".to_owned(),
    }
}
