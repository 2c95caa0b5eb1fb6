//! Changes of the operator's staff: who has which roles, and their sessions.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account_changes::AccountChanges;
use super::accounts::Accounts;
use super::proofs::{self, Key};
use super::staff::{self, STAFF_SESSION_LIFETIME, StaffProof, StaffSession};
use super::staff_permissions::StaffRole;
use crate::aws::grants::Table;
use crate::kernel::ids::{SessionId, StaffId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::kernel::time::after;
use crate::table::commit::{Act, Expected};
use crate::table::item::{body, encode, number};
use crate::table::read::Reader;

/// The epoch of a member of the staff: sessions, passkeys and enrolment links of an earlier one are invalid. It cannot be
/// constructed, only read or deserialised from a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffEpoch(u64);

impl StaffEpoch {
    /// Of a new member.
    pub(crate) const FIRST: Self = Self(1);

    fn condition(self) -> HashMap<String, aws_sdk_dynamodb::types::AttributeValue> {
        HashMap::from([(":epoch".to_owned(), number(self.0))])
    }
}

const SAME_EPOCH: &str = "e.epoch = :epoch";

impl Accounts {
    /// The epoch of a member of the staff, for an id that may not exist.
    pub async fn find_staff_epoch(&self, id: StaffId) -> Result<Option<StaffEpoch>, Problem> {
        let (partition, sort) = staff::member(id);
        let reader = Reader { aws: &self.app.aws, session: None };
        let Some(item) = reader.get(Table::Proofs, &partition, &sort).await? else { return Ok(None) };
        let StaffProof { epoch, .. } = body(&item)?;
        Ok(Some(StaffEpoch(epoch)))
    }

    /// Signs an access token for a session of the staff that was committed.
    pub async fn staff_access_token(&self, id: StaffId, session: SessionId) -> Result<SecretText, Problem> {
        Box::pin(self.signing.own.mint(&self.app.aws, id, session)).await
    }

    /// The staff console's address. Passkeys of the staff belong to its domain.
    pub fn staff_console_url(&self) -> &str {
        &self.app.aws.config.staff_console_url
    }
}

impl AccountChanges {
    /// Adds a member of the staff.
    pub fn add_staff(self, id: StaffId, roles: &[StaffRole]) -> (Self, StaffEpoch) {
        let proof = StaffProof { epoch: StaffEpoch::FIRST.0, roles: roles.to_vec() };
        let added = self.proof(staff::member(id), &proof, None, Expected::Absent);
        (added.proof(proofs::override_standing(id), &proof, None, Expected::Any), StaffEpoch::FIRST)
    }

    /// Sets the roles of a member of the staff, from the next request of their sessions on.
    pub fn set_staff_roles(self, id: StaffId, epoch: StaffEpoch, roles: &[StaffRole]) -> Self {
        let changed = self.change_staff(id, epoch, "SET e.#roles = :roles, w = :w, n = n + :one", roles);
        let proof = StaffProof { epoch: epoch.0, roles: roles.to_vec() };
        changed.proof(proofs::override_standing(id), &proof, None, Expected::Any)
    }

    /// Takes every role from a member of the staff, and ends their sessions, override sessions, passkeys and links.
    pub fn revoke_staff(self, id: StaffId, epoch: StaffEpoch) -> Self {
        let expression = "SET e.#roles = :roles, e.epoch = e.epoch + :one, w = :w, n = n + :one";
        let proof = StaffProof { epoch: epoch.0 + 1, roles: Vec::new() };
        let revoked = self.change_staff(id, epoch, expression, &[]);
        revoked.proof(proofs::override_standing(id), &proof, None, Expected::Any)
    }

    /// Requires that the member of the staff has not been revoked since the epoch was read.
    pub fn same_staff_epoch(self, id: StaffId, epoch: StaffEpoch) -> Self {
        self.touch_proof(staff::member(id), Act::Check(Expected::That(SAME_EPOCH, epoch.condition())))
    }

    /// Opens a session in which a passkey was just verified. Fails if the member was revoked since the epoch was read.
    pub fn open_staff_session(self, (id, session): (StaffId, SessionId), epoch: StaffEpoch, now: Timestamp) -> Self {
        let ends_at = after(now, STAFF_SESSION_LIFETIME);
        let opened = StaffSession { epoch: epoch.0, ends_at, passkey_at: Some(now) };
        let key: Key = staff::session(id, session);
        self.same_staff_epoch(id, epoch).proof(key, &opened, Some(ends_at), Expected::Absent)
    }

    /// Ends a session.
    pub fn close_staff_session(self, id: StaffId, session: SessionId) -> Self {
        self.touch_proof(staff::session(id, session), Act::Delete(Expected::Any))
    }

    fn change_staff(self, id: StaffId, epoch: StaffEpoch, expression: &'static str, roles: &[StaffRole]) -> Self {
        self.with(encode(&roles), |changes, roles| {
            let mut values = epoch.condition();
            values.extend([(":roles".to_owned(), roles), (":one".to_owned(), number(1))]);
            let act = Act::Update { expression: expression.into(), condition: Some(SAME_EPOCH), values };
            changes.touch_proof(staff::member(id), act)
        })
    }
}
