//! Tenancy: roles, permissions, plans, and the scope through which one workspace is read and changed.

pub mod all_workspaces;
pub(crate) mod app;
pub mod changes;
pub mod entitlements;
mod key_names;
pub(crate) mod keys;
pub mod listing;
pub mod named_workspaces;
mod objects;
pub mod overrides;
mod period;
pub mod permissions;
pub mod plan_table;
pub mod recount;
pub(crate) mod remember;
pub mod roles;
pub mod scope;
pub mod security_rules;
pub mod tenant;
pub mod usage;
mod vault;

pub use crate::aws::objects::{ByteRange, ObjectPart, Presentation, Ranged, SignedDownload};
pub use crate::kernel::networks::{Network, Networks};
pub use all_workspaces::{AllWorkspaces, Reason};
pub use changes::{Audited, Changes};
pub use entitlements::{Entitlement, Limit, PlanSource, WorkspacePlan};
pub use listing::{Listing, Page, PageLimit, WholeList};
pub use named_workspaces::NamedWorkspaces;
pub use overrides::{Override, OverrideValue, Overrides, PlanOverride};
pub use period::Period;
pub use permissions::{Covers, DeclaredPermission, Permission};
pub use roles::{AssignableRole, Role};
pub use scope::{Scope, Workspace};
pub use security_rules::{PersonalTokenRule, RecoveryRule, SecondFactorRule, SecurityRules};
pub use tenant::Tenant;
pub use usage::DailyLimit;
