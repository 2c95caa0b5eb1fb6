//! Erasure of workspaces that were deleted 30 days ago, and the certificate of it.
//!
//! A domain of its own, because the tenant-access role of a domain has the rights of all its functions: no other function
//! may assume a role that deletes audit entries.

pub mod certificate;
pub mod jobs;
pub mod letters;
