//! A client of a story: sends requests, and tries again as a good client does.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared::kernel::time::Timestamp;
use shared::testing::{Request, Response};
use tokio::time::sleep;

use crate::deployment::Deployment;
use crate::lock;
use crate::plan::Dice;

/// A client gives up after this many tries: far more than the faults of a world need.
const MOST_TRIES: u32 = 60;

pub struct Client {
    pub deployment: Arc<dyn Deployment>,
    pub name: String,
    dice: Mutex<Dice>,
    requests: AtomicU32,
    address: String,
    pace: u64,
}

/// A response that says something.
pub struct Outcome {
    pub response: Response,
    /// An earlier try may have had an effect, because its response was lost or a 5xx.
    pub is_repeated: bool,
}

impl Outcome {
    pub fn status(&self) -> u16 {
        self.response.status
    }

    pub fn code(&self) -> &str {
        self.response.code()
    }

    /// Text of the response's body.
    pub fn text(&self, field: &str) -> String {
        self.response.body[field].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub fn new(deployment: Arc<dyn Deployment>, name: String) -> Self {
        let (mut dice, pace) = (deployment.dice(&name), deployment.pace(&name));
        let [_, _, _, _, a, b, c, d] = dice.roll().to_le_bytes();
        let address = format!("{}.{b}.{c}.{d}", 11 + a % 100);
        Self { deployment, name, dice: dice.into(), requests: AtomicU32::new(0), address, pace }
    }

    /// Another client of the same story, at another address.
    pub fn another(&self, name: &str) -> Self {
        Self { pace: self.pace, ..Self::new(self.deployment.clone(), format!("{} {name}", self.name)) }
    }

    pub fn now(&self) -> Timestamp {
        self.deployment.now()
    }

    /// A random number from `least` to `most`.
    pub fn between(&self, least: u64, most: u64) -> u64 {
        lock(&self.dice).between(least, most)
    }

    pub fn once_in(&self, of: u64) -> bool {
        lock(&self.dice).once_in(of)
    }

    /// A text that no other story has.
    pub fn unique(&self) -> String {
        let roll = lock(&self.dice).roll();
        self.deployment.unique(roll)
    }

    /// Waits for as long as a rule of the product demands.
    pub async fn wait_s(&self, least: u64, most: u64) {
        sleep(Duration::from_millis(self.between(least * 1000, most * 1000))).await;
    }

    /// Waits for as long as people happen to.
    pub async fn pause_s(&self, least: u64, most: u64) {
        sleep(Duration::from_millis(self.between(least * 1000, most * 1000) / self.pace)).await;
    }

    /// How far ahead a post is scheduled.
    pub fn ahead_s(&self, least: u64, most: u64) -> i64 {
        i64::try_from(self.between(least, most).div_ceil(self.pace)).unwrap_or_default()
    }

    pub fn fault(&self, fault: &str) {
        self.deployment.fault(format!("{}: {fault}", self.name));
    }

    /// Sends a request once. None if no response arrives.
    pub async fn send(&self, request: Request) -> Option<Response> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        self.deployment.request(&format!("{} request {number}", self.name), &self.address, request).await
    }

    /// Sends a request until a response says something about it: not a 5xx, and not 429.
    pub async fn send_until_answered(&self, request: Request) -> Outcome {
        let mut is_repeated = false;
        for _ in 0..MOST_TRIES {
            match self.send(request.clone()).await {
                Some(response) if response.status < 500 && response.status != 429 => {
                    return Outcome { response, is_repeated };
                }
                Some(response) if response.status == 429 => {
                    let wait_s = response.header("retry-after").parse().unwrap_or(1);
                    self.wait_s(wait_s, wait_s + 3).await;
                }
                _ => is_repeated = true,
            }
            self.pause_s(1, 9).await;
        }
        self.fault(&format!("{} gets no response in {MOST_TRIES} tries", request.function().name()));
        Outcome { response: Response::none(), is_repeated }
    }
}
