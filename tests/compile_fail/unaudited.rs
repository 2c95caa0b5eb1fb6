//! Changes that do not say what they are cannot be committed.

use shared::kernel::problems::Problem;
use shared::tenancy::{Changes, Member, Workspace};

pub async fn write(workspace: &Workspace<Member>) -> Result<(), Problem> {
    workspace.commit(Changes::default()).await
}
