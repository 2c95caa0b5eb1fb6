//! The access of a job to one workspace.

use std::ops::Deref;

use super::scope::Scope;
use crate::kernel::job_context::JobContext;

/// A job's access to the one workspace of its message. A job is not a member and has no role.
pub struct Tenant {
    scope: Scope,
    context: JobContext,
}

impl Tenant {
    pub(crate) fn prove(scope: Scope, context: JobContext) -> Self {
        Self { scope, context }
    }

    /// The context of this run.
    pub fn context(&self) -> &JobContext {
        &self.context
    }
}

impl Deref for Tenant {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}
