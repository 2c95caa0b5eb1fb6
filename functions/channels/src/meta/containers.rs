//! Publishing in steps: containers, which the platform processes, and then the one visible call.

use std::time::Duration;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::tenancy::Scope;

use super::Number;
use super::graph::{Client, ContainerStatus, Content, Graph, PAGE, PostAnswer};
use crate::adapter::Prepared;
use crate::call::{Meaning, Refusal};
use crate::channel::Channel;
use crate::disconnection::{not_uploaded, unread, unsent};
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
pub enum Staged<O> {
    V1(Containers<O>),
}

#[derive(Serialize, Deserialize)]
pub struct Containers<O> {
    text: String,
    options: O,
    /// Of the pictures, if there are several.
    children: Vec<Number>,
    /// Of the whole post.
    container: Option<Number>,
}

type Step<O> = Prepared<Request, Staged<O>>;

fn staged<O>(containers: Containers<O>, wait_s: u32) -> Step<O> {
    Prepared::Staged { staged: Staged::V1(containers), wait_s }
}

/// One account, with its token.
struct Account<'a, G> {
    client: Client<'a, G>,
    channel: &'a Channel,
    token: &'a SecretText,
}

impl<'a, G: Graph> Account<'a, G> {
    fn new(scope: &'a Scope, channel: &'a Channel, access: &'a Access) -> Self {
        Self { client: Client::new(scope, &access.server), channel, token: &access.token }
    }

    async fn create(&self, content: Content<'_, G::Options>) -> Result<Number, PublishError> {
        match self.client.create(self.token, &self.channel.account_id, &content).await {
            Ok(container) => Ok(container),
            Err(error) => Err(not_uploaded(self.client.scope, self.channel, error, remedy).await?),
        }
    }

    /// Whether a container is ready to be published. One that cannot become so is an error.
    async fn is_finished(&self, container: &Number) -> Result<bool, PublishError> {
        for look in 0..LOOKS {
            if look > 0 {
                self.client.scope.pause(BETWEEN_LOOKS).await;
            }
            let looked = match self.client.container(self.token, container).await {
                Ok(looked) => looked,
                // Containers disappear when they expire.
                Err(error) if error.meaning() == Some(Meaning::NotFound) => return Err(expired()),
                Err(error) => return Err(not_uploaded(self.client.scope, self.channel, error, remedy).await?),
            };
            match looked.status {
                ContainerStatus::Finished => return Ok(true),
                ContainerStatus::InProgress => {}
                ContainerStatus::Expired => return Err(expired()),
                ContainerStatus::Error => return Err(failed(looked.error)),
                // Nothing of this delivery has been sent: another one was, or a restore lost it.
                ContainerStatus::Published => {
                    let (code, text) = ("container_published".to_owned(), "The post is already published.".to_owned());
                    return Err(PublishError::KeyTaken { code, text });
                }
            }
        }
        Ok(false)
    }

    /// The post with its address. It is published in any case, so without an answer, the address is that of the account.
    async fn shown(&self, id: Number) -> Published {
        let permalink = self.client.post_of(self.token, &id).await.ok().and_then(|post| post.permalink);
        published::<G>(self.channel, id, permalink)
    }
}

pub async fn prepare<G: Graph>(
    scope: &Scope,
    channel: &Channel,
    outgoing: Outgoing<G::Options, LinkedPicture>,
) -> Result<Step<G::Options>, PublishError> {
    let Outgoing { text, options, pictures, .. } = outgoing;
    let access = access::<G>(scope, channel.id, None).await?;
    let account = Account::<G>::new(scope, channel, &access);
    let (mut children, mut container) = (Vec::new(), None);
    match pictures.as_slice() {
        [] => container = Some(account.create(Content::Text { text: &text, options: &options }).await?),
        [picture] => {
            container = Some(account.create(Content::Picture { text: &text, options: &options, picture }).await?);
        }
        several => {
            for picture in several {
                children.push(account.create(Content::CarouselItem(picture)).await?);
            }
        }
    }
    Ok(staged(Containers { text, options, children, container }, 0))
}

pub async fn advance<G: Graph>(
    scope: &Scope,
    channel: &Channel,
    staged_before: Staged<G::Options>,
) -> Result<Step<G::Options>, PublishError> {
    let Staged::V1(mut containers) = staged_before;
    let access = access::<G>(scope, channel.id, None).await?;
    let account = Account::<G>::new(scope, channel, &access);
    let Some(container) = containers.container.clone() else {
        let children = containers.children.iter().map(|child| account.is_finished(child));
        if !try_join_all(children).await?.into_iter().all(|is_finished| is_finished) {
            return Ok(staged(containers, WAIT_S));
        }
        let Containers { text, options, children, .. } = &containers;
        containers.container = Some(account.create(Content::Carousel { text, options, children }).await?);
        return Ok(staged(containers, 0));
    };
    if account.is_finished(&container).await? {
        return Ok(Prepared::Ready(Request::V1 { container, text: containers.text }));
    }
    Ok(staged(containers, WAIT_S))
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

pub async fn send<G: Graph>(scope: &Scope, channel: &Channel, request: &Request) -> Result<Published, PublishError> {
    let Request::V1 { container, .. } = request;
    let access = access::<G>(scope, channel.id, None).await?;
    let account = Account::<G>::new(scope, channel, &access);
    match account.client.publish(account.token, &channel.account_id, container).await {
        Ok(id) => Ok(account.shown(id).await),
        Err(error) => Err(unsent(scope, channel, error, remedy).await?),
    }
}

fn published<G: Graph>(channel: &Channel, id: Number, permalink: Option<String>) -> Published {
    let is_web = |url: &String| url.len() <= 2_048 && url.starts_with(G::API.web);
    let url = permalink.filter(is_web).unwrap_or_else(|| G::page_of(&channel.handle));
    Published { id: id.into(), receipt: serde_json::Value::Null, url }
}

/// Asks for the container, which knows whether it was published, and then for the post with its text.
pub async fn reconcile<G: Graph>(
    scope: &Scope,
    channel: &Channel,
    request: &Request,
    since: Timestamp,
) -> Result<Option<Published>, PublishError> {
    let Request::V1 { container, text } = request;
    let access = access::<G>(scope, channel.id, None).await?;
    let account = Account::<G>::new(scope, channel, &access);
    let status = match account.client.container(account.token, container).await {
        Ok(looked) => looked.status,
        Err(error) => return Err(unread(scope, channel, error, remedy).await?),
    };
    match status {
        ContainerStatus::Finished => Ok(None),
        ContainerStatus::Published => {
            let since = after(since, -CLOCK_DIFFERENCE);
            match account.client.posts(account.token, &channel.account_id, since).await {
                Ok(posts) => found::<G>(channel, posts, text, since).map(Some),
                Err(error) => Err(unread(scope, channel, error, remedy).await?),
            }
        }
        ContainerStatus::InProgress => Err(later("The platform is still publishing the post.")),
        ContainerStatus::Error | ContainerStatus::Expired => Err(failed(None)),
    }
}

/// The one post with our text since it was sent. The container says that it is published.
fn found<G: Graph>(
    channel: &Channel,
    posts: Vec<PostAnswer>,
    text: &str,
    since: Timestamp,
) -> Result<Published, PublishError> {
    if posts.len() >= PAGE {
        return Err(later("The account has more new posts than are searched for this post."));
    }
    let is_ours = |post: &PostAnswer| {
        post.text.as_deref().unwrap_or_default() == text && post.created_at().is_some_and(|at| at >= since)
    };
    let mut ours = posts.into_iter().filter(is_ours);
    match (ours.next(), ours.next()) {
        (Some(post), None) => Ok(published::<G>(channel, post.id, post.permalink)),
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
