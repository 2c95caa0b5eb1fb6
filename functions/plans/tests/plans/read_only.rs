//! After a change to a lower plan: nothing is deleted, and the newest things without room are read-only.

use channels::routes::{disconnect_channel, get_channel, list_channels};
use plans::jobs::{apply_plan_limits, recount_usage, set_override};
use plans::read_only::MAKES_READ_ONLY;
use posts::routes::{create_post, list_posts};
use serde_json::{Value, json};
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::{ApplyPlanLimits, Role};
use shared::testing::{Person, Request};
use workspaces::routes::{
    create_workspace_token, delete_workspace_token, get_member, get_workspace, leave_workspace, list_members,
    list_workspace_tokens, list_workspaces, remove_member,
};

use crate::place::Place;

impl Place {
    /// Runs the job for each message that was sent.
    async fn apply(&self) -> usize {
        let messages = self.app.outbox::<ApplyPlanLimits>(&self.owner.outbox()).await.unwrap();
        self.app.empty_outbox().await.unwrap();
        self.app.deliver(&apply_plan_limits::FUNCTION, &messages).await.unwrap();
        messages.len()
    }

    /// Changes a limit as an operator, and applies it.
    async fn limit(&self, name: &str, room: u64) {
        self.override_until(name, json!(room), after(self.app.now(), SignedDuration::from_hours(24))).await.unwrap();
        assert_eq!(self.apply().await, 1);
    }

    async fn channels(&self, count: usize) -> Vec<String> {
        let mut channels = Vec::new();
        for _ in 0..count {
            self.app.advance(SignedDuration::from_secs(1));
            channels.push(self.channel().await);
        }
        channels
    }

    async fn member(&self, role: Role) -> Person {
        self.app.advance(SignedDuration::from_secs(1));
        self.app.join(self.owner.workspace, role).await.unwrap()
    }

    async fn token(&self) -> (String, String) {
        self.app.advance(SignedDuration::from_secs(1));
        let body = json!({ "name": "Import", "scopes": ["posts:write", "posts:read"] });
        let made = self.app.call(self.to(&create_workspace_token::FUNCTION).json(body)).await.expect(201).body;
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    }

    /// The ids of what a list shows as read-only.
    async fn read_only(&self, list: Request, id: &str) -> Vec<String> {
        let listed = self.app.call(list).await.expect(200).body;
        let items = listed["items"].as_array().unwrap().iter();
        items.filter(|item| item["read_only"] == true).map(|item| item[id].as_str().unwrap().to_owned()).collect()
    }

    async fn read_only_channels(&self) -> Vec<String> {
        self.read_only(self.to(&list_channels::FUNCTION), "id").await
    }

    /// Whether the workspace is read-only for a person, as its view and their list of workspaces say, and the view's version.
    async fn is_read_only_for(&self, person: &Person) -> (bool, String) {
        let view = self.app.call(self.to(&get_workspace::FUNCTION).by(person)).await.expect(200);
        let listed = self.app.call(Request::to(&list_workspaces::FUNCTION).by(person)).await.expect(200).body;
        let items = listed["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["id"] == json!(self.owner.workspace)).unwrap();
        assert_eq!(item["read_only"], view.body["read_only"], "{listed}");
        (view.body["read_only"].as_bool().unwrap(), view.header("etag").to_owned())
    }

    fn drafting(&self) -> Request {
        self.to(&create_post::FUNCTION).json(json!({ "text": "Hello" }))
    }
}

#[tokio::test]
async fn of_the_channels_the_newest_without_room_take_no_new_posts() {
    let at = Place::on_plan("scale").await;
    let channels = at.channels(3).await;
    let (before, post) = (at.draft().await, at.draft().await);
    at.app.call(at.scheduling_on(&before, &channels[2])).await.expect(200);
    at.limit("channels", 1).await;
    assert_eq!(at.read_only_channels().await, [channels[2].clone(), channels[1].clone()]);
    let refused = at.app.call(at.scheduling_on(&post, &channels[1])).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("post_does_not_fit", vec!["channel_ids"]));
    let rule = refused.body["errors"][0]["rule"].as_str().unwrap();
    assert!(rule.contains("the plan allows 1 channels") && rule.contains(&channels[1]), "{rule}");
    at.app.call(at.scheduling_on(&post, &channels[0])).await.expect(200);
    // What was promised before stays: it is published, and nothing is deleted.
    let kept = at.app.call(at.of_post(&posts::routes::get_post::FUNCTION, &before)).await.expect(200).body;
    assert_eq!((&kept["state"], &kept["channel_ids"]), (&json!("scheduled"), &json!([channels[2]])));
    assert_eq!(at.actions("plan_limits.applied").await, 1);
}

#[tokio::test]
async fn a_channel_that_goes_makes_room_for_the_oldest_without() {
    let at = Place::on_plan("scale").await;
    let channels = at.channels(3).await;
    let disconnect = |id: &str| at.to(&disconnect_channel::FUNCTION).path("channel_id", id);
    at.app.call(disconnect(&at.channels(1).await[0])).await.expect(204);
    assert_eq!(at.apply().await, 0, "nothing is read-only: no message is needed");
    at.limit("channels", 2).await;
    let view = || at.app.call(at.to(&get_channel::FUNCTION).path("channel_id", &channels[2]));
    let read_only = view().await.expect(200);
    assert_eq!(read_only.body["read_only"], true);
    at.app.call(disconnect(&channels[0])).await.expect(204);
    assert_eq!(at.apply().await, 1);
    assert_eq!(at.read_only_channels().await, [""; 0]);
    let usual = view().await.expect(200);
    assert_ne!(usual.header("etag"), read_only.header("etag"), "the version depends on the plan too");
    at.app.call(at.scheduling_on(&at.draft().await, &channels[2])).await.expect(200);
    assert_eq!(at.actions("plan_limits.applied").await, 2);
}

#[tokio::test]
async fn of_the_members_the_newest_without_room_only_read_and_leave() {
    let at = Place::on_plan("scale").await;
    let (first, admin, late) =
        (at.member(Role::Member).await, at.member(Role::Admin).await, at.member(Role::Member).await);
    let (_, usual) = at.is_read_only_for(&late).await;
    at.limit("members", 2).await;
    let read_only = at.read_only(at.to(&list_members::FUNCTION), "user_id").await;
    assert_eq!(read_only, [admin.user.to_string(), late.user.to_string()]);
    at.app.call(at.drafting().by(&first)).await.expect(201);
    assert!(!at.is_read_only_for(&first).await.0 && !at.is_read_only_for(&at.owner).await.0);
    for person in [&admin, &late] {
        let (is_read_only, version) = at.is_read_only_for(person).await;
        assert!(is_read_only && version != usual);
        at.app.call(at.to(&list_posts::FUNCTION).by(person)).await.expect(200);
        let refused = at.app.call(at.drafting().by(person)).await.expect(403);
        assert_eq!(refused.code(), "over_plan_limit");
        assert!(refused.body["detail"].as_str().unwrap().contains("allows 2 members"), "{}", refused.text);
    }
    let removing = at.to(&remove_member::FUNCTION).path("user_id", first.user);
    assert_eq!(at.app.call(removing.by(&admin)).await.expect(403).code(), "over_plan_limit");
    // Someone leaves: the next one has room.
    at.app.call(at.to(&leave_workspace::FUNCTION).by(&late)).await.expect(204);
    assert_eq!(at.apply().await, 1);
    at.app.call(at.drafting().by(&admin)).await.expect(403);
    at.app.call(at.to(&remove_member::FUNCTION).path("user_id", first.user)).await.expect(204);
    assert_eq!(at.apply().await, 1);
    at.app.call(at.drafting().by(&admin)).await.expect(201);
    assert!(!at.is_read_only_for(&admin).await.0);
    at.sound("after the removals").await;
}

#[tokio::test]
async fn an_owner_is_never_read_only() {
    let at = Place::on_plan("scale").await;
    let member = at.member(Role::Member).await;
    let second = at.member(Role::Owner).await;
    at.limit("members", 0).await;
    for owner in [&at.owner, &second] {
        at.app.call(at.drafting().by(owner)).await.expect(201);
    }
    at.app.call(at.drafting().by(&member)).await.expect(403);
    let view = at.to(&get_member::FUNCTION).path("user_id", second.user);
    assert_eq!(at.app.call(view).await.expect(200).body["read_only"], false);
    // With room again, everything is as before.
    at.limit("members", 3).await;
    at.app.call(at.drafting().by(&member)).await.expect(201);
}

#[tokio::test]
async fn of_the_tokens_the_newest_without_room_only_read() {
    let at = Place::on_plan("scale").await;
    let ((first, first_secret), (late, late_secret)) = (at.token().await, at.token().await);
    at.limit("workspace_tokens", 1).await;
    assert_eq!(at.read_only(at.to(&list_workspace_tokens::FUNCTION), "id").await, [late]);
    at.app.call(at.drafting().bearer(&first_secret)).await.expect(201);
    at.app.call(at.to(&list_posts::FUNCTION).bearer(&late_secret)).await.expect(200);
    let refused = at.app.call(at.drafting().bearer(&late_secret)).await.expect(403);
    assert_eq!(refused.code(), "over_plan_limit");
    assert!(refused.body["detail"].as_str().unwrap().contains("allows 1 tokens"), "{}", refused.text);
    at.app.call(at.to(&delete_workspace_token::FUNCTION).path("token_id", &first)).await.expect(204);
    assert_eq!(at.apply().await, 1);
    at.app.call(at.drafting().bearer(&late_secret)).await.expect(201);
}

#[tokio::test]
async fn a_removed_or_expired_override_applies_the_plan_again() {
    let at = Place::on_plan("scale").await;
    let channels = at.channels(2).await;
    at.limit("channels", 1).await;
    assert_eq!(at.read_only_channels().await, [channels[1].clone()]);
    let remove = json!({ "workspace_id": at.owner.workspace, "remove": { "name": "channels" } });
    at.app.run(&set_override::FUNCTION, remove).await.unwrap();
    assert_eq!((at.apply().await, at.read_only_channels().await), (1, vec![]));
    at.limit("channels", 1).await;
    at.app.advance(SignedDuration::from_hours(25));
    at.app.tick(&plans::jobs::expire_overrides::FUNCTION).await.unwrap();
    assert_eq!(at.apply().await, 1);
    let at = at.signed_in_again().await;
    assert_eq!(at.read_only_channels().await, [""; 0]);
}

/// A message can be lost with its queue, and a change of an owner sends none.
#[tokio::test]
async fn the_nightly_job_decides_it_too_and_a_repeat_changes_nothing() {
    let at = Place::on_plan("scale").await;
    let channels = at.channels(2).await;
    let later = after(at.app.now(), SignedDuration::from_hours(200));
    at.override_until("channels", json!(1), later).await.unwrap();
    at.app.empty_outbox().await.unwrap();
    assert_eq!(at.read_only_channels().await, [""; 0]);
    for _ in 0..2 {
        at.app.advance(SignedDuration::from_hours(20));
        at.app.tick(&recount_usage::FUNCTION).await.unwrap();
    }
    let at = at.signed_in_again().await;
    assert_eq!(at.read_only_channels().await, [channels[1].clone()]);
    assert_eq!(at.actions("plan_limits.applied").await, 1);
}

/// Every ceiling of things that are used makes them read-only; the others bound what is new.
#[test]
fn the_limits_that_make_things_read_only_are_ceilings_of_the_table() {
    let names: Vec<_> = MAKES_READ_ONLY.iter().map(|limit| limit.name()).collect();
    assert_eq!(names, ["channels", "members", "workspace_tokens"]);
    for limit in MAKES_READ_ONLY {
        let kind: Value = serde_json::to_value(limit.terms().unwrap().kind).unwrap();
        assert_eq!(kind, "ceiling", "{}", limit.name());
    }
}
