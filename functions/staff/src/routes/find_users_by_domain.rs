//! `POST /staff/users/find-by-domain`: finds the users and workspaces of a company by the domain of its email addresses.

use accounts::address::Address;
use mail::EmailDomain;
use shared::identity::Staff;
use shared::prelude::route::*;
use shared::table::DomainEntry;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::looked_up;
use crate::permissions::FindCustomers;
use crate::user_view::StaffUserOfDomain;

/// Finds the users whose verified email address is in exactly this domain, the oldest accounts first, with the workspaces
/// that they are members of. A subdomain is another domain. The domain is in the body, because URLs are logged on their way. A
/// page can have fewer items than its limit, because accounts that have just changed their address are left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindUsersByDomain {
    domain: EmailDomain,
    /// Users per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<FindUsersByDomain>();

impl Endpoint for FindUsersByDomain {
    const ROUTE: Route = Route::post("find-users-by-domain", "/staff/users/find-by-domain");
    const GRANTS: &'static [Grant] =
        &[Grant::FindByDomain, Grant::ReadAddresses, Grant::ReadMemberships, Grant::DeriveKeys];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        6,
        "the index, its addresses, the users' workspaces and memberships are read (the latter 100 at a time), and the look is \
         recorded",
    );
    type Access = Staff<FindCustomers>;
    type Output = Reply<Listing<StaffUserOfDomain>>;

    async fn handle(self, staff: &Staff<FindCustomers>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: false };
        let domain = self.domain.as_str();
        let found = staff.find_by_domain::<Address>(domain, &page).await?;
        // A search without a result tells something, too.
        let shown = found.items.iter().map(|found| found.user);
        looked_up::record_all(staff, &DomainEntry::digest(domain), shown).await?;
        Ok(Reply(found.map(StaffUserOfDomain::from)))
    }
}
