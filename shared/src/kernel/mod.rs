//! What everything else is made of: identifiers, time, randomness, secrets, problems and heavy work.

pub mod entropy;
pub mod ids;
pub mod problems;
pub mod secrets;
pub mod time;
pub mod worker;
