//! The proof by passkey of who somebody is: what sign-in and step-up have in common.

use accounts::sign_in::{Means, SignIn, SignInOutcome};
use accounts::user::User;
use serde_json::json;
use shared::events::Occurrence;
use shared::identity::{AccountChanges, AccountKey, Accounts, Wanted};
use shared::kernel::problems::Problem;
use shared::table::Stored;

use crate::passkey::{PASSKEY_COUNTER_REGRESSED, Passkey, PasskeyError, Regressed};
use crate::passkey_ceremony::{Ceremony, CeremonyName, CeremonyOver, Purpose, relying_party};
use crate::passkey_credential::PasskeyAssertion;

/// Whose passkey answered, and what is to be committed with whatever it is good for: that it was used, and that the
/// ceremony is over.
pub struct Proved {
    pub user: Stored<User>,
    pub changes: AccountChanges,
}

/// Verifies an answer. One read, whoever it is: the ceremony, the user and the passkey lie under what the answer names.
pub async fn prove(accounts: &Accounts, name: &CeremonyName, answer: &PasskeyAssertion) -> Result<Proved, Problem> {
    let (ceremony_key, part) = (name.key(), Passkey::part_of(answer.credential()));
    let user_key = AccountKey::User(answer.user().ok_or_else(|| refused("a user handle of another length"))?);
    let wanted = Wanted::default().of::<Ceremony>(&ceremony_key).of::<User>(&user_key);
    let mut found = accounts.look_up(wanted.part::<Passkey>(&user_key, &part)).await?;
    let ceremony = found.take::<Ceremony>(&ceremony_key)?.filter(|ceremony| ceremony.purpose == Purpose::Proof);
    let ceremony = ceremony.ok_or(CeremonyOver)?;
    let user =
        found.take::<User>(&user_key)?.filter(|user| !user.is_deleted()).ok_or_else(|| refused("no such user"))?;
    let passkey = found.take_part::<Passkey>(&user_key, &part)?;
    let mut passkey = passkey.ok_or_else(|| refused("the user has no such passkey"))?;
    let party = relying_party(accounts)?;
    let seen = match answer.verify(ceremony.challenge.as_slice(), &party, &passkey) {
        Ok(seen) => seen,
        Err(unfit) => return Err(refused_of(accounts, &user, None, &unfit.to_string()).await?),
    };
    if let Err(regressed) = passkey.use_now(seen, accounts.now()) {
        let Regressed { stored, received } = regressed;
        let detail = json!({ "passkey": passkey.id, "stored": stored, "received": received });
        let event = Occurrence::of(&PASSKEY_COUNTER_REGRESSED, user.id).detail(detail);
        return Err(refused_of(accounts, &user, Some(event), "its counter did not go up").await?);
    }
    let changes = AccountChanges::default().delete(&ceremony).or(CeremonyOver).replace(&passkey);
    Ok(Proved { user, changes })
}

/// A refusal that stands in the user's history: whoever caused it knew the user's id and the id of a passkey, which
/// only its authenticator tells.
async fn refused_of(
    accounts: &Accounts,
    user: &User,
    event: Option<Occurrence>,
    reason: &str,
) -> Result<Problem, Problem> {
    let entry = SignIn::now(accounts, user.id, Means::Passkey, SignInOutcome::PasskeyRefused, None);
    let changes = AccountChanges::default().insert(&entry);
    accounts.commit(event.into_iter().fold(changes, AccountChanges::event)).await?;
    Ok(refused(reason))
}

/// One answer for all; the reason is for whoever reads the log.
fn refused(reason: &str) -> Problem {
    tracing::info!(reason, "passkey refused");
    PasskeyError::Refused.into()
}
