//! `GET /workspaces/{workspace_id}/audit-entries`: lists the workspace's audit log, newest first.

use serde_json::{Value, json};
use shared::audit::{Actor, AuditEntry};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::prelude::route::*;
use shared::tenancy::{Entitlement, Listing, Page, PageLimit};

use crate::permissions::ReadAuditLog;

/// The entitlement of members to read their workspace's audit log.
pub const AUDIT_LOG: Entitlement = Entitlement::named("AuditLog");

/// Lists the workspace's audit log, newest first: who did what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAuditEntries {
    /// Entries per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// An audit entry.
#[derive(Serialize, ToSchema)]
pub struct AuditEntryView {
    #[schema(example = "0190b1c8-d2f3-7c1f-a1b2-c3d4e5f60718")]
    id: String,
    #[schema(value_type = String, format = DateTime)]
    at: ApiTimestamp,
    /// The action: `post.updated`.
    action: String,
    target: AuditTarget,
    /// Who performed the action.
    actor: Actor,
    /// The id of the request or run that performed the action; for a request its `x-request-id`.
    request_id: String,
    ip: Option<String>,
    user_agent: Option<String>,
}

/// The target of the action.
#[derive(Serialize, ToSchema)]
pub struct AuditTarget {
    /// The prefix of the id: `post`.
    kind: String,
    #[schema(example = "post_0190b1c8d2f37c1fa1b2c3d4e5f60718")]
    id: String,
    /// Details of the action, or null.
    #[schema(required = true)]
    detail: Option<Value>,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, action, target, origin, .. } = entry;
        let target = AuditTarget { kind: target.kind, id: target.id, detail: target.detail.map(with_api_timestamps) };
        let (actor, request_id) = (origin.actor, origin.request_id);
        Self { id, at: at.into(), action, target, actor, request_id, ip: origin.ip, user_agent: origin.user_agent }
    }
}

/// Details are stored as JSON: this converts their instants to the format of all responses.
fn with_api_timestamps(detail: Value) -> Value {
    match detail {
        // Only an instant in UTC begins with a digit and ends in Z.
        Value::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) && text.ends_with('Z') => {
            text.parse::<Timestamp>().map_or(Value::String(text), |at| json!(ApiTimestamp::from(at)))
        }
        Value::Array(items) => items.into_iter().map(with_api_timestamps).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, member)| (name, with_api_timestamps(member))).collect()
        }
        other => other,
    }
}

pub static FUNCTION: Function = Function::route::<ListAuditEntries>();

impl Endpoint for ListAuditEntries {
    const ROUTE: Route = Route::get("list-audit-entries", "/workspaces/{workspace_id}/audit-entries");
    const GRANTS: &'static [Grant] = &[Grant::ReadAudit, Grant::DeriveKeys, Grant::ServeOverrides];
    const NEEDS: &'static [Entitlement] = &[AUDIT_LOG];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("audit-entries"));
    type Access = Workspace<ReadAuditLog>;
    type Output = Reply<Listing<AuditEntryView>>;

    async fn handle(self, workspace: &Workspace<ReadAuditLog>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        Ok(Reply(workspace.audit_entries(&page).await?.map(AuditEntryView::from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_details_get_three_fraction_digits_and_all_else_stays() {
        let detail = json!({ "at": "2026-03-01T08:30:00Z", "list": [{ "at": "2026-03-01T08:30:00.27Z" }], "text": "9Z", "n": 1 });
        let expected = json!({ "at": "2026-03-01T08:30:00.000Z", "list": [{ "at": "2026-03-01T08:30:00.270Z" }], "text": "9Z", "n": 1 });
        assert_eq!(with_api_timestamps(detail), expected);
    }
}
