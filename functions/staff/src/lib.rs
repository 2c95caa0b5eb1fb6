//! The operator's staff: who they are, how they enrol and sign in, and what they see and do.

pub mod enrolment;
pub mod jobs;
pub mod letters;
pub mod looked_up;
pub mod member;
pub mod passkey;
pub mod permissions;
pub mod problems;
pub mod reason;
pub mod routes;
mod sign_in;
pub mod user_view;
