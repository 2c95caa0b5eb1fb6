//! The jobs of `operations`. Written by `make generate`: each file of this folder is one.

pub mod relay_outbox;
pub mod replace_sender_keys;
pub mod sweep_outbox;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&relay_outbox::FUNCTION),
    Listed::job(&replace_sender_keys::FUNCTION),
    Listed::job(&sweep_outbox::FUNCTION),
];
