//! `GET /.well-known/jwks.json`: the public keys that verify access tokens and deletion certificates (RFC 7517).

use shared::http::Document;
use shared::identity::PublicKey;
use shared::prelude::route::*;

/// Returns the public keys that verify access tokens and deletion certificates, as a JWK Set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetJwks {}

/// A JWK Set. A key stays in it as long as tokens that it signed are valid; one that signed a certificate stays.
#[derive(Serialize, ToSchema)]
pub struct JwkSet {
    keys: Vec<PublicKey>,
}

pub static FUNCTION: Function = Function::route::<GetJwks>();

impl Endpoint for GetJwks {
    const ROUTE: Route = Route::get("get-jwks", "/.well-known/jwks.json");
    const GRANTS: &'static [Grant] = &[Grant::ReadPublicKeys];
    type Access = Anyone;
    // Caches may keep it for one minute: a withdrawn key must be refused within 60 seconds.
    type Output = Document<JwkSet>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Document(JwkSet { keys: accounts.public_keys().await? }))
    }
}
