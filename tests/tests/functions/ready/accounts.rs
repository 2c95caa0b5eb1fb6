//! What the functions of accounts need.

use crate::place::World;
use crate::sample::Filling;

impl World {
    pub(super) async fn ready_for_accounts(&self, function: &str, ready: Filling) -> Filling {
        match function {
            "verify-email" => ready.with("link_token", self.registered(&self.email()).await),
            "purge-unverified-accounts" => {
                self.registered(&self.email()).await;
                self.and_wait(ready, 25)
            }
            _ => ready,
        }
    }
}
