//! The simulated region as a deployment: people and accounts are written past the product where a story is not about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::kernel::time::{CLOCKS_DIFFER_BY, Timestamp, after};
use shared::testing::{Mail, Person, Request, Response};
use test_support::scripted_server::PASSWORD;

use crate::client::Client;
use crate::deployment::{Deployment, Effect, PlatformAccount, Snapshot};
use crate::judge::Tables;
use crate::lock;
use crate::plan::{Dice, Injected};
use crate::region::Region;
use crate::sources::jobs;

impl Deployment for Region {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn dice(&self, name: &str) -> Dice {
        self.plan.dice(name)
    }

    fn unique(&self, roll: u64) -> String {
        format!("{:012x}", roll >> 16)
    }

    fn pace(&self, _client: &str) -> u64 {
        1
    }

    fn fault(&self, fault: String) {
        self.record_fault(fault);
    }

    fn request<'a>(&'a self, name: &'a str, address: &'a str, request: Request) -> BoxFuture<'a, Option<Response>> {
        Box::pin(self.send(name, address, request))
    }

    fn upload<'a>(&'a self, described: &'a Value, file: Vec<u8>) -> BoxFuture<'a, Option<Response>> {
        Box::pin(async move { Some(self.app.upload(described, file)) })
    }

    fn owner<'a>(&'a self, _client: &'a Client) -> BoxFuture<'a, Option<Person>> {
        Box::pin(async move { Some(self.app.owner().await.unwrap()) })
    }

    fn signed_in_again<'a>(&'a self, _client: &'a Client, person: &'a Person) -> BoxFuture<'a, Person> {
        Box::pin(async move {
            let token = self.app.mint(person.user, person.session).await.unwrap();
            Person { token, ..person.clone() }
        })
    }

    fn platform_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, PlatformAccount> {
        let account = PlatformAccount {
            service: self.platform.url.clone(),
            handle: format!("{name}.test"),
            app_password: PASSWORD.to_owned(),
            id: format!("did:plc:{name}"),
        };
        Box::pin(async move { account })
    }

    fn effects<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Vec<Effect>> {
        let effects = lock(&self.ledger).iter().filter(|effect| effect.account == account).cloned().collect();
        Box::pin(async move { effects })
    }

    fn mails_to<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Vec<Mail>> {
        Box::pin(async move { self.app.cloud().mails_to(email) })
    }

    fn snapshot(&self) -> BoxFuture<'_, Snapshot> {
        let names = self.app.tables();
        let tables = Tables { tenants: self.items(&names.tenants), audit: self.items(&names.audit) };
        let (mailed, excused) = self.mailed();
        let snapshot = Snapshot {
            tables,
            unsent: self.unsent(),
            on_the_way: self.on_the_way(),
            dead_letters: lock(&self.dead_letters).clone(),
            mailed,
            excused,
        };
        Box::pin(async move { snapshot })
    }

    fn region(&self) -> Option<Arc<Region>> {
        self.myself()
    }
}

impl Region {
    /// Stores an item past the product.
    pub fn store(&self, table: &str, item: &Value) {
        let put = json!({ "TableName": table, "Item": item });
        self.app.cloud().call("DynamoDB_20120810.PutItem", &put).expect("a stored item");
    }

    fn items(&self, table: &str) -> Vec<Value> {
        self.app.cloud().items(table).expect("a table")
    }

    /// Not those from before a restore, which wait for an operator.
    fn unsent(&self) -> Vec<Value> {
        let fenced_until = *lock(&self.fenced_until);
        let is_fenced = |row: &Value| {
            let posted_at = row["e"]["M"]["posted_at"]["S"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
            posted_at.is_some_and(|posted_at| posted_at < after(fenced_until, CLOCKS_DIFFER_BY))
        };
        self.items(&self.app.tables().outbox).into_iter().filter(|row| !is_fenced(row)).collect()
    }

    fn on_the_way(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.is_running() {
            found.push("an invocation is in progress".to_owned());
        }
        for (_, job) in jobs() {
            let queued = self.app.cloud().messages(&self.app.queue(job.name));
            found.extend(queued.iter().map(|message| format!("a message on the queue of {}: {message}", job.name)));
        }
        found
    }

    /// Mails by their message, and those with a fault at a call of their delivery.
    fn mailed(&self) -> (BTreeMap<String, usize>, BTreeSet<String>) {
        let message = |site: &str| site.split(" delivery").next().unwrap_or_default().to_owned();
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for site in lock(&self.mailed).iter() {
            *count.entry(message(site)).or_default() += 1;
        }
        let is_of_call = |injected: &&Injected| injected.boundary.contains('.');
        let injected = self.plan.injected();
        let excused = injected.iter().filter(is_of_call).map(|injected| message(&injected.site)).collect();
        (count, excused)
    }
}
