//! A workspace with something of everything, and what is left of it.

use std::collections::BTreeMap;

use erasure::jobs::purge_workspaces;
use serde_json::{Value, json};
use shared::config::Tables;
use shared::crypto::Sealed;
use shared::kernel::ids::WorkspaceId;
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Person, Request, TestApp};
use workspaces::routes::{create_workspace, create_workspace_token, delete_workspace};

pub const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub const SECRET: &str = "a secret of the workspace";

/// A workspace with items, audit entries, messages, members, a token, a session of the staff, objects in versions, and a key.
pub struct Place {
    pub owner: Person,
    pub sealed: Sealed,
}

impl Place {
    pub async fn new(app: &TestApp) -> Self {
        let owner = Self::founded(app).await;
        app.add_member(owner.workspace, app.new_id(), Role::Member).await.unwrap();
        let scope = app.scope(owner.workspace);
        let sealed = scope.seal("test", &owner.user, &SecretText::new(SECRET.to_owned())).await.unwrap();
        let objects = app.object_scope(owner.workspace);
        for text in ["first", "second"] {
            objects.write_object("picture/1", "text/plain", text.into()).await.unwrap();
        }
        let place = Self { owner, sealed };
        place.put(app, &app.tables().outbox, "MESSAGE#1");
        // As one that has expired, and that DynamoDB has not deleted yet.
        put_in(app, &app.tables().proofs, &format!("O#{}", place.id()), "ovr_1");
        let token = Request::to(&create_workspace_token::FUNCTION).by(&place.owner);
        let token = token.path("workspace_id", place.id());
        app.call(token.json(json!({ "name": "Import", "scopes": ["posts:read"] }))).await.expect(201);
        place
    }

    /// With nothing but what every workspace has.
    pub async fn founded(app: &TestApp) -> Person {
        let mut owner = app.owner().await.unwrap();
        let founding = Request::to(&create_workspace::FUNCTION).by(&owner).json(json!({ "name": "Northwind" }));
        owner.workspace = app.call(founding).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
        owner
    }

    pub fn id(&self) -> WorkspaceId {
        self.owner.workspace
    }

    /// Stores an item of the workspace past the product.
    pub fn put(&self, app: &TestApp, table: &str, sort: &str) {
        put_in(app, table, &format!("W#{}", self.id()), sort);
    }

    pub async fn trash(&self, app: &TestApp) {
        let request = Request::to(&delete_workspace::FUNCTION).by(&self.owner).path("workspace_id", self.id());
        app.call(request).await.expect(200);
    }

    /// What the certificate of the workspace must count, from the tables and the bucket.
    pub fn tally(&self, app: &TestApp) -> Value {
        let Tables { tenants, outbox, audit, proofs, .. } = app.tables();
        let [own, members, tokens, sessions] = ["W", "M", "T", "O"].map(|kind| format!("{kind}#{}", self.id()));
        let sorts = |table: &str, partition: &str| -> Vec<String> {
            let items = app.cloud().items(table).unwrap().into_iter().filter(|item| item["pk"]["S"] == partition);
            items.map(|item| item["sk"]["S"].as_str().unwrap().to_owned()).collect()
        };
        let mut items: BTreeMap<String, u64> = BTreeMap::new();
        for sort in sorts(tenants, &own).iter().filter(|sort| !sort.starts_with("ERASURE#")) {
            *items.entry(sort.split('#').next().unwrap().to_owned()).or_default() += 1;
        }
        let versions = app.cloud().object_versions();
        let versions = versions.iter().filter(|version| version.contains(&self.id().to_string())).count();
        json!({
            "items": items,
            "memberships": sorts(proofs, &members).len(),
            "workspace_tokens": sorts(proofs, &tokens).len(),
            "override_sessions": sorts(proofs, &sessions).len(),
            "messages": sorts(outbox, &own).len(),
            "audit_entries": sorts(audit, &own).len(),
            "object_versions": versions,
        })
    }

    /// Whatever names the workspace, in every table and in the bucket.
    pub fn traces(&self, app: &TestApp) -> Vec<String> {
        let id = self.id().to_string();
        let items = everything(app).into_iter().map(|(key, item)| format!("{key} {item}"));
        let objects = app.cloud().object_versions().into_iter().map(|version| format!("object {version}"));
        items.chain(objects).filter(|trace| trace.contains(&id)).collect()
    }

    /// The certificate that is stored, if the workspace is erased.
    pub fn certificate(&self, app: &TestApp) -> Option<String> {
        let items = app.cloud().items(&app.tables().proofs).unwrap();
        let partition = format!("D#{}", self.id());
        let is_one = |item: &Value| item["pk"]["S"] == partition.as_str() && item["sk"]["S"] == "CERTIFICATE";
        let item = items.into_iter().find(is_one)?;
        Some(item["e"]["M"]["certificate"]["S"].as_str().unwrap().to_owned())
    }
}

fn put_in(app: &TestApp, table: &str, partition: &str, sort: &str) {
    let item = json!({ "pk": { "S": partition }, "sk": { "S": sort }, "n": { "N": "1" }, "v": { "N": "1" } });
    put(app, table, &item);
}

pub fn put(app: &TestApp, table: &str, item: &Value) {
    let request = json!({ "TableName": table, "Item": item });
    app.cloud().call("DynamoDB_20120810.PutItem", &request).unwrap();
}

/// Every item of every table, by table and key.
pub fn everything(app: &TestApp) -> BTreeMap<String, Value> {
    let Tables { tenants, outbox, audit, proofs, accounts, system } = app.tables();
    let mut found = BTreeMap::new();
    for table in [tenants, outbox, audit, proofs, accounts, system] {
        for item in app.cloud().items(table).unwrap() {
            found.insert(format!("{table} {} {}", item["pk"]["S"], item["sk"]["S"]), item);
        }
    }
    found
}

/// Runs the job, an hour after the last time.
pub async fn purge(app: &TestApp) {
    app.advance(HOUR);
    app.tick(&purge_workspaces::FUNCTION).await.unwrap();
}
