//! A function crate has no role of its own making.

use shared::tenancy::Role;
use shared::tenancy::roles::Rank;

pub enum Root {}

impl Rank for Root {
    const ROLE: Role = Role::Owner;
}
