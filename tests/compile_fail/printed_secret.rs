//! A secret cannot be printed, neither alone nor as part of a struct.

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
