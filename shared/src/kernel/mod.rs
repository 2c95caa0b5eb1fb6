//! What everything else is made of: identifiers, time, randomness, secrets, problems and text.

pub mod entropy;
pub mod ids;
pub mod problems;
pub mod secrets;
pub mod time;
pub mod visible_text;
