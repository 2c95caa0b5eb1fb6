//! What a platform provides: one type implements [`Adapter`], and `platform.rs` lists it. No other code knows a platform's
//! API.

use std::future::Future;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared::crypto::digest::{base64url, sha256};
use shared::crypto::random_token::RandomToken;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::Timestamp;
use shared::tenancy::Scope;
use url::Url;
use utoipa::ToSchema;

use crate::call::CallError;
use crate::channel::Channel;
use crate::limits::Limits;
use crate::options::PlatformOptions;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::platform::{Guarantee, Platform};
use crate::platform_facts::PlatformFacts;
use crate::publishing::{DraftPicture, Outgoing, PublishError, Published};
use crate::rendering::Rendered;
use crate::renewal::{Renewed, Renewing, Reuse};
use crate::server_address::Service;
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
    const FACTS: PlatformFacts;
    /// How long a call with an unknown outcome may still take effect. A query before that may miss it.
    const SETTLE_TIME_S: u32;

    /// What the platform does with a refresh token that was already used. None if its tokens do not expire.
    const REUSE: Option<Reuse>;

    /// What is sent: complete, fixed, and free of secrets. An enum of its versions: a request can be stored by one release and
    /// sent by the next.
    type Request: Serialize + DeserializeOwned + Send + Sync;

    /// What the platform has of a post that it prepares in steps, between two of them: the ids of containers, an upload. An enum
    /// of its versions, with what is secret sealed. [`NoSteps`] where a post is prepared at once.
    type Staged: Serialize + DeserializeOwned + Send + Sync;

    /// How the platform takes pictures: by their bytes, or from an address.
    type Picture: DraftPicture;
    /// What a post can set on this platform alone. Its default is what the account or the platform does by itself.
    type Options: Clone + Default + Serialize + DeserializeOwned + ToSchema + Send + Sync;

    /// The limits of the platform, with the source of each number.
    fn limits() -> Limits;

    /// Its own options among those of all platforms.
    fn options(of: &PlatformOptions) -> Option<&Self::Options>;

    /// What the platform gets of a text. Pure: a preview shows it, and [`Adapter::prepare`] gets nothing else of the text.
    fn render(text: &str, options: &Self::Options) -> Rendered;

    /// Begins to connect an account by OAuth: the address where a person agrees.
    fn begin(
        scope: &Scope,
        service: Option<&Service>,
        asked: &Authorization,
    ) -> impl Future<Output = Result<Begun, Problem>> + Send;

    /// Redeems the code that the platform sent the person's browser back with. Returns the accounts to choose from, with tokens
    /// sealed for `pending.channel`.
    fn redeem(
        scope: &Scope,
        pending: &PendingConnection,
        code: &Code,
    ) -> impl Future<Output = Result<Vec<OfferedAccount>, Problem>> + Send;

    /// Uploads pictures, resolves mentions and builds the request, or takes the first step to it. Makes nothing visible, and can be
    /// repeated.
    fn prepare(
        scope: &Scope,
        channel: &Channel,
        outgoing: Outgoing<Self::Options, Self::Picture>,
    ) -> impl Future<Output = Result<Prepared<Self::Request, Self::Staged>, PublishError>> + Send;

    /// The next step of a preparation. What it returns is stored before the step after it. Makes nothing visible, and can be
    /// repeated.
    fn advance(
        scope: &Scope,
        channel: &Channel,
        staged: Self::Staged,
    ) -> impl Future<Output = Result<Prepared<Self::Request, Self::Staged>, PublishError>> + Send;

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

    /// Renews the tokens: one call, of at most [`crate::renewal::CALL_TIMEOUT_S`]. Only a refusal with the meaning
    /// [`StaleToken`](crate::call::Meaning::StaleToken) or [`AccountGone`](crate::call::Meaning::AccountGone) disconnects the
    /// channel; after any other error, the call is repeated later.
    fn refresh(scope: &Scope, renewing: &Renewing<'_>) -> impl Future<Output = Result<Renewed, CallError>> + Send;

    /// Ends a session that is no longer used. A session that the platform refuses to end has already ended.
    fn revoke(scope: &Scope, ended: &EndedSession) -> impl Future<Output = Result<(), Problem>> + Send;
}

/// How far a post is prepared.
#[derive(Debug)]
pub enum Prepared<Request, Staged> {
    Ready(Request),
    /// Not ready. The next step follows at once, or after this many seconds, in which the platform works.
    Staged {
        staged: Staged,
        wait_s: u32,
    },
}

/// No steps: [`Adapter::prepare`] is always ready.
#[derive(Serialize, Deserialize)]
pub enum NoSteps {}

/// The request to a platform's OAuth server (RFC 6749, section 4.1.1; RFC 7636, section 4.3).
pub struct Authorization {
    pub redirect_uri: String,
    state: SecretText,
    challenge: String,
}

impl Authorization {
    pub fn new(redirect_uri: String, state: &RandomToken, verifier: &SecretText) -> Self {
        let challenge = base64url(&sha256(verifier.expose().as_bytes()));
        Self { redirect_uri, state: SecretText::new(state.expose().to_owned()), challenge }
    }

    /// The query of the address where a person agrees.
    pub fn parameters<'a>(&'a self, client_id: &'a str, scopes: &'a str) -> [(&'static str, &'a str); 7] {
        [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", scopes),
            ("state", self.state.expose()),
            ("code_challenge", &self.challenge),
            ("code_challenge_method", "S256"),
        ]
    }
}

/// A connection that a person can agree to.
pub struct Begun {
    /// Where the account signs in, as stored and shown.
    pub service: String,
    pub client_id: String,
    /// None for the operator's app ([`crate::operator_app`]), whose secret is stored with no workspace.
    pub client_secret: Option<SecretText>,
    pub authorization_url: Url,
}

/// What redeems a connection.
pub struct Code {
    pub code: SecretText,
    pub verifier: SecretText,
    pub client_secret: SecretText,
}
