//! The letters: which there are, and what each needs to know to be written.

use std::fmt;

use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::kernel::time::Timestamp;

/// Which letter is sent, and what it needs to know. It holds no secret: of a link it says whom and what it is for, and
/// the token is made while the mail is written.
///
/// A letter with a `name` goes to somebody whose address was verified. The others do not greet by name: whoever has them
/// sent chooses both the name and the address, and could have us send a text of theirs to anybody.
///
/// `Debug` tells which letter it is and nothing of what is in it: names and network addresses are personal.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Asks whether an address is its user's.
    VerifyEmail {
        link: LinkClaims,
    },
    /// Tells the owner of an account that somebody tried to open it again, so that registration can answer as if it
    /// were new.
    AlreadyRegistered,
    /// Tells the owner of an account that somebody tried to move another account to the same address.
    AddressTaken,
    /// Tells a user that a refresh token came back after its use, and that every session was ended for it.
    SessionsRevoked {
        name: String,
        at: Timestamp,
    },
    /// Lets whoever reads the mailbox choose a new password.
    ResetPassword {
        link: LinkClaims,
    },
    PasswordChanged {
        name: String,
        at: Timestamp,
    },
    /// A sign-in from a device that the user was not seen with before.
    NewSignIn {
        name: String,
        at: Timestamp,
        browser: String,
        system: String,
        ip: String,
    },
    /// `factor` is what the user calls it: `authenticator app`, `passkey “Laptop”`.
    SecondFactorAdded {
        name: String,
        at: Timestamp,
        factor: String,
    },
    SecondFactorRemoved {
        name: String,
        at: Timestamp,
        factor: String,
    },
    /// `left` is how many recovery codes remain.
    RecoveryCodeUsed {
        name: String,
        at: Timestamp,
        left: u32,
    },
    RecoveryCodesRenewed {
        name: String,
        at: Timestamp,
    },
    /// To the address that the account has. It does not tell the new one.
    EmailChangeAsked {
        name: String,
        at: Timestamp,
    },
    /// To the address that the account is to have.
    ConfirmEmailChange {
        link: LinkClaims,
    },
    /// To the address that the account had.
    EmailChanged {
        name: String,
        at: Timestamp,
    },
    /// Its link takes the deletion back, until `erased_at`.
    AccountDeleted {
        name: String,
        link: LinkClaims,
        erased_at: Timestamp,
    },
    AccountRestored {
        name: String,
        at: Timestamp,
    },
    /// A personal access token was made.
    AccessTokenCreated {
        name: String,
        at: Timestamp,
        token_name: String,
    },
}

impl Letter {
    pub fn subject(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "Confirm your e-mail address",
            Self::AlreadyRegistered => "You already have an account",
            Self::AddressTaken => "This address has an account already",
            Self::SessionsRevoked { .. } => "We signed you out everywhere",
            Self::ResetPassword { .. } => "Choose a new password",
            Self::PasswordChanged { .. } => "Your password was changed",
            Self::NewSignIn { .. } => "New sign-in to your account",
            Self::SecondFactorAdded { .. } => "A way to sign in was added to your account",
            Self::SecondFactorRemoved { .. } => "A way to sign in was removed from your account",
            Self::RecoveryCodeUsed { .. } => "A recovery code was used",
            Self::RecoveryCodesRenewed { .. } => "Your recovery codes were replaced",
            Self::EmailChangeAsked { .. } => "Your e-mail address is about to change",
            Self::ConfirmEmailChange { .. } => "Confirm your new e-mail address",
            Self::EmailChanged { .. } => "Your e-mail address was changed",
            Self::AccountDeleted { .. } => "Your account is deleted",
            Self::AccountRestored { .. } => "Your account is back",
            Self::AccessTokenCreated { .. } => "An access token was made for your account",
        }
    }

    /// What its link entitles to, and the page of the web application that the link opens.
    pub fn link(&self) -> Option<(&LinkClaims, &'static str)> {
        match self {
            Self::VerifyEmail { link } => Some((link, "verify-email")),
            Self::ResetPassword { link } => Some((link, "reset-password")),
            Self::ConfirmEmailChange { link } => Some((link, "confirm-email")),
            Self::AccountDeleted { link, .. } => Some((link, "restore-account")),
            _ => None,
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({:?})", self.subject())
    }
}
