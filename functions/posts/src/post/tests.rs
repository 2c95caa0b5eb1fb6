//! The overall state of a post, and the operations that each state allows.

#![allow(clippy::unwrap_used)]

use super::*;

const PHASES: [Phase; 5] = [Phase::Pending, Phase::Sending, Phase::Published, Phase::Failed, Phase::Held];

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn channel(number: usize) -> ChannelId {
    format!("chan_01890a5d00007000800000000000{number:04x}").parse().unwrap()
}

fn post(phases: &[Phase]) -> Post {
    let text = PostText::parse("hello").unwrap();
    let by = "user_01890a5d000070008000000000000004".parse().unwrap();
    let id = "post_01890a5d000070008000000000000002".parse().unwrap();
    let mut post = Post::draft(id, text, Vec::new(), Vec::new(), Vec::new(), by, now());
    post.deliveries = phases
        .iter()
        .enumerate()
        .map(|(number, phase)| Progress {
            delivery_id: format!("dlv_01890a5d00007000800000000000{number:04x}").parse().unwrap(),
            channel_id: channel(number),
            phase: *phase,
        })
        .collect();
    post
}

fn edit(channel_ids: Option<Vec<ChannelId>>) -> Edit {
    let channel_ids = channel_ids.map_or(Patch::default(), Patch::set);
    Edit { text: Patch::set(PostText::parse("edited").unwrap()), channel_ids, ..Edit::default() }
}

#[test]
fn a_posts_state_is_derived_from_its_deliveries() {
    use Phase::{Failed, Held, Pending, Published, Sending};
    let expected: [(&[Phase], PostState); 14] = [
        (&[], PostState::Draft),
        (&[Pending, Pending], PostState::Scheduled),
        (&[Pending, Sending], PostState::Publishing),
        (&[Pending, Published], PostState::Publishing),
        (&[Pending, Failed], PostState::Publishing),
        (&[Pending, Held], PostState::Publishing),
        (&[Sending, Failed], PostState::Publishing),
        (&[Published, Published], PostState::Published),
        (&[Published, Failed], PostState::PartlyPublished),
        (&[Failed, Failed], PostState::Failed),
        (&[Held], PostState::Held),
        (&[Held, Published], PostState::Held),
        (&[Held, Failed], PostState::Held),
        (&[Held, Published, Failed], PostState::Held),
    ];
    for (phases, state) in expected {
        assert_eq!(post(phases).state(), state, "{phases:?}");
    }
}

#[test]
fn a_post_is_editable_until_a_channel_may_show_it() {
    let errors = PHASES.map(|phase| post(&[phase]).edit(edit(None), now()).err());
    let refused = [Some(PostError::BeingPublished), Some(PostError::AlreadyPublished), Some(PostError::Held)];
    let [sending, published, held] = refused;
    assert_eq!(errors, [None, sending, published, None, held]);
    assert!(post(&[Phase::Failed, Phase::Published]).edit(edit(None), now()).is_err());
}

#[test]
fn omitted_fields_of_an_edit_stay_unchanged() {
    let mut draft = post(&[]);
    draft.media_ids = vec!["media_01890a5d000070008000000000000009".parse().unwrap()];
    draft.channel_ids = vec![channel(1)];
    let before = draft.clone();
    draft.edit(edit(None), now()).unwrap();
    assert_eq!((&draft.media_ids, &draft.channel_ids), (&before.media_ids, &before.channel_ids));
    draft.edit(Edit { media_ids: Patch::set(Vec::new()), ..edit(Some(Vec::new())) }, now()).unwrap();
    assert!(draft.media_ids.is_empty() && draft.channel_ids.is_empty());
    assert!(!draft.has_content_of(&before));
    let (mut varied, plain) = (post(&[]), post(&[]));
    let variants: crate::content::Variants =
        serde_json::from_value(serde_json::json!([{ "channel_id": channel(1), "text": "varied" }])).unwrap();
    varied.edit(Edit { variants: Patch::set(variants.into_vec()), ..Edit::default() }, now()).unwrap();
    assert!(!varied.has_content_of(&plain), "a post with another variant counts as the same");
}

#[test]
fn a_post_of_an_earlier_release_is_read() {
    let mut stored = serde_json::to_value(post(&[])).unwrap();
    assert!(stored.as_object_mut().unwrap().remove("variants").is_some());
    assert_eq!(serde_json::from_value::<Post>(stored).unwrap(), post(&[]));
}

#[test]
fn editing_the_channels_of_a_scheduled_post_is_refused() {
    let mut scheduled = post(&[Phase::Pending]);
    scheduled.channel_ids = vec![channel(0)];
    assert_eq!(scheduled.edit(edit(Some(vec![channel(1)])), now()), Err(PostError::ChannelsScheduled));
    assert_eq!(scheduled.text.as_str(), "hello", "a refused edit changes nothing");
    assert_eq!(scheduled.edit(edit(Some(vec![channel(0)])), now()), Ok(()));
}

#[test]
fn rescheduling_supersedes_pending_and_unpublished_deliveries_of_the_channel() {
    use Phase::{Failed, Held, Pending, Published};
    let aside = |post: &Post, channels: &[usize]| {
        let channels: Vec<_> = channels.iter().map(|number| channel(*number)).collect();
        let aside = post.reschedule(&channels)?;
        Ok(aside.iter().map(|progress| progress.channel_id).collect::<Vec<_>>())
    };
    let mixed = post(&[Pending, Failed, Held, Published]);
    assert_eq!(aside(&mixed, &[7]), Ok(vec![channel(0)]));
    assert_eq!(aside(&mixed, &[1, 2]), Ok(vec![channel(0), channel(1), channel(2)]));
    assert_eq!(aside(&mixed, &[1, 3]), Err(PostError::PublishedThere { channel_id: channel(3) }));
    assert_eq!(aside(&post(&[Pending, Phase::Sending]), &[7]), Err(PostError::BeingPublished));
}

#[test]
fn deliveries_of_a_post_fit_into_one_transaction() {
    let many: Vec<_> = (100..100 + MAX_CHANNELS).map(channel).collect();
    assert!(post(&[Phase::Pending; MAX_CHANNELS]).reschedule(&many).is_ok());
    assert_eq!(post(&[Phase::Failed]).reschedule(&many), Err(PostError::TooManyChannels));
}

#[test]
fn unscheduling_cancels_only_pending_deliveries() {
    use Phase::{Failed, Pending, Published, Sending};
    let taken = |phases: &[Phase]| post(phases).unschedule().map(|pending| pending.len());
    assert_eq!(taken(&[Pending, Sending, Published, Pending]), Ok(2));
    assert_eq!(taken(&[Sending, Failed]), Err(PostError::BeingPublished));
    for phases in [&[][..], &[Published], &[Failed], &[Phase::Held]] {
        assert_eq!(taken(phases), Err(PostError::NotScheduled), "{phases:?}");
    }
}

#[test]
fn a_post_is_deletable_unless_it_is_being_sent() {
    for phase in PHASES {
        let refused = post(&[phase]).discard().err();
        assert_eq!(refused, (phase == Phase::Sending).then_some(PostError::BeingPublished));
    }
}

#[test]
fn the_schedule_is_cleared_with_the_last_delivery() {
    let mut scheduled = post(&[Phase::Pending, Phase::Pending]);
    let wall_time = crate::wall_time::WallTime::parse("2026-03-02T12:00").unwrap();
    scheduled.schedule = Some(Schedule::new(wall_time, "UTC", now()).unwrap());
    let [first, second] = [0, 1].map(|at| scheduled.deliveries[at].delivery_id);
    scheduled.forget(first);
    assert!(scheduled.schedule.is_some());
    scheduled.forget(second);
    assert_eq!((scheduled.schedule.clone(), scheduled.state()), (None, PostState::Draft));
}
