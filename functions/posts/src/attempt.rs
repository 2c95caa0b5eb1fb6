//! One attempt at a delivery: prepare, record the intent, send, record the outcome.

use std::marker::PhantomData;

use channels::adapter::Prepared;
use channels::publishing::{self, Draft, Intent, PublishError, Published, Staged};
use channels::{Adapter, Channel};
use shared::jobs::JobError;
use shared::kernel::problem_codes::{WORKSPACE_SUSPENDED, WORKSPACE_TRASHED};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::Tenant;
use shared::work::contend;

use crate::delivery::{AfterStaging, Confirmation, Cure, Delivery, DeliveryError, DeliveryKey};
use crate::pictures::{ReadPicture, accepted, pictures};
use crate::post::Post;
use crate::progress::{CONFLICT, claim, commit_unsent, take_step};
use crate::verdict::{Stage, Verdict};

pub(crate) mod steps;

use steps::{Claim, Missing, record_publication};

/// Preparations of a post that is being edited, before its claim is renewed for one second later.
pub(crate) const MAX_PREPARATIONS: usize = 3;
/// The latest start of another preparation, so that it and the send finish before the function times out.
pub(crate) const PREPARED_AGAIN_WITHIN: SignedDuration = SignedDuration::from_secs(30);
const REOPEN: &str = "Once the workspace is open again, schedule the post again.";

/// One attempt, under one claim. It does not touch a delivery that a later claim has taken over, except to record that
/// the post was published.
pub struct Attempt<'a, A> {
    scope: &'a Tenant,
    key: DeliveryKey,
    claim: Claim,
    adapter: PhantomData<fn() -> A>,
}

impl<'a, A: Adapter<Picture: ReadPicture>> Attempt<'a, A> {
    pub fn new(scope: &'a Tenant, key: DeliveryKey, number: u32) -> Self {
        Self { scope, key, claim: Claim(number), adapter: PhantomData }
    }

    /// Sends the post for the first time.
    pub async fn publish(&self, mut delivery: Delivery) -> Result<(), JobError> {
        let Some(channel) = self.scope.find::<Channel>(&delivery.channel_id).await? else {
            let error = self.error("channel_disconnected", "The channel was disconnected.", Cure::Reconnect);
            return self.conclude(Stage::Preparing, Verdict::Fail(error)).await;
        };
        if let Some(error) = self.closed().await? {
            return self.conclude(Stage::Preparing, Verdict::Fail(error)).await;
        }
        let again_until = after(self.scope.now(), PREPARED_AGAIN_WITHIN);
        for _ in 0..MAX_PREPARATIONS {
            let Some(post) = self.scope.find::<Post>(&self.key.post_id).await? else { return Ok(()) };
            match self.intent(&channel, &post, &delivery).await {
                // Another claim goes on, after the platform has worked, or has taken over.
                Ok(None) => return Ok(()),
                Ok(Some(intent)) => match self.record(&post, &intent).await {
                    Ok(true) => return self.send(&channel, &intent, Stage::Sending).await,
                    Ok(false) => {}
                    // Every try conflicted with another edit of the post.
                    Err(problem) if problem.status() == 503 => break,
                    Err(problem) => return Err(problem.into()),
                },
                // The refused content is no longer the post's content.
                Err(PublishError::Refused { .. }) if !self.still_has_content(&post).await? => {}
                Err(error) => return self.judge(error, Stage::Preparing).await,
            }
            let now = self.scope.now();
            match self.scope.find::<Delivery>(&self.key).await? {
                Some(read) if self.claim.may_prepare_again(&read, now, again_until) => delivery = read.into_inner(),
                _ => break,
            }
        }
        self.claim_again().await
    }

    /// Why this workspace publishes nothing: it is in the trash, suspended or deleted. What is being sent at that moment
    /// is sent; nothing is sent later by surprise, because a person must schedule it again.
    async fn closed(&self) -> Result<Option<DeliveryError>, Problem> {
        let (code, text) = match self.scope.directory().await {
            Ok(directory) if directory.is_trashed() => (WORKSPACE_TRASHED.code, "The workspace was in the trash."),
            Ok(directory) if directory.is_suspended() => (WORKSPACE_SUSPENDED.code, "The workspace was suspended."),
            Ok(_) => return Ok(None),
            Err(problem) if problem.status() == 404 => ("workspace_deleted", "The workspace was deleted."),
            Err(problem) => return Err(problem),
        };
        Ok(Some(self.error(code, text, Cure::Change(REOPEN.to_owned()))))
    }

    async fn claim_again(&self) -> Result<(), JobError> {
        let Some(mut delivery) = self.scope.find::<Delivery>(&self.key).await? else { return Ok(()) };
        let Some(not_before) = self.claim.claim_again(&mut delivery, self.scope.now())? else { return Ok(()) };
        match claim(self.scope, &delivery, not_before).await {
            Err(problem) if problem.code() == CONFLICT => Ok(()),
            claimed => Ok(claimed?),
        }
    }

    async fn still_has_content(&self, prepared: &Post) -> Result<bool, Problem> {
        let now = self.scope.find::<Post>(&self.key.post_id).await?;
        Ok(now.is_none_or(|now| now.has_content_of(prepared)))
    }

    /// Asks the platform whether the intent of an earlier attempt was published.
    pub async fn reconcile(&self, delivery: &Delivery, intent: &Intent) -> Result<(), JobError> {
        let Some(channel) = self.scope.find::<Channel>(&delivery.channel_id).await? else {
            let text = "It may have been published before the channel was disconnected.";
            let error = self.error("channel_disconnected", text, Cure::Reconnect);
            return self.conclude(Stage::Reconciling, Verdict::Hold(error)).await;
        };
        match publishing::reconcile::<A>(self.scope, &channel, intent, delivery.sent_since()).await {
            Ok(Some(published)) => self.published(&published, Confirmation::Observation, intent).await,
            Err(error) => self.judge(error, Stage::Reconciling).await,
            Ok(None) => match Missing::of(delivery, A::GUARANTEE, self.scope.now()) {
                Missing::SendAgain => match self.closed().await? {
                    // An earlier attempt may still arrive there.
                    Some(error) => self.conclude(Stage::Reconciling, Verdict::Hold(error)).await,
                    None if self.send_again().await? => self.send(&channel, intent, Stage::Reconciling).await,
                    // The message is handled twice, or another claim has taken over.
                    None => Ok(()),
                },
                Missing::Leave => Ok(()),
                Missing::Hold => {
                    let text = "The post was sent, but the platform did not answer and does not show it.";
                    let error = self.error("outcome_unknown", text, Cure::Time);
                    self.conclude(Stage::Reconciling, Verdict::Hold(error)).await
                }
            },
        }
    }

    /// The intent of a post, in as many steps as its platform needs. Each is stored before the next one. None if another claim goes
    /// on with the next step.
    async fn intent(
        &self,
        channel: &Channel,
        post: &Post,
        delivery: &Delivery,
    ) -> Result<Option<Intent>, PublishError> {
        let content = post.content_digest();
        let mut next = match delivery.staged_for(&content) {
            Some(staged) => publishing::advance::<A>(self.scope, channel, staged).await?,
            None => self.prepare(channel, post, delivery).await?,
        };
        loop {
            let (staged, wait_s) = match next {
                Prepared::Ready(intent) => return Ok(Some(intent)),
                Prepared::Staged { staged, wait_s } => (staged, wait_s),
            };
            match self.stage(&content, &staged, wait_s).await? {
                Some(AfterStaging::GoOn) => next = publishing::advance::<A>(self.scope, channel, &staged).await?,
                Some(AfterStaging::TooLong) => {
                    let code = "platform_still_processing".to_owned();
                    let text = "The platform has not finished preparing the post in time.".to_owned();
                    return Err(PublishError::Unstaged { code, text });
                }
                Some(AfterStaging::Wait { .. }) | None => return Ok(None),
            }
        }
    }

    /// Stores a step of a preparation, with the message of the claim that goes on. None if another claim has taken over.
    async fn stage(&self, content: &str, staged: &Staged, wait_s: u32) -> Result<Option<AfterStaging>, Problem> {
        contend(CONFLICT, || async move {
            let Some(mut delivery) = self.scope.find::<Delivery>(&self.key).await? else { return Ok(None) };
            let next = self.claim.stage(&mut delivery, content, (staged, wait_s), self.scope.now())?;
            match next {
                Some(AfterStaging::Wait { not_before }) => claim(self.scope, &delivery, not_before).await?,
                Some(AfterStaging::GoOn) => commit_unsent(self.scope, &delivery, "a step of a preparation").await?,
                Some(AfterStaging::TooLong) | None => {}
            }
            Ok(next)
        })
        .await
    }

    async fn prepare(
        &self,
        channel: &Channel,
        post: &Post,
        delivery: &Delivery,
    ) -> Result<Prepared<Intent, Staged>, PublishError> {
        let accepted = accepted(&channel.limits());
        let content = post.content().on(channel.id);
        let pictures = Box::pin(pictures(self.scope, content.media_ids, &accepted)).await?;
        let draft = Draft {
            text: content.text.as_str().to_owned(),
            options: content.options.cloned(),
            pictures,
            created_at: delivery.due_at(),
            post: *post.id.as_bytes(),
        };
        publishing::prepare::<A>(self.scope, channel, draft).await
    }

    async fn record(&self, prepared: &Post, intent: &Intent) -> Result<bool, Problem> {
        take_step(self.scope, self.key, |delivery, post| {
            self.claim.record(delivery, (post, prepared), intent, self.scope.now())
        })
        .await
    }

    /// Stores that this attempt sends the intent again.
    async fn send_again(&self) -> Result<bool, Problem> {
        contend(CONFLICT, || async move {
            let Some(mut delivery) = self.scope.find::<Delivery>(&self.key).await? else { return Ok(false) };
            let sends = self.claim.send_again(&mut delivery, self.scope.now())?;
            if sends {
                commit_unsent(self.scope, &delivery, "an intent that is sent again: its outcome is audited").await?;
            }
            Ok(sends)
        })
        .await
    }

    async fn send(&self, channel: &Channel, intent: &Intent, stage: Stage) -> Result<(), JobError> {
        match publishing::send::<A>(self.scope, channel, intent).await {
            Ok(published) => self.published(&published, Confirmation::Answer, intent).await,
            Err(error) => self.judge(error, stage).await,
        }
    }

    async fn published(&self, published: &Published, by: Confirmation, intent: &Intent) -> Result<(), JobError> {
        let recorded = take_step(self.scope, self.key, |delivery, _| {
            record_publication(delivery, (published, by), intent, self.scope.now())
        })
        .await?;
        if !recorded {
            tracing::warn!(delivery.id = %self.key.delivery_id, "published, but the delivery had already ended");
        }
        Ok(())
    }

    async fn judge(&self, error: PublishError, stage: Stage) -> Result<(), JobError> {
        self.conclude(stage, Verdict::of(error, stage, self.scope.now())).await
    }

    async fn conclude(&self, stage: Stage, verdict: Verdict) -> Result<(), JobError> {
        if let Verdict::Retry(problem) = verdict {
            return Err(JobError::retry(problem));
        }
        take_step(self.scope, self.key, |delivery, _| self.claim.conclude(delivery, stage, &verdict)).await?;
        Ok(())
    }

    fn error(&self, code: &str, text: &str, cure: Cure) -> DeliveryError {
        DeliveryError { code: code.to_owned(), text: text.to_owned(), cure, at: self.scope.now() }
    }
}
