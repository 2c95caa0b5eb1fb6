//! What each letter says: what happened, when, and what to do if it was not the reader.

use shared::kernel::time::Timestamp;

use crate::letter::Letter;
use crate::plain::{plain, plain_ip};
use crate::written::{Action, Content};

const SAFETY: &str = "This is a security notice. You can't unsubscribe from it.";
const NOT_YOU: &str = "If this wasn't you, someone else may have access to your account. Reset your password now: that \
                       ends every session. Then check your sign-in methods and remove any that you don't recognise.";
const ADDRESS_TYPED: &str = "If this wasn't you, someone entered your email address by mistake. They weren't told that \
                             you have an account. You don't need to do anything.";

/// What the link of a letter opens, and how long it works.
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) works_for: String,
}

/// Where a letter can send its reader in the web application.
pub(crate) struct Places<'a> {
    pub(crate) app_url: &'a str,
    /// Of a letter that has a link of its own.
    pub(crate) link: Option<Link>,
}

impl Places<'_> {
    fn sign_in(&self) -> Option<Action> {
        let url = format!("{}/sign-in", self.app_url);
        Some(Action { label: "Sign in", url, works_for: None })
    }

    fn sign_up(&self) -> Option<Action> {
        let url = format!("{}/sign-up", self.app_url);
        Some(Action { label: "Create an account", url, works_for: None })
    }

    fn forgot_password(&self) -> Option<Action> {
        let url = format!("{}/forgot-password", self.app_url);
        Some(Action { label: "Reset your password", url, works_for: None })
    }

    fn open(self, label: &'static str) -> Option<Action> {
        self.link.map(|Link { url, works_for }| Action { label, url, works_for: Some(works_for) })
    }
}

/// What is written of a letter, before it is a text or a page.
pub(crate) fn content(letter: &Letter, places: Places<'_>) -> Content {
    let new = || Content::new(letter.subject(), format!("{}/support", places.app_url));
    let content = new();
    let warn = |name: &str, happened: String| {
        let content = new().greets(name).says(happened).says(NOT_YOU);
        content.offers(places.forgot_password()).ends(SAFETY)
    };
    match letter {
        Letter::VerifyEmail { .. } => content
            .says(
                "Someone, probably you, started to create a Bulkhead account with this email address. Confirm that the \
                 address is yours, and choose your name and password.",
            )
            .offers(places.open("Confirm your email address"))
            .ends("If this wasn't you, ignore this email. No account is created unless you open the link."),
        Letter::AlreadyRegistered => content
            .says(
                "Someone, probably you, tried to create a Bulkhead account with this email address. You already have \
                 one, and nothing in it was changed. Sign in, or reset your password if you forgot it.",
            )
            .offers(places.sign_in())
            .ends(ADDRESS_TYPED),
        Letter::NoAccount => content
            .says(
                "Someone, probably you, asked Bulkhead for a sign-in link for this email address. No account uses it. You \
                 may have signed up with another address, or you can create an account with this one.",
            )
            .offers(places.sign_up())
            .ends("If this wasn't you, someone entered your email address by mistake. You don't need to do anything."),
        Letter::AccountInTrash { erased_at, .. } => content
            .says(format!(
                "Someone, probably you, tried to sign in to or create a Bulkhead account with this email address. You \
                 deleted that account. You can restore it until {}. After that, everything in it is erased, and you can \
                 create a new account.",
                when(*erased_at)
            ))
            .offers(places.open("Restore your account"))
            .ends(ADDRESS_TYPED),
        Letter::AddressTaken => content
            .says(
                "Someone, probably you, asked to use this email address for another Bulkhead account. It already has an \
                 account, so neither account was changed.",
            )
            .offers(places.sign_in())
            .ends(ADDRESS_TYPED),
        Letter::ResetPassword { .. } => content
            .says(
                "Someone, probably you, asked to reset the password of the Bulkhead account with this email address. A \
                 new password ends every session and revokes every personal access token.",
            )
            .offers(places.open("Reset your password"))
            .ends(
                "If this wasn't you, ignore this email. Your password stays the same. Don't share this link. It works \
                 once.",
            ),
        Letter::ConfirmEmailChange { .. } => content
            .says(
                "Someone, probably you, asked to use this email address for their Bulkhead account. To confirm it, open \
                 the link in a browser where you're signed in to that account.",
            )
            .offers(places.open("Use this email address"))
            .ends("If this wasn't you, ignore this email. Your email address isn't used unless you open the link."),
        Letter::SessionsRevoked { name, at } => content
            .greets(name)
            .says(format!(
                "On {}, a sign-in token of your account was used a second time. Each token works once, so someone may \
                 have copied it. To protect your account, we ended every session on every device.",
                when(*at)
            ))
            .says(
                "Sign in again. If you don't know why this happened, check your devices for apps and browser extensions \
                 that you don't trust.",
            )
            .offers(places.sign_in())
            .ends(SAFETY),
        Letter::PasswordChanged { name, at } => {
            warn(name, format!("On {}, the password of your account was changed.", when(*at)))
        }
        Letter::NewSignIn { name, at, browser, system, ip } => {
            let (browser, system, ip) = (plain(browser), plain(system), plain_ip(ip));
            let how = format!("with {browser} on {system} from IP address {ip}");
            warn(name, format!("On {}, your account was signed in to on a new device: {how}.", when(*at)))
        }
        Letter::SecondFactorAdded { name, at, factor } => {
            let factor = plain(factor);
            warn(name, format!("On {}, a sign-in method was added to your account: {factor}.", when(*at)))
        }
        Letter::SecondFactorRemoved { name, at, factor } => {
            let factor = plain(factor);
            warn(name, format!("On {}, a sign-in method was removed from your account: {factor}.", when(*at)))
        }
        Letter::RecoveryCodeUsed { name, at, left } => warn(
            name,
            format!(
                "On {}, your account was signed in to with a recovery code. Codes left: {left}. Create new ones before \
                 they run out.",
                when(*at)
            ),
        ),
        Letter::RecoveryCodesRenewed { name, at } => warn(
            name,
            format!("On {}, new recovery codes were created for your account. The old ones no longer work.", when(*at)),
        ),
        Letter::EmailChangeAsked { name, at } => warn(
            name,
            format!(
                "On {}, someone, probably you, asked to change the email address of your account. We sent a link to the \
                 new address. Nothing changes until it is opened.",
                when(*at)
            ),
        ),
        Letter::EmailChanged { name, at } => content
            .greets(name)
            .says(format!(
                "On {}, the email address of your account was changed. You can no longer sign in with this address, and \
                 this is the last email about the account that you get here.",
                when(*at)
            ))
            .says("If this wasn't you, someone else has taken over your account. Contact our support now.")
            .ends(SAFETY),
        Letter::AccountDeleted { name, erased_at, .. } => content
            .greets(name)
            .says(format!(
                "Your account was deleted, and no one can sign in to it. You can restore it until {}. After that, \
                 everything in it is erased for good.",
                when(*erased_at)
            ))
            .says(
                "If this wasn't you, someone else may have access to your account. Restore it, and then reset your \
                 password.",
            )
            .offers(places.open("Restore your account"))
            .ends(SAFETY),
        Letter::AccountRestored { name, at } => {
            let restored = "your account was restored. Sign in as before; create new personal access tokens if you use \
                            any";
            warn(name, format!("On {}, {restored}.", when(*at)))
        }
        Letter::RecoveryStarted { name, at, ready_at } => content
            .greets(name)
            .says(format!(
                "On {}, someone who knows your password said that they lost your second factor and all recovery codes. \
                 From {} on, a link that we email to you can remove the second factor.",
                when(*at),
                when(*ready_at)
            ))
            .says(
                "If this wasn't you, stop it now: sign in with your second factor, or cancel the recovery in any \
                 session that is still open. Then change your password, because someone else knows it.",
            )
            .offers(places.sign_in())
            .ends(SAFETY),
        Letter::MemberRecoveryStarted { name, member, workspace, at, ready_at } => {
            let (member, workspace) = (plain(member), plain(workspace));
            content
                .greets(name)
                .says(format!(
                    "On {}, {member} started account recovery. {member} is a member of your workspace {workspace}. From \
                     {} on, their second factor can be removed with their password and a link that we email to them.",
                    when(*at),
                    when(*ready_at)
                ))
                .says(format!(
                    "If you did not expect this, ask {member} now, and not by email. They can cancel the recovery by \
                     signing in with their second factor."
                ))
                .offers(places.sign_in())
                .ends(SAFETY)
        }
        Letter::RecoveryReady { name, .. } => content
            .greets(name)
            .says(
                "The waiting period of your account recovery is over. Open the link to choose a new password. It removes \
                 every second factor and recovery code, ends every session and revokes every personal access token.",
            )
            .offers(places.open("Recover your account"))
            .ends(
                "If this wasn't you, don't open the link. Sign in with your second factor to cancel the recovery, and \
                 change your password. Don't share this link. It works once.",
            ),
        Letter::RecoveryCancelled { name, at } => {
            let cancelled = "the recovery of your account was cancelled in one of your sessions. Your second factor stays";
            warn(name, format!("On {}, {cancelled}.", when(*at)))
        }
        Letter::AccountRecovered { name, at } => warn(
            name,
            format!(
                "On {}, your account was recovered: its password was replaced, and every second factor and recovery code \
                 was removed. Set up a second factor again.",
                when(*at)
            ),
        ),
        Letter::AccessTokenCreated { name, at, token_name } => {
            let token_name = plain(token_name);
            warn(
                name,
                format!(
                    "On {}, a personal access token was created for your account: {token_name}. Anyone with this token \
                     can act as you within its scopes.",
                    when(*at)
                ),
            )
        }
    }
}

fn when(at: Timestamp) -> String {
    at.strftime("%-d %B %Y at %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests;
