//! The operator's staff: who they are, how they enrol and sign in, and what they see and do.

pub mod audit_actions;
pub mod enrolment;
pub mod event_view;
pub mod jobs;
pub mod letters;
pub mod looked_up;
pub mod member;
pub mod open_invitation;
pub mod passkey;
pub mod permissions;
pub mod problems;
pub mod reason;
pub mod routes;
mod sign_in;
pub mod support_action;
pub mod suspension;
pub mod user_view;
