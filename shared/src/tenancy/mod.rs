//! Tenancy: roles, permissions, plans, and the scope through which one workspace is read and changed.

pub mod all_workspaces;
pub(crate) mod app;
pub mod changes;
pub mod entitlements;
mod key_names;
pub(crate) mod keys;
pub mod listing;
pub mod networks;
mod objects;
pub mod permissions;
pub(crate) mod remember;
pub mod roles;
pub mod scope;
pub mod security_rules;
mod usage;
mod vault;

pub use crate::aws::objects::{ByteRange, ObjectPart, Presentation, Ranged, SignedDownload};
pub use all_workspaces::{AllWorkspaces, Reason};
pub use changes::{Audited, Changes};
pub use entitlements::{Entitlement, Limit, WorkspacePlan};
pub use listing::{Listing, Page, PageLimit, WholeList};
pub use networks::{Network, Networks};
pub use permissions::{Covers, DeclaredPermission, Permission};
pub use roles::{AssignableRole, Role};
pub use scope::{Scope, Tenant, Workspace};
pub use security_rules::{PersonalTokenRule, RecoveryRule, SecondFactorRule, SecurityRules};
pub use usage::DailyLimit;
