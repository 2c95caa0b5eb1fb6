//! What nearly every file of a route or job imports.

/// For a route: `use shared::prelude::route::*`.
pub mod route {
    pub use serde::{Deserialize, Serialize};
    pub use utoipa::ToSchema;

    pub use crate::aws::grants::Grant;
    pub use crate::function::Function;
    pub use crate::http::{
        Accepted, Created, Endpoint, Located, NoContent, Patch, Repeatable, Reply, Route, UserLimit, WarmCalls,
    };
    pub use crate::identity::{Anyone, Credentials, Fresh, Known, SessionOnly, SignedIn, TokenScope};
    pub use crate::kernel::problem_codes;
    pub use crate::kernel::problems::{Problem, ProblemCode};
    pub use crate::table::Versioned;
    pub use crate::tenancy::{Changes, Workspace};
}

/// For a job: `use shared::prelude::job::*`.
pub mod job {
    pub use serde::{Deserialize, Serialize};

    pub use crate::aws::grants::Grant;
    pub use crate::function::Function;
    pub use crate::jobs::{Declaration, Job, JobError, Trigger};
    pub use crate::kernel::problems::Problem;
    pub use crate::outbox::Message;
    pub use crate::tenancy::{Reason, Tenant};
}
