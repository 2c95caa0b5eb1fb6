//! What the platforms on Meta's Graph API have in common: Threads and Instagram.

mod adapter;
mod connect;
mod containers;
mod errors;
pub mod graph;
mod numbers;

pub use errors::DIALECT;
pub use numbers::Number;
