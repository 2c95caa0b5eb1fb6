//! Founding: a user makes a workspace, and is its first member.

use crate::audit::Target;
use crate::aws::grants::Table;
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan};
use crate::tenancy::scope::Scope;
use crate::tenancy::{Audited, Role, SecurityRules};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use std::ops::Deref;

use super::proofs::{self, DirectoryEntry, MembershipProof};

/// A scope over a workspace that does not exist yet; its id was made here and is nobody else's.
pub struct Founding {
    pub(crate) scope: Scope,
    pub(crate) user: UserId,
}

impl Founding {
    /// Commits the workspace's first items together with its directory entry, the founder's ownership
    /// and the founder's list. `too_many` is what a user is told who is in `cap` workspaces already.
    pub async fn commit(
        &self,
        name: &str,
        cap: u32,
        too_many: impl Into<Problem>,
        audited: Audited,
    ) -> Result<(), Problem> {
        let config = &self.scope.app().aws.config;
        let entry = DirectoryEntry {
            name: name.to_owned(),
            plan: config.initial_plan.clone(),
            region: config.region.clone(),
            cell: config.cell.clone(),
            base_url: config.base_url.clone(),
            suspended: false,
            security: SecurityRules::default(),
            created_at: self.scope.now(),
        };
        let too_many = too_many.into();
        Box::pin(async move {
            let mut plan = Plan::default();
            let (partition, sort) = proofs::list(self.user);
            let values = HashMap::from([
                (":id".to_owned(), AttributeValue::Ss(vec![self.scope.id().to_string()])),
                (":cap".to_owned(), AttributeValue::N(cap.to_string())),
            ]);
            let join = Act::Update {
                expression: "ADD ids :id SET w = :w".into(),
                condition: Some("attribute_not_exists(ids) OR size(ids) < :cap"),
                values,
            };
            plan.add(Table::Proofs, Some(partition), sort, join);
            plan.refuse(too_many);
            let (partition, sort) = proofs::directory(self.scope.id());
            plan.put(Table::Proofs, Some(partition), proofs::row(&sort, &entry, None)?, Expected::Absent);
            let (partition, sort) = proofs::membership(self.scope.id(), self.user);
            let membership = MembershipProof { role: Role::Owner };
            plan.put(Table::Proofs, Some(partition), proofs::row(&sort, &membership, None)?, Expected::Absent);
            self.scope.commit_plan(audited, plan).await
        })
        .await
    }

    /// The target of the founding's audit entry, and the id that a repeated request is answered with.
    pub fn target(&self) -> Target {
        self.scope.id().into()
    }

    pub fn plan(&self) -> &str {
        &self.scope.app().aws.config.initial_plan
    }
}

impl Deref for Founding {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}
