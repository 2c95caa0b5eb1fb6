//! Request bodies and responses other than JSON.

use serde::Deserialize;
use serde_json::json;
use shared::function::Function;
use shared::http::{
    BodyKind, Cookie, Download, Endpoint, Html, Patch, RawBody, Redirect, RedirectTarget, Reply, Route, SeeOther, Text,
    WithCookie,
};
use shared::identity::Anyone;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::testing::{Request, TestApp};
use utoipa::ToSchema;

/// Accepts a form, and redirects the browser with a cookie.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SendForm {
    name: String,
    copies: u32,
}

static SEND_FORM: Function = Function::route::<SendForm>();

impl Endpoint for SendForm {
    const ROUTE: Route = Route::post("send-form", "/forms");
    const BODY: BodyKind = BodyKind::Form;
    type Access = Anyone;
    type Output = WithCookie<SeeOther>;

    async fn handle(self, anyone: &Anyone) -> Result<Self::Output, Problem> {
        let copies = self.copies.to_string();
        let target = RedirectTarget::page(anyone.app_url(), "/sent", &[("name", &self.name), ("copies", &copies)])?;
        Ok(WithCookie(SeeOther(target), Cookie::new("seen", SecretText::new("yes".to_owned()), 60)))
    }
}

/// Returns the number of received bytes.
#[derive(Deserialize, ToSchema)]
struct Weigh {
    body: RawBody,
}

static WEIGH: Function = Function::route::<Weigh>();

impl Endpoint for Weigh {
    const ROUTE: Route = Route::post("weigh", "/weights");
    const BODY: BodyKind = BodyKind::Raw;
    type Access = Anyone;
    type Output = Reply<usize>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Reply(self.body.0.len()))
    }
}

/// Changes a part of a resource, as an identity provider would.
#[derive(Deserialize, ToSchema)]
struct PatchUser {
    active: bool,
}

static PATCH_USER: Function = Function::route::<PatchUser>();

impl Endpoint for PatchUser {
    const ROUTE: Route = Route::patch("patch-user", "/users");
    const BODY: BodyKind = BodyKind::Scim;
    type Access = Anyone;
    type Output = Reply<bool>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Reply(self.active))
    }
}

/// Changes a card, of which the note may be none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PatchCard {
    #[serde(default)]
    #[schema(inline)]
    title: Patch<String>,
    #[serde(default)]
    #[schema(inline)]
    note: Patch<Option<String>>,
}

static PATCH_CARD: Function = Function::route::<PatchCard>();

impl Endpoint for PatchCard {
    const ROUTE: Route = Route::patch("patch-card", "/card");
    type Access = Anyone;
    type Output = Reply<Vec<Option<String>>>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        let (mut title, mut note) = ("Title".to_owned(), Some("Note".to_owned()));
        self.title.apply(&mut title);
        self.note.apply(&mut note);
        Ok(Reply(vec![Some(title), note]))
    }
}

macro_rules! gives {
    ($function:ident $type:ident $name:literal $output:ty, $value:expr) => {
        #[derive(Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct $type {}

        static $function: Function = Function::route::<$type>();

        impl Endpoint for $type {
            const ROUTE: Route = Route::get($name, concat!("/", $name));
            type Access = Anyone;
            type Output = $output;

            async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
                Ok($value)
            }
        }
    };
}

gives!(TEXT GiveText "give-text" Text, Text("User-agent: *".to_owned()));
gives!(PAGE GivePage "give-page" Html, Html("<p>Done.</p>".to_owned()));
gives!(FILE GiveFile "give-file" Download, Download {
    name: "report-1.bin".to_owned(),
    content_type: "application/octet-stream",
    bytes: vec![0, 159, 146, 150],
});
gives!(
    AWAY GoAway "go-away" Redirect,
    Redirect(RedirectTarget::on_host(
        &"https://platform.example/authorize".parse().map_err(Problem::internal)?,
        &["platform.example"],
    )?)
);

#[tokio::test]
async fn a_form_is_parsed_and_answered_with_a_redirect_and_a_cookie() {
    let app = TestApp::new();
    let sent = |body: &str, media_type: &str| Request::to(&SEND_FORM).header("content-type", media_type).body(body);
    const FORM: &str = "application/x-www-form-urlencoded";
    let answer = app.call(sent("name=Ada+%26+Bob&copies=2", FORM)).await.expect(303);
    assert!(answer.header("location").ends_with("/sent?name=Ada+%26+Bob&copies=2"), "{}", answer.header("location"));
    let cookie = "__Host-seen=yes; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(answer.header("set-cookie"), cookie);
    for (body, field) in
        [("name=a&copies=many", "copies"), ("name=a", "copies"), ("name=a&name=b&copies=1", "name"), ("a=1", "a")]
    {
        assert_eq!(app.call(sent(body, FORM)).await.expect(422).fields(), [field], "{body}");
    }
    assert_eq!(app.call(sent("{}", "application/json")).await.expect(415).code(), "unsupported_media_type");
}

#[tokio::test]
async fn a_raw_body_is_passed_unchanged() {
    let app = TestApp::new();
    for media_type in ["application/octet-stream", "image/png", "application/json"] {
        let bytes = Request::to(&WEIGH).header("content-type", media_type).body("{\"not\": json");
        assert_eq!(app.call(bytes).await.expect(200).body, json!(12), "{media_type}");
    }
}

#[tokio::test]
async fn scim_is_accepted_with_its_media_type_and_unknown_fields() {
    let app = TestApp::new();
    for media_type in ["application/scim+json", "application/scim+json; charset=utf-8", "application/json"] {
        let body = json!({ "active": true, "schemas": ["urn:x"] }).to_string();
        let patch = Request::to(&PATCH_USER).header("content-type", media_type).body(body);
        assert_eq!(app.call(patch).await.expect(200).body, json!(true), "{media_type}");
    }
    let other = Request::to(&PATCH_USER).header("content-type", "text/plain").body("{}");
    let refused = app.call(other).await.expect(415);
    assert_eq!(refused.body["detail"], "The body must be application/scim+json or application/json.");
}

#[tokio::test]
async fn a_merge_patch_keeps_omitted_fields_and_clears_nullable_ones_by_null() {
    let app = TestApp::new();
    let patch = |media_type: &str, body: &serde_json::Value| {
        let patch = Request::to(&PATCH_CARD).header("content-type", media_type);
        app.call(patch.body(body.to_string()))
    };
    for media_type in ["application/merge-patch+json", "application/json"] {
        for (body, card) in [
            (json!({}), json!(["Title", "Note"])),
            (json!({ "title": "Other" }), json!(["Other", "Note"])),
            (json!({ "note": null }), json!(["Title", null])),
            (json!({ "title": "Other", "note": "New" }), json!(["Other", "New"])),
        ] {
            assert_eq!(patch(media_type, &body).await.expect(200).body, card, "{body}");
        }
        let refused = patch(media_type, &json!({ "title": null })).await.expect(422);
        assert_eq!(refused.fields(), ["title"], "{}", refused.text);
    }
    let refused = patch("application/json-patch+json", &json!({})).await.expect(415);
    assert_eq!(refused.body["detail"], "The body must be application/json or application/merge-patch+json.");
}

#[tokio::test]
async fn text_pages_files_and_redirects_are_returned() {
    let app = TestApp::new();
    let text = app.call(Request::to(&TEXT)).await.expect(200);
    assert_eq!((text.header("content-type"), text.text.as_str()), ("text/plain; charset=utf-8", "User-agent: *"));
    let page = app.call(Request::to(&PAGE)).await.expect(200);
    assert_eq!((page.header("content-type"), page.text.as_str()), ("text/html; charset=utf-8", "<p>Done.</p>"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let file = app.call(Request::to(&FILE)).await.expect(200);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"report-1.bin\"");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(app.call(Request::to(&AWAY)).await.expect(302).header("location"), "https://platform.example/authorize");
}
