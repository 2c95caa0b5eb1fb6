//! More requests from one address, at once and over two functions, than it has in a minute.

use accounts::routes::get_me;
use futures::future::{BoxFuture, join_all};
use operations::routes::get_health;
use shared::testing::Request;

use super::Story;
use crate::client::Client;

/// Requests of an address in any 60 seconds.
const LIMIT: usize = 200;
const AT_ONCE: usize = LIMIT + 24;

pub struct Crowding;

impl Story for Crowding {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let request = |number: usize| {
                let route = if number.is_multiple_of(8) { &get_me::FUNCTION } else { &get_health::FUNCTION };
                client.send(Request::to(route))
            };
            let answers = join_all((0..AT_ONCE).map(request)).await;
            let admitted =
                answers.iter().flatten().filter(|answer| answer.status != 429 && answer.status < 500).count();
            if admitted > LIMIT {
                client.fault(&format!("{admitted} requests of one address were admitted at once"));
            }
        })
    }
}
