//! What everything else is made of: identifiers, time, network addresses, randomness, secrets, problems and heavy work.

pub mod entropy;
pub mod ids;
pub mod network;
pub mod problems;
pub mod secrets;
pub mod time;
pub mod worker;
