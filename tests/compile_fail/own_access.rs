//! A function crate cannot define its own access.

use shared::identity::Access;
use shared::jobs::JobAccess;

pub struct Mine;

impl Access for Mine {}

impl JobAccess for Mine {}
