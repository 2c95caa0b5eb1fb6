//! Changes without an audit entry cannot be committed.

use shared::kernel::problems::Problem;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Changes, Workspace};

pub async fn write(workspace: &Workspace<ReadWorkspace>) -> Result<(), Problem> {
    workspace.commit(Changes::default()).await
}
