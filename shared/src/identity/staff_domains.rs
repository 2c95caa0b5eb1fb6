//! The users whose email addresses are in a domain, for the operator's staff.

use std::collections::BTreeSet;

use super::memberships::Membership;
use super::records::{AccountRecord, stored};
use super::staff::Staff;
use super::staff_permissions::StaffPermission;
use crate::aws::grants::Table;
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::table::entity::{DomainEntry, Stored};
use crate::table::read::DomainPage;
use crate::tenancy::{Listing, Page};

/// A user, by the record with their address, and where they are a member.
pub struct FoundByDomain<R> {
    pub user: UserId,
    pub record: Stored<R>,
    pub memberships: Vec<Membership>,
}

impl<P: StaffPermission> Staff<P> {
    /// A page of the records that are under a domain, by the age of their users, oldest first. `domain` has the form in which
    /// addresses have it, and its subdomains are other domains. A page may have fewer than its limit, and still a next page.
    /// Needs `Grant::FindByDomain`, the right to read the records, `Grant::ReadMemberships` and `Grant::DeriveKeys`.
    pub async fn find_by_domain<R: AccountRecord>(
        &self,
        domain: &str,
        page: &Page,
    ) -> Result<Listing<FoundByDomain<R>>, Problem> {
        let digest = DomainEntry::digest(domain);
        let bound_to = format!("{}|domain|{digest}", self.origin().actor);
        let after = self.app.open_cursor(&bound_to, page.cursor.as_deref()).await?;
        let reader = self.system();
        let indexed = Box::pin(reader.domain(Table::Accounts, &digest, after.as_deref(), page.limit)).await?;
        let DomainPage { keys, next } = indexed;
        let unique: BTreeSet<_> = keys.into_iter().collect();
        let items = Box::pin(reader.batch(Table::Accounts, unique.into_iter().collect())).await?;
        let mut records = Vec::with_capacity(items.len());
        for item in &items {
            let record: Stored<R> = stored(item)?;
            // The index is eventually consistent: the address may have another owner by now, or none.
            if let Some(entry) = record.domain().filter(|entry| entry.digest == digest) {
                records.push((entry.user, record));
            }
        }
        records.sort_unstable_by_key(|(user, _)| *user);
        // The records are not read at one instant: a user who has just moved within the domain may have two.
        records.dedup_by_key(|(user, _)| *user);
        let users: Vec<UserId> = records.iter().map(|(user, _)| *user).collect();
        let memberships = self.memberships_of(&users).await?;
        let found = records.into_iter().zip(memberships);
        let items = found.map(|((user, record), memberships)| FoundByDomain { user, record, memberships }).collect();
        Ok(Listing { items, next_cursor: self.app.seal_cursor(&bound_to, next.as_deref()).await? })
    }
}
