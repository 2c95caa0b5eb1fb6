//! Preparing in steps: what a platform has of a post before anything visible is sent, such as a container that it processes.
//!
//! Waiting for the platform spends no attempt. It ends at [`STAGED_WITHIN`], so that a platform which never finishes is
//! reported as an error, and the preparation starts over.

use channels::publishing::Staged;
use serde::{Deserialize, Serialize};
use shared::kernel::time::{SignedDuration, Timestamp, after};

use super::{Delivery, State, WrongState};
use crate::lease::STAGED_WITHIN;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Staging {
    /// The digest of the content that was staged: after an edit, the preparation starts over.
    pub(crate) content: String,
    /// When the first step was stored.
    pub(crate) since: Timestamp,
    pub(crate) staged: Staged,
}

/// What follows a stored step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterStaging {
    /// The next step.
    GoOn,
    /// The platform works: the message of the next claim must arrive at this instant.
    Wait { not_before: Timestamp },
    /// Nothing was stored: the platform has taken too long, or it would be too late to send.
    TooLong,
}

impl Delivery {
    /// What the platform has of the content with this digest.
    pub fn staged_for(&self, content: &str) -> Option<&Staged> {
        let staging = self.staging.as_ref()?;
        (staging.content == content).then_some(&staging.staged)
    }

    /// Records a step of a preparation. Nothing visible has been sent.
    pub fn stage(
        &mut self,
        content: String,
        staged: Staged,
        wait_s: u32,
        now: Timestamp,
    ) -> Result<AfterStaging, WrongState> {
        let State::Claimed { .. } = self.state else { return Err(self.wrong("staged")) };
        let same = self.staging.as_ref().filter(|staging| staging.content == content);
        let since = same.map_or(now, |staging| staging.since);
        // With too little of the lease left, the next step gets a lease of its own.
        let wait_s = if self.may_send(now) { wait_s } else { wait_s.max(1) };
        let not_before = after(now, SignedDuration::from_secs(wait_s.into()));
        if not_before > after(since, STAGED_WITHIN) || not_before > self.latest() {
            return Ok(AfterStaging::TooLong);
        }
        self.staging = Some(Staging { content, since, staged });
        if wait_s == 0 {
            return Ok(AfterStaging::GoOn);
        }
        self.claim(not_before)?;
        self.waits += 1;
        Ok(AfterStaging::Wait { not_before })
    }

    /// Whether the platform is preparing it.
    pub fn is_staging(&self) -> bool {
        self.staging.is_some() && matches!(self.state, State::Claimed { .. })
    }

    /// Forgets what was staged: the preparation starts over.
    pub fn unstage(&mut self) {
        self.staging = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::config::Sending;
    use shared::table::Entity;

    use super::*;
    use crate::delivery::Work;
    use crate::delivery::tests::{claimed, due, error, intent, stage};
    use crate::lease::{LEASE, MAX_ATTEMPTS};
    use crate::post::Post;
    use crate::post_text::PostText;
    use crate::verdict::Verdict;

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    #[test]
    fn waiting_for_the_platform_spends_no_attempt() {
        let mut delivery = claimed();
        let mut now = due();
        for waits in 1..=MAX_ATTEMPTS + 5 {
            let not_before = after(now, SECOND * 60);
            assert_eq!(stage(&mut delivery, 60, now), Ok(AfterStaging::Wait { not_before }));
            assert_eq!((delivery.attempts(), delivery.attempt(), delivery.is_staging()), (1, 1 + waits, true));
            assert_eq!(delivery.due().unwrap().at, after(not_before, LEASE));
            assert_eq!(delivery.work(delivery.attempt, not_before, Sending::On), Work::Publish);
            assert!(matches!(delivery.work(delivery.attempt - 1, not_before, Sending::On), Work::Nothing(_)));
            now = not_before;
        }
    }

    #[test]
    fn a_step_that_follows_at_once_keeps_the_claim_unless_its_lease_is_nearly_over() {
        let mut delivery = claimed();
        assert_eq!(stage(&mut delivery, 0, due()), Ok(AfterStaging::GoOn));
        assert_eq!((delivery.attempt(), delivery.due().unwrap().at), (1, after(due(), LEASE)));
        let late = after(due(), LEASE - SECOND * 59);
        assert_eq!(stage(&mut delivery, 0, late), Ok(AfterStaging::Wait { not_before: after(late, SECOND) }));
    }

    #[test]
    fn a_platform_has_an_hour_to_prepare_a_post() {
        let mut delivery = claimed();
        assert_eq!(stage(&mut delivery, 0, due()), Ok(AfterStaging::GoOn));
        let before = delivery.clone();
        let last = after(due(), STAGED_WITHIN - SECOND * 60);
        assert_eq!(stage(&mut delivery, 60, after(last, SECOND)), Ok(AfterStaging::TooLong));
        assert_eq!(delivery, before, "a refused step was stored");
        assert_eq!(stage(&mut delivery, 60, last), Ok(AfterStaging::Wait { not_before: after(last, SECOND * 60) }));
        let verdict = Verdict::StartOver(error(last));
        verdict.apply(&mut delivery).unwrap();
        assert_eq!((delivery.state.name(), &delivery.staging), ("scheduled", &None));
    }

    #[test]
    fn a_staged_post_is_used_for_the_same_content_only() {
        let post = |text: &str| {
            let (id, by) = ("post_01890a5d000070008000000000000002", "user_01890a5d000070008000000000000004");
            let text = PostText::parse(text).unwrap();
            Post::draft(id.parse().unwrap(), text, Vec::new(), Vec::new(), Vec::new(), by.parse().unwrap(), due())
        };
        let staged = Staged { account_id: "did:plc:a".to_owned(), state: "container 1".into() };
        let mut delivery = claimed();
        delivery.stage(post("a").content_digest(), staged.clone(), 0, due()).unwrap();
        assert_eq!(delivery.staged_for(&post("a").content_digest()), Some(&staged));
        assert_eq!(delivery.staged_for(&post("b").content_digest()), None);
        delivery.begin(intent(), due()).unwrap();
        assert_eq!(delivery.staging, None);
    }
}
