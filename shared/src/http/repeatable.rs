//! Whether a route's request can be repeated under an Idempotency-Key, and what a repeat is answered.

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
    /// It may not: its method is idempotent by itself, or it issues what is told once (a token, a code).
    Never,
    /// It may, for 24 hours: the first commit that audits a resource of this kind records the key with the resource's
    /// id, and a repeat is answered with that resource as it is then.
    Makes { kind: &'static str, recall: Recall<E> },
}

impl<E: Endpoint> Repeatable<E> {
    /// A repeat is answered by the route's own look at the resource.
    pub const fn recalled<T: Identified>(recall: Recall<E>) -> Self {
        Self::Makes { kind: T::PREFIX, recall }
    }

    /// A repeat is answered with an entity of the workspace, as it is then.
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
            Self::Never => None,
            Self::Makes { kind, .. } => Some(*kind),
        }
    }
}
