//! The tables: entities, reads and one transaction per write. No other module names DynamoDB.

pub(crate) mod commit;
pub(crate) mod cursor;
pub mod entity;
pub(crate) mod guard;
pub(crate) mod item;
pub(crate) mod read;
pub(crate) mod version;

pub use entity::{DomainEntry, Due, Entity, Stored};
pub use version::Versioned;
