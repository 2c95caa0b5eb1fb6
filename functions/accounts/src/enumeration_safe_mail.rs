//! Mail to an address that somebody typed, such that neither the answer nor its time tells what we know of the address.

use mail::{EmailAddress, SendEmail, Undeliverable};
use serde_json::json;
use shared::events::{EventKind, Occurrence, Severity};
use shared::identity::{AccountChanges, AccountKey, Accounts, Wanted};
use shared::kernel::problems::Problem;
use shared::table::Stored;

use crate::address::{Address, Posting};
use crate::letter_budget::{LetterBudget, Request};

/// Tries to change what others change at the same moment.
const TRIES: u32 = 12;

/// A letter that somebody asked for was not sent, because its address got as many of its kind as it may.
pub static LETTER_WITHHELD: EventKind = EventKind::operational("letter_withheld", Severity::Warning);

/// Sends the letter that `compose` gives, together with its changes. One read and one transaction; whatever the address is
/// to us, the transaction writes to the same tables. Once the address's budget for this request is used up, nothing
/// happens but that operators are told.
///
/// Fails only for an address that no mail can reach.
pub async fn send(
    accounts: &Accounts,
    email: &EmailAddress,
    request: Request,
    compose: impl Fn(Option<Stored<Address>>) -> (AccountChanges, Posting) + Send + Sync,
) -> Result<(), Problem> {
    if !email.can_receive_mail() {
        return Err(Undeliverable.into());
    }
    let (key, part) = (AccountKey::email(email.as_str()), LetterBudget::part_of(request));
    for round in 0..TRIES {
        let wanted = Wanted::default().of::<Address>(&key).part::<LetterBudget>(&key, &part);
        let mut found = accounts.look_up(wanted).await?;
        let (address, budget) = (found.take(&key)?, found.take_part(&key, &part)?);
        let Some(counted) = count(budget, &key, request, accounts) else {
            return accounts.emit(withheld(email, request, "budget")).await;
        };
        let (changes, Posting { user, letter }) = compose(address);
        let changes = changes.and(counted).send(user, &SendEmail { to: email.clone(), letter });
        if accounts.try_commit(changes).await?.is_ok() {
            return Ok(());
        }
        accounts.back_off(round).await;
    }
    // In each round another request of the same kind had its letter sent. An error would tell a stranger that somebody
    // is busy with this address.
    accounts.emit(withheld(email, request, "contention")).await
}

/// What is known of an address, to be read and not written.
pub fn known_or_new(known: Option<Stored<Address>>, email: &EmailAddress) -> Address {
    known.map_or_else(|| Address::new(email.clone()), Stored::into_inner)
}

/// Counts a letter; none if there is no room for it.
fn count(
    budget: Option<Stored<LetterBudget>>,
    key: &AccountKey,
    request: Request,
    accounts: &Accounts,
) -> Option<AccountChanges> {
    let changes = AccountChanges::default();
    match budget {
        Some(mut budget) => budget.take(accounts.now()).then(|| changes.replace(&budget)),
        None => {
            let mut first = LetterBudget::unused(key.clone(), request);
            first.take(accounts.now()).then(|| changes.insert(&first))
        }
    }
}

fn withheld(email: &EmailAddress, request: Request, reason: &str) -> Occurrence {
    let detail = json!({ "request": request.name(), "reason": reason });
    Occurrence::of(&LETTER_WITHHELD, AccountKey::email_digest(email.as_str())).detail(detail)
}
