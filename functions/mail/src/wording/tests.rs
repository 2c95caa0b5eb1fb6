//! What each letter says, in its text and HTML parts alike.
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

/// The text of a page, without its markup.
fn said(html: &str) -> String {
    // Without its styles and its preview, which inboxes show.
    let (_, body) = html.split_once("</div>").unwrap();
    let html = format!("<title>{}", html.split_once("<title>").unwrap().1.split_once("<style>").unwrap().0) + body;
    let mut said = String::new();
    for piece in html.split('<').skip(1) {
        said.push(' ');
        said.push_str(piece.split_once('>').unwrap().1);
    }
    let said = said.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every letter, filled in, with the facts that it must state.
fn letters() -> Vec<(Letter, Vec<&'static str>)> {
    let (name, at) = ("Ada L.".to_owned(), "2026-03-01T12:00:30Z".parse().unwrap());
    let user = format!("user_{:032x}", 1).parse().unwrap();
    let link = LinkClaims { purpose: String::new(), user, binding: "bound".to_owned(), expires_at: at };
    let erased_at = "2026-03-31T12:00:00Z".parse().unwrap();
    let [browser, system, ip] = ["Firefox 128.0", "Windows", "2001:db8::1"].map(str::to_owned);
    let factor = "authenticator app".to_owned();
    let hello = "Hello Ada L.,";
    let works = "The link works for 30 minutes.";
    let ready_at = "2026-03-04T12:00:30Z".parse().unwrap();
    let ready = "4 March 2026 at 12:00 UTC";
    vec![
        (
            Letter::VerifyEmail { link: link.clone() },
            vec!["started to create", works, "https://app.example.com/verify-email#token=v1.a-b_c"],
        ),
        (Letter::AlreadyRegistered, vec!["You already have one", SIGN_IN]),
        (Letter::NoAccount, vec!["No account uses it", "https://app.example.com/sign-up"]),
        (
            Letter::AccountInTrash { link: link.clone(), erased_at },
            vec![
                "You deleted that account",
                "31 March 2026 at 12:00 UTC",
                works,
                "https://app.example.com/restore-account#token=v1.a-b_c",
            ],
        ),
        (Letter::AddressTaken, vec!["for another Bulkhead account", "neither account was changed", SIGN_IN]),
        (Letter::SessionsRevoked { name: name.clone(), at }, vec![hello, AT, "ended every session", SIGN_IN]),
        (
            Letter::ResetPassword { link: link.clone() },
            vec!["asked to reset the password", works, "https://app.example.com/reset-password#token=v1.a-b_c"],
        ),
        (Letter::PasswordChanged { name: name.clone(), at }, vec![hello, AT, "password of your account", FORGOT]),
        (
            Letter::NewSignIn { name: name.clone(), at, browser, system, ip },
            vec![hello, AT, "with Firefox 128.0 on Windows from IP address 2001:db8::1.", FORGOT],
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
            vec![hello, AT, "with a recovery code", "Codes left: 3.", FORGOT],
        ),
        (Letter::RecoveryCodesRenewed { name: name.clone(), at }, vec![hello, AT, "new recovery codes", FORGOT]),
        (
            Letter::EmailChangeAsked { name: name.clone(), at },
            vec![hello, AT, "the email address of your account", "Nothing changes until it is opened", FORGOT],
        ),
        (
            Letter::ConfirmEmailChange { link: link.clone() },
            vec!["to use this email address", works, "https://app.example.com/confirm-email#token=v1.a-b_c"],
        ),
        (Letter::EmailChanged { name: name.clone(), at }, vec![hello, AT, "was changed", "Contact our support"]),
        (
            Letter::AccountDeleted { name: name.clone(), link: link.clone(), erased_at },
            vec![
                hello,
                "31 March 2026 at 12:00 UTC",
                "no one can sign in",
                works,
                "https://app.example.com/restore-account#token=v1.a-b_c",
            ],
        ),
        (Letter::AccountRestored { name: name.clone(), at }, vec![hello, AT, "was restored", FORGOT]),
        (
            Letter::RecoveryStarted { name: name.clone(), at, ready_at },
            vec![hello, AT, ready, "knows your password", "sign in with your second factor", SIGN_IN],
        ),
        (
            Letter::MemberRecoveryStarted {
                name: name.clone(),
                member: "Bob".to_owned(),
                workspace: "Acme".to_owned(),
                at,
                ready_at,
            },
            vec![hello, AT, ready, "Bob started account recovery", "your workspace Acme", SIGN_IN],
        ),
        (
            Letter::RecoveryReady { name: name.clone(), link },
            vec![hello, "is over", works, "https://app.example.com/complete-recovery#token=v1.a-b_c"],
        ),
        (Letter::RecoveryCancelled { name: name.clone(), at }, vec![hello, AT, "was cancelled", FORGOT]),
        (Letter::AccountRecovered { name: name.clone(), at }, vec![hello, AT, "was recovered", FORGOT]),
        (
            Letter::AccessTokenCreated { name, at, token_name: "ci.example.com".to_owned() },
            vec![hello, AT, "created for your account: ci. example. com.", "within its scopes", FORGOT],
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
            assert!(text.contains(fact) && in_page, "{letter:?} does not say {fact}: {text} | {page}");
        }
        for part in [&text, &page] {
            let advises = ["wasn't you", "did not expect", "don't know"].iter().any(|words| part.contains(words));
            assert!(advises, "{letter:?} does not say what to do: {part}");
        }
        // What only the page says: the address as a heading, and what to do if the button fails.
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
                | NoAccount
                | AccountInTrash { .. }
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
    // RFC 5322, section 2.1.1: at most 998 characters, and preferably 78.
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

#[test]
fn every_letter_has_a_preview_and_says_where_help_is() {
    for (letter, _) in letters() {
        let Written { text, html, .. } = write(&letter);
        let (_, preview) = html.split_once("overflow:hidden;\">").unwrap();
        assert!(preview.split_once("</div>").unwrap().0.len() > 40, "{letter:?}");
        let help = "https://app.example.com/support";
        assert!(text.contains(&format!("Help: {help}")) && html.contains(&format!("href=\"{help}\"")), "{letter:?}");
    }
}
