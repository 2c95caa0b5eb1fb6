//! What the functions of erasure need.

use serde_json::Value;
use workspaces::routes::delete_workspace;

use crate::place::World;
use crate::sample::Filling;

impl World {
    /// A workspace that was deleted 30 days ago.
    pub(super) async fn ready_for_erasure(&self, ready: Filling) -> Filling {
        let founded = self.founded(ready.clone()).await;
        self.call(&delete_workspace::FUNCTION, founded.get("token"), &founded, Value::Null).await;
        self.and_wait(ready, 30 * 24)
    }
}
