//! An invitation gives no scope and cannot grant ownership; a member cannot suspend a workspace.

use shared::identity::{Invitation, InvitationClaim, Invited, Joining, Member, OwnershipOffer};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::table::Stored;
use shared::tenancy::{AssignableRole, Audited, Role, Scope, Workspace};
use shared::tenancy::permissions::ReadWorkspace;

pub fn owner(workspace: &Scope, by: UserId) -> Invitation {
    Invitation::new(workspace, "ada@example.com", Role::Owner, by)
}

pub fn unsigned(_: &Joining, claim: InvitationClaim) -> Invited<'_> {
    Invited { claim }
}

pub fn scope<'a>(invited: &'a Invited<'_>) -> &'a Scope {
    invited
}

pub fn wrapped(signed_in: shared::identity::SignedIn) -> Joining {
    Joining(signed_in)
}

pub fn offer(from: UserId, to: UserId) -> OwnershipOffer {
    OwnershipOffer { from, to }
}

pub async fn unread(workspace: &Workspace<ReadWorkspace>, offer: &OwnershipOffer, audited: Audited) -> Result<(), Problem> {
    workspace.accept_ownership(offer, audited).await
}

pub async fn crowned(workspace: &Workspace<ReadWorkspace>, member: &mut Stored<Member>, audited: Audited) -> Result<(), Problem> {
    workspace.change_role(member, Role::Owner, audited).await
}

pub async fn secured(workspace: &Workspace<ReadWorkspace>) {
    let _ = workspace.secure(&shared::tenancy::SecurityRules::default());
}

pub fn suspended(workspace: &Workspace<ReadWorkspace>) -> Result<(), Problem> {
    let _ = workspace.rename("Northwind")?.suspend();
    Ok(())
}
