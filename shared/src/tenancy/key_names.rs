//! The cache of workspace key ARNs of a process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::kernel::ids::WorkspaceId;

/// The cached key ARNs of this process. The ARN of a workspace's key never changes.
#[derive(Default)]
pub(crate) struct WorkspaceKeyNames {
    known: Mutex<HashMap<WorkspaceId, String>>,
}

/// The number of cached key ARNs per process.
const KEPT: usize = 256;

impl WorkspaceKeyNames {
    pub(crate) fn get(&self, workspace: WorkspaceId) -> Option<String> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    pub(crate) fn put(&self, workspace: WorkspaceId, arn: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(workspace, arn.to_owned());
    }
}
