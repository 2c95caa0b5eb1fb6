//! The tables can only be accessed through a scope.

use shared::table::commit::{Plan, commit};
use shared::table::item::Item;
use shared::table::read::Reader;
