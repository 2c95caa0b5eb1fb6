//! The proofs that a job can require.

use std::sync::Arc;

use crate::identity::{AllAccounts, Keyring, Mailroom, SenderKeyring, StaffRegister};
use crate::kernel::job_context::{JobContext, OperatorReply};
use crate::kernel::problems::Problem;
use crate::kernel::trace::Traceparent;
use crate::tenancy::NamedWorkspaces;
use crate::tenancy::all_workspaces::{AllWorkspaces, Core, OutboxRow, Reason, Relayed};
use crate::tenancy::app::App;
use crate::tenancy::tenant::Tenant;

/// One run, as started by the runner. Not public: a job cannot create its own access.
pub struct Run {
    pub(crate) app: Arc<App>,
    pub(crate) function: &'static str,
    pub(crate) run_id: String,
    pub(crate) context: JobContext,
    /// For what an operator gets as the result.
    pub(crate) reply: OperatorReply,
    /// The partition of the message: `W#<workspace>` or `U#<user>`, from the key of its outbox row.
    pub(crate) partition: Option<String>,
    pub(crate) row: Option<OutboxRow>,
    /// The trace of the request that sent the message.
    pub(crate) traceparent: Option<Traceparent>,
}

impl Run {
    fn core(&self) -> Core {
        let (app, run_id) = (self.app.clone(), self.run_id.clone());
        let (traceparent, context) = (self.traceparent.clone(), self.context.clone());
        Core { app, function: self.function, run_id, traceparent, context }
    }
}

pub(crate) mod sealed {
    use super::{Problem, Run};

    pub trait Begin: Sized + Send + Sync {
        fn begin(run: Run) -> Result<Self, Problem>;
    }
}

/// The access of a job's `run`: `Tenant`, `AllWorkspaces<Reason>`, `AllAccounts<Reason>`, `Keyring`, `SenderKeyring`,
/// `StaffRegister`, `Mailroom`, `Relay` or `NamedWorkspaces<Reason>`.
pub trait JobAccess: sealed::Begin {
    /// Whether only an operator may start its jobs, because the payload decides what they change.
    const BY_OPERATOR: bool = false;
}

impl JobAccess for Tenant {}
impl sealed::Begin for Tenant {
    fn begin(run: Run) -> Result<Self, Problem> {
        let workspace = run.partition.as_deref().and_then(|key| key.strip_prefix("W#")).and_then(|id| id.parse().ok());
        let workspace = workspace.ok_or_else(|| Problem::internal("the message is not in a workspace"))?;
        Ok(Self::prove(run.core().scope(workspace), run.context))
    }
}

impl<R: Reason> JobAccess for AllWorkspaces<R> {}
impl<R: Reason> sealed::Begin for AllWorkspaces<R> {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.core()))
    }
}

impl<R: Reason> JobAccess for NamedWorkspaces<R> {
    const BY_OPERATOR: bool = true;
}
impl<R: Reason> sealed::Begin for NamedWorkspaces<R> {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.core()))
    }
}

impl<R: Reason> JobAccess for AllAccounts<R> {}
impl<R: Reason> sealed::Begin for AllAccounts<R> {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.app, run.function, run.run_id))
    }
}

impl JobAccess for Keyring {}
impl sealed::Begin for Keyring {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.app, run.function, run.run_id))
    }
}

impl JobAccess for SenderKeyring {}
impl sealed::Begin for SenderKeyring {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.app, run.function, run.run_id))
    }
}

impl JobAccess for StaffRegister {
    const BY_OPERATOR: bool = true;
}
impl sealed::Begin for StaffRegister {
    fn begin(run: Run) -> Result<Self, Problem> {
        Ok(Self::prove(run.app, run.function, run.run_id, run.reply))
    }
}

impl JobAccess for Mailroom {}
impl sealed::Begin for Mailroom {
    fn begin(run: Run) -> Result<Self, Problem> {
        let partition = run.partition.ok_or_else(|| Problem::internal("the message lay in no outbox"))?;
        Ok(Self { app: run.app, partition })
    }
}

/// The relay's access: one new row of the outbox.
pub struct Relay {
    core: Core,
    row: OutboxRow,
}

impl Relay {
    pub fn row(&self) -> &OutboxRow {
        &self.row
    }

    /// Sends the row to the queues of these jobs and deletes it.
    pub async fn send(&self, jobs: &[String]) -> Result<Relayed, Problem> {
        Box::pin(self.core.relay(&self.row, jobs)).await
    }
}

impl JobAccess for Relay {}
impl sealed::Begin for Relay {
    fn begin(mut run: Run) -> Result<Self, Problem> {
        let row = run.row.take().ok_or_else(|| Problem::internal("no row of the outbox"))?;
        Ok(Self { core: run.core(), row })
    }
}
