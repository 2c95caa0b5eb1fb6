//! Sessions of one workspace: the domain's tenant-access role, narrowed by a session policy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_sdk_sts::types::Tag;
use jiff::{SignedDuration, Timestamp};

use super::grants::Grant;
use super::session_policy::{Subject, session_policy};
use super::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::kernel::time::after;

/// The lifetime of a session. STS limits role chaining (a function's role assumes another) to one hour.
const LIFETIME_S: i32 = 3600;
/// A session is renewed before it ends, so that its signatures (of an upload) outlive a request.
const RENEWED_BEFORE_END: SignedDuration = SignedDuration::from_mins(20);
/// The number of cached sessions per process.
const KEPT: usize = 128;

/// The sessions of this process, one per subject. Concurrent callers share one AssumeRole call.
#[derive(Default)]
pub(crate) struct Sessions {
    kept: Mutex<HashMap<Subject, Arc<tokio::sync::Mutex<Option<Kept>>>>>,
}

/// A session of STS. Every clone has the same client.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) credentials: Credentials,
    /// Signs with these credentials. Overriding the credentials of another client would cost every call the
    /// configuration of a client.
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

struct Kept {
    session: Session,
    renew_at: Timestamp,
}

impl Sessions {
    /// A session for the subject's workspace only, limited to the grants.
    ///
    /// There is no fallback: if STS does not answer, this is a 503, never a wider credential.
    pub(crate) async fn session(&self, aws: &Aws, grants: &[Grant], subject: Subject) -> Result<Session, Problem> {
        let slot = self.slot(subject);
        let mut kept = slot.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| aws.clock.now() < kept.renew_at) {
            return Ok(kept.session.clone());
        }
        let made = assume(aws, grants, subject).await?;
        Ok(kept.insert(made).session.clone())
    }

    fn slot(&self, subject: Subject) -> Arc<tokio::sync::Mutex<Option<Kept>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(&subject) {
            // It does not matter which one is evicted: it is recreated when needed.
            if let Some(gone) = kept.keys().next().copied() {
                kept.remove(&gone);
            }
        }
        kept.entry(subject).or_default().clone()
    }
}

async fn assume(aws: &Aws, grants: &[Grant], subject: Subject) -> Result<Kept, Problem> {
    let tag = |key: &str, value: String| {
        Tag::builder().key(key).value(value).build().map_err(|error| Problem::internal(error.to_string()))
    };
    let policy = session_policy(grants, subject, &aws.config.tables, &aws.config.media_bucket);
    let mut request = aws
        .sts()
        .assume_role()
        .role_arn(&aws.config.tenant_role)
        .role_session_name(subject.workspace.to_string())
        .duration_seconds(LIFETIME_S)
        .policy(policy)
        .tags(tag("workspace", subject.workspace.to_string())?);
    if let Some(user) = subject.user {
        request = request.tags(tag("user", user.to_string())?);
    }
    let answer = request.send().await.map_err(|error| {
        // Denied by our policy or throttled by STS: in both cases there is no credential to continue with.
        let problem = failed("sts:AssumeRole", error);
        Problem::unavailable(format!("{problem:?}"))
    })?;
    let issued = answer.credentials.ok_or_else(|| Problem::unavailable("sts:AssumeRole answered no credentials"))?;
    let credentials = Credentials::new(
        issued.access_key_id,
        issued.secret_access_key,
        Some(issued.session_token),
        None,
        "tenant-access",
    );
    let dynamodb = aws.dynamodb_as(Some(&credentials));
    let lifetime = SignedDuration::from_secs(LIFETIME_S.into());
    Ok(Kept {
        session: Session { credentials, dynamodb },
        renew_at: after(aws.clock.now(), lifetime - RENEWED_BEFORE_END),
    })
}
