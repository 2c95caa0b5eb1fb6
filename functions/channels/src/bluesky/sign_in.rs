//! Signs in with an app password: returns the account and its tokens.

use serde::{Deserialize, Deserializer, de};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::kernel::visible_text::without_unseen_ends;
use shared::tenancy::Scope;
use utoipa::ToSchema;

use super::answers::{SessionAnswer, access_expires_at, refresh_expires_at};
use super::client::Client;
use super::identifiers::Did;
use super::service::DEFAULT_SERVICE;
use super::tokens::callable_server;
use crate::call::{CallError, Meaning, Refusal};
use crate::connection_problem::{connection_problem, words};
use crate::problems;
use crate::server_address::{Service, origin};

/// The given service, or the default one.
pub fn service_or_default(named: Option<Service>) -> Result<Service, Problem> {
    named.map_or_else(|| Service::parse(DEFAULT_SERVICE).map_err(Problem::internal), Ok)
}

/// A handle, a DID or the e-mail address of an account.
#[derive(Clone, ToSchema)]
#[schema(as = BlueskyIdentifier, value_type = String, min_length = 3, max_length = 320, example = "alice.bsky.social")]
pub struct Identifier(String);

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let text = without_unseen_ends(&text);
        // People write their handle with the `@` of a mention.
        let text = text.strip_prefix('@').map(without_unseen_ends).unwrap_or(text);
        let fits = (3..=320).contains(&text.len()) && text.chars().all(|next| next.is_ascii_graphic());
        if !fits {
            return Err(de::Error::custom("must be a handle, a DID or an email address of 3 to 320 characters"));
        }
        Ok(Self(text))
    }
}

/// A password created for one application, which can be revoked separately.
///
/// The form is that of the official server (`1234-abcd-5678-efgh`, `@atproto/pds` 0.4). It is required so that users do
/// not hand over their account password.
#[derive(Clone, ToSchema)]
#[schema(as = BlueskyAppPassword, value_type = String, format = Password, pattern = "^[a-z0-9]{4}(-[a-z0-9]{4}){3}$")]
pub struct AppPassword(SecretText);

impl<'de> Deserialize<'de> for AppPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = SecretText::deserialize(deserializer)?;
        let groups: Vec<&str> = text.expose().split('-').collect();
        let is_group = |group: &&str| {
            group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if groups.len() == 4 && groups.iter().all(is_group) {
            return Ok(Self(text));
        }
        Err(de::Error::custom(
            "must be an app password like abcd-efgh-ijkl-mnop (Bluesky: Settings, Privacy and security, App passwords), \
             not the password of the account",
        ))
    }
}

/// An account that we signed in to.
pub struct SignedIn {
    pub account_id: Did,
    /// The account's handle, or its DID if the server returns none.
    pub handle: String,
    /// The server that hosts the account, which may differ from the one used to sign in.
    pub server: String,
    pub access: SecretText,
    pub access_expires_at: Timestamp,
    pub refresh: SecretText,
    /// When the refresh token ends.
    pub renewable_until: Timestamp,
}

/// Opens a session on the account's server. The password is sent nowhere else.
pub async fn sign_in(
    scope: &Scope,
    service: &Service,
    identifier: &Identifier,
    password: &AppPassword,
) -> Result<SignedIn, Problem> {
    let client = Client::new(scope, service.url());
    let answer = client.create_session(&identifier.0, &password.0).await.map_err(problem)?;
    signed_in(service, answer, scope.now())
}

/// Ends a session that is not kept, on a best-effort basis. If that fails, the session expires after 90 days.
pub async fn sign_out(scope: &Scope, account: &SignedIn) {
    if let Some(server) = origin(&account.server) {
        let _best_effort = Client::new(scope, &server).delete_session(&account.refresh).await;
    }
}

fn signed_in(service: &Service, answer: SessionAnswer, now: Timestamp) -> Result<SignedIn, Problem> {
    if answer.active == Some(false) {
        let is_known = |status: &&str| matches!(*status, "deactivated" | "suspended" | "takendown");
        let status = answer.status.as_deref().filter(is_known).unwrap_or("inactive");
        let rule = format!("belongs to an account that is {status}");
        return Err(refused(problems::CHANNEL_ACCOUNT_INACTIVE, "identifier", rule));
    }
    let (Some(access), Some(refresh)) = (answer.access_jwt, answer.refresh_jwt) else {
        return Err(problem(CallError::Malformed("com.atproto.server.createSession")));
    };
    let (access, refresh) = (access.into_secret(), refresh.into_secret());
    let hosting = answer.did_doc.as_ref().and_then(|document| callable_server(document, &answer.did));
    Ok(SignedIn {
        server: hosting.unwrap_or_else(|| service.url().clone()).into(),
        handle: answer.handle.map_or_else(|| answer.did.to_string(), |handle| handle.to_string()),
        account_id: answer.did,
        access_expires_at: access_expires_at(&access, now),
        access,
        renewable_until: refresh_expires_at(&refresh, now),
        refresh,
    })
}

/// The problem of a failed sign-in: what was expected, and the server's own error.
fn problem(error: CallError) -> Problem {
    match error {
        CallError::Malformed(_) => {
            Problem::new(problems::PLATFORM_ANSWER_MALFORMED, "The server at this address is not a Bluesky server.")
                .at("service", "must be the address of a Bluesky server")
        }
        CallError::Refused(refusal) => refused_sign_in(&refusal),
        CallError::Forbidden(_) | CallError::NotSent(_) | CallError::NoAnswer(_) => connection_problem(&error),
    }
}

fn refused_sign_in(refusal: &Refusal) -> Problem {
    let words = words(refusal);
    match (refusal.meaning, refusal.code.as_str()) {
        (Meaning::TooMany, _) => {
            // createSession: 30 in 5 minutes, 300 a day, for each account and address.
            Problem::new(problems::PLATFORM_RATE_LIMITED, format!("Too many sign-ins to this account. {words}"))
                .retry_after(refusal.retry_after_s.unwrap_or(300))
        }
        (Meaning::ServerFault, _) => {
            Problem::new(problems::PLATFORM_FAILED, format!("The server of this account failed. {words}"))
        }
        (_, "AuthFactorTokenRequired") => refused(
            problems::APP_PASSWORD_NEEDED,
            "app_password",
            "must be an app password, which needs no second factor",
        ),
        (Meaning::AccountGone, _) => {
            Problem::new(problems::CHANNEL_ACCOUNT_INACTIVE, words).at("identifier", "must identify an active account")
        }
        (Meaning::StaleToken, _) => Problem::new(problems::CHANNEL_SIGN_IN_REFUSED, words)
            .at("app_password", "must be a valid app password of this account on this service"),
        _ => Problem::new(problems::CHANNEL_SIGN_IN_REFUSED, words)
            .at("identifier", "must identify an account of this service"),
    }
}

fn refused(code: ProblemCode, field: &'static str, rule: impl Into<String>) -> Problem {
    let rule = rule.into();
    Problem::new(code, format!("The field {field} {rule}.")).at(field, rule)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;
    use crate::bluesky::answers::DIALECT;

    fn parses<T: for<'de> Deserialize<'de>>(text: &str) -> bool {
        serde_json::from_value::<T>(json!(text)).is_ok()
    }

    #[test]
    fn the_account_password_is_refused() {
        assert!(parses::<AppPassword>("abcd-2345-efgh-ijkl"));
        for wrong in [
            "",
            "hunter2",
            "correct horse battery staple",
            "abcd-2345-efgh",
            "ABCD-2345-efgh-ijkl",
            "abcd-2345-efgh-ijkl ",
        ] {
            assert!(!parses::<AppPassword>(wrong), "{wrong} was taken");
        }
    }

    #[test]
    fn an_identifier_with_a_leading_at_sign_is_accepted() {
        assert_eq!(serde_json::from_value::<Identifier>(json!(" @alice.test ")).unwrap().0, "alice.test");
        for copied in
            ["\u{2068}alice.test\u{2069}", "@\u{202A}alice.test\u{202C}", "\u{200F}@\u{200E}alice.test\u{200B}"]
        {
            assert_eq!(serde_json::from_value::<Identifier>(json!(copied)).unwrap().0, "alice.test", "{copied:?}");
        }
        assert!(parses::<Identifier>("did:plc:ewvi7nxzyoun6zhxrhs64oiz"));
        assert!(parses::<Identifier>("alice@example.com"));
        assert!(!parses::<Identifier>("a b c"));
        assert!(!parses::<Identifier>("@"));
        assert!(!parses::<Identifier>(&"a".repeat(321)));
    }

    #[test]
    fn a_service_without_a_public_https_address_is_refused() {
        assert_eq!(service_or_default(None).unwrap().as_text(), "https://bsky.social");
        for wrong in [
            "bsky.social",
            "http://bsky.social",
            "https://169.254.169.254",
            "https://10.0.0.1",
            "https://bsky.social/xrpc",
        ] {
            assert!(!parses::<Service>(wrong), "{wrong} was taken");
        }
    }

    fn answer(change: impl FnOnce(&mut Value)) -> Result<SignedIn, Problem> {
        let malformed = |_| problem(CallError::Malformed("com.atproto.server.createSession"));
        let mut answer = json!({
            "did": "did:plc:abc", "handle": "alice.test", "accessJwt": "a.b.c", "refreshJwt": "d.e.f", "active": true,
            "didDoc": { "id": "did:plc:abc", "service": [{
                "id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "https://morel.host.bsky.network",
            }] },
        });
        change(&mut answer);
        let answer = serde_json::from_value(answer).map_err(malformed)?;
        signed_in(&service_or_default(None).unwrap(), answer, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_accounts_own_server_is_used_if_it_is_allowed() {
        let server = |change: fn(&mut Value)| answer(change).unwrap().server;
        assert_eq!(server(|_| ()), "https://morel.host.bsky.network/");
        let inside = server(|answer| answer["didDoc"]["service"][0]["serviceEndpoint"] = json!("https://10.0.0.1"));
        assert_eq!(inside, "https://bsky.social/");
        assert_eq!(server(|answer| answer["didDoc"] = json!(null)), "https://bsky.social/");
    }

    #[test]
    fn a_response_without_a_required_field_is_refused() {
        let code = |change: fn(&mut Value)| answer(change).err().unwrap().code();
        assert_eq!(code(|answer| answer["accessJwt"] = json!(null)), "platform_answer_malformed");
        assert_eq!(code(|answer| answer["refreshJwt"] = json!(null)), "platform_answer_malformed");
        assert_eq!(code(|answer| answer["did"] = json!("alice")), "platform_answer_malformed");
        assert_eq!(code(|answer| answer["active"] = json!(false)), "channel_account_inactive");
        assert_eq!(code(|answer| answer["handle"] = json!("a".repeat(300_000))), "platform_answer_malformed");
        assert_eq!(code(|answer| answer["handle"] = json!("alice\u{0}.test")), "platform_answer_malformed");
        assert_eq!(code(|answer| answer["accessJwt"] = json!("a\r\nb")), "platform_answer_malformed");
    }

    #[test]
    fn only_a_known_account_status_is_repeated_to_the_client() {
        let detail = |status: Value| {
            let refused = answer(|answer| (answer["active"], answer["status"]) = (json!(false), status));
            refused.err().unwrap().detail().to_owned()
        };
        assert!(detail(json!("suspended")).ends_with("belongs to an account that is suspended."));
        assert!(detail(json!("\u{1b}[31m")).ends_with("belongs to an account that is inactive."));
        assert!(detail(json!(null)).ends_with("belongs to an account that is inactive."));
    }

    #[test]
    fn an_account_without_a_handle_is_shown_with_its_did() {
        assert_eq!(answer(|answer| answer["handle"] = json!(null)).unwrap().handle, "did:plc:abc");
        assert_eq!(answer(|answer| answer["handle"] = json!("Alice.TEST")).unwrap().handle, "alice.test");
    }

    #[test]
    fn a_refused_sign_in_names_the_field_and_the_servers_error() {
        let problem_of = |status, code: &str| {
            let text = "Invalid identifier or password".to_owned();
            let meaning = (DIALECT.meaning)(status, code, &text);
            let refusal = Refusal { status, code: code.to_owned(), text, retry_after_s: Some(9), meaning };
            problem(CallError::Refused(refusal))
        };
        let wrong = problem_of(401, "AuthenticationRequired");
        assert_eq!((wrong.status(), wrong.code()), (422, "channel_sign_in_refused"));
        assert_eq!(wrong.detail(), "The server says: AuthenticationRequired: Invalid identifier or password");
        assert_eq!(wrong.errors()[0].field, "app_password");
        assert_eq!(problem_of(401, "AuthFactorTokenRequired").code(), "app_password_needed");
        assert_eq!(problem_of(401, "AccountTakedown").code(), "channel_account_inactive");
        let limited = problem_of(429, "RateLimitExceeded");
        assert_eq!((limited.status(), limited.retry_after_s()), (429, Some(9)));
        assert_eq!(problem_of(500, "InternalServerError").status(), 502);
        assert_eq!(problem(CallError::NoAnswer(String::new())).status(), 504);
    }
}
