//! Changes of a workspace's directory entry: audited, and conditional on the revision that was read.

use shared::audit::AuditAction;
use shared::tenancy::{Changes, Page};
use shared::testing::{Request, TestApp};

use super::notes::LIST;

static WORKSPACE_CHANGED: AuditAction = AuditAction::named("workspace.changed");

#[tokio::test]
async fn a_change_sets_only_its_fields_and_is_audited() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.scope(owner.workspace);
    let look = async || app.call(Request::to(&LIST).by(&owner).query("limit", 1)).await;
    let audited = || Changes::default().audit(&WORKSPACE_CHANGED, owner.workspace);

    let read = scope.directory().await.unwrap();
    read.change().name("Northwind").plan("free").commit(audited()).await.unwrap();
    let read = scope.directory().await.unwrap();
    let plan = scope.plan().await.unwrap();
    assert_eq!((read.name(), read.plan().name(), plan.name()), ("Northwind", "free", "free"));
    assert_eq!((read.is_suspended(), read.owners()), (false, 1));

    read.change().suspend().commit(audited()).await.unwrap();
    assert_eq!(look().await.expect(403).code(), "workspace_suspended");
    let read = scope.directory().await.unwrap();
    assert_eq!((read.name(), read.is_suspended()), ("Northwind", true));
    read.change().resume().commit(audited()).await.unwrap();
    look().await.expect(200);

    let page = Page { limit: 10, cursor: None, newest_first: false };
    assert_eq!(scope.audit_entries(&page).await.unwrap().items.len(), 3);
}

#[tokio::test]
async fn a_change_based_on_an_outdated_entry_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.scope(owner.workspace);
    let audited = || Changes::default().audit(&WORKSPACE_CHANGED, owner.workspace);
    let (first, second) = (scope.directory().await.unwrap(), scope.directory().await.unwrap());
    first.change().plan("free").commit(audited()).await.unwrap();
    // Also a different field: the decision was based on an outdated entry.
    let refused = second.change().name("Southwind").commit(audited()).await.unwrap_err();
    assert_eq!(refused.code(), "modified_concurrently");
    let read = scope.directory().await.unwrap();
    assert_eq!((read.name(), read.plan().name()), ("Test", "free"));
    let page = Page { limit: 10, cursor: None, newest_first: false };
    assert_eq!(scope.audit_entries(&page).await.unwrap().items.len(), 1);

    app.remove_directory(owner.workspace).await.unwrap();
    let gone = read.change().name("Southwind").commit(audited()).await.unwrap_err();
    assert_eq!(gone.code(), "modified_concurrently");
    assert_eq!(scope.directory().await.err().unwrap().code(), "not_found");
}
