//! The tables are reached through a scope alone.

use shared::table::commit::{Plan, commit};
use shared::table::item::Item;
use shared::table::read::Reader;
