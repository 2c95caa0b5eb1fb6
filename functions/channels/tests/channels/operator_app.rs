//! The operator's app: which one a new connection, and which one older tokens use.

use channels::operator_app::{current, opened, sealed};
use channels::session::AppCredentials;
use channels::{ChannelId, Platform};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;

/// The platform's name is in the name of the secret.
const ON: Platform = Platform::Bluesky;

#[tokio::test]
async fn a_platform_without_an_app_is_not_offered() {
    let app = TestApp::new();
    let scope = app.scope(app.owner().await.unwrap().workspace);
    let refused = current(&scope, ON).await.err().unwrap();
    assert_eq!(
        (refused.status(), refused.code(), refused.errors()[0].field.as_str()),
        (422, "platform_not_offered", "platform")
    );
    app.put_platform_app(ON.name(), "one", "secret of one").unwrap();
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(current(&scope, ON).await.ok().unwrap().client_id, "one");
}

#[tokio::test]
async fn a_connection_that_began_before_a_rotation_goes_on_with_its_app() {
    let app = TestApp::new();
    let scope = app.scope(app.owner().await.unwrap().workspace);
    let channel: ChannelId = app.new_id();
    app.put_platform_app(ON.name(), "one", "secret of one").unwrap();
    let begun = sealed(&scope, channel, current(&scope, ON).await.ok().unwrap().client_id, None).await.ok().unwrap();
    assert!(begun.client_secret.is_none(), "the operator's secret is stored with the workspace");
    app.put_platform_app(ON.name(), "two", "secret of two").unwrap();
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(current(&scope, ON).await.ok().unwrap().client_id, "two");
    let secret = async |app: &AppCredentials| match opened(&scope, ON, channel, app).await {
        Ok(opened) => Ok(opened.client_secret.expose().to_owned()),
        Err(problem) => Err(problem.status()),
    };
    assert_eq!(secret(&begun).await, Ok("secret of one".to_owned()));
    // The app of another platform's client id, and one that was rotated away.
    let gone = AppCredentials { client_id: "zero".to_owned(), client_secret: None };
    assert_eq!(secret(&gone).await, Err(503));
    // An app that was registered for the account has its own secret.
    let own = SecretText::new("own secret".to_owned());
    let own = sealed(&scope, channel, "one".to_owned(), Some(&own)).await.ok().unwrap();
    assert_eq!(secret(&own).await, Ok("own secret".to_owned()));
    let elsewhere = opened(&scope, ON, app.new_id(), &own).await;
    assert!(elsewhere.is_err(), "a secret opens for another channel");
}
