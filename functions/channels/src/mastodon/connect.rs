//! Connecting a Mastodon account: registration with its server, the code, the token's end.

use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::tenancy::{PlatformApp, Scope};
use url::Url;

use super::api::{App, Client, Instance};
use super::length::LINK_CHARACTERS;
use super::{CHARACTERS, CLIENT_NAME, DESCRIPTION, PICTURES};
use crate::adapter::{Authorization, Begun, Code};
use crate::call::{CallError, Meaning};
use crate::connection_problem::{connection_problem, refused_code};
use crate::limits::{Limits, PictureType, TextLimit, TextMeasure};
use crate::operator_app;
use crate::pending_connection::{OfferedAccount, PendingConnection};
use crate::server_address::{Service, stored_origin};
use crate::session::{EndedSession, TOKEN_PURPOSE, Tokens};

/// The rights that a person gives: to read who they are and their statuses, and to write statuses with media.
const SCOPES: &str = "read:accounts read:statuses write:media write:statuses";

pub async fn begin(scope: &Scope, service: Option<&Service>, asked: &Authorization) -> Result<Begun, Problem> {
    let service = service
        .ok_or_else(|| Problem::invalid("service", "must be the account's server, such as https://mastodon.social"))?;
    let client = Client { scope, server: service.url() };
    let website = website(&asked.redirect_uri);
    // Registered each time: a server forgets an unused app, and a secret belongs to one workspace.
    let app = client
        .register(CLIENT_NAME, &website, &asked.redirect_uri, SCOPES)
        .await
        .map_err(|error| connection_problem(&error))?;
    let mut authorization_url = service.url().clone();
    authorization_url.set_path("/oauth/authorize");
    authorization_url.query_pairs_mut().extend_pairs(asked.parameters(&app.client_id, SCOPES));
    let App { client_id, client_secret } = app;
    let client_secret = Some(client_secret);
    Ok(Begun { service: service.as_text(), client_id, client_secret, authorization_url })
}

/// The origin of the web application, which the server shows as the website of the app.
fn website(redirect_uri: &str) -> String {
    Url::parse(redirect_uri).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

pub async fn redeem(scope: &Scope, pending: &PendingConnection, code: &Code) -> Result<Vec<OfferedAccount>, Problem> {
    let server = stored_origin(&pending.service)?;
    let client = Client { scope, server: &server };
    let app = App { client_id: pending.app.client_id.clone(), client_secret: code.client_secret.clone() };
    let token = match client.token(&app, &pending.redirect_uri, &code.code, &code.verifier).await {
        Ok(answer) => answer.access_token,
        Err(CallError::Refused(refusal))
            if matches!(refusal.meaning, Meaning::StaleToken | Meaning::AccountGone | Meaning::Rejected) =>
        {
            return Err(refused_code(&refusal));
        }
        Err(error) => return Err(connection_problem(&error)),
    };
    match offered(&client, pending, &server, &token).await {
        Ok(account) => Ok(vec![account]),
        Err(problem) => {
            // On a best-effort basis: the server has no use for a token that is not kept.
            let _best_effort = client.revoke(&app, &token).await;
            Err(problem)
        }
    }
}

async fn offered(
    client: &Client<'_>,
    pending: &PendingConnection,
    server: &Url,
    token: &SecretText,
) -> Result<OfferedAccount, Problem> {
    let read = futures::future::try_join(client.account(token), client.instance()).await;
    let (account, instance) = read.map_err(|error| connection_problem(&error))?;
    let host = server.host_str().unwrap_or_default();
    let place = server.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let access = client.scope.seal(TOKEN_PURPOSE, &pending.channel, token).await?;
    Ok(OfferedAccount {
        account_id: format!("{place}/{}", account.id.as_str()),
        handle: format!("@{}@{}", account.username, handle_domain(&instance).unwrap_or(&place)),
        server: server.to_string(),
        tokens: Tokens { access, access_expires_at: None, refresh: None, app: None, renewable_until: None },
        limits: Some(limits_of(&instance)),
    })
}

/// The domain in the handles of a server's accounts. A server at `social.example.com` can have accounts of `example.com`
/// (`WEB_DOMAIN` and `LOCAL_DOMAIN` of the official server).
fn handle_domain(instance: &Instance) -> Option<&str> {
    let is_domain = |domain: &str| {
        domain.len() <= 253 && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
    };
    instance.domain.as_deref().filter(|domain| !domain.is_empty() && is_domain(domain))
}

/// The limits that a server states. One that does not count links like Mastodon is taken to count every character.
fn limits_of(instance: &Instance) -> Limits {
    let (statuses, media) = (&instance.configuration.statuses, &instance.configuration.media_attachments);
    let counts_links =
        statuses.characters_reserved_per_url.and_then(|most| usize::try_from(most).ok()) == Some(LINK_CHARACTERS);
    let measure = if counts_links { TextMeasure::Mastodon } else { TextMeasure::Graphemes };
    let text = vec![TextLimit { measure, most: statuses.max_characters.unwrap_or(CHARACTERS) }];
    let pictures = statuses.max_media_attachments.unwrap_or(PICTURES);
    Limits {
        text,
        least_pictures: 0,
        pictures,
        picture_bytes: media.image_size_limit.unwrap_or(8 * 1024 * 1024),
        picture_types: PictureType::all(),
        aspect_ratios: None,
        alt_text: Some(media.description_limit.unwrap_or(DESCRIPTION)),
    }
}

pub async fn revoke(scope: &Scope, ended: &EndedSession) -> Result<(), Problem> {
    let server = stored_origin(&ended.server)?;
    let (Some(access), Some(app)) = (&ended.access, &ended.app) else {
        return Err(Problem::internal("an ended session of Mastodon without its token"));
    };
    let PlatformApp { client_id, client_secret } =
        operator_app::opened(scope, ended.platform, ended.channel, app).await?;
    let app = App { client_id, client_secret };
    let token = scope.open(TOKEN_PURPOSE, &ended.channel, access).await?;
    match (Client { scope, server: &server }).revoke(&app, &token).await {
        Err(error) if error.is_passing() => Err(Problem::unavailable(error)),
        Ok(()) | Err(CallError::Refused(_) | CallError::Forbidden(_)) => Ok(()),
        Err(error) => Err(Problem::internal(error)),
    }
}
