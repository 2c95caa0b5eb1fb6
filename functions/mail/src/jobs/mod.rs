//! The jobs of `mail`. Written by `make generate`: each file of this folder is one.

pub mod send_email;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&send_email::FUNCTION),
];
