//! The application of one process: clients, keys and what its function was granted.

use crate::aws::Aws;
use crate::aws::grants::Grant;
use crate::config::Config;
use crate::crypto::derived::DerivedKeys;
use crate::crypto::sealed::DataKeys;
use crate::kernel::entropy::Entropy;
use crate::kernel::time::Clock;

/// Held by proofs, never handed out: what it can do, a proof does in its own scope.
pub(crate) struct App {
    pub(crate) aws: Aws,
    pub(crate) grants: &'static [Grant],
    pub(crate) data_keys: DataKeys,
    pub(crate) derived: DerivedKeys,
    pub(crate) workspace_keys: super::keys::WorkspaceKeyNames,
}

impl App {
    pub(crate) fn new(config: Config, clock: Clock, entropy: Entropy, grants: &'static [Grant]) -> Self {
        Self {
            aws: Aws::new(config, clock, entropy),
            grants,
            data_keys: DataKeys::default(),
            derived: DerivedKeys::default(),
            workspace_keys: super::keys::WorkspaceKeyNames::default(),
        }
    }
}
