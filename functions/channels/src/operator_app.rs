//! The app of this product on a platform: the operator's, or one that was registered for the account.
//!
//! The secret of the operator's app is in Secrets Manager and never in a workspace. A connection and a channel remember only its
//! client id, so that they go on with the app that they began with while it is the current or the previous one.

use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use crate::adapter::{Authorization, Begun};
use crate::channel::ChannelId;
use crate::platform::Platform;
use crate::problems::PLATFORM_NOT_OFFERED;
use crate::server_address::Service;
use crate::session::{AppCredentials, TOKEN_PURPOSE};

/// The app with which an account is connected now.
pub async fn current(scope: &Scope, platform: Platform) -> Result<PlatformApp, Problem> {
    scope.platform_app(platform.name()).await?.ok_or_else(|| {
        let detail = format!(
            "Accounts on {} cannot be connected: the operator of this service has no app there.",
            platform.name()
        );
        Problem::new(PLATFORM_NOT_OFFERED, detail).at("platform", "must be a platform that this service offers")
    })
}

/// Begins to connect an account with the operator's app, on a platform with one server: `service` is where accounts sign in, and
/// `page` where a person agrees.
pub async fn begin(
    scope: &Scope,
    platform: Platform,
    (service, page, scopes): (&str, &str, &str),
    given: Option<&Service>,
    asked: &Authorization,
) -> Result<Begun, Problem> {
    if given.is_some() {
        return Err(Problem::invalid("service", "must be left out: the platform has one server"));
    }
    let client_id = current(scope, platform).await?.client_id;
    let mut authorization_url = Url::parse(page).map_err(Problem::internal)?;
    authorization_url.query_pairs_mut().extend_pairs(asked.parameters(&client_id, scopes));
    Ok(Begun { service: service.to_owned(), client_id, client_secret: None, authorization_url })
}

/// What a connection stores of its app: a secret only if the app was registered for it.
pub async fn sealed(
    scope: &Scope,
    channel: ChannelId,
    client_id: String,
    client_secret: Option<&SecretText>,
) -> Result<AppCredentials, Problem> {
    let client_secret = match client_secret {
        Some(secret) => Some(scope.seal(TOKEN_PURPOSE, &channel, secret).await?),
        None => None,
    };
    Ok(AppCredentials { client_id, client_secret })
}

/// The app that issued a channel's tokens. 503 if it was the operator's, and is neither the current nor the previous one.
pub async fn opened(
    scope: &Scope,
    platform: Platform,
    channel: ChannelId,
    app: &AppCredentials,
) -> Result<PlatformApp, Problem> {
    let client_id = app.client_id.clone();
    match &app.client_secret {
        Some(sealed) => {
            let client_secret = scope.open(TOKEN_PURPOSE, &channel, sealed).await?;
            Ok(PlatformApp { client_id, client_secret })
        }
        None => scope.platform_app_of(platform.name(), &client_id).await?.ok_or_else(|| {
            Problem::unavailable(format!("the app {client_id} on {} is no longer in Secrets Manager", platform.name()))
        }),
    }
}
