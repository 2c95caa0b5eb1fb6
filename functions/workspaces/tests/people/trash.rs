//! Renaming, settings, deleting and restoring a workspace.

use serde_json::{Value, json};
use shared::audit::Actor;
use shared::function::Function;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Request, Response};
use workspaces::routes::{
    delete_workspace, get_settings, list_workspaces, rename_workspace, restore_workspace, update_settings,
};

use crate::team::{Known, Team};

impl Team {
    pub fn deleting(&self, by: &Known) -> Request {
        self.to(&delete_workspace::FUNCTION, by)
    }

    pub async fn delete(&self, by: &Known) -> Response {
        self.app.call(self.deleting(by)).await
    }

    pub async fn restore(&self, by: &Known) -> Response {
        self.app.call(self.to(&restore_workspace::FUNCTION, by)).await
    }

    async fn patch(&self, function: &'static Function, by: &Known, body: Value) -> Response {
        self.app.call(self.to(function, by).json(body)).await
    }

    async fn listed(&self, by: &Known) -> Value {
        let list = self.app.call(Request::to(&list_workspaces::FUNCTION).by(&by.person)).await.expect(200).body;
        let own =
            list["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(self.owner.person.workspace));
        own.cloned().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_new_name_is_shown_everywhere_and_an_unreadable_one_is_refused() {
    let team = Team::new().await;
    let (admin, member) = (team.member(Role::Admin).await, team.member(Role::Member).await);
    let renamed = team.patch(&rename_workspace::FUNCTION, &admin, json!({ "name": " Southwind " })).await.expect(200);
    assert_eq!(renamed.body["name"], "Southwind");
    assert_eq!(team.visit(&member).await.body["name"], "Southwind");
    assert_eq!(team.listed(&member).await["name"], "Southwind");
    let long = "x".repeat(10_000);
    for name in ["", "   ", "a\nb", "a\u{7}b", "a\u{202E}b", "\u{115F}", long.as_str()] {
        let refused = team.patch(&rename_workspace::FUNCTION, &admin, json!({ "name": name })).await.expect(422);
        assert_eq!(refused.fields(), ["name"], "{name}");
    }
    let refused = team.patch(&rename_workspace::FUNCTION, &member, json!({ "name": "Mine" })).await.expect(403);
    assert_eq!(refused.code(), "permission_missing");
    let entries = team.entries("workspace.renamed").await;
    assert_eq!((entries.len(), &entries[0].origin.actor), (1, &Actor::User { id: admin.person.user }));
}

#[tokio::test]
async fn settings_have_defaults_are_changed_one_by_one_and_checked() {
    let team = Team::new().await;
    let (admin, reviewer) = (team.member(Role::Admin).await, team.member(Role::Reviewer).await);
    let read = async |by: &Known| team.app.call(team.to(&get_settings::FUNCTION, by)).await.expect(200).body;
    let defaults = json!({ "time_zone": "UTC", "locale": "en", "default_approval": "not_required" });
    assert_eq!(read(&reviewer).await, defaults);
    let update = async |body: Value| team.patch(&update_settings::FUNCTION, &admin, body).await;
    update(json!({ "time_zone": "europe/berlin" })).await.expect(200);
    update(json!({ "locale": "pt-br", "default_approval": "required" })).await.expect(200);
    let changed = json!({ "time_zone": "Europe/Berlin", "locale": "pt-BR", "default_approval": "required" });
    assert_eq!(read(&reviewer).await, changed);
    for (field, value) in [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "+02:00"),
        ("locale", "english, please"),
        ("locale", "und"),
        ("default_approval", "maybe"),
    ] {
        assert_eq!(update(json!({ field: value })).await.expect(422).fields(), [field], "{value}");
    }
    let refused = team.patch(&update_settings::FUNCTION, &reviewer, json!({ "locale": "de" })).await.expect(403);
    assert_eq!(refused.code(), "permission_missing");
    assert_eq!((read(&admin).await, team.entries("workspace.settings_updated").await.len()), (changed, 2));
}

#[tokio::test]
async fn a_workspace_in_the_trash_refuses_everyone_until_an_owner_restores_it() {
    let team = Team::new().await;
    let (admin, member, guest) =
        (team.member(Role::Admin).await, team.member(Role::Member).await, team.stranger().await);
    let (_, token) = team.invited(&guest.email, "member").await;
    assert_eq!(team.delete(&admin).await.expect(403).code(), "permission_missing");
    assert_eq!(team.restore(&team.owner).await.expect(409).code(), "workspace_not_trashed");
    let deleted = team.delete(&team.owner).await.expect(200).body;
    let until = deleted["restorable_until"].clone();
    for by in [&team.owner, &admin, &member] {
        assert_eq!(team.visit(by).await.expect(403).code(), "workspace_trashed");
        assert_eq!(team.listed(by).await["restorable_until"], until);
    }
    assert_eq!(team.delete(&team.owner).await.expect(403).code(), "workspace_trashed");
    assert_eq!(team.visit(&guest).await.expect(404).code(), "not_found");
    assert_eq!(team.restore(&guest).await.expect(404).code(), "not_found");
    assert_eq!(team.accept(&guest, &token).await.expect(403).code(), "workspace_trashed");
    assert_eq!(team.restore(&admin).await.expect(403).code(), "permission_missing");
    // A member may leave it, so that they can delete their account; the last owner stays.
    team.leave(&member).await.expect(204);
    assert_eq!(team.leave(&team.owner).await.expect(409).code(), "last_owner");
    team.restore(&team.owner).await.expect(204);
    assert_eq!(team.listed(&admin).await["restorable_until"], Value::Null);
    for by in [&team.owner, &admin] {
        team.visit(by).await.expect(200);
    }
    team.accept(&guest, &token).await.expect(200);
    let counts = [team.entries("workspace.trashed").await.len(), team.entries("workspace.restored").await.len()];
    assert_eq!(counts, [1, 1]);
    team.sound(&[&admin, &member, &guest, &team.owner], "restored").await;
}

#[tokio::test]
async fn deleting_and_restoring_need_a_fresh_factor() {
    let team = Team::new().await;
    team.app.advance(SignedDuration::from_mins(10));
    assert_eq!(team.delete(&team.owner).await.expect(401).code(), "fresh_factor_needed");
    let owner = team.again(&team.owner).await;
    team.delete(&owner).await.expect(200);
    assert_eq!(team.restore(&team.owner).await.expect(401).code(), "fresh_factor_needed");
}

#[tokio::test]
async fn a_workspace_is_restored_within_30_days() {
    for (hours, status) in [(30 * 24 - 1, 204), (30 * 24, 410)] {
        let team = Team::new().await;
        team.delete(&team.owner).await.expect(200);
        team.app.advance(SignedDuration::from_hours(hours));
        let owner = team.again(&team.owner).await;
        let answer = team.restore(&owner).await.expect(status);
        assert!(status == 204 || answer.code() == "workspace_trash_expired");
    }
}

#[tokio::test]
async fn an_acceptance_or_deletion_that_another_change_overtakes_is_refused() {
    let team = Team::new().await;
    let (guest, second) = (team.stranger().await, team.member(Role::Owner).await);
    let (_, token) = team.invited(&guest.email, "member").await;
    let deletion = async {
        team.delete(&team.owner).await.expect(200);
    };
    let (refused, ran) = team.app.call_while(team.accepting(&guest, &token), deletion).await;
    assert!(ran.is_some());
    assert_eq!(refused.expect(403).code(), "workspace_trashed");
    assert_eq!(team.role(&guest).await, None);
    team.restore(&team.owner).await.expect(204);
    // An owner who is removed while they delete the workspace.
    let removal = async {
        team.remove(&team.owner, &second).await.expect(204);
    };
    let (refused, ran) = team.app.call_while(team.deleting(&second), removal).await;
    assert!(ran.is_some());
    assert_eq!(refused.expect(409).code(), "modified_concurrently");
    team.visit(&team.owner).await.expect(200);
}
