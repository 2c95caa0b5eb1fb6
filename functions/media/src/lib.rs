//! Media: the pictures of a workspace, from upload to publishing.

pub mod audit_actions;
pub mod media;
pub mod permissions;
pub mod picture;
pub mod problems;
pub mod publishable;
pub mod rendition;
pub mod routes;
pub mod view;

pub use media::{Media, MediaId};
