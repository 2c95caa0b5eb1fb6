//! The names of workspace keys that a process has looked up.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::kernel::ids::WorkspaceId;

/// The names of keys that this process has looked up. A workspace's key never changes its ARN.
#[derive(Default)]
pub(crate) struct WorkspaceKeyNames {
    known: Mutex<HashMap<WorkspaceId, String>>,
}

/// Workspaces whose key names a process remembers.
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
