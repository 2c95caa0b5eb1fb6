//! The basics of all other modules: identifiers, authors, time, network addresses, randomness, secrets, problems, text and heavy
//! work.

pub mod author;
pub mod entropy;
pub mod ids;
pub mod job_context;
pub mod network;
pub mod networks;
pub mod plane;
pub mod problem_codes;
pub mod problems;
pub mod secrets;
pub mod time;
pub mod trace;
pub mod visible_text;
pub mod whole_number;
pub mod worker;
