//! A workspace's KMS key, created when its first secret is sealed.

use std::borrow::Borrow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::scope::Scope;
use crate::audit::AuditAction;
use crate::aws::grants::Table;
use crate::aws::sessions::Session;
use crate::config::WorkspaceKeys;
use crate::kernel::problems::Problem;
use crate::table::commit::{Expected, Plan, Uncommitted, commit};
use crate::table::entity::{Entity, Stored};
use crate::table::item::{Row, decode};
use crate::table::read::Reader;

/// A key was created for the workspace.
static KEY_MADE: AuditAction = AuditAction::named("workspace.key_made");

/// The record of the workspace's key. A key that no record names is an orphan.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct WorkspaceKey {
    pub(crate) arn: String,
    made_at: Timestamp,
}

impl Entity for WorkspaceKey {
    const KIND: &'static str = "KEY";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        KEY
    }
}

const KEY: &str = "CURRENT";
pub(crate) const RECORD: &str = "KEY#CURRENT";

/// The ARN of the key that wraps this workspace's data keys.
pub(crate) async fn current(scope: &Scope, session: &Session) -> Result<String, Problem> {
    let app = scope.app();
    if let WorkspaceKeys::Pooled { key } = &app.aws.config.workspace_keys {
        return Ok(key.clone());
    }
    if let Some(known) = app.workspace_keys.get(scope.id()) {
        return Ok(known);
    }
    let reader = Reader { aws: &app.aws, session: Some(session.clone()) };
    let arn = match reader.get(Table::Tenants, &scope.partition(), RECORD).await? {
        Some(item) => decode::<WorkspaceKey>(&item)?.into_inner().arn,
        None => make(scope, session).await?,
    };
    app.workspace_keys.put(scope.id(), &arn);
    Ok(arn)
}

impl Scope {
    /// The ARN of the workspace's own key, if it has one.
    pub(crate) async fn key_arn(&self) -> Result<Option<String>, Problem> {
        let record: Option<Stored<WorkspaceKey>> = self.find(KEY).await?;
        Ok(record.map(|record| record.into_inner().arn))
    }

    /// Schedules the destruction of the workspace's own key, once however often it is called, and returns its instant.
    /// Needs `Grant::EraseWorkspaces`.
    pub(crate) async fn destroy_own_key(&self, arn: &str) -> Result<Timestamp, Problem> {
        let credentials = self.session().await?.credentials;
        Box::pin(self.app().aws.destroy_workspace_key(&credentials, arn)).await
    }
}

/// Creates a key and records it. If another request recorded one first, that key is used and this one is discarded. A
/// crash in between leaves a tagged key without a record, which the orphan sweep finds.
async fn make(scope: &Scope, session: &Session) -> Result<String, Problem> {
    let aws = &scope.app().aws;
    let arn = aws.create_workspace_key(&session.credentials, scope.id()).await?;
    aws.name_workspace_key(&session.credentials, &arn).await?;
    let mut plan = Plan::default();
    let record = WorkspaceKey { arn: arn.clone(), made_at: aws.clock.now() };
    plan.put(Table::Tenants, None, Row::of(&record)?, Expected::Absent);
    scope.record(&mut plan, &KEY_MADE, scope.id().into())?;
    match commit(aws, Some(session), &scope.partition(), plan).await {
        Ok(()) => Ok(arn),
        Err(Uncommitted::Refused { found: Some(item), .. }) => {
            aws.discard_own_key(&session.credentials, &arn).await?;
            Ok(decode::<WorkspaceKey>(&item)?.into_inner().arn)
        }
        Err(uncommitted) => Err(uncommitted.into()),
    }
}
