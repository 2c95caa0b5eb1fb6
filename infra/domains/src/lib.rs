//! The domains and their functions: the single list that the generator, tests and tidy rules read.

use shared::function::{Declared, Function, Listed};
use shared::http::RouteDeclaration;
use shared::jobs::Declaration;

/// A crate under `functions/`.
pub struct Domain {
    pub name: &'static str,
    pub routes: &'static [Listed],
    pub jobs: &'static [Listed],
}

impl Domain {
    /// Its functions: routes, then jobs, each by name.
    pub fn functions(&self) -> impl Iterator<Item = &'static Listed> + use<> {
        self.routes.iter().chain(self.jobs)
    }
}

/// Every domain, lowest first: a domain depends only on lower ones.
pub static DOMAINS: &[Domain] = &[
    Domain { name: "mail", routes: &[], jobs: mail::jobs::LISTED },
    Domain { name: "accounts", routes: accounts::routes::LISTED, jobs: accounts::jobs::LISTED },
    Domain { name: "sign_in", routes: sign_in::routes::LISTED, jobs: sign_in::jobs::LISTED },
    Domain { name: "passkeys", routes: passkeys::routes::LISTED, jobs: &[] },
    Domain { name: "recovery", routes: recovery::routes::LISTED, jobs: recovery::jobs::LISTED },
    Domain { name: "profiles", routes: profiles::routes::LISTED, jobs: profiles::jobs::LISTED },
    Domain { name: "workspaces", routes: workspaces::routes::LISTED, jobs: workspaces::jobs::LISTED },
    Domain { name: "media", routes: media::routes::LISTED, jobs: &[] },
    Domain { name: "channels", routes: channels::routes::LISTED, jobs: channels::jobs::LISTED },
    Domain { name: "posts", routes: posts::routes::LISTED, jobs: posts::jobs::LISTED },
    Domain { name: "audit_log", routes: audit_log::routes::LISTED, jobs: &[] },
    Domain { name: "plans", routes: plans::routes::LISTED, jobs: plans::jobs::LISTED },
    Domain { name: "staff", routes: staff::routes::LISTED, jobs: staff::jobs::LISTED },
    Domain {
        name: "override_sessions",
        routes: override_sessions::routes::LISTED,
        jobs: override_sessions::jobs::LISTED,
    },
    Domain { name: "erasure", routes: &[], jobs: erasure::jobs::LISTED },
    Domain { name: "operations", routes: operations::routes::LISTED, jobs: operations::jobs::LISTED },
];

/// Every function with its domain.
pub fn all() -> impl Iterator<Item = (&'static Domain, &'static Listed)> {
    DOMAINS.iter().flat_map(|domain| domain.functions().map(move |listed| (domain, listed)))
}

/// Every route with its domain and its declaration.
pub fn routes() -> impl Iterator<Item = (&'static Domain, &'static Listed, RouteDeclaration)> {
    all().filter_map(|(domain, listed)| match listed.function.declared() {
        Declared::Route(declared) => Some((domain, listed, declared)),
        Declared::Job(_) => None,
    })
}

/// The job of a function, if it is one.
pub fn job(function: &Function) -> Option<Declaration> {
    match function.declared() {
        Declared::Route(_) => None,
        Declared::Job(job) => Some(job),
    }
}
