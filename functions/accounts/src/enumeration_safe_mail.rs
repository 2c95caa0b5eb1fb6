//! Mail to an address given in a request without proof of ownership. Neither the response nor its timing reveals
//! whether the address has an account.

use mail::{EmailAddress, NotAnAddress, SendEmail};
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, Accounts, Wanted};
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::address::{Address, Posting};
use crate::letter_budget::{LetterBudget, Request};
use crate::letters;
use crate::user::restoring_link;

/// How often to retry a change that conflicts with parallel requests.
const TRIES: u32 = 12;

/// A requested letter was not sent, because the address has used up its budget for that kind.
pub static LETTER_WITHHELD: EventKind = EventKind::operational("letter_withheld", Severity::Warning);

/// Sends the letter that `compose` gives, together with its changes. One read and one transaction, which writes as much
/// to the same tables for every address: the letters are sealed, all in the same size. Once the address's budget for this
/// request is used up, it only emits an event for operators.
///
/// Fails only for an address that no mail can reach.
pub async fn send(
    accounts: &Accounts,
    email: &EmailAddress,
    request: Request,
    compose: impl Fn(Option<Stored<Address>>) -> (AccountChanges, Posting) + Send + Sync,
) -> Result<(), Problem> {
    if !email.can_receive_mail() {
        return Err(NotAnAddress::DomainUnreachable.into());
    }
    let (key, part) = (AccountKey::email(email.as_str()), LetterBudget::part_of(request));
    for round in 0..TRIES {
        let wanted = Wanted::default().of::<Address>(&key).part::<LetterBudget>(&key, &part);
        let mut found = accounts.look_up(wanted).await?;
        let (address, budget) = (found.take(&key)?, found.take_part(&key, &part)?);
        let Some(counted) = count(budget, &key, request, |budget| budget.take(accounts.now())) else {
            return accounts.emit(withheld(email, request, "budget")).await;
        };
        let (changes, Posting { user, letter }) = compose(address);
        let others = letters::others(&letter, &restoring_link(user, accounts.now()));
        let message = SendEmail::to_address(accounts, user, email, None, letter, &others).await?;
        let changes = changes.and(counted).send(user, &message);
        if accounts.try_commit(changes).await?.is_ok() {
            return Ok(());
        }
        accounts.back_off(round).await;
    }
    // In each round, another request of the same kind sent its letter. An error would reveal that the address is in
    // use.
    accounts.emit(withheld(email, request, "contention")).await
}

/// The stored address for reading, or a new one.
pub fn known_or_new(known: Option<Stored<Address>>, email: &EmailAddress) -> Address {
    known.map_or_else(|| decoded(Address::new(email.clone())), Stored::into_inner)
}

/// Encodes and decodes an address, which costs as much as reading a stored one. Otherwise the time would reveal an
/// address without a record.
fn decoded(address: Address) -> Address {
    let parsed = serde_json::to_string(&address).and_then(|text| serde_json::from_str::<serde_json::Value>(&text));
    parsed.and_then(serde_json::from_value).unwrap_or(address)
}

/// Counts a letter as `take` does: [`LetterBudget::take`], or once under its name. `None` if the budget is used up.
pub fn count(
    budget: Option<Stored<LetterBudget>>,
    key: &AccountKey,
    request: Request,
    take: impl FnOnce(&mut LetterBudget) -> bool,
) -> Option<AccountChanges> {
    let changes = AccountChanges::default();
    match budget {
        Some(mut budget) => take(&mut budget).then(|| changes.replace(&budget)),
        None => {
            let mut first = LetterBudget::unused(key.clone(), request);
            take(&mut first).then(|| changes.insert(&first))
        }
    }
}

/// The event of a letter that was not sent.
pub fn withheld(email: &EmailAddress, request: Request, reason: &str) -> Occurrence {
    let detail = json!({ "request": request.name(), "reason": reason });
    Occurrence::of(&LETTER_WITHHELD, AccountKey::email_digest(email.as_str())).detail(detail)
}
