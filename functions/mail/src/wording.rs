//! What each letter says: what happened, when, and what to do if it was not the reader.

use shared::kernel::time::Timestamp;

use crate::letter::Letter;
use crate::plain::{plain, plain_ip};
use crate::written::{Action, Content};

const SAFETY: &str = "This mail is sent for your safety and cannot be switched off.";
const NOT_YOU: &str = "It was not you? Then somebody else can sign in as you. Choose a new password at once: it ends \
                       every session of your account. Then look through the ways to sign in that your account has, and \
                       remove what is not yours.";
const ADDRESS_TYPED: &str = "It was not you? Then somebody typed your address. They were not told that you have an \
                             account, and you need do nothing.";

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

    fn forgot_password(&self) -> Option<Action> {
        let url = format!("{}/forgot-password", self.app_url);
        Some(Action { label: "Choose a new password", url, works_for: None })
    }

    fn open(self, label: &'static str) -> Option<Action> {
        self.link.map(|Link { url, works_for }| Action { label, url, works_for: Some(works_for) })
    }
}

/// What is written of a letter, before it is a text or a page.
pub(crate) fn content(letter: &Letter, places: Places<'_>) -> Content {
    let content = Content::new(letter.subject());
    let warn = |name: &str, happened: String| {
        let content = Content::new(letter.subject()).greets(name).says(happened).says(NOT_YOU);
        content.offers(places.forgot_password()).ends(SAFETY)
    };
    match letter {
        Letter::VerifyEmail { .. } => content
            .says(
                "An account at Bulkhead was opened with this address. Confirm that the address is yours, and you can \
                 sign in.",
            )
            .offers(places.open("Confirm my address"))
            .ends(
                "You did not open an account? Then do nothing: without this link, nobody can use the account, and it \
                 is deleted.",
            ),
        Letter::AlreadyRegistered => content
            .says(
                "Somebody, probably you, asked for a new account at Bulkhead with this address. There is one already, \
                 and nothing was changed in it. Sign in with the password that you chose for it.",
            )
            .offers(places.sign_in())
            .ends(ADDRESS_TYPED),
        Letter::AddressTaken => content
            .says(
                "Somebody, probably you, asked to use this address for another account at Bulkhead. It has one \
                 already, and nothing was changed in either.",
            )
            .offers(places.sign_in())
            .ends(ADDRESS_TYPED),
        Letter::ResetPassword { .. } => content
            .says(
                "Somebody, probably you, asked for a new password for the account at Bulkhead with this address. When \
                 it is set, every session of the account ends.",
            )
            .offers(places.open("Choose a new password"))
            .ends(
                "You did not ask for it? Then do nothing: your password stays as it is. Give this link to nobody; it \
                 works once.",
            ),
        Letter::ConfirmEmailChange { .. } => content
            .says(
                "Somebody, probably you, asked to use this address for their account at Bulkhead. Confirm it, and the \
                 account is signed in to with this address from then on.",
            )
            .offers(places.open("Use this address"))
            .ends("You did not ask for it? Then do nothing: without this link, your address is not used."),
        Letter::SessionsRevoked { name, at } => content
            .greets(name)
            .says(format!(
                "On {}, a sign-in token of your account was used a second time. Each works once, so somebody may have \
                 copied it. To be safe, we ended every session of your account, on every device.",
                when(*at)
            ))
            .says(
                "Sign in again. If you do not know what happened, look for programs on your devices that you do not \
                 trust.",
            )
            .offers(places.sign_in())
            .ends(SAFETY),
        Letter::PasswordChanged { name, at } => {
            warn(name, format!("On {}, the password of your account was changed.", when(*at)))
        }
        Letter::NewSignIn { name, at, browser, system, ip } => {
            let (browser, system, ip) = (plain(browser), plain(system), plain_ip(ip));
            let how = format!("with {browser} on {system} from the network address {ip}");
            warn(name, format!("On {}, your account was signed in to on a new device: {how}.", when(*at)))
        }
        Letter::SecondFactorAdded { name, at, factor } => {
            let factor = plain(factor);
            warn(name, format!("On {}, a way to sign in was added to your account: {factor}.", when(*at)))
        }
        Letter::SecondFactorRemoved { name, at, factor } => {
            let factor = plain(factor);
            warn(name, format!("On {}, a way to sign in was removed from your account: {factor}.", when(*at)))
        }
        Letter::RecoveryCodeUsed { name, at, left } => warn(
            name,
            format!(
                "On {}, your account was signed in to with a recovery code. Codes that are left: {left}. Make new ones \
                 before they run out.",
                when(*at)
            ),
        ),
        Letter::RecoveryCodesRenewed { name, at } => warn(
            name,
            format!("On {}, your account got new recovery codes. The ones before them no longer work.", when(*at)),
        ),
        Letter::EmailChangeAsked { name, at } => warn(
            name,
            format!(
                "On {}, somebody, probably you, asked to use another e-mail address for your account. We mailed a link \
                 to the other address. Until it is opened, nothing changes.",
                when(*at)
            ),
        ),
        Letter::EmailChanged { name, at } => content
            .greets(name)
            .says(format!(
                "On {}, the e-mail address of your account was changed. This one no longer signs in to it, and this is \
                 the last mail about the account that comes here.",
                when(*at)
            ))
            .says("It was not you? Then somebody else took your account over. Write to our support at once.")
            .ends(SAFETY),
        Letter::AccountDeleted { name, erased_at, .. } => content
            .greets(name)
            .says(format!(
                "Your account is deleted: nobody can sign in to it. After {}, everything in it is erased for good. Until \
                 then, you can have it back.",
                when(*erased_at)
            ))
            .says(
                "It was not you? Then somebody else can sign in as you. Restore the account, and choose a new password \
                 at once.",
            )
            .offers(places.open("Restore my account"))
            .ends(SAFETY),
        Letter::AccountRestored { name, at } => {
            warn(name, format!("On {}, your account was restored. You sign in to it as before.", when(*at)))
        }
        Letter::AccessTokenCreated { name, at, token_name } => {
            let token_name = plain(token_name);
            warn(
                name,
                format!(
                    "On {}, a personal access token was made for your account: {token_name}. Who has the token can act \
                     as you, as far as it allows.",
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::crypto::link::LinkClaims;

    use super::*;
    use crate::written::Written;

    const APP: &str = "https://app.example.com";
    const SIGN_IN: &str = "https://app.example.com/sign-in";
    const FORGOT: &str = "https://app.example.com/forgot-password";
    const AT: &str = "1 March 2026 at 12:00 UTC";
    const TOKEN: &str = "v1.a-b_c";

    fn write(letter: &Letter) -> Written {
        let link = letter
            .link()
            .map(|(_, page)| Link { url: format!("{APP}/{page}#token={TOKEN}"), works_for: "30 minutes".to_owned() });
        content(letter, Places { app_url: APP, link }).write().unwrap()
    }

    /// What a page says, without its markup.
    fn said(html: &str) -> String {
        let mut said = String::new();
        for piece in html.split('<').skip(1) {
            said.push(' ');
            said.push_str(piece.split_once('>').unwrap().1);
        }
        let said = said.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Every letter, filled in, with the facts that only it tells.
    fn letters() -> Vec<(Letter, Vec<&'static str>)> {
        let (name, at) = ("Ada L.".to_owned(), "2026-03-01T12:00:30Z".parse().unwrap());
        let user = format!("user_{:032x}", 1).parse().unwrap();
        let link = LinkClaims { purpose: String::new(), user, binding: "bound".to_owned(), expires_at: at };
        let erased_at = "2026-03-31T12:00:00Z".parse().unwrap();
        let [browser, system, ip] = ["Firefox 128.0", "Windows", "2001:db8::1"].map(str::to_owned);
        let factor = "authenticator app".to_owned();
        let hello = "Hello Ada L.,";
        let works = "The link works for 30 minutes.";
        vec![
            (
                Letter::VerifyEmail { link: link.clone() },
                vec!["was opened with this address", works, "https://app.example.com/verify-email#token=v1.a-b_c"],
            ),
            (Letter::AlreadyRegistered, vec!["There is one already", SIGN_IN]),
            (Letter::AddressTaken, vec!["for another account", "nothing was changed", SIGN_IN]),
            (Letter::SessionsRevoked { name: name.clone(), at }, vec![hello, AT, "ended every session", SIGN_IN]),
            (
                Letter::ResetPassword { link: link.clone() },
                vec!["asked for a new password", works, "https://app.example.com/reset-password#token=v1.a-b_c"],
            ),
            (Letter::PasswordChanged { name: name.clone(), at }, vec![hello, AT, "password of your account", FORGOT]),
            (
                Letter::NewSignIn { name: name.clone(), at, browser, system, ip },
                vec![hello, AT, "with Firefox 128.0 on Windows from the network address 2001:db8::1.", FORGOT],
            ),
            (
                Letter::SecondFactorAdded { name: name.clone(), at, factor: factor.clone() },
                vec![hello, AT, "was added to your account: authenticator app.", FORGOT],
            ),
            (
                Letter::SecondFactorRemoved { name: name.clone(), at, factor },
                vec![hello, AT, "was removed from your account: authenticator app.", FORGOT],
            ),
            (
                Letter::RecoveryCodeUsed { name: name.clone(), at, left: 3 },
                vec![hello, AT, "with a recovery code", "Codes that are left: 3.", FORGOT],
            ),
            (Letter::RecoveryCodesRenewed { name: name.clone(), at }, vec![hello, AT, "new recovery codes", FORGOT]),
            (
                Letter::EmailChangeAsked { name: name.clone(), at },
                vec![hello, AT, "another e-mail address", "Until it is opened, nothing changes", FORGOT],
            ),
            (
                Letter::ConfirmEmailChange { link: link.clone() },
                vec!["to use this address", works, "https://app.example.com/confirm-email#token=v1.a-b_c"],
            ),
            (Letter::EmailChanged { name: name.clone(), at }, vec![hello, AT, "was changed", "Write to our support"]),
            (
                Letter::AccountDeleted { name: name.clone(), link, erased_at },
                vec![
                    hello,
                    "31 March 2026 at 12:00 UTC",
                    "nobody can sign in",
                    works,
                    "https://app.example.com/restore-account#token=v1.a-b_c",
                ],
            ),
            (Letter::AccountRestored { name: name.clone(), at }, vec![hello, AT, "was restored", FORGOT]),
            (
                Letter::AccessTokenCreated { name, at, token_name: "ci.example.com".to_owned() },
                vec![hello, AT, "made for your account: ci. example. com.", FORGOT],
            ),
        ]
    }

    #[test]
    fn the_text_and_the_page_tell_the_same_facts() {
        for (letter, facts) in letters() {
            let Written { subject, text, html } = write(&letter);
            let (text, page) = (text.split_whitespace().collect::<Vec<_>>().join(" "), said(&html));
            assert!(text.starts_with(subject) && html.contains(&format!("<title>{subject}</title>")), "{html}");
            for fact in facts {
                let in_page = page.contains(fact) || html.contains(&format!("href=\"{fact}\""));
                assert!(text.contains(fact) && in_page, "{letter:?} does not tell {fact}: {text} | {page}");
            }
            for part in [&text, &page] {
                let advises = ["not you?", "did not", "do not know"].iter().any(|words| part.contains(words));
                assert!(advises, "{letter:?} does not tell what to do: {part}");
            }
            // What only the page says: the address as a heading, and how to do without the button.
            let (mut rest, aid) = (page, "If the button does nothing, copy this line into your browser:");
            for only_there in [subject, "Bulkhead", aid] {
                rest = rest.replacen(only_there, "", 1);
            }
            let words = |text: &str| {
                let mut words: Vec<_> = text.split_whitespace().map(|word| word.trim_matches(':').to_owned()).collect();
                words.retain(|word| !word.starts_with(APP));
                words.sort();
                words
            };
            assert_eq!(words(&text), words(&rest), "{letter:?}");
        }
    }

    #[test]
    fn a_link_is_whole_in_both_parts() {
        for (letter, _) in letters() {
            let Written { text, html, .. } = write(&letter);
            let Some((_, page)) = letter.link() else {
                assert!(!text.contains("token=") && !html.contains("token="), "{letter:?}");
                continue;
            };
            let link = format!("{APP}/{page}#token={TOKEN}");
            assert!(text.contains(&format!("\n\n{link}\n\n")), "{text}");
            assert_eq!(html.matches(&format!("href=\"{link}\"")).count(), 2, "{html}");
        }
    }

    #[test]
    fn what_somebody_chose_becomes_neither_markup_nor_a_link() {
        let name = "<b>Ada & \"Co\"</b> www.evil.example".to_owned();
        let at = Timestamp::UNIX_EPOCH;
        for letter in [
            Letter::AccessTokenCreated { name: name.clone(), at, token_name: name.clone() },
            Letter::SecondFactorAdded { name: name.clone(), at, factor: name.clone() },
            Letter::NewSignIn { name: name.clone(), at, browser: name.clone(), system: name.clone(), ip: name.clone() },
        ] {
            let Written { text, html, .. } = write(&letter);
            assert!(text.contains("Hello b Ada & \"Co\" b www. evil. example,"), "{text}");
            assert!(html.contains("Hello b Ada &#38; &#34;Co&#34; b www. evil. example,"), "{html}");
            assert!(!text.contains("evil.example"), "{text}");
            assert!(!html.contains("evil.example") && !html.contains("<b>"), "{html}");
        }
    }

    #[test]
    fn who_may_not_have_asked_is_not_greeted() {
        let reaches_a_stranger = |letter: &Letter| {
            use Letter::*;
            matches!(
                letter,
                VerifyEmail { .. }
                    | AlreadyRegistered
                    | AddressTaken
                    | ResetPassword { .. }
                    | ConfirmEmailChange { .. }
            )
        };
        for (letter, _) in letters() {
            let Written { text, html, .. } = write(&letter);
            assert_eq!(text.contains("Hello"), !reaches_a_stranger(&letter), "{letter:?}");
            assert_eq!(html.contains("Hello"), !reaches_a_stranger(&letter), "{letter:?}");
        }
    }

    #[test]
    fn a_line_of_text_fits_into_a_mail() {
        // RFC 5322, section 2.1.1: 998 characters at most, 78 where it can be.
        for (letter, _) in letters() {
            let Written { text, html, .. } = write(&letter);
            assert!(text.lines().chain(html.lines()).all(|line| line.len() <= 998), "{html}");
            assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        }
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for (letter, _) in letters() {
            let json = serde_json::to_string(&letter).unwrap();
            assert_eq!(serde_json::from_str::<Letter>(&json).unwrap(), letter);
            assert!(!format!("{letter:?}").contains("Ada") && !format!("{letter:?}").contains("bound"));
        }
    }
}
