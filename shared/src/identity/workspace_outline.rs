//! The outline of a workspace for the operator's staff: its directory entry and its members, and no item of its own.

use jiff::Timestamp;

use super::proofs::{self, DirectoryEntry, Found, MembershipProof};
use super::staff::Staff;
use super::staff_permissions::StaffPermission;
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::table::item::{body, string};
use crate::table::read::{PageQuery, Reader};
use crate::tenancy::Role;

/// Members per read.
const PAGE: u32 = 1000;
/// The most owners who are emailed about one change. Their letters are in its transaction, which has at most 100 writes and few of
/// its own; a workspace has a few owners.
pub(super) const MAILED_OWNERS: usize = 50;

/// What admission knows of a workspace. It has nothing that its members wrote but the name.
#[derive(Clone, Debug)]
pub struct WorkspaceOutline {
    pub name: String,
    pub plan: String,
    pub region: String,
    pub cell: String,
    pub suspended: bool,
    pub trashed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub members: Vec<(UserId, Role)>,
}

impl<P: StaffPermission> Staff<P> {
    /// The outline of a workspace; `None` if there is none. Two reads, of Proofs alone; needs `Grant::ReadMembers`.
    pub async fn outline(&self, workspace: WorkspaceId) -> Result<Option<WorkspaceOutline>, Problem> {
        let member = self.id();
        tracing::info!(workspace.id = %workspace, staff.id = %member, "a member of the staff reads a workspace's outline");
        let (reader, key) = (Reader { aws: &self.app.aws, session: None }, proofs::directory(workspace));
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, vec![key.clone()])).await?);
        let Some(entry) = found.read::<DirectoryEntry>(&key)? else { return Ok(None) };
        let members = members(&reader, workspace).await?;
        let DirectoryEntry { name, plan, region, cell, suspended, trashed_at, created_at, .. } = entry;
        Ok(Some(WorkspaceOutline { name, plan, region, cell, suspended, trashed_at, created_at, members }))
    }
}

/// The members of a workspace, in the order of their ids.
pub(super) async fn members(reader: &Reader<'_>, workspace: WorkspaceId) -> Result<Vec<(UserId, Role)>, Problem> {
    let partition = proofs::members(workspace);
    let (mut members, mut after) = (Vec::new(), None);
    loop {
        let query = PageQuery {
            table: Table::Proofs,
            partition: &partition,
            prefix: "",
            after,
            limit: PAGE,
            newest_first: false,
        };
        let (items, next) = Box::pin(reader.page(query)).await?;
        for item in &items {
            let MembershipProof { role, .. } = body(item)?;
            members.extend(string(item, "sk").and_then(|id| id.parse().ok()).map(|user| (user, role)));
        }
        match next {
            Some(sort) => after = Some(sort),
            None => return Ok(members),
        }
    }
}
