//! An erased workspace that had one of each resource: nothing of it is left, and no function brings anything back.

use ::erasure::jobs::purge_workspaces;
use serde_json::Value;
use shared::function::Declared;
use shared::jobs::Trigger;
use shared::kernel::time::SignedDuration;
use workspaces::routes::delete_workspace;

use crate::cloud::Contents;
use crate::domains::jobs;
use crate::none;
use crate::place::{Place, World};
use crate::sample::Sample;

/// What still names the workspace, but for its certificate, and records of users and runs that name no content of it.
fn left(world: &World, place: &Place) -> Vec<String> {
    let id = place.owner.workspace.to_string();
    let certificate = format!("proofs D#{id} \"CERTIFICATE\"");
    let items = Contents::of(&world.app).of_the_product().in_workspace(&id).keys();
    // The list of a member of the staff expires before a workspace leaves the trash.
    let items = items.into_iter().filter(|key| *key != certificate && !key.starts_with("proofs OL#staff_"));
    let objects = world.app.cloud().object_versions().into_iter().filter(|version| version.contains(&id));
    items.chain(objects).collect()
}

async fn erase(world: &World, place: &Place) {
    world.prove_second_factor(&place.owner.token).await;
    world.call(&delete_workspace::FUNCTION, &place.owner.token, &place.filling, Value::Null).await;
    world.app.advance(SignedDuration::from_hours(30 * 24));
    for _ in 0..2 {
        world.app.advance(SignedDuration::from_hours(1));
        world.app.tick(&purge_workspaces::FUNCTION).await.unwrap();
    }
    world.post_letters_of(&place.owner.outbox()).await;
    world.app.empty_outbox().await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_workspace_with_one_of_each_resource_is_left() {
    let world = World::new().await;
    let (mine, theirs) = (world.place().await, world.place().await);
    let theirs = || Contents::of(&world.app).of_the_product().in_workspace(theirs.filling.get("workspace_id"));
    world.app.empty_outbox().await.unwrap();
    let before = theirs();
    erase(&world, &mine).await;
    none(left(&world, &mine));
    none(before.changes_until(&theirs()));
    let mail = world.app.cloud().mails_to(mine.filling.get("email")).pop().expect("a mail");
    assert_eq!(mail.subject, ::erasure::letters::WORKSPACE_ERASED);
}

/// A message that waited for a workspace that is erased is done with: it is neither retried nor moved to the dead-letter
/// queue.
#[tokio::test]
async fn no_job_fails_for_an_erased_workspace_or_brings_anything_of_it_back() {
    let world = World::new().await;
    let place = world.place().await;
    let mut events = Vec::new();
    for entry in jobs() {
        let Declared::Job(job) = entry.function().declared() else { continue };
        let ready = match job.trigger {
            Trigger::Message(_) => world.ready_for(entry.name(), &place).await,
            Trigger::Schedule(_) => place.filling.clone(),
            _ => continue,
        };
        events.push((entry, job.trigger, Sample::of(entry).filled(&ready)));
    }
    erase(&world, &place).await;
    let (mut faults, mut messages) = (Vec::new(), 0);
    for (entry, trigger, event) in events {
        let answer = world.app.run(entry.function(), event).await;
        match (trigger, answer) {
            (Trigger::Message(_), Ok(answer)) if answer["batchItemFailures"][0].is_null() => messages += 1,
            (Trigger::Schedule(_), Ok(_)) => {}
            (_, answer) => faults.push(format!("{}: {answer:?}", entry.name())),
        }
        faults.extend(left(&world, &place).into_iter().map(|key| format!("{}: {key}", entry.name())));
    }
    assert!(messages >= 4, "only {messages} messages");
    none(faults);
}
