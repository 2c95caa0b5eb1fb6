//! What the staff sees of a user: how they sign in and where they are a member, and nothing that they wrote.

use accounts::PersonName;
use accounts::address::Address;
use accounts::user::User;
use mail::EmailAddress;
use serde::Serialize;
use shared::identity::{AccountKey, Accounts, FoundByDomain, Membership};
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::problems::Problem;
use shared::kernel::time::{ApiTimestamp, SignedDuration, after};
use shared::tenancy::Role;
use sign_in::history::{SignIn, SignInOutcome};
use sign_in::second_factor::{Factors, Method};
use sign_in::session::SessionRecord;
use utoipa::ToSchema;

/// The window in which failed sign-ins are counted.
const LATELY: SignedDuration = SignedDuration::from_hours(24);

/// A user as the staff sees them.
#[derive(Serialize, ToSchema)]
pub struct StaffUserView {
    id: UserId,
    email: EmailAddress,
    name: PersonName,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    /// When the user deleted the account. It can be restored for 30 days.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<ApiTimestamp>,
    /// The second factors that the user has set up.
    second_factors: Vec<Method>,
    /// The number of live sessions.
    sessions: usize,
    /// The number of failed attempts to sign in, in the last 24 hours.
    failed_sign_ins: u32,
    memberships: Vec<StaffMembershipView>,
}

/// A user whose address is in a domain, as the staff sees them.
#[derive(Serialize, ToSchema)]
pub struct StaffUserOfDomain {
    id: UserId,
    email: EmailAddress,
    /// When the user deleted the account. It can be restored for 30 days.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<ApiTimestamp>,
    memberships: Vec<StaffMembershipView>,
}

/// A user's membership as the staff sees it.
#[derive(Serialize, ToSchema)]
struct StaffMembershipView {
    workspace_id: WorkspaceId,
    #[schema(example = "Northwind Studio")]
    name: String,
    role: Role,
    #[schema(example = "studio")]
    plan: String,
}

impl StaffUserView {
    /// `None` for an id that is no user's.
    pub async fn of(accounts: &Accounts, id: UserId) -> Result<Option<Self>, Problem> {
        let key = AccountKey::User(id);
        let Some(user) = accounts.find::<User>(&key).await? else { return Ok(None) };
        let (epoch, now) = (accounts.epoch(id).await?, accounts.now());
        let factors = Factors::of(accounts, id).await?;
        let sessions = accounts.list::<SessionRecord>(&key).await?;
        let sessions = sessions.iter().filter(|session| session.epoch == epoch && now < session.idle_ends_at).count();
        let history = accounts.list::<SignIn>(&key).await?;
        let failed = history.iter().filter(|entry| {
            !matches!(entry.outcome, SignInOutcome::SignedIn | SignInOutcome::SecondFactorRequired)
                && after(entry.at, LATELY) > now
        });
        let failed_sign_ins = failed.map(|entry| entry.times).sum();
        let memberships = accounts.memberships(id).await?.into_iter().map(StaffMembershipView::from).collect();
        let User { id, email, name, created_at, deleted_at } = user.into_inner();
        Ok(Some(Self {
            id,
            email,
            name,
            created_at: created_at.into(),
            deleted_at: deleted_at.map(Into::into),
            second_factors: factors.methods(),
            sessions,
            failed_sign_ins,
            memberships,
        }))
    }
}

impl From<FoundByDomain<Address>> for StaffUserOfDomain {
    fn from(found: FoundByDomain<Address>) -> Self {
        let FoundByDomain { user: id, record, memberships } = found;
        let memberships = memberships.into_iter().map(StaffMembershipView::from).collect();
        Self { id, email: record.email().clone(), deleted_at: record.deleted_at().map(Into::into), memberships }
    }
}

impl From<Membership> for StaffMembershipView {
    fn from(membership: Membership) -> Self {
        let Membership { workspace, role, name, plan, .. } = membership;
        Self { workspace_id: workspace, name, role, plan }
    }
}
