//! Members: leaving a workspace, removing others, changing their roles.
//!
//! The permission of the route decides who may. Three rules hold for every route: a workspace keeps an owner
//! (`last_owner`), only an owner removes or downgrades an owner, and a change is committed only if its author still has
//! the role that admitted them.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::accounts::{Accounts, letter_place};
use super::member::Member;
use super::membership_changes::{MembershipChanges, in_role};
use super::proofs::{self, Found, MembershipProof};
use super::records::{AccountKey, AccountRecord, Wanted};
use crate::aws::grants::Table;
use crate::crypto::sealed::Sealed;
use crate::kernel::author::Author;
use crate::kernel::ids::UserId;
use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::table::commit::{Plan, Write};
use crate::table::entity::{Stored, sort_key};
use crate::table::item::decode;
use crate::table::read::Reader;
use crate::tenancy::scope::Scope;
use crate::tenancy::{AssignableRole, Audited, Permission, Role, Workspace};

/// The account store for the users behind members and invitations, as far as the grants of the function reach.
pub struct People<'a> {
    accounts: Accounts,
    /// It does not outlive the request's access.
    workspace: PhantomData<&'a ()>,
}

impl Deref for People<'_> {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

impl Scope {
    /// The users behind members and invitations.
    pub fn people(&self) -> People<'_> {
        let Self { app, origin, guard, watch, .. } = self;
        let (app, origin, guard, watch) = (app.clone(), origin.clone(), guard.clone(), watch.clone());
        let accounts = Accounts { app, signing: Arc::default(), origin, guard, watch };
        People { accounts, workspace: PhantomData }
    }

    /// Seals a letter to an address for the workspace's outbox. Needs `Grant::SealLetters`.
    pub async fn seal_letter(&self, letter: &SecretText) -> Result<Sealed, Problem> {
        let (app, partition) = (self.app(), self.partition());
        let place = letter_place(&partition);
        Box::pin(app.data_keys.seal(&app.aws, None, &app.aws.config.system_key, &place, letter)).await
    }
}

impl<P: Permission> Workspace<P> {
    /// Ends the caller's own membership. 409 `last_owner`. Needs `Grant::EndMemberships` and `Grant::WriteItems`.
    pub async fn leave(&self, audited: Audited) -> Result<(), Problem> {
        let plan = MembershipChanges::of(self.id()).end_of(self.user()?, self.role())?.into_plan();
        Box::pin(self.commit_listing(audited, plan, Some(self.user()?))).await
    }

    /// Ends a membership, effective from the user's next request. 409 `last_owner`. Needs `Grant::EndMemberships` and
    /// `Grant::WriteItems`.
    pub async fn remove(&self, member: &Stored<Member>, audited: Audited) -> Result<(), Problem> {
        self.require_rank_over(member.role)?;
        let plan = MembershipChanges::of(self.id()).end(member)?.by(self.user()?, self.role())?.into_plan();
        Box::pin(self.commit_listing(audited, plan, Some(member.user))).await
    }

    /// Changes the role of a member; writes nothing if the member has it already. 409 `last_owner`. Needs
    /// `Grant::ChangeRoles` and `Grant::WriteItems`.
    pub async fn change_role(
        &self,
        member: &mut Stored<Member>,
        role: AssignableRole,
        audited: Audited,
    ) -> Result<(), Problem> {
        let role = Role::from(role);
        if member.role == role {
            return Ok(());
        }
        self.require_rank_over(member.role)?;
        let changes = MembershipChanges::of(self.id()).change(member, role)?;
        Box::pin(self.commit_plan(audited, changes.by(self.user()?, self.role())?.into_plan())).await?;
        member.role = role;
        member.committed();
        Ok(())
    }

    /// Commits changes if the caller still has the role that admitted them. A change that invites, or decides who may
    /// do what, must not be committed after its author was removed. Needs `Grant::ProveMembership`.
    pub async fn commit_in_role(&self, audited: Audited) -> Result<(), Problem> {
        self.commit_plan_in_role(audited, Plan::default()).await
    }

    /// The same, preceded by writes of `shared` itself.
    pub(super) async fn commit_plan_in_role(&self, audited: Audited, mut first: Plan) -> Result<(), Problem> {
        self.still_in_role()?.into_iter().for_each(|still| first.require_first(still));
        Box::pin(self.commit_plan(audited, first)).await
    }

    /// Requires that the member still has the role that admitted them. The guard of an override session requires what it
    /// needs.
    pub(super) fn still_in_role(&self) -> Result<Option<Write>, Problem> {
        if let Author::Override(_) = self.author() {
            return Ok(None);
        }
        in_role(proofs::membership(self.id(), self.user()?), self.role()).map(Some)
    }

    /// The role of a user; `None` for a user who is not a member. One read.
    pub async fn role_of(&self, user: UserId) -> Result<Option<Role>, Problem> {
        let reader = Reader { aws: &self.app().aws, session: None };
        let key = proofs::membership(self.id(), user);
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, vec![key.clone()])).await?);
        let membership: Option<MembershipProof> = found.read(&key)?;
        Ok(membership.map(|membership| membership.role))
    }

    /// The record of a kind of each of these members' users; `None` if there is none. One read; needs
    /// `Grant::ReadUserRecords`.
    pub async fn records_of<R: AccountRecord>(
        &self,
        members: &[Stored<Member>],
    ) -> Result<Vec<Option<Stored<R>>>, Problem> {
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = members.iter().map(|member| AccountKey::User(member.user)).collect();
        let wanted = keys.iter().fold(Wanted::default(), |wanted, key| wanted.of::<R>(key));
        let mut found = self.people().look_up(wanted).await?;
        keys.iter().map(|key| found.take::<R>(key)).collect()
    }

    /// The same for one member.
    pub async fn record_of<R: AccountRecord>(&self, member: &Stored<Member>) -> Result<Option<Stored<R>>, Problem> {
        Ok(self.records_of::<R>(std::slice::from_ref(member)).await?.pop().flatten())
    }

    /// A member with a record of their user, on which the version of the response depends too. 404 for a user who is not a
    /// member. Two reads; needs `Grant::ReadItems` and `Grant::ReadUserRecords`.
    pub async fn member_with<R: AccountRecord>(
        &self,
        user: UserId,
    ) -> Result<(Stored<Member>, Option<Stored<R>>), Problem> {
        let (member, [record, _]) = self.member_with_records(user, None).await?;
        Ok((member, record))
    }

    /// A member and the record of the caller's own user, by the same two reads and with the same version.
    pub async fn member_with_own<R: AccountRecord>(
        &self,
        user: UserId,
    ) -> Result<(Stored<Member>, Option<Stored<R>>), Problem> {
        let own = self.user()?;
        let (member, [record, own_record]) =
            self.member_with_records(user, Some(own).filter(|own| *own != user)).await?;
        Ok((member, if own == user { record } else { own_record }))
    }

    /// The records of the member's user, and of another.
    async fn member_with_records<R: AccountRecord>(
        &self,
        user: UserId,
        other: Option<UserId>,
    ) -> Result<(Stored<Member>, [Option<Stored<R>>; 2]), Problem> {
        let sort = sort_key::<Member>(&user);
        let item = self.find_item(Table::Tenants, sort.clone()).await?.ok_or_else(Problem::not_found)?;
        let member = decode(&item)?;
        let (key, other) = (AccountKey::User(user), other.map(AccountKey::User));
        let wanted = other.iter().fold(Wanted::default().of::<R>(&key), |wanted, other| wanted.of::<R>(other));
        let mut found = self.people().look_up(wanted).await?;
        let (record, other) =
            (found.take::<R>(&key)?, other.map(|other| found.take::<R>(&other)).transpose()?.flatten());
        self.vary_version_by(&record.as_deref())?;
        self.watched(&sort, &member)?;
        Ok((member, [record, other]))
    }

    /// 403 if the member is an owner and the caller is not.
    fn require_rank_over(&self, role: Role) -> Result<(), Problem> {
        if role == Role::Owner && self.role() != Role::Owner {
            return Err(Problem::new(PERMISSION_MISSING, "Only an owner can remove an owner or change their role."));
        }
        Ok(())
    }
}
