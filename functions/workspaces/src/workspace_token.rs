//! A token of a workspace, as its admins see it, and its rules.
//!
//! What admits it is stored in Proofs (`shared::identity::workspace_token`); this record has nothing of its secrets.

use std::borrow::Borrow;

use profiles::access_token::{AccessTokenName, ExpiresInDays};
use profiles::reminded::Reminded;
use serde::{Deserialize, Serialize};
use shared::http::Located;
use shared::identity::{NewWorkspaceToken, WORKSPACE_TOKENS};
use shared::kernel::ids::{UserId, WorkspaceTokenId};
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use shared::kernel::whole_number::WholeNumber;
use shared::table::{Due, Entity};
use shared::tenancy::{AssignableRole, Permission, Role, Scope, Workspace, WorkspacePlan};
use utoipa::ToSchema;

use crate::problems;
use crate::token_scopes::WorkspaceScopes;

/// Counts the tokens.
pub async fn count_tokens(workspace: &Scope) -> Result<u64, Problem> {
    workspace.total::<WorkspaceToken>("", |_| 1).await
}

/// A token of a workspace, without its secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkspaceToken {
    pub id: WorkspaceTokenId,
    pub name: AccessTokenName,
    pub role: AssignableRole,
    /// As text, as of its creation: a later release may define other scopes.
    pub scopes: Vec<String>,
    pub created_by: UserId,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(default)]
    pub rotated_at: Option<Timestamp>,
    /// Until when the secret before the last rotation works.
    #[serde(default)]
    pub earlier_ends_at: Option<Timestamp>,
    /// The reminders that the admins were sent.
    pub reminded: Reminded,
    /// A reminder that some admins were sent, and the key of the member after whom the others follow.
    #[serde(default)]
    pub reminding: Option<(Reminded, String)>,
}

impl Entity for WorkspaceToken {
    const KIND: &'static str = "WORKSPACE_TOKEN";
    type Key = WorkspaceTokenId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    /// When its admins are to be reminded, and after that when it expires.
    fn due(&self) -> Option<Due> {
        Some(Due::at(self.reminded.next_at(self.expires_at).unwrap_or(self.expires_at)))
    }
}

impl WorkspaceToken {
    pub fn new<P: Permission>(
        workspace: &Workspace<P>,
        name: AccessTokenName,
        (role, scopes): (AssignableRole, &WorkspaceScopes),
        expires_in_days: ExpiresInDays,
    ) -> Result<Self, Problem> {
        let created_at = workspace.now();
        let expires_at = expires_in_days.from(created_at);
        Ok(Self {
            id: workspace.new_id(),
            name,
            role,
            scopes: scopes.to_texts(),
            created_by: workspace.user()?,
            created_at,
            expires_at,
            rotated_at: None,
            earlier_ends_at: None,
            reminded: Reminded::of_new(expires_at, created_at),
            reminding: None,
        })
    }

    /// Records that it gets another secret, with which its lifetime begins again.
    pub fn rotate(&mut self, overlap: SignedDuration, expires_in_days: ExpiresInDays, now: Timestamp) {
        let earlier_ends_at = after(now, overlap).min(self.expires_at);
        self.earlier_ends_at = (!overlap.is_zero()).then_some(earlier_ends_at);
        self.rotated_at = Some(now);
        self.expires_at = expires_in_days.from(now);
        self.reminded = Reminded::of_new(self.expires_at, now);
        self.reminding = None;
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// For how many hours the secret that worked until now still works: 0 to 168, 24 by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WholeNumber<0, LONGEST_OVERLAP_HOURS>")]
pub struct OverlapHours(u32);

const LONGEST_OVERLAP_HOURS: u32 = 168;
const DEFAULT_OVERLAP_HOURS: u32 = 24;

impl OverlapHours {
    pub fn as_duration(self) -> SignedDuration {
        SignedDuration::from_hours(self.0.into())
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl Default for OverlapHours {
    fn default() -> Self {
        Self(DEFAULT_OVERLAP_HOURS)
    }
}

impl From<WholeNumber<0, LONGEST_OVERLAP_HOURS>> for OverlapHours {
    fn from(hours: WholeNumber<0, LONGEST_OVERLAP_HOURS>) -> Self {
        Self(hours.get())
    }
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct WorkspaceTokenView {
    pub id: WorkspaceTokenId,
    pub name: AccessTokenName,
    pub role: Role,
    pub scopes: Vec<String>,
    /// Whether it can only read, because the plan has no room for it: it is newer than as many tokens as the plan allows.
    pub read_only: bool,
    pub created_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: ApiTimestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rotated_at: Option<ApiTimestamp>,
    /// Until when the secret before the last rotation works.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub earlier_secret_ends_at: Option<ApiTimestamp>,
    /// Accurate to ten minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<ApiTimestamp>,
}

impl WorkspaceTokenView {
    pub fn new(token: &WorkspaceToken, last_used_at: Option<Timestamp>, plan: &WorkspacePlan) -> Self {
        Self {
            id: token.id,
            name: token.name.clone(),
            role: token.role.into(),
            scopes: token.scopes.clone(),
            read_only: plan.is_read_only(WORKSPACE_TOKENS, token.id.created_at()),
            created_by: token.created_by,
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
            rotated_at: token.rotated_at.map(Into::into),
            earlier_secret_ends_at: token.earlier_ends_at.map(Into::into),
            last_used_at: last_used_at.map(Into::into),
        }
    }
}

/// A token with its new secret.
#[derive(Serialize, ToSchema)]
pub struct IssuedWorkspaceToken {
    id: WorkspaceTokenId,
    /// For `Authorization: Bearer`. It is never shown again: null in the response to a repeated request, after which only a
    /// rotation gives another.
    #[schema(
        pattern = "^bhw_[A-Za-z0-9_-]{80}[0-9A-Za-z]{6}$",
        example = "bhw_AZCxyNLzfB-hssPU5fYHGAGQscjS83wfobLD1OX2BxgwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFi2EMubZ"
    )]
    token: Option<String>,
    name: AccessTokenName,
    role: Role,
    scopes: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
    /// Until when the secret before this one works.
    #[schema(value_type = Option<String>, format = DateTime)]
    earlier_secret_ends_at: Option<ApiTimestamp>,
}

impl IssuedWorkspaceToken {
    pub fn new(token: &WorkspaceToken, secret: &NewWorkspaceToken) -> Self {
        Self { token: Some(secret.secret.expose().to_owned()), ..Self::shown_before(token) }
    }

    /// The response to a repeated request.
    pub fn shown_before(token: &WorkspaceToken) -> Self {
        Self {
            id: token.id,
            token: None,
            name: token.name.clone(),
            role: token.role.into(),
            scopes: token.scopes.clone(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
            earlier_secret_ends_at: token.earlier_ends_at.map(Into::into),
        }
    }
}

impl Located for IssuedWorkspaceToken {
    const PATH: &'static str = "/workspaces/{workspace_id}/tokens/{token_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

/// Why a token cannot be created or rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceTokenError {
    #[error("The workspace's plan allows {limit} tokens. Delete one, or upgrade the plan.")]
    TooMany { limit: u64 },
    #[error(
        "Three earlier secrets of this token still work. Wait until one of them ends, or rotate with overlap_hours 0, which \
         ends all of them at once."
    )]
    TooManySecrets,
}

impl Refusal for WorkspaceTokenError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::TooMany { .. } => problems::TOO_MANY_WORKSPACE_TOKENS,
            Self::TooManySecrets => problems::TOO_MANY_TOKEN_SECRETS,
        }
    }

    fn field(&self) -> Option<&'static str> {
        None
    }
}

impl utoipa::PartialSchema for OverlapHours {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let schema = utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::Type::Integer);
        let schema = schema.default(Some(DEFAULT_OVERLAP_HOURS.into()));
        let about = "For how many hours the secret that worked until now still works. With 0, every earlier secret ends at \
                     once: after a leak.";
        schema.description(Some(about)).minimum(Some(0)).maximum(Some(LONGEST_OVERLAP_HOURS)).into()
    }
}

impl ToSchema for OverlapHours {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Borrowed("OverlapHours")
    }
}
