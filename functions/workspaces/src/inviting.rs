//! Inviting an address: who may be invited, and how many letters an address gets. Nothing that the caller can see, nor the calls that are made,
//! depends on whether the address has an account, unless that account is a member of the caller's own workspace.

use accounts::address::Address;
use accounts::enumeration_safe_mail::{count, withheld};
use accounts::letter_budget::{LetterBudget, Request};
use mail::{EmailAddress, NotAnAddress};
use shared::identity::invitation_error::EMAIL_DOMAIN_NOT_ALLOWED;
use shared::identity::{AccountKey, Invitation, MEMBERS, PendingInvitation, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Stored;
use shared::tenancy::{Audited, Changes, Role, Scope, SecurityRules, Workspace};

use crate::audit_actions::{INVITATION_RESENT, INVITATION_REVOKED};
use crate::invitation::{InvitingError, counted};
use crate::jobs::mail_invitation::MailInvitation;
use crate::permissions::ManageMembers;

/// How often to count a letter again, if parallel requests count one too.
const TRIES: u32 = 4;

/// Refuses an address that no invitation can be for.
pub async fn require_invitable(workspace: &Workspace<ManageMembers>, email: &EmailAddress) -> Result<(), Problem> {
    if !email.can_receive_mail() {
        return Err(NotAnAddress::DomainUnreachable.into());
    }
    require_allowed_domain(workspace.security(), email.domain())?;
    let people = workspace.people();
    if email.as_str() == people.sender() {
        return Err(InvitingError::Service.into());
    }
    let address = people.find::<Address>(&AccountKey::email(email.as_str())).await?;
    // A stand-in, so that an address without an account costs as many calls.
    let user: UserId = address.and_then(|address| address.owner()).unwrap_or_else(|| workspace.new_id());
    match workspace.role_of(user).await? {
        Some(_) if user == workspace.user()? => Err(InvitingError::Yourself.into()),
        Some(Role::Owner) => Err(InvitingError::Owner.into()),
        Some(_) => Err(InvitingError::Member.into()),
        None => Ok(()),
    }
}

/// 403 for an address of a domain that the workspace does not invite. The caller manages members, and may know the list.
fn require_allowed_domain(rules: &SecurityRules, domain: &str) -> Result<(), Problem> {
    if rules.invites(domain) {
        return Ok(());
    }
    let rule = format!("must have one of the domains that the workspace allows: {}", rules.invitee_domains.join(", "));
    Err(Problem::new(EMAIL_DOMAIN_NOT_ALLOWED, format!("email {rule}.")).at("email", rule))
}

/// Renews an invitation that can still be accepted, under the workspace's rules, and mails it again. Counts as an invitation of
/// the day.
pub fn sent_again(
    invitation: &mut Stored<Invitation>,
    rules: &SecurityRules,
    now: Timestamp,
) -> Result<Audited, Problem> {
    require_allowed_domain(rules, invitation.domain())?;
    invitation.renew(now)?;
    let changes = Changes::default().replace(invitation).overwrite(&invitation.pending());
    let letter = MailInvitation { invitation_id: invitation.id, letter: invitation.letters };
    Ok(counted(changes, now).audit(&INVITATION_RESENT, invitation.id).send(&letter))
}

/// Revokes an invitation that can still be accepted: its links no longer work, and the address can be invited again.
pub fn revoked(invitation: &mut Stored<Invitation>, now: Timestamp) -> Result<Audited, Problem> {
    invitation.revoke(now)?;
    let changes = Changes::default().replace(invitation).forget::<PendingInvitation>(invitation.pending_key());
    Ok(changes.count_down(MEMBERS).audit(&INVITATION_REVOKED, invitation.id))
}

/// Counts a letter of an invitation to an address. False once it has got those of the day, from all workspaces together.
pub async fn is_within_budget(workspace: &Scope, email: &EmailAddress, letter: &str) -> Result<bool, Problem> {
    let (people, key) = (workspace.people(), AccountKey::email(email.as_str()));
    let part = LetterBudget::part_of(Request::Invitation);
    for round in 0..TRIES {
        let mut found = people.look_up(Wanted::default().part::<LetterBudget>(&key, &part)).await?;
        let budget = found.take_part(&key, &part)?;
        let counted = count(budget, &key, Request::Invitation, |budget| budget.take_once(letter, people.now()));
        let Some(counted) = counted else {
            people.emit(withheld(email, Request::Invitation, "budget")).await?;
            return Ok(false);
        };
        if people.try_commit(counted).await?.is_ok() {
            return Ok(true);
        }
        people.back_off(round).await;
    }
    // The job is tried again: a letter is withheld only for the limit.
    Err(Problem::unavailable("the letters to this address are counted by many at once"))
}
