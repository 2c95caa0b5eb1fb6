//! A route's declaration, as a value: what the pipeline, the generator and tests read.

use futures::future::BoxFuture;

use super::body::BodyKind;
use super::calls::WarmCalls;
use super::endpoint::{Route, UserLimit};
use super::exact::{CREDENTIAL_LIMIT, Exact};
use super::method::Method;
use super::output::Answer;
use super::pipeline::Exchange;
use super::rates::{self, Policy};
use crate::aws::grants::Statement;
use crate::identity::TokenScope;
use crate::identity::admission::{Admission, Level};
use crate::identity::inbound::SenderEntry;
use crate::kernel::plane::Plane;
use crate::kernel::problems::{Problem, ProblemCode};
use crate::table::Versioned;
use crate::tenancy::{DeclaredPermission, Entitlement, Limit};

/// A route's constants, and one pointer to its generic part.
#[derive(Clone, Copy)]
pub struct RouteDeclaration {
    pub route: Route,
    /// What it requires of its caller.
    pub level: Level,
    pub planes: &'static [Plane],
    /// The path parameters that its access proves, which are not fields of its input.
    pub settles: &'static [&'static str],
    /// Whether a recently verified factor is required.
    pub is_fresh: bool,
    /// Whether the workspace may be in the trash.
    pub in_trash: bool,
    pub needs: &'static [Entitlement],
    /// The plan limits that it enforces.
    pub plan_limits: &'static [Limit],
    pub body: BodyKind,
    /// The scope that a token needs; without it, tokens are refused.
    pub token: Option<TokenScope>,
    /// Whether it admits override sessions of the staff.
    pub serves_overrides: bool,
    /// Permissions that some inputs need in addition.
    pub some_need: &'static [DeclaredPermission],
    pub limit: Option<UserLimit>,
    /// The status of its success.
    pub status: u16,
    /// The kind of resource that a repeated request returns, if requests may have an Idempotency-Key.
    pub repeatable: Option<&'static str>,
    /// Whether it is a POST that changes nothing: its input does not fit into a query.
    pub is_without_effect: bool,
    pub versioned: Option<&'static Versioned>,
    pub warm_calls: WarmCalls,
    pub(crate) problems: &'static [ProblemCode],
    pub(crate) access_problems: &'static [ProblemCode],
    /// Who signs its requests.
    pub(crate) sender: Option<SenderEntry>,
    /// Its rights besides its grants.
    pub(crate) base: &'static [Statement],
    pub(crate) call: Call,
}

pub(crate) type Call = for<'a> fn(Admission, &'a Exchange<'a>) -> BoxFuture<'a, Result<Answer, Problem>>;

impl RouteDeclaration {
    /// The limit on each user.
    pub(super) fn user_limit(&self) -> Option<Exact> {
        let UserLimit { requests, seconds } = self.limit?;
        Some(Exact { name: self.route.name, requests, seconds })
    }

    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        self.route.method == Method::Get || self.is_without_effect
    }

    /// Whether its requests change nothing but what the caller may always change: their own membership.
    pub(super) fn only_reads(&self) -> bool {
        self.level.only_reads(self.reads())
    }

    /// Every limit that its requests are counted by.
    pub(super) fn policies(&self) -> Vec<Policy> {
        let credentials = (self.level == Level::Credentials).then_some(CREDENTIAL_LIMIT);
        let exact = credentials.into_iter().chain(self.user_limit());
        [self.address_policy()].into_iter().chain(exact.map(|limit| limit.policy())).collect()
    }

    /// How many requests of one address it takes: a sender has a limit of its own.
    pub(super) fn address_policy(&self) -> Policy {
        self.sender.map_or(rates::ADDRESS, |sender| rates::per_minute(sender.name, sender.calls_per_minute))
    }
}
