//! Publishing on Threads in steps: containers, which the platform processes, and then the one visible call.

use std::time::Duration;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::Scope;

use super::Threads;
use super::api::{Client, Content, PAGE, PostAnswer};
use super::options::ThreadsOptions;
use crate::adapter::Prepared;
use crate::call::{CallError, Meaning, Refusal};
use crate::channel::Channel;
use crate::disconnection::{not_uploaded, unsent};
use crate::meta::{ContainerStatus, Number};
use crate::publishing::{LinkedPicture, Outgoing, PublishError, Published};
use crate::renewal::{Access, access};

/// How often a container is asked for before the function ends, and how long between: texts and small pictures are ready within
/// seconds.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(2);
/// How long the platform then gets. It advises 30 seconds on average.
const WAIT_S: u32 = 30;
/// How far the platform's clock may be behind ours.
const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(5);

/// A container that is ready.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version", rename_all = "snake_case")]
pub enum Request {
    V1 { container: Number, text: String },
}

/// What exists so far.
#[derive(Serialize, Deserialize)]
#[serde(tag = "version", rename_all = "snake_case")]
pub enum Staged {
    V1(Containers),
}

#[derive(Serialize, Deserialize)]
pub struct Containers {
    text: String,
    options: ThreadsOptions,
    /// Of the pictures, if there are several.
    children: Vec<Number>,
    /// Of the whole post.
    container: Option<Number>,
}

type Step = Prepared<Request, Staged>;

fn staged(containers: Containers, wait_s: u32) -> Step {
    Prepared::Staged { staged: Staged::V1(containers), wait_s }
}

pub async fn prepare(
    scope: &Scope,
    channel: &Channel,
    outgoing: Outgoing<ThreadsOptions, LinkedPicture>,
) -> Result<Step, PublishError> {
    let Outgoing { text, options, pictures, .. } = outgoing;
    let access = access::<Threads>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    let create = async |content: Content<'_>| match client.create(&access.token, &channel.account_id, &content).await {
        Ok(container) => Ok(container),
        Err(error) => Err(not_uploaded(scope, channel, error, remedy).await?),
    };
    let mut containers = Containers { text, options, children: Vec::new(), container: None };
    match pictures.as_slice() {
        [] => containers.container = Some(create(Content::Text(&containers.text, &containers.options)).await?),
        [picture] => {
            containers.container =
                Some(create(Content::Picture { text: &containers.text, options: &containers.options, picture }).await?);
        }
        several => {
            for picture in several {
                containers.children.push(create(Content::CarouselItem(picture)).await?);
            }
        }
    }
    Ok(staged(containers, 0))
}

pub async fn advance(scope: &Scope, channel: &Channel, staged_before: Staged) -> Result<Step, PublishError> {
    let Staged::V1(mut containers) = staged_before;
    let access = access::<Threads>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    let Some(container) = containers.container.clone() else {
        let children = containers.children.iter().map(|child| is_finished(&client, channel, &access.token, child));
        if !try_join_all(children).await?.into_iter().all(|is_finished| is_finished) {
            return Ok(staged(containers, WAIT_S));
        }
        let content =
            Content::Carousel { text: &containers.text, options: &containers.options, children: &containers.children };
        return match client.create(&access.token, &channel.account_id, &content).await {
            Ok(container) => {
                containers.container = Some(container);
                Ok(staged(containers, 0))
            }
            Err(error) => Err(not_uploaded(scope, channel, error, remedy).await?),
        };
    };
    if is_finished(&client, channel, &access.token, &container).await? {
        return Ok(Prepared::Ready(Request::V1 { container, text: containers.text }));
    }
    Ok(staged(containers, WAIT_S))
}

/// Whether a container is ready to be published. One that cannot become so is an error.
async fn is_finished(
    client: &Client<'_>,
    channel: &Channel,
    token: &SecretText,
    container: &Number,
) -> Result<bool, PublishError> {
    for look in 0..LOOKS {
        if look > 0 {
            client.scope.pause(BETWEEN_LOOKS).await;
        }
        let answer = match client.container(token, container).await {
            Ok(answer) => answer,
            // Containers disappear when they expire.
            Err(error) if error.meaning() == Some(Meaning::NotFound) => return Err(expired()),
            Err(error) => return Err(not_uploaded(client.scope, channel, error, remedy).await?),
        };
        match answer.status {
            ContainerStatus::Finished => return Ok(true),
            ContainerStatus::InProgress => {}
            ContainerStatus::Expired => return Err(expired()),
            ContainerStatus::Error => return Err(failed(answer.error_message)),
            // Nothing of this delivery has been sent: another one was, or a restore lost it.
            ContainerStatus::Published => {
                let (code, text) = ("container_published".to_owned(), "The post is already published.".to_owned());
                return Err(PublishError::KeyTaken { code, text });
            }
        }
    }
    Ok(false)
}

fn expired() -> PublishError {
    let text = "The platform no longer has what it had prepared.".to_owned();
    PublishError::Unstaged { code: "container_expired".to_owned(), text }
}

/// The platform could not prepare the post, such as a picture of a wrong shape.
fn failed(word: Option<String>) -> PublishError {
    let code = word.filter(|word| word.len() <= 100).unwrap_or_else(|| "ERROR".to_owned());
    let text = "The platform could not prepare the post.".to_owned();
    let remedy = "Change the picture as the platform's error code says, then schedule the post again.".to_owned();
    PublishError::Refused { code, text, remedy }
}

pub async fn send(scope: &Scope, channel: &Channel, request: &Request) -> Result<Published, PublishError> {
    let Request::V1 { container, .. } = request;
    let access = access::<Threads>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    match client.publish(&access.token, &channel.account_id, container).await {
        Ok(id) => Ok(shown(&client, channel, &access, id).await),
        Err(error) => Err(unsent(scope, channel, error, remedy).await?),
    }
}

/// The post with its address. It is published in any case, so without an answer, the address is that of the account.
async fn shown(client: &Client<'_>, channel: &Channel, access: &Access, id: Number) -> Published {
    let permalink = client.post_of(&access.token, &id).await.ok().and_then(|post| post.permalink);
    published(channel, id, permalink)
}

fn published(channel: &Channel, id: Number, permalink: Option<String>) -> Published {
    let of_account = || format!("https://www.threads.com/{}", channel.handle);
    let is_web = |url: &String| url.len() <= 2_048 && url.starts_with("https://www.threads.");
    let url = permalink.filter(is_web).unwrap_or_else(of_account);
    Published { id: id.into(), receipt: serde_json::Value::Null, url }
}

/// Asks for the container, which knows whether it was published, and then for the post with its text.
pub async fn reconcile(
    scope: &Scope,
    channel: &Channel,
    request: &Request,
    since: Timestamp,
) -> Result<Option<Published>, PublishError> {
    let Request::V1 { container, text } = request;
    let access = access::<Threads>(scope, channel.id, None).await?;
    let client = Client { scope, server: &access.server };
    let failed_read = async |error: CallError| match error.meaning() {
        Some(Meaning::AccountGone) => unsent(scope, channel, error, remedy).await.unwrap_or_else(Into::into),
        // A read has no effect, so it can be repeated after any other error.
        _ => error.not_now(),
    };
    let status = match client.container(&access.token, container).await {
        Ok(answer) => answer.status,
        Err(error) => return Err(failed_read(error).await),
    };
    match status {
        ContainerStatus::Finished => Ok(None),
        ContainerStatus::Published => {
            let since = after(since, -CLOCK_DIFFERENCE);
            match client.posts(&access.token, &channel.account_id, since).await {
                Ok(posts) => found(channel, posts, text, since).map(Some),
                Err(error) => Err(failed_read(error).await),
            }
        }
        ContainerStatus::InProgress => Err(later("The platform is still publishing the post.")),
        ContainerStatus::Error | ContainerStatus::Expired => Err(failed(None)),
    }
}

/// The one post with our text since it was sent. The container says that it is published.
fn found(channel: &Channel, posts: Vec<PostAnswer>, text: &str, since: Timestamp) -> Result<Published, PublishError> {
    if posts.len() >= PAGE {
        return Err(later("The account has more new posts than are searched for this post."));
    }
    let is_ours = |post: &PostAnswer| post.text == text && post.created_at().is_some_and(|at| at >= since);
    let mut ours = posts.into_iter().filter(is_ours);
    match (ours.next(), ours.next()) {
        (Some(post), None) => Ok(published(channel, post.id, post.permalink)),
        (None, _) => Err(later("The platform has published the post, and does not list it yet.")),
        (Some(_), Some(_)) => Err(later("The account has several new posts with this text.")),
    }
}

fn later(text: &str) -> PublishError {
    PublishError::NotNow { retry_after_s: 60, code: "post_not_found".to_owned(), text: text.to_owned() }
}

fn remedy(_: &Refusal) -> &'static str {
    "Change the post as the platform's error text says, then schedule it again."
}
