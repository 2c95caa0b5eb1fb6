//! A secret is not printed, neither by itself nor as a part of something.

use shared::kernel::secrets::{SecretBytes, SecretText};

#[derive(Debug)]
pub struct Login {
    email: String,
    password: SecretText,
}

pub fn debug(secret: &SecretText, key: &SecretBytes) -> String {
    format!("{secret:?} {key:?}")
}

pub fn display(secret: &SecretText) -> String {
    format!("{secret}")
}
