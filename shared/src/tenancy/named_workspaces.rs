//! An operator's work in workspaces that the payload names.

use std::marker::PhantomData;

use jiff::Timestamp;

use super::all_workspaces::{Core, Reason};
use super::tenant::Tenant;
use crate::kernel::ids::WorkspaceId;

/// The proof that an operator started the job, for one run. Only a job with `Trigger::Operator` can have it: the payload
/// of a message never names a workspace.
pub struct NamedWorkspaces<R: Reason> {
    core: Core,
    reason: PhantomData<fn() -> R>,
}

impl<R: Reason> NamedWorkspaces<R> {
    pub(crate) fn prove(core: Core) -> Self {
        Self { core, reason: PhantomData }
    }

    pub fn now(&self) -> Timestamp {
        self.core.app.aws.clock.now()
    }

    /// A workspace, which may not exist.
    pub fn enter(&self, workspace: WorkspaceId) -> Tenant {
        tracing::info!(reason = R::WHY, job = self.core.function, workspace.id = %workspace, "access by an operator");
        Tenant::prove(self.core.scope(workspace), self.core.context.clone())
    }
}
