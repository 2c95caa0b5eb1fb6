//! What a platform provides: one type implements [`Adapter`], and `platform.rs` lists it. No other code knows a platform's
//! API.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;

use crate::channel::Channel;
use crate::limits::Limits;
use crate::platform::{Guarantee, Platform};
use crate::publishing::{Draft, PublishError, Published};
use crate::session::EndedSession;

/// A platform's API, for accounts that are connected.
///
/// The caller stores the request before [`Adapter::send`], because from then on the post may be visible: later repeats and
/// reconciliations use exactly this request. Every error says whether the post may have been published.
pub trait Adapter: Send + Sync + 'static {
    const PLATFORM: Platform;
    /// As in the API and in logs: `bluesky`.
    const NAME: &'static str;
    const GUARANTEE: Guarantee;
    /// How long a call with an unknown outcome may still take effect. A query before that may miss it.
    const SETTLE_TIME_S: u32;

    /// What is sent: complete, fixed, and free of secrets. An enum of its versions: a request can be stored by one release and
    /// sent by the next.
    type Request: Serialize + DeserializeOwned + Send + Sync;

    /// The limits of the platform, with the source of each number.
    fn limits() -> Limits;

    /// Uploads pictures, resolves mentions and builds the request. Makes nothing visible, and can be repeated.
    fn prepare(
        scope: &Scope,
        channel: &Channel,
        draft: Draft,
    ) -> impl Future<Output = Result<Self::Request, PublishError>> + Send;

    /// The one visible call.
    fn send(
        scope: &Scope,
        channel: &Channel,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Published, PublishError>> + Send;

    /// Finds the publication of a request that was first sent at `since`. None means: not yet, or, after the settle time,
    /// never. A post counts only if it is recognisably ours, and never because it is the newest.
    fn reconcile(
        scope: &Scope,
        channel: &Channel,
        request: &Self::Request,
        since: Timestamp,
    ) -> impl Future<Output = Result<Option<Published>, PublishError>> + Send;

    /// Ends a session that is no longer used. A session that the platform refuses to end has already ended.
    fn revoke(scope: &Scope, ended: &EndedSession) -> impl Future<Output = Result<(), Problem>> + Send;
}
