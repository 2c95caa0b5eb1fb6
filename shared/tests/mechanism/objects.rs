//! Objects of a workspace: signed URLs, and ranges of one version.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{ByteRange, Presentation, Ranged, Scope, Workspace};
use shared::testing::{Request, TestApp};
use utoipa::ToSchema;

const NAME: &str = "file_1.bin";

/// Signs a URL, which no real route does yet.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowFile {
    version: String,
}

static SHOW: Function = Function::route::<ShowFile>();

impl Endpoint for ShowFile {
    const ROUTE: Route = Route::get("show-file", "/workspaces/{workspace_id}/file");
    const GRANTS: &'static [Grant] = &[Grant::SignDownloads];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        let presentation = Presentation::attachment("application/octet-stream", "report.bin")?;
        Ok(Reply(workspace.sign_download(NAME, &self.version, &presentation).await?.url))
    }
}

/// The same without the grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LeakFile {}

static LEAK: Function = Function::route::<LeakFile>();

impl Endpoint for LeakFile {
    const ROUTE: Route = Route::get("leak-file", "/workspaces/{workspace_id}/leak");
    const GRANTS: &'static [Grant] = &[Grant::ReadObjects];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.sign_download(NAME, "v", &Presentation::inline("image/png")).await?.url))
    }
}

async fn written(scope: &Scope, bytes: &[u8]) -> String {
    scope.write_object(NAME, "text/html", bytes.to_vec()).await.unwrap()
}

async fn part(scope: &Scope, version: Option<&str>, first: u64, length: u64) -> Option<(Vec<u8>, String, u64)> {
    match scope.read_range(NAME, version, ByteRange::new(first, length).unwrap()).await.unwrap() {
        Ranged::Part(part) => Some((part.bytes, part.version, part.size_bytes)),
        Ranged::BeyondEnd => None,
        Ranged::Absent => panic!("there is no such object"),
    }
}

#[tokio::test]
async fn a_signed_download_returns_one_version_with_the_signed_headers() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.object_scope(owner.workspace);
    let version = written(&scope, b"first").await;
    written(&scope, b"second").await;
    let shown = app.call(Request::to(&SHOW).by(&owner).query("version", &version)).await.expect(200);
    let url = shown.body.as_str().unwrap();
    let signed: url::Url = url.parse().unwrap();
    let queried: std::collections::BTreeMap<_, _> = signed.query_pairs().into_owned().collect();
    assert!(signed.path().ends_with(&format!("/m/{}/{NAME}", owner.workspace)), "{url}");
    for (name, value) in [
        ("X-Amz-Expires", "900"),
        ("versionId", &version),
        ("response-content-type", "application/octet-stream"),
        ("response-content-disposition", "attachment; filename=\"report.bin\""),
        ("response-cache-control", "private, no-store"),
    ] {
        assert_eq!(queried.get(name).map(String::as_str), Some(value), "{name}");
    }
    let get = |url: &str| app.fetch(http::Request::get(url).body(Vec::new()).unwrap());
    let answer = get(url).expect(200);
    assert_eq!(answer.text, "first");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"report.bin\"");
    // The signature covers the name of the file.
    get(&url.replace("report.bin", "report.exe")).expect(403);
    app.advance(SignedDuration::from_mins(15));
    get(url).expect(403);
}

#[tokio::test]
async fn a_signed_download_stays_in_the_workspace_and_needs_the_grant() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.object_scope(owner.workspace);
    for outside in ["../other/file", "a/../../b", "", "a//b", "/a", "a?versionId=1", "a%2fb", "a b"] {
        assert!(scope.sign_download(outside, "v", &Presentation::inline("image/png")).await.is_err(), "{outside}");
    }
    assert_eq!(app.call(Request::to(&LEAK).by(&owner)).await.expect(500).code(), "internal");
    let statements =
        SHOW.statements().filter(|statement| statement.actions.iter().any(|action| action.starts_with("s3:")));
    let rights: Vec<_> =
        statements.map(|statement| format!("{:?} {:?}", statement.actions, statement.resource)).collect();
    assert_eq!(rights, [r#"["s3:GetObjectVersion"] Objects("m/{workspace}/*")"#]);
}

#[tokio::test]
async fn ranges_are_read_of_one_version() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let scope = app.object_scope(owner.workspace);
    let version = written(&scope, b"0123456789").await;
    let first = part(&scope, None, 0, 4).await.unwrap();
    assert_eq!(first, (b"0123".to_vec(), version.clone(), 10));
    let second = written(&scope, b"other bytes").await;
    for (asked, range, bytes) in [
        (Some(version.as_str()), (4, 4), "4567"),
        (Some(version.as_str()), (8, 100), "89"),
        (Some(version.as_str()), (0, 10), "0123456789"),
        (Some(second.as_str()), (6, 5), "bytes"),
        (None, (6, 100), "bytes"),
    ] {
        let (read, of, _) = part(&scope, asked, range.0, range.1).await.unwrap();
        assert_eq!((String::from_utf8(read).unwrap().as_str(), of.as_str()), (bytes, asked.unwrap_or(&second)));
    }
    assert_eq!(part(&scope, Some(&version), 10, 1).await, None);
    assert_eq!(part(&scope, None, 11, 1).await, None);
}

#[tokio::test]
async fn a_range_of_a_missing_object_is_absent() {
    let app = TestApp::new();
    let scope = app.object_scope(app.owner().await.unwrap().workspace);
    let range = ByteRange::new(0, 1).unwrap();
    assert!(matches!(scope.read_range("nothing", None, range).await.unwrap(), Ranged::Absent));
    written(&scope, b"here").await;
    let other = app.object_scope(app.owner().await.unwrap().workspace);
    assert!(matches!(other.read_range(NAME, None, range).await.unwrap(), Ranged::Absent));
}
