//! What everything else is made of: identifiers, time, randomness, secrets and problems.

pub mod entropy;
pub mod ids;
pub mod problems;
pub mod secrets;
pub mod time;
