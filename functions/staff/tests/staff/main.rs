//! The staff: enrolment, sign-in, and what they see and do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod customers;
mod domains;
mod enrolment;
mod events;
mod networks;
mod sign_in;
mod support;
mod suspension;
