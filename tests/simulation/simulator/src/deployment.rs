//! Where stories run: a simulated region, or the local stack.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use shared::kernel::time::Timestamp;
use shared::testing::{Mail, Person, Request, Response};

use crate::client::Client;
use crate::judge::Tables;
use crate::plan::Dice;
use crate::region::Region;

/// A deployment of the product, as its clients and the judge see it.
pub trait Deployment: Send + Sync {
    fn now(&self) -> Timestamp;

    /// The randomness of a name.
    fn dice(&self, name: &str) -> Dice;

    /// A text that no other story has, of this run or an earlier one.
    fn unique(&self, roll: u64) -> String;

    /// A client's pauses, and the time until its posts are due, are divided by this.
    fn pace(&self, client: &str) -> u64;

    /// Records what must not have happened.
    fn fault(&self, fault: String);

    /// Sends a request from an address. None if no response arrives.
    fn request<'a>(&'a self, name: &'a str, address: &'a str, request: Request) -> BoxFuture<'a, Option<Response>>;

    /// Sends a file by the description of an upload in a response. None if no response arrives.
    fn upload<'a>(&'a self, described: &'a Value, file: Vec<u8>) -> BoxFuture<'a, Option<Response>>;

    /// A new workspace, and its owner. None if there is a fault.
    fn owner<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Option<Person>>;

    /// The same person with an access token that is valid for some minutes.
    fn signed_in_again<'a>(&'a self, client: &'a Client, person: &'a Person) -> BoxFuture<'a, Person>;

    /// A new account on the platform.
    fn platform_account<'a>(&'a self, name: &'a str) -> BoxFuture<'a, PlatformAccount>;

    /// What the platform has done for an account, which the product cannot read.
    fn effects<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Vec<Effect>>;

    /// The mails to an address, oldest first.
    fn mails_to<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Vec<Mail>>;

    /// What is stored and on its way.
    fn snapshot(&self) -> BoxFuture<'_, Snapshot>;

    /// The region, if it is simulated: for stories that need a small plan, or start a job.
    fn region(&self) -> Option<Arc<Region>>;
}

/// An account on the platform, with what is needed to connect it.
pub struct PlatformAccount {
    pub service: String,
    pub handle: String,
    pub app_password: String,
    /// Its DID.
    pub id: String,
}

impl PlatformAccount {
    /// The body of the request that connects it.
    pub fn body(&self) -> Value {
        json!({ "service": self.service, "identifier": self.handle, "app_password": self.app_password })
    }
}

/// A post that a platform created.
#[derive(Clone, Debug)]
pub struct Effect {
    pub at: Timestamp,
    pub account: String,
    /// The platform's identifier of it.
    pub id: String,
    pub text: String,
}

/// What a deployment holds, read past the product.
pub struct Snapshot {
    pub tables: Tables,
    /// The messages that the relay and the sweep have to send.
    pub unsent: Vec<Value>,
    /// Invocations in progress, and messages on queues.
    pub on_the_way: Vec<String>,
    /// Messages that were delivered too often.
    pub dead_letters: Vec<String>,
    /// How often each mail was accepted.
    pub mailed: BTreeMap<String, usize>,
    /// The mails that may have been accepted twice, because a fault hit the function that sent them.
    pub excused: BTreeSet<String>,
}
