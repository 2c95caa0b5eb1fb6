//! Two clients read and change one name at the same time: their history must be one of a register.

use std::sync::Mutex;

use accounts::routes::get_me;
use futures::future::BoxFuture;
use profiles::routes::update_profile;
use serde_json::json;
use shared::testing::Request;
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

use super::Story;
use super::people::newcomer;
use crate::client::Client;
use crate::lock;

/// What both clients did, as a checker by others understands it.
type History = LinearizabilityTester<u32, Register<String>>;

pub struct Editing;

/// One client at a time does one thing at a time: after an unknown outcome it goes on under another name.
struct Threads<'a> {
    history: &'a Mutex<History>,
    next: &'a Mutex<u32>,
    own: u32,
}

impl Threads<'_> {
    fn begin(&self, operation: RegisterOp<String>) {
        let _begun = lock(self.history).on_invoke(self.own, operation);
    }

    fn end(&mut self, result: Option<RegisterRet<String>>) {
        match result {
            Some(result) => drop(lock(self.history).on_return(self.own, result)),
            None => {
                let mut next = lock(self.next);
                *next += 1;
                self.own = *next;
            }
        }
    }
}

impl Story for Editing {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let token = newcomer(client).await.access_token;
            let history = Mutex::new(History::new(Register("Ada Lovelace".to_owned())));
            let next = Mutex::new(1);
            let edit = async |own: u32| {
                let client = client.another(&format!("{own}"));
                let mut threads = Threads { history: &history, next: &next, own };
                for _ in 0..client.between(2, 5) {
                    step(&client, &token, &mut threads).await;
                    client.wait_s(0, 2).await;
                }
            };
            tokio::join!(edit(0), edit(1));
            let history = lock(&history);
            if !history.is_consistent() {
                client.fault(&format!("no order explains {history:?}"));
            }
        })
    }
}

async fn step(client: &Client, token: &str, threads: &mut Threads<'_>) {
    if client.once_in(2) {
        threads.begin(RegisterOp::Read);
        let answer = client.send(Request::to(&get_me::FUNCTION).bearer(token)).await;
        let name = answer.filter(|answer| answer.status == 200).map(|answer| answer.body["name"].clone());
        threads.end(name.and_then(|name| name.as_str().map(|name| RegisterRet::ReadOk(name.to_owned()))));
    } else {
        let name = format!("Ada {}", client.unique());
        threads.begin(RegisterOp::Write(name.clone()));
        let request = Request::to(&update_profile::FUNCTION).bearer(token).json(json!({ "name": name }));
        let answer = client.send(request).await;
        threads.end(answer.filter(|answer| answer.status == 200).map(|_| RegisterRet::WriteOk));
    }
}
