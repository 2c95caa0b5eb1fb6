//! The letters: which there are, and what each needs to know to be written.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
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
    /// Tells the owner of an account that somebody tried to register it again, so that registration can answer as if it
    /// were new.
    #[serde(serialize_with = "padded")]
    AlreadyRegistered,
    /// Tells the reader of an address without an account that somebody asked for a sign-in link. It is sent so that
    /// such a request has the same effects for every address.
    #[serde(serialize_with = "padded")]
    NoAccount,
    /// To the owner of a deleted account, for any request from the sign-in page: its link restores the account, until
    /// `erased_at`.
    AccountInTrash {
        link: LinkClaims,
        erased_at: Timestamp,
    },
    /// Tells the owner of an account that somebody tried to move another account to the same address.
    #[serde(serialize_with = "padded")]
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
    /// A recovery of the account was started: second factors can be removed after `ready_at`.
    RecoveryStarted {
        name: String,
        at: Timestamp,
        ready_at: Timestamp,
    },
    /// The same, to an admin of a workspace that the user is a member of. `member` is the user's name.
    MemberRecoveryStarted {
        name: String,
        member: String,
        workspace: String,
        at: Timestamp,
        ready_at: Timestamp,
    },
    /// The waiting time is over: its link removes the second factors and sets a new password.
    RecoveryReady {
        name: String,
        link: LinkClaims,
    },
    /// One of the user's sessions cancelled the recovery.
    RecoveryCancelled {
        name: String,
        at: Timestamp,
    },
    /// The account was recovered.
    AccountRecovered {
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

/// Stores a letter that has no link with as much as one that has. Strangers can request both, for an address with an account
/// and for one without; the time that it takes to store them must not tell which.
fn padded<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Padding {
        padding: Claims,
    }
    /// Of the shape and the size of `LinkClaims`.
    #[derive(Serialize)]
    struct Claims {
        purpose: &'static str,
        user: &'static str,
        binding: &'static str,
        expires_at: Timestamp,
    }
    let binding = "----------------------------------------------------------------.0";
    let user = "usr_00000000000000000000000000";
    let claims = Claims { purpose: "reset-password", user, binding, expires_at: Timestamp::MIN };
    Padding { padding: claims }.serialize(serializer)
}

impl Letter {
    pub fn subject(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "Confirm your email address",
            Self::AlreadyRegistered => "You already have an account",
            Self::NoAccount => "No account uses this email address",
            Self::AccountInTrash { .. } => "Your account is deleted and can be restored",
            Self::AddressTaken => "This email address already has an account",
            Self::SessionsRevoked { .. } => "We signed you out everywhere",
            Self::ResetPassword { .. } => "Reset your password",
            Self::PasswordChanged { .. } => "Your password was changed",
            Self::NewSignIn { .. } => "New sign-in to your account",
            Self::SecondFactorAdded { .. } => "A sign-in method was added to your account",
            Self::SecondFactorRemoved { .. } => "A sign-in method was removed from your account",
            Self::RecoveryCodeUsed { .. } => "A recovery code was used",
            Self::RecoveryCodesRenewed { .. } => "Your recovery codes were replaced",
            Self::EmailChangeAsked { .. } => "Someone asked to change your email address",
            Self::ConfirmEmailChange { .. } => "Confirm your new email address",
            Self::EmailChanged { .. } => "Your email address was changed",
            Self::AccountDeleted { .. } => "Your account was deleted",
            Self::AccountRestored { .. } => "Your account was restored",
            Self::RecoveryStarted { .. } => "Account recovery was started",
            Self::MemberRecoveryStarted { .. } => "A member of your workspace started account recovery",
            Self::RecoveryReady { .. } => "Finish recovering your account",
            Self::RecoveryCancelled { .. } => "Account recovery was cancelled",
            Self::AccountRecovered { .. } => "Your account was recovered",
            Self::AccessTokenCreated { .. } => "An access token was created for your account",
        }
    }

    /// What its link entitles to, and the page of the web application that the link opens.
    pub fn link(&self) -> Option<(&LinkClaims, &'static str)> {
        match self {
            Self::VerifyEmail { link } => Some((link, "verify-email")),
            Self::ResetPassword { link } => Some((link, "reset-password")),
            Self::ConfirmEmailChange { link } => Some((link, "confirm-email")),
            Self::AccountDeleted { link, .. } | Self::AccountInTrash { link, .. } => Some((link, "restore-account")),
            Self::RecoveryReady { link, .. } => Some((link, "complete-recovery")),
            _ => None,
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({:?})", self.subject())
    }
}
