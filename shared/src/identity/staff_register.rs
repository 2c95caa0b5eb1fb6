//! The staff register: an operator says who is on the staff.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;

use super::accounts::{Accounts, Store};
use crate::audit::Origin;
use crate::kernel::job_context::OperatorReply;
use crate::kernel::problems::Problem;
use crate::tenancy::app::App;

/// The proof that an operator started the job, for one run. Only a job with `Trigger::Operator` can have it: no route and no
/// message adds a member of the staff.
pub struct StaffRegister {
    accounts: Store,
    reply: OperatorReply,
}

impl StaffRegister {
    pub(crate) fn prove(app: Arc<App>, function: &'static str, run_id: String, reply: OperatorReply) -> Self {
        tracing::info!(job = function, "access to the staff register");
        let origin = Origin::of_job(function, run_id);
        let accounts = Accounts { app, signing: Arc::default(), origin, guard: None, watch: None };
        Self { accounts: Store(accounts), reply }
    }

    /// Sets what the operator gets as the result of the invocation. It is neither logged nor stored.
    pub fn reply(&self, value: &impl Serialize) -> Result<(), Problem> {
        self.reply.set(serde_json::to_value(value).map_err(Problem::internal)?);
        Ok(())
    }
}

impl Deref for StaffRegister {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}
