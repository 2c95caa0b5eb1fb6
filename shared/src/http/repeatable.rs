//! Whether a route accepts an Idempotency-Key, and how it answers a repeated request.

use std::error::Error;
use std::ops::Deref;
use std::str::FromStr;

use futures::future::BoxFuture;

use super::endpoint::Endpoint;
use super::output::{Holds, Output};
use crate::kernel::ids::Identified;
use crate::kernel::problems::Problem;
use crate::table::Entity;
pub use crate::tenancy::remember::REMEMBERED_FOR;
use crate::tenancy::scope::Scope;

/// Answers a repeated request from the id of its resource.
pub type Recall<E> =
    for<'a> fn(&'a str, &'a <E as Endpoint>::Access) -> BoxFuture<'a, Result<<E as Endpoint>::Output, Problem>>;

/// Whether a request may carry an Idempotency-Key.
pub enum Repeatable<E: Endpoint> {
    /// It may not: its method is idempotent, or it returns a secret that is shown once (a token, a code).
    Never,
    /// It may, for 24 hours: the first commit that audits a resource of this kind records the key with the resource's
    /// id, and a repeat returns the current state of that resource.
    Makes { kind: &'static str, recall: Recall<E> },
    /// It may, and the key has no meaning: the request changes nothing, so a repeat is simply carried out again. The route has
    /// no right to write.
    WithoutEffect,
}

impl<E: Endpoint> Repeatable<E> {
    /// A repeat is answered by the route's own function.
    pub const fn recalled<T: Identified>(recall: Recall<E>) -> Self {
        Self::Makes { kind: T::PREFIX, recall }
    }

    /// A repeat returns the current state of an entity of the workspace.
    pub const fn entity<T>() -> Self
    where
        E::Access: Deref<Target = Scope>,
        E::Output: Holds,
        <E::Output as Output>::Body: for<'a> From<&'a T>,
        T: Entity + Identified,
        T::Key: FromStr<Err: Error + Send + Sync> + Send + Sync + Sized,
    {
        Self::recalled::<T>(|resource, access| {
            Box::pin(async move {
                let key: T::Key = resource.parse().map_err(Problem::internal)?;
                let scope: &Scope = access;
                Ok(E::Output::holding((&*scope.get::<T>(&key).await?).into()))
            })
        })
    }

    pub(crate) const fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Never | Self::WithoutEffect => None,
            Self::Makes { kind, .. } => Some(*kind),
        }
    }

    pub(crate) const fn is_without_effect(&self) -> bool {
        matches!(self, Self::WithoutEffect)
    }
}
