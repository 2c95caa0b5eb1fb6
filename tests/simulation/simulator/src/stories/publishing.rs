//! Posts that are scheduled, edited, moved, unscheduled and deleted around the second in which they are due.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;
use shared::function::Function;
use shared::kernel::time::{CLOCKS_DIFFER_BY, SignedDuration, Timestamp, after};
use shared::testing::{Person, Request};

use super::Story;
use crate::client::{Client, Outcome};
use crate::deployment::{Deployment, Effect};
use crate::judge::Tables;

#[derive(Default)]
pub struct Publishing {
    person: Option<Person>,
    posts: Vec<Post>,
}

#[derive(Default)]
struct Post {
    id: String,
    /// The account and channel of each delivery.
    channels: Vec<(String, String)>,
    /// Every text that it may have had.
    texts: Vec<String>,
    /// How many of them it must have had before anything was sent: the last edit that was confirmed.
    confirmed: usize,
    /// It was scheduled, and neither withdrawn nor perhaps withdrawn.
    must_be_sent: bool,
    /// It is deleted, or may be.
    is_gone: bool,
    /// The instant for which it was last scheduled.
    due: Timestamp,
    /// When its deletion was confirmed.
    gone_at: Option<Timestamp>,
    /// The earliest instant for which it may be scheduled.
    earliest: Option<Timestamp>,
    /// How often a schedule was confirmed, and asked for.
    schedules: (usize, usize),
}

impl Story for Publishing {
    fn run<'a>(&'a mut self, client: &'a Client) -> BoxFuture<'a, ()> {
        Box::pin(self.publish(client))
    }

    fn judge<'a>(&'a self, deployment: &'a Arc<dyn Deployment>, tables: &'a Tables) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            let mut faults = Vec::new();
            let Some(person) = &self.person else { return faults };
            let workspace = person.workspace.to_string();
            let judge = Client::new(deployment.clone(), format!("the judge of {workspace}"));
            for post in &self.posts {
                faults.extend(post.judge(&judge, person).await);
                let (least, most) = post.schedules;
                let entries = tables.audit_entries(&workspace, "post.scheduled", &post.id);
                if entries < least || entries > most {
                    faults.push(format!("{}: {entries} audit entries of {least} to {most} schedules", post.id));
                }
            }
            let counted = tables.counted_posts(&workspace);
            let used = tables.usage(&workspace).get("scheduled_posts").copied().unwrap_or_default();
            if used != counted {
                faults.push(format!("{used} scheduled posts are counted, and there are {counted}"));
            }
            faults
        })
    }
}

impl Publishing {
    async fn publish(&mut self, client: &Client) {
        let Some(person) = client.deployment.owner(client).await else { return };
        let mut channels = Vec::new();
        for _ in 0..client.between(1, 2) {
            channels.push(connect(client, &person).await);
        }
        self.publish_on(client, person, &channels).await;
    }

    /// Publishes on channels, each with its account.
    pub async fn publish_on(&mut self, client: &Client, person: Person, channels: &[(String, String)]) {
        for _ in 0..client.between(1, 3) {
            let person = signed_in_again(client, &person).await;
            let post = follow(client, &person, channels.to_vec()).await;
            self.posts.push(post);
        }
        self.person = Some(person);
    }
}

/// Connects a new account. Returns its account and channel.
pub async fn connect(client: &Client, person: &Person) -> (String, String) {
    let account = client.deployment.platform_account(&format!("alice-{}", client.unique())).await;
    let outcome = client
        .send_until_answered(Request::to(&channels::routes::connect_bluesky::FUNCTION).by(person).json(account.body()))
        .await;
    if outcome.status() >= 300 {
        client.fault(&format!("connecting returns {} {}", outcome.status(), outcome.response.text));
    }
    (account.id, outcome.text("id"))
}

async fn follow(client: &Client, person: &Person, channels: Vec<(String, String)>) -> Post {
    let text = client.unique();
    let request = Request::to(&posts::routes::create_post::FUNCTION).by(person).json(json!({ "text": text }));
    let outcome = client.send_until_answered(request.header("idempotency-key", &client.unique())).await;
    let mut post = Post { id: outcome.text("id"), channels, texts: vec![text], confirmed: 1, ..Post::default() };
    if outcome.status() != 201 {
        client.fault(&format!("creating a post returns {} {}", outcome.status(), outcome.response.text));
        return post;
    }
    let outcome = post.schedule(client, person).await;
    // A due second may pass while the request is repeated, or its process is frozen.
    let is_past = post.earliest.is_some_and(|due| client.now() >= due);
    if outcome.code() == "schedule_in_the_past" && (outcome.is_repeated || is_past) {
        return post;
    }
    if outcome.status() != 200 {
        client.fault(&format!("scheduling returns {} {}", outcome.status(), outcome.response.text));
        return post;
    }
    post.must_be_sent = true;
    for _ in 0..client.between(0, 3) {
        post.wait(client).await;
        post.change(client, person).await;
    }
    post
}

impl Post {
    fn request(&self, function: &'static Function, person: &Person) -> Request {
        Request::to(function).by(person).path("post_id", &self.id)
    }

    async fn schedule(&mut self, client: &Client, person: &Person) -> Outcome {
        let due = after(client.now(), SignedDuration::from_secs(client.ahead_s(62, 300)));
        let due = Timestamp::from_second(due.as_second()).unwrap();
        self.earliest = Some(self.earliest.map_or(due, |earliest| earliest.min(due)));
        self.due = due;
        let at = due.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let ids: Vec<&String> = self.channels.iter().map(|(_, id)| id).collect();
        let body = json!({ "at": at, "time_zone": "UTC", "channel_ids": ids });
        let request = self.request(&posts::routes::schedule_post::FUNCTION, person).json(body);
        let outcome = client.send_until_answered(request.header("idempotency-key", &client.unique())).await;
        let (confirmed, asked) = &mut self.schedules;
        (*confirmed, *asked) = (*confirmed + usize::from(outcome.status() == 200), *asked + 1);
        outcome
    }

    /// Waits for as long as people happen to, or until the moment in which it is sent.
    async fn wait(&self, client: &Client) {
        let left_ms = self.due.duration_since(client.now()).as_millis();
        match u64::try_from(left_ms) {
            Ok(left_ms) if client.once_in(2) => {
                let after_ms = client.between(0, 600);
                tokio::time::sleep(Duration::from_millis(left_ms + after_ms)).await;
            }
            _ => client.pause_s(0, 120).await,
        }
    }

    async fn change(&mut self, client: &Client, person: &Person) {
        let person = &signed_in_again(client, person).await;
        match client.between(0, 5) {
            0..=2 => self.edit(client, person).await,
            3 => {
                // A refusal means that it is being sent, or was.
                let outcome = self.schedule(client, person).await;
                self.must_be_sent |= outcome.status() == 200;
            }
            4 => {
                let request = self.request(&posts::routes::unschedule_post::FUNCTION, person);
                let outcome = client.send_until_answered(request.header("idempotency-key", &client.unique())).await;
                self.must_be_sent &= outcome.status() != 200 && !outcome.is_repeated;
            }
            _ => {
                let outcome =
                    client.send_until_answered(self.request(&posts::routes::delete_post::FUNCTION, person)).await;
                let is_gone = matches!(outcome.status(), 204 | 404);
                self.gone_at = self.gone_at.or(is_gone.then(|| client.now()));
                self.is_gone |= is_gone || outcome.is_repeated;
                self.must_be_sent &= !is_gone && !outcome.is_repeated;
            }
        }
    }

    async fn edit(&mut self, client: &Client, person: &Person) {
        let text = client.unique();
        self.texts.push(text.clone());
        let request = self.request(&posts::routes::update_post::FUNCTION, person).json(json!({ "text": text }));
        let outcome = client.send_until_answered(request).await;
        if outcome.status() == 200 {
            self.confirmed = self.texts.len();
        }
    }

    /// Compares what the API says in the end with the ledger of the platform.
    async fn judge(&self, judge: &Client, person: &Person) -> Vec<String> {
        let person = &signed_in_again(judge, person).await;
        let list = self.request(&posts::routes::list_deliveries::FUNCTION, person);
        let listed = judge.send_until_answered(list).await.response.body["items"].clone();
        let deliveries: Vec<_> = listed.as_array().into_iter().flatten().collect();
        let mut faults = Vec::new();
        for (account, channel) in &self.channels {
            let ours: Vec<_> =
                deliveries.iter().filter(|delivery| delivery["channel_id"] == channel.as_str()).collect();
            let states: Vec<_> = ours.iter().filter_map(|delivery| delivery["state"].as_str()).collect();
            let ids: Vec<_> = ours.iter().filter_map(|delivery| delivery["published"]["id"].as_str()).collect();
            let effects = judge.deployment.effects(account).await;
            let effects: Vec<_> = effects.iter().filter(|effect| self.texts.contains(&effect.text)).collect();
            let wrong = self.wrong(&effects, &states, &ids);
            let found = format!("{states:?}, {ids:?}, {effects:?}");
            faults.extend(wrong.map(|wrong| format!("{} on {account}: {wrong}; {found}", self.id)));
        }
        faults
    }

    fn wrong(&self, effects: &[&Effect], states: &[&str], ids: &[&str]) -> Option<&'static str> {
        let has = |state: &str| states.contains(&state);
        let Some(effect) = effects.first() else {
            return match () {
                () if has("published") => Some("said to be published, and is not"),
                () if self.must_be_sent && !has("held") => Some("never sent"),
                () => None,
            };
        };
        let text = self.texts.iter().position(|text| *text == effect.text).unwrap_or_default();
        match () {
            () if effects.len() > 1 => Some("sent more than once"),
            () if self.earliest.is_some_and(|earliest| effect.at < after(earliest, -CLOCKS_DIFFER_BY)) => {
                Some("sent early")
            }
            () if text + 1 < self.confirmed => Some("sent with a text that had been replaced"),
            () if self.gone_at.is_some_and(|gone_at| effect.at > gone_at) => Some("sent although it had been deleted"),
            () if ids.iter().any(|id| *id != effect.id) => Some("said to be another post of the platform"),
            () if !self.is_gone && !has("published") && !has("held") => Some("sent, and not said to be"),
            () => None,
        }
    }
}

/// The same person with another access token: each lasts minutes.
pub async fn signed_in_again(client: &Client, person: &Person) -> Person {
    client.deployment.signed_in_again(client, person).await
}
