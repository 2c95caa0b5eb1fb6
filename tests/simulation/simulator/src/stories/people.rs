//! People who sign up and in, for the stories about accounts.

use profiles::routes::list_sessions;
use serde_json::{Value, json};
use shared::function::Function;
use shared::identity::Strength;
use shared::testing::{Person, Request};
use sign_in::routes::{confirm_totp, enrol_totp};
use test_support::authenticator_app::code_at;
use test_support::mailed_links;
pub use test_support::people::PASSWORD;
use workspaces::routes::{accept_invitation, create_workspace, invite_member};

use crate::client::{Client, Outcome};

/// A client waits this long for a mail.
const MAIL_WAIT_S: u64 = 3 * 60 * 60;

pub struct Account {
    /// The user's id.
    pub user: String,
    pub email: String,
    pub access_token: String,
    pub refresh_token: String,
}

pub fn post(route: &'static Function, body: Value) -> Request {
    Request::to(route).json(body)
}

pub fn email(client: &Client) -> String {
    format!("ada.{}@example.com", client.unique())
}

/// Insists, and reports a response with another status.
pub async fn expect(client: &Client, request: Request, status: u16) -> Outcome {
    let name = request.function().name();
    let outcome = client.send_until_answered(request).await;
    if outcome.status() != status {
        client.fault(&format!("{name} returns {}, not {status}: {}", outcome.status(), outcome.response.text));
    }
    outcome
}

/// The token of the newest link to a page that was mailed to an address.
pub async fn mailed_token(client: &Client, email: &str, page: &str) -> Option<String> {
    let mut waited_s = 0;
    while waited_s < MAIL_WAIT_S {
        let token = mailed_links::newest_token(&client.deployment.mails_to(email).await, page);
        if token.is_some() {
            return token;
        }
        client.pause_s(5, 5).await;
        waited_s += 5;
    }
    client.fault(&format!("no mail with a link to {page} arrives at {email}"));
    None
}

/// Registers an address and opens the mailed link.
pub async fn sign_up(client: &Client, email: &str) {
    expect(client, post(&accounts::routes::register::FUNCTION, json!({ "email": email })), 202).await;
    let Some(token) = mailed_token(client, email, "verify-email").await else { return };
    let body = json!({ "token": token, "name": "Ada Lovelace", "password": PASSWORD });
    expect(client, post(&accounts::routes::verify_email::FUNCTION, body), 200).await;
}

pub async fn sign_in(client: &Client, email: &str) -> Account {
    let body = json!({ "email": email, "password": PASSWORD });
    let outcome = expect(client, post(&sign_in::routes::login::FUNCTION, body), 200).await;
    let (access_token, refresh_token) = (outcome.text("access_token"), outcome.text("refresh_token"));
    Account { user: outcome.text("user_id"), email: email.to_owned(), access_token, refresh_token }
}

/// A new user, signed in.
pub async fn newcomer(client: &Client) -> Account {
    let email = email(client);
    sign_up(client, &email).await;
    sign_in(client, &email).await
}

/// Sets up an authenticator app. Returns the secret and the recovery codes; none if the client does not know them.
pub async fn enrol(client: &Client, account: &Account) -> Option<(String, Vec<String>)> {
    let secret =
        expect(client, Request::to(&enrol_totp::FUNCTION).bearer(&account.access_token), 201).await.text("secret");
    let body = json!({ "code": code_at(client.now(), &secret) });
    let outcome =
        client.send_until_answered(Request::to(&confirm_totp::FUNCTION).bearer(&account.access_token).json(body)).await;
    let codes = outcome.response.body["recovery_codes"].as_array()?;
    Some((secret, codes.iter().filter_map(|code| Some(code.as_str()?.to_owned())).collect()))
}

/// A new user with a second factor, who founded a workspace. Returns the workspace's id.
pub async fn founder(client: &Client) -> (Account, String) {
    let account = newcomer(client).await;
    // Without the recovery codes, the second factor may still be set up.
    let _codes = enrol(client, &account).await;
    let request = Request::to(&create_workspace::FUNCTION).bearer(&account.access_token);
    let request = request.json(json!({ "name": "Northwind Studio" })).header("idempotency-key", &client.unique());
    let workspace = expect(client, request, 201).await.text("id");
    (account, workspace)
}

/// The id of the session that sends the request.
pub async fn session(client: &Client, account: &Account) -> String {
    let list = Request::to(&list_sessions::FUNCTION).bearer(&account.access_token);
    let listed = expect(client, list, 200).await.response.body["items"].clone();
    let mut sessions = listed.as_array().into_iter().flatten();
    let current = sessions.find(|session| session["current"] == true);
    current.and_then(|session| session["id"].as_str()).unwrap_or_default().to_owned()
}

/// Invites a user by mail. Returns the invitation's id, and the token of the link.
pub async fn invite(
    client: &Client,
    own: &Client,
    owner: &Person,
    account: &Account,
    role: &str,
) -> Option<(String, String)> {
    let owner = client.deployment.signed_in_again(client, owner).await;
    let body = json!({ "email": account.email, "role": role });
    let request = Request::to(&invite_member::FUNCTION).by(&owner).json(body);
    let invited = expect(client, request.header("idempotency-key", &client.unique()), 201).await;
    Some((invited.text("id"), mailed_token(own, &account.email, "accept-invitation").await?))
}

pub async fn accept(client: &Client, account: &Account, token: &str) -> Outcome {
    let request = Request::to(&accept_invitation::FUNCTION).bearer(&account.access_token);
    client.send_until_answered(request.json(json!({ "token": token }))).await
}

/// A request of the owner of a simulated workspace, in a session that has just begun, until no other change is first.
pub async fn as_owner(client: &Client, owner: &Person, request: Request) -> Outcome {
    loop {
        let session = match client.deployment.region() {
            Some(region) => region.app.with_strength(owner, Strength::Multi).await.ok(),
            None => None,
        };
        let outcome = client.send_until_answered(request.clone().by(session.as_ref().unwrap_or(owner))).await;
        if !matches!(outcome.code(), "fresh_factor_needed" | "not_signed_in" | "modified_concurrently") {
            return outcome;
        }
    }
}
