//! Authentication by passkey, shared by sign-in and step-up.
//!
//! Every refusal takes the same reads, the same computation and one transaction of one write, and gets the same
//! response, so that an attempt reveals neither whether a user exists nor whether a passkey does.

use accounts::user::User;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, Accounts, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::system_events::Occurrence;
use shared::table::Stored;
use sign_in::history::{AuthMethod, SignIn, SignInOutcome};

use crate::ceremony::{Ceremony, relying_party};
use crate::passkey::{PASSKEY_COUNTER_REGRESSED, Passkey, PasskeyError, Regressed};
use crate::webauthn::credential::{PasskeyAssertion, Seen};
use crate::webauthn::statement::InvalidCredential;

/// The user of the passkey, and the changes that record its use. Commit them together with what the passkey authorises.
pub struct Proved {
    pub user: Stored<User>,
    pub changes: AccountChanges,
}

/// Verifies the response that ended a ceremony, against a passkey of the user that it claims.
pub async fn prove(
    accounts: &Accounts,
    ceremony: &Ceremony,
    answer: &PasskeyAssertion,
    claimed: UserId,
    refusal: PasskeyError,
) -> Result<Proved, Problem> {
    let party = relying_party(accounts)?;
    let (key, part) = (AccountKey::User(claimed), Passkey::part_of(answer.credential()));
    let wanted = Wanted::default().of::<User>(&key).part::<Passkey>(&key, &part);
    let mut found = accounts.look_up(wanted).await?;
    let user = found.take::<User>(&key)?.filter(|user| !user.is_deleted());
    let known = user.zip(found.take_part::<Passkey>(&key, &part)?);
    let passkey = known.as_ref().map(|(_, passkey)| &**passkey);
    let verified = answer.verify(ceremony.challenge.as_slice(), &party, passkey.map(Passkey::public));
    match judge(known, verified, accounts.now()) {
        Ok(proved) => Ok(proved),
        Err(refused) => {
            refused.record(accounts).await?;
            Err(refusal.into())
        }
    }
}

/// Why a response is refused. For the log only.
struct Refused {
    /// The passkey's user, if it is a known passkey.
    user: Option<UserId>,
    reason: String,
    event: Option<Box<Occurrence>>,
}

fn judge(
    known: Option<(Stored<User>, Stored<Passkey>)>,
    verified: Result<Seen, InvalidCredential>,
    now: Timestamp,
) -> Result<Proved, Refused> {
    let Some((user, mut passkey)) = known else {
        return Err(Refused { user: None, reason: "no such user or passkey".to_owned(), event: None });
    };
    let seen = verified.map_err(|unfit| Refused { user: Some(user.id), reason: unfit.to_string(), event: None })?;
    if let Err(Regressed { stored, received }) = passkey.use_now(seen, now) {
        let detail = json!({ "passkey": passkey.id, "stored": stored, "received": received });
        let event = Some(Box::new(Occurrence::of(&PASSKEY_COUNTER_REGRESSED, user.id).detail(detail)));
        return Err(Refused { user: Some(user.id), reason: "its counter did not increase".to_owned(), event });
    }
    Ok(Proved { user, changes: AccountChanges::default().replace(&passkey) })
}

impl Refused {
    /// Records the refusal in the login history of the passkey's user: the client knew the passkey's id, which only its
    /// authenticator discloses. If there is no such passkey, writing an entry to no user's history costs the same.
    async fn record(self, accounts: &Accounts) -> Result<(), Problem> {
        let Self { user, reason, event } = self;
        tracing::info!(reason, "passkey refused");
        let entry = match user {
            Some(user) => SignIn::now(accounts, user, AuthMethod::Passkey, SignInOutcome::PasskeyRefused, None),
            None => SignIn::now(accounts, accounts.new_id(), AuthMethod::Passkey, SignInOutcome::PasskeyRefused, None)
                .without_account(),
        };
        let changes = AccountChanges::default().insert(&entry);
        accounts.commit(event.into_iter().fold(changes, |changes, event| changes.event(*event))).await
    }
}
