//! A workspace's entitlements and use as its members see them.

use serde::Serialize;
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::tenancy::entitlements::Sourced;
use shared::tenancy::plan_table::{LimitKind, PlanTable, Unit};
use shared::tenancy::{Limit, PlanSource, WorkspacePlan};
use utoipa::ToSchema;

/// What a workspace may do, and its limits.
#[derive(Serialize, ToSchema)]
pub struct EntitlementsView {
    #[schema(example = "studio")]
    pub plan: String,
    pub features: Vec<FeatureView>,
    pub limits: Vec<LimitView>,
}

/// A feature of the product.
#[derive(Serialize, ToSchema)]
pub struct FeatureView {
    #[schema(example = "AuditLog")]
    pub name: String,
    /// Whether the workspace has it.
    pub included: bool,
    pub source: PlanSource,
    /// When the override ends; null for the plan.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<ApiTimestamp>,
    /// The plans that include it, lowest first.
    pub plans: Vec<String>,
}

/// A limit of the workspace.
#[derive(Serialize, ToSchema)]
pub struct LimitView {
    #[schema(example = "members")]
    pub name: String,
    pub kind: LimitKind,
    pub unit: Unit,
    pub limit: u64,
    pub source: PlanSource,
    /// When the override ends; null for the plan.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<ApiTimestamp>,
}

/// The use of a limit.
#[derive(Serialize, ToSchema)]
pub struct UsageView {
    #[schema(example = "members")]
    pub name: String,
    pub kind: LimitKind,
    pub unit: Unit,
    /// The current use. It is over the limit after a change to a lower plan.
    pub current: u64,
    pub limit: u64,
    /// Where the limit comes from.
    pub source: PlanSource,
    /// When the count begins again; null for a ceiling.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub resets_at: Option<ApiTimestamp>,
}

impl EntitlementsView {
    /// Everything that a route of this release enforces: reserved names are left out.
    pub fn of(plan: &WorkspacePlan) -> Self {
        let table = PlanTable::current();
        let features = table.features.iter().filter(|(_, feature)| feature.reserved.is_none());
        let limits = table.limits.iter().filter(|(_, terms)| terms.reserved.is_none());
        Self {
            plan: plan.name().to_owned(),
            features: features
                .map(|(name, _)| {
                    let Sourced { value: included, source, expires_at } = plan.feature(name);
                    let (expires_at, plans) = (expires_at.map(Into::into), table.plans_with(name).to_vec());
                    FeatureView { name: name.clone(), included, source, expires_at, plans }
                })
                .collect(),
            limits: limits
                .map(|(name, terms)| {
                    let Sourced { value: limit, source, expires_at } = plan.quota(name);
                    let (kind, unit, expires_at) = (terms.kind, terms.unit, expires_at.map(Into::into));
                    LimitView { name: name.clone(), kind, unit, limit, source, expires_at }
                })
                .collect(),
        }
    }
}

impl UsageView {
    /// The use of a limit; `None` for one that is not in the table.
    pub fn of(limit: Limit, current: u64, plan: &WorkspacePlan, now: Timestamp) -> Option<Self> {
        let terms = limit.terms()?;
        let Sourced { value, source, .. } = plan.quota(limit.name());
        let resets_at = limit.period(now).map(|period| period.ends_at().into());
        let (name, kind, unit) = (limit.name().to_owned(), terms.kind, terms.unit);
        Some(Self { name, kind, unit, current, limit: value, source, resets_at })
    }
}
