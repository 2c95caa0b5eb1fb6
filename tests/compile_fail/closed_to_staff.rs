//! The staff reads no entity in a workspace but those without content, no scope, and no list of kinds can be extended.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::identity::{OpenToStaff, StaffPermission, StaffWorkspace};
use shared::table::Entity;
use shared::tenancy::Scope;

#[derive(Serialize, Deserialize)]
pub struct Note {
    text: String,
}

impl Entity for Note {
    const KIND: &'static str = "NOTE";
    type Key = str;

    fn key(&self) -> impl Borrow<str> {
        self.text.as_str()
    }
}

impl OpenToStaff for Note {}

pub async fn read<P: StaffPermission>(workspace: &StaffWorkspace<P>, channel: channels::ChannelId) {
    let _ = workspace.find::<channels::Channel>(&channel).await;
}

pub fn scope<P: StaffPermission>(workspace: &StaffWorkspace<P>) -> &Scope {
    workspace
}
