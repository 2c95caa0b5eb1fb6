//! The mechanism of every function. It has no product noun.
//!
//! Layers, each importing only from those before it: kernel, config, aws, crypto, table, audit and
//! outbox, events, tenancy, identity, http and jobs, work, function, prelude, testing and measuring.

#[cfg(all(feature = "testing", not(debug_assertions)))]
compile_error!("the feature `testing` mints proofs: it must not be in a release build");

pub mod audit;
pub mod aws;
pub mod config;
pub mod crypto;
pub mod function;
pub mod http;
pub mod identity;
pub mod jobs;
pub mod kernel;
#[cfg(feature = "measuring")]
pub mod measuring;
mod metrics;
pub mod outbox;
pub mod prelude;
pub mod system_events;
pub mod table;
pub mod tenancy;
#[cfg(feature = "testing")]
pub mod testing;
pub mod work;
