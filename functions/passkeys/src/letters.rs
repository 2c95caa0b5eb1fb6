//! The letters of passkeys.

use mail::Letter;
use shared::kernel::time::Timestamp;
use sign_in::letters::{sign_in_method_added, sign_in_method_removed};

use crate::passkey::Passkey;

pub fn passkey_added(passkey: &Passkey, at: Timestamp) -> Letter {
    sign_in_method_added(at, &passkey.factor())
}

pub fn passkey_removed(passkey: &Passkey, at: Timestamp) -> Letter {
    sign_in_method_removed(at, &passkey.factor())
}
