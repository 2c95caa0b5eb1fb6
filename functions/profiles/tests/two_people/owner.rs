//! The owner of the address, who reads every letter to it and chooses passwords that no one else
//! knows.

use accounts::routes::{register, request_password_reset, resend_verification, verify_email};
use profiles::routes::{confirm_email_change, delete_account};
use proptest::prelude::*;
use recovery::jobs::offer_recoveries;
use recovery::routes::{complete_recovery, reset_password, restore_account};
use serde_json::{Value, json};
use shared::function::Function;
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::login;

use test_support::mailed_links::sign;
use test_support::people::{letters_to, post};

#[derive(Clone, Copy, Debug)]
pub enum OwnersMove {
    Register,
    Resend,
    RequestReset,
    /// Opens the newest letter that has a link.
    OpenNewestLink,
    /// Opens an older letter, counted from the newest.
    OpenLink(usize),
    LogIn,
    Delete,
    /// Runs the job that emails the links of recoveries whose waiting time is over.
    RecoveriesAreOffered,
}

pub fn any_move() -> impl Strategy<Value = OwnersMove> {
    prop_oneof![
        2 => Just(OwnersMove::Register),
        1 => Just(OwnersMove::Resend),
        3 => Just(OwnersMove::RequestReset),
        6 => Just(OwnersMove::OpenNewestLink),
        2 => (1..5_usize).prop_map(OwnersMove::OpenLink),
        1 => Just(OwnersMove::LogIn),
        1 => Just(OwnersMove::Delete),
        1 => Just(OwnersMove::RecoveriesAreOffered),
    ]
}

pub struct Owner<'a> {
    app: &'a TestApp,
    link_key: &'a [u8],
    email: String,
    /// The account's password, if the owner has an account.
    pub password: String,
    chosen: usize,
    session: Option<Value>,
}

impl<'a> Owner<'a> {
    pub fn of(app: &'a TestApp, link_key: &'a [u8], email: &str) -> Self {
        let password = "an owner's password, not yet".to_owned();
        Self { app, link_key, email: email.to_owned(), password, chosen: 0, session: None }
    }

    /// Makes a move. Returns whether it proved the address.
    pub async fn make(&mut self, next: OwnersMove) -> bool {
        let about = json!({ "email": self.email });
        let answer = match next {
            OwnersMove::Register => post(self.app, &register::FUNCTION, about).await,
            OwnersMove::Resend => post(self.app, &resend_verification::FUNCTION, about).await,
            OwnersMove::RequestReset => post(self.app, &request_password_reset::FUNCTION, about).await,
            OwnersMove::OpenNewestLink => return self.open(0).await,
            OwnersMove::OpenLink(number) => return self.open(number).await,
            OwnersMove::LogIn => {
                let answer = self.log_in().await;
                self.session = answer.body.get("access_token").cloned();
                answer
            }
            OwnersMove::Delete => {
                let Some(token) = self.session.take() else { return false };
                self.app.call(Request::to(&delete_account::FUNCTION).bearer(token.as_str().unwrap())).await
            }
            OwnersMove::RecoveriesAreOffered => {
                self.app.tick(&offer_recoveries::FUNCTION).await.unwrap();
                return false;
            }
        };
        assert!(answer.status < 500, "{next:?}: {}", answer.text);
        false
    }

    async fn log_in(&self) -> Response {
        post(self.app, &login::FUNCTION, json!({ "email": self.email, "password": self.password })).await
    }

    /// Asserts that the owner can sign in by password only: no factor of the stranger is required.
    pub async fn require_sign_in(&mut self) -> Result<(), String> {
        let answer = self.log_in().await;
        self.session = answer.body.get("access_token").cloned();
        if self.session.is_some() { Ok(()) } else { Err(answer.text) }
    }

    async fn open(&mut self, number: usize) -> bool {
        let letters = letters_to(self.app, &self.email).await;
        let mut linked: Vec<_> = letters.iter().filter_map(|sent| Some((&sent.letter, sent.letter.link()?))).collect();
        // These are the outboxes of several users, unordered: the letter whose link expires last is the newest of its
        // kind.
        linked.sort_by_key(|(_, link)| std::cmp::Reverse(link.expires_at));
        let Some((letter, link)) = linked.get(number % linked.len().max(1)) else { return false };
        self.chosen += 1;
        let password = format!("only the owner knows, {}", self.chosen);
        let token = sign(self.link_key, link);
        let with_password = json!({ "token": token, "password": password });
        let without_new_factors = json!({ "token": token, "password": password, "remove_recent_factors": true });
        let (route, body): (&'static Function, Value) = match letter.subject() {
            accounts::letters::VERIFY_EMAIL => {
                (&verify_email::FUNCTION, json!({ "token": token, "name": "Ada", "password": password }))
            }
            accounts::letters::RESET_PASSWORD => (&reset_password::FUNCTION, without_new_factors),
            profiles::letters::ACCOUNT_DELETED | accounts::letters::ACCOUNT_IN_TRASH => {
                (&restore_account::FUNCTION, without_new_factors)
            }
            recovery::letters::RECOVERY_READY => (&complete_recovery::FUNCTION, with_password),
            // Opened in a browser that is not signed in to the stranger's account.
            profiles::letters::CONFIRM_EMAIL_CHANGE => (&confirm_email_change::FUNCTION, json!({ "token": token })),
            other => panic!("an unexpected link: {other:?}"),
        };
        let answer = post(self.app, route, body).await;
        assert!(answer.status < 500, "{letter:?}: {}", answer.text);
        if answer.status == 200 {
            self.password = password;
        }
        answer.status == 200
    }
}
