//! Random operations on everything that is counted, while functions crash: the counters equal the things.
//!
//! The seed is printed (`BULKHEAD_SEED`), and repeats the same operations with the same crashes.

use std::collections::BTreeMap;

use channels::routes::disconnect_channel;
use media::routes::{complete_upload, create_upload};
use posts::jobs::sweep_due_posts;
use posts::routes::{create_post, delete_post, schedule_post, unschedule_post};
use serde_json::json;
use shared::aws::wire::Fault;
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Ended, Request, Response};
use workspaces::jobs::expire_invitations;
use workspaces::routes::{invite_member, remove_member, revoke_invitation};

use crate::place::Place;

const OPERATIONS: usize = 10_000;
/// Operations between two checks.
const CHECKED_EACH: usize = 1_000;

/// What the operations refer to. An id stays after it was deleted, so that deletions are repeated too.
struct World {
    at: Place,
    posts: Vec<String>,
    channels: Vec<String>,
    invitations: Vec<String>,
    media: Vec<String>,
    members: Vec<String>,
    crashes: usize,
    counts: BTreeMap<&'static str, usize>,
}

impl World {
    fn below(&self, bound: usize) -> usize {
        let random = u64::from_le_bytes(self.at.app.entropy().bytes());
        usize::try_from(random % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn any(&self, ids: &[String]) -> Option<String> {
        ids.get(self.below(ids.len())).cloned()
    }

    /// Arms a crash, a lost response or nothing.
    fn arm(&self, function: &'static Function) {
        let call = 1 + self.below(9);
        let fault = match self.below(9) {
            0 => Fault::CrashBefore(call),
            1 => Fault::CrashAfter(call),
            2 => Fault::LoseAnswer(call),
            _ => return,
        };
        self.at.app.wire(function).arm(fault);
    }

    /// A request whose function may crash; its response, if it did not and the request succeeded.
    async fn call(&mut self, name: &'static str, function: &'static Function, request: Request) -> Option<Response> {
        self.arm(function);
        let call = async { Ok(self.at.app.call(request).await) };
        let ended = self.at.app.until_crash(function, call).await;
        self.at.app.wire(function).disarm();
        match ended {
            Ok(answer) if answer.status < 300 => {
                *self.counts.entry(name).or_default() += 1;
                Some(answer)
            }
            Ok(answer) => {
                assert!(answer.status != 500, "{name}: {}", answer.text);
                None
            }
            Err(Ended::Crashed) => {
                self.crashes += 1;
                None
            }
            Err(ended) => panic!("{name}: {ended:?}"),
        }
    }

    async fn tick(&mut self, name: &'static str, function: &'static Function) {
        self.arm(function);
        match self.at.app.until_crash(function, self.at.app.tick(function)).await {
            Ok(_) => *self.counts.entry(name).or_default() += 1,
            Err(Ended::Crashed) => self.crashes += 1,
            Err(_) => {}
        }
        self.at.app.wire(function).disarm();
    }

    async fn perform(&mut self, operation: usize) {
        let id = |answer: &Response| answer.body["id"].as_str().unwrap().to_owned();
        match operation {
            0 => {
                let request = self.at.to(&create_post::FUNCTION).json(json!({ "text": "Hello" }));
                let made = self.call("create", &create_post::FUNCTION, request).await;
                self.posts.extend(made.iter().map(id));
            }
            1 | 2 => {
                let (Some(post), Some(channel)) = (self.any(&self.posts), self.any(&self.channels)) else { return };
                let request = self.at.scheduling_on(&post, &channel);
                self.call("schedule", &schedule_post::FUNCTION, request).await;
            }
            3 => {
                let Some(post) = self.any(&self.posts) else { return };
                let request = self.at.of_post(&unschedule_post::FUNCTION, &post).json(json!({}));
                self.call("unschedule", &unschedule_post::FUNCTION, request).await;
            }
            4 => {
                let Some(post) = self.any(&self.posts) else { return };
                let request = self.at.of_post(&delete_post::FUNCTION, &post);
                self.call("delete", &delete_post::FUNCTION, request).await;
            }
            5 => {
                let request = self.at.inviting();
                let made = self.call("invite", &invite_member::FUNCTION, request).await;
                self.invitations.extend(made.iter().map(id));
            }
            6 => {
                let Some(invitation) = self.any(&self.invitations) else { return };
                let request = self.at.to(&revoke_invitation::FUNCTION).path("invitation_id", &invitation);
                self.call("revoke", &revoke_invitation::FUNCTION, request).await;
            }
            7 => {
                if self.members.len() < 20 || self.below(2) == 0 {
                    let joined = self.at.app.join(self.at.owner.workspace, Role::Member).await.unwrap();
                    self.members.push(joined.user.to_string());
                }
                let Some(member) = self.any(&self.members) else { return };
                let request = self.at.to(&remove_member::FUNCTION).path("user_id", &member);
                self.call("remove", &remove_member::FUNCTION, request).await;
            }
            8 => {
                let handle = format!("user{}.test", self.below(12));
                let request = self.at.connecting(&handle);
                let made = self.call("connect", &channels::routes::connect_bluesky::FUNCTION, request).await;
                self.channels.extend(made.iter().map(id));
            }
            9 => {
                let Some(channel) = self.any(&self.channels) else { return };
                let request = self.at.to(&disconnect_channel::FUNCTION).path("channel_id", &channel);
                self.call("disconnect", &disconnect_channel::FUNCTION, request).await;
            }
            10 => {
                let request = self.at.declaring();
                let Some(made) = self.call("upload", &create_upload::FUNCTION, request).await else { return };
                self.at.app.upload(&made.body["upload"], test_support::picture::dot());
                self.media.push(made.body["media"]["id"].as_str().unwrap().to_owned());
            }
            11 => {
                let Some(media) = self.any(&self.media) else { return };
                let request = self.at.completing(&media);
                self.call("complete", &complete_upload::FUNCTION, request).await;
            }
            12 => self.tick("sweep", &sweep_due_posts::FUNCTION).await,
            _ => self.tick("expire", &expire_invitations::FUNCTION).await,
        }
    }
}

#[tokio::test]
async fn after_10000_random_operations_with_crashes_no_counter_has_drifted() {
    let at = Place::on_plan("growth").await;
    let (posts, channels, invitations, media, members) = Default::default();
    let mut world = World { at, posts, channels, invitations, media, members, crashes: 0, counts: BTreeMap::new() };
    for number in 0..OPERATIONS {
        // Time passes: invitations expire, posts become due, limits of users and days begin again.
        world.at.app.advance(SignedDuration::from_secs(60));
        if number % 10 == 0 {
            world.at = world.at.signed_in_again().await;
        }
        let operation = world.below(14);
        world.perform(operation).await;
        if number % CHECKED_EACH == CHECKED_EACH - 1 {
            world.at.sound(&format!("after {number} operations")).await;
            // Only recent ones are referred to, so that most operations have an effect.
            for ids in [&mut world.posts, &mut world.invitations, &mut world.media, &mut world.channels] {
                let old = ids.len().saturating_sub(60);
                ids.drain(..old);
            }
        }
    }
    // Every operation succeeded at some point, and functions crashed.
    assert_eq!(world.counts.len(), 13, "{:?}", world.counts);
    assert!(world.crashes > OPERATIONS / 50, "{} crashes", world.crashes);
}
