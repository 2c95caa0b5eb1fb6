//! Tenancy: roles, plans, and the scope through which one workspace is read and changed.

pub(crate) mod app;
pub mod changes;
pub mod entitlements;
pub(crate) mod keys;
pub mod platform;
pub mod roles;
pub mod scope;

pub use changes::{Audited, Changes};
pub use entitlements::Entitlement;
pub use platform::{Platform, Reason};
pub use roles::{Admin, AtLeast, Member, Owner, Reviewer, Role};
pub use scope::{Listing, Page, Scope, Tenant, Workspace};
