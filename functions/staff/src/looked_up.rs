//! The record of every look of the staff at a customer.

use std::fmt::Display;

use serde_json::json;
use shared::crypto::digest::sha256_hex;
use shared::identity::{Accounts, Staff, StaffPermission};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};

/// A member of the staff read what is known about a user or workspace. The event's origin has the member.
pub static STAFF_LOOKED_UP: EventKind = EventKind::security("staff_looked_up", Severity::Info);

/// Records a look before its answer is sent: once an hour for each member and customer.
pub async fn record<P: StaffPermission>(staff: &Staff<P>, customer: impl Display) -> Result<(), Problem> {
    let (accounts, member): (&Accounts, _) = (staff, staff.id());
    let occurrence = Occurrence::of(&STAFF_LOOKED_UP, &customer).detail(json!({ "staff": member }));
    accounts.emit(occurrence.once(format!("{member}#{customer}"))).await
}

/// Records a look at the users of a domain, by its digest, with who was shown: once an hour for each member and set of users.
pub async fn record_all<P: StaffPermission>(
    staff: &Staff<P>,
    digest: &str,
    shown: impl Iterator<Item = UserId>,
) -> Result<(), Problem> {
    let (accounts, member): (&Accounts, _) = (staff, staff.id());
    let shown: Vec<String> = shown.map(|user| user.to_string()).collect();
    let set = sha256_hex(shown.join(" ").as_bytes());
    let occurrence = Occurrence::of(&STAFF_LOOKED_UP, digest).detail(json!({ "staff": member, "users": shown }));
    accounts.emit(occurrence.once(format!("{member}#{digest}#{set}"))).await
}
