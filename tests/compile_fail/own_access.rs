//! A function crate has no access of its own making.

use shared::identity::Access;
use shared::jobs::JobAccess;

pub struct Mine;

impl Access for Mine {}

impl JobAccess for Mine {}
