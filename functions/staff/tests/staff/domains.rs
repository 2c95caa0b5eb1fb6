//! Users and workspaces by the domain of email addresses: the index, and what the staff sees.

use std::collections::BTreeSet;

use accounts::address::Address;
use accounts::jobs::import_accounts;
use mail::jobs::send_email;
use mail::{EmailAddress, SendEmail};
use profiles::jobs::purge_deleted_accounts;
use profiles::routes::{change_email, confirm_email_change, delete_account};
use recovery::routes::restore_account;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, StaffRole};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::table::DomainEntry;
use shared::tenancy::Role;
use shared::testing::{Request, Response, TestApp};
use staff::routes::{find_user, find_users_by_domain};
use test_support::mailed_links;
use test_support::people::{self, PASSWORD, login, mailed_token, register, registered, verify_email};
use test_support::staff_member::post_as;

const DOMAIN: &str = "northwind.example.com";
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// A well-formed hash of bcrypt.
const LEGACY: &str = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.wgsDBuVnYlgJOOh/5QDniUpdm5/rfEe";

/// A new session of the staff.
async fn member(app: &TestApp) -> String {
    app.staff(&[StaffRole::Support], Some(app.now())).await.unwrap().token
}

async fn search(app: &TestApp, token: &str, body: Value) -> Response {
    post_as(app, token, &find_users_by_domain::FUNCTION, body).await
}

/// The users of a domain, as a new session of the staff finds them.
async fn found(app: &TestApp, domain: &str) -> Vec<Value> {
    let answer = search(app, &member(app).await, json!({ "domain": domain })).await.expect(200).body;
    assert_eq!(answer["next_cursor"], Value::Null);
    answer["items"].as_array().unwrap().clone()
}

/// The ids of these users.
fn ids(users: &[Value]) -> Vec<String> {
    users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
}

/// A user with this verified address, in any spelling.
async fn user_at(app: &TestApp, email: &str) -> UserId {
    register(app, email).await.expect(202);
    let normal: EmailAddress = email.parse().unwrap();
    let token = mailed_token(app, normal.as_str(), registered(app, normal.as_str()).await, "verify-email").await;
    verify_email(app, &token, PASSWORD).await.expect(200);
    people::address(app, normal.as_str()).await.unwrap().owner().unwrap()
}

/// Sends the letters of a user, and returns the token of the newest link to a page in those to an address.
async fn link(app: &TestApp, email: &str, user: UserId, page: &str) -> String {
    let posted = app.outbox::<SendEmail>(&format!("U#{user}")).await.unwrap();
    app.deliver(&send_email::FUNCTION, &posted).await.unwrap();
    mailed_links::newest_token(&app.cloud().mails_to(email), page).expect("a link")
}

/// A request of a user who has just signed in.
async fn signed_in(app: &TestApp, email: &str, request: Request) -> Response {
    let tokens = login(app, email, PASSWORD).await.expect(200).body;
    app.call(request.bearer(tokens["access_token"].as_str().unwrap())).await
}

/// The keys of every item in the domain index, as stored: digest and user.
fn index(app: &TestApp) -> BTreeSet<(String, String)> {
    let items = app.cloud().items(&app.tables().accounts).unwrap();
    let text = |item: &Value, name: &str| item[name]["S"].as_str().map(str::to_owned);
    items.iter().filter_map(|item| Some((text(item, "domain_pk")?, text(item, "domain_sk")?))).collect()
}

fn entry(domain: &str, user: UserId) -> (String, String) {
    (DomainEntry::digest(domain), user.to_string())
}

/// Details and subjects of the looks of the last minute.
async fn looks(app: &TestApp) -> Vec<(String, Value)> {
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    let looks = events.into_iter().filter(|event| event.name == "staff_looked_up");
    looks.map(|event| (event.subject, event.detail["users"].clone())).collect()
}

#[tokio::test]
async fn the_users_of_a_domain_are_found_with_their_workspaces_and_the_look_is_recorded() {
    let app = TestApp::new();
    let ada = user_at(&app, &format!("ada@{DOMAIN}")).await;
    let bob = user_at(&app, &format!("Bob@{}", DOMAIN.to_uppercase())).await;
    user_at(&app, &format!("eve@mail.{DOMAIN}")).await;
    user_at(&app, "eve@example.com").await;
    let first = app.owner().await.unwrap().workspace;
    app.advance(SignedDuration::from_millis(1));
    let second = app.owner().await.unwrap().workspace;
    for (workspace, user, role) in
        [(first, ada, Role::Owner), (first, bob, Role::Reviewer), (second, ada, Role::Member)]
    {
        app.add_member(workspace, user, role).await.unwrap();
    }
    let token = member(&app).await;
    for domain in [DOMAIN, "NorthWind.Example.com", " northwind.example.com "] {
        let answer = search(&app, &token, json!({ "domain": domain })).await.expect(200).body;
        let membership =
            |workspace, role| json!({ "workspace_id": workspace, "name": "Test", "role": role, "plan": "studio" });
        let users = json!([
            {
                "id": ada, "email": format!("ada@{DOMAIN}"), "deleted_at": null,
                "memberships": [membership(first, "owner"), membership(second, "member")],
            },
            {
                "id": bob, "email": format!("bob@{DOMAIN}"), "deleted_at": null,
                "memberships": [membership(first, "reviewer")],
            },
        ]);
        assert_eq!(answer, json!({ "items": users, "next_cursor": null }), "{domain}");
    }
    assert_eq!(looks(&app).await, [(DomainEntry::digest(DOMAIN), json!([ada, bob]))], "one look, without the domain");
    search(&app, &token, json!({ "domain": "unknown.example.com" })).await.expect(200);
    let nothing = (DomainEntry::digest("unknown.example.com"), json!([]));
    assert!(looks(&app).await.contains(&nothing), "that, too, tells something");
    // Another set of users in the same hour is another look.
    let eve = user_at(&app, &format!("eve@{DOMAIN}")).await;
    search(&app, &token, json!({ "domain": DOMAIN })).await.expect(200);
    assert!(looks(&app).await.contains(&(DomainEntry::digest(DOMAIN), json!([ada, bob, eve]))));
}

#[tokio::test]
async fn neither_keys_nor_events_have_the_domain() {
    let app = TestApp::new();
    user_at(&app, &format!("ada@{DOMAIN}")).await;
    assert_eq!(ids(&found(&app, DOMAIN).await).len(), 1);
    let accounts = app.cloud().items(&app.tables().accounts).unwrap();
    for item in &accounts {
        for key in ["pk", "sk", "due_pk", "due_sk", "domain_pk", "domain_sk"] {
            assert!(!item[key].to_string().contains("northwind"), "{key}: {item}");
        }
    }
    for table in [&app.tables().system, &app.tables().proofs] {
        for item in app.cloud().items(table).unwrap() {
            assert!(!item.to_string().contains("northwind"), "{item}");
        }
    }
}

#[tokio::test]
async fn an_international_domain_is_found_in_either_spelling() {
    let app = TestApp::new();
    let ada = user_at(&app, "ada@b\u{fc}cher.example.com").await;
    for spelling in ["b\u{fc}cher.example.com", "B\u{dc}CHER.EXAMPLE.COM", "xn--bcher-kva.example.com"] {
        assert_eq!(ids(&found(&app, spelling).await), [ada.to_string()], "{spelling}");
    }
    assert!(found(&app, "bucher.example.com").await.is_empty());
}

#[tokio::test]
async fn an_unverified_registration_is_not_found() {
    let app = TestApp::new();
    let email = format!("ada@{DOMAIN}");
    register(&app, &email).await.expect(202);
    assert!(found(&app, DOMAIN).await.is_empty() && index(&app).is_empty());
    let user = user_at(&app, &email).await;
    assert_eq!(ids(&found(&app, DOMAIN).await), [user.to_string()]);
    assert_eq!(index(&app), BTreeSet::from([entry(DOMAIN, user)]));
}

#[tokio::test]
async fn an_imported_account_is_found() {
    let mut app = TestApp::new();
    app.configure(|config| config.legacy_bcrypt_cost = Some(12));
    let email = format!("grace@{DOMAIN}");
    // A pending registration ends by the import.
    register(&app, &email).await.expect(202);
    let row = |email: &str| json!({ "email": email, "name": "Grace Hopper", "password_hash": LEGACY });
    let rows = json!({ "accounts": [row(&email), row(&format!("Joan@{DOMAIN}"))] });
    app.run(&import_accounts::FUNCTION, rows).await.unwrap();
    let found = found(&app, DOMAIN).await;
    let emails: BTreeSet<_> = found.iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect();
    assert_eq!(emails, BTreeSet::from([email, format!("joan@{DOMAIN}")]));
}

#[tokio::test]
async fn a_changed_address_moves_its_user_to_the_new_domain() {
    let app = TestApp::new();
    let (old, new) = (format!("ada@{DOMAIN}"), "ada@southwind.example.com");
    let ada = user_at(&app, &old).await;
    let change = Request::to(&change_email::FUNCTION).json(json!({ "email": new }));
    signed_in(&app, &old, change).await.expect(202);
    assert_eq!(ids(&found(&app, DOMAIN).await), [ada.to_string()], "it is not confirmed yet");
    assert!(found(&app, "southwind.example.com").await.is_empty());
    let token = link(&app, new, ada, "confirm-email").await;
    let confirm = Request::to(&confirm_email_change::FUNCTION).json(json!({ "token": token }));
    signed_in(&app, &old, confirm).await.expect(200);
    assert!(found(&app, DOMAIN).await.is_empty());
    assert_eq!(ids(&found(&app, "southwind.example.com").await), [ada.to_string()]);
    assert_eq!(index(&app), BTreeSet::from([entry("southwind.example.com", ada)]));
    // A freed address that is registered again belongs to another user.
    let other = user_at(&app, &old).await;
    assert_eq!(ids(&found(&app, DOMAIN).await), [other.to_string()]);
}

#[tokio::test]
async fn a_deleted_account_is_found_as_such_until_it_is_erased_and_then_leaves_no_entry() {
    let app = TestApp::new();
    let emails = [format!("ada@{DOMAIN}"), format!("bob@{DOMAIN}")];
    let [ada, bob] = [user_at(&app, &emails[0]).await, user_at(&app, &emails[1]).await];
    let mut links = Vec::new();
    for (user, email) in [ada, bob].into_iter().zip(&emails) {
        signed_in(&app, email, Request::to(&delete_account::FUNCTION)).await.expect(200);
        links.push(link(&app, email, user, "restore-account").await);
    }
    let deleted = found(&app, DOMAIN).await;
    assert_eq!(ids(&deleted), [ada.to_string(), bob.to_string()]);
    // As the search by address shows it.
    let by_address = post_as(&app, &member(&app).await, &find_user::FUNCTION, json!({ "email": emails[0] })).await;
    assert_eq!(deleted[0]["deleted_at"], by_address.expect(200).body["deleted_at"]);
    assert!(deleted.iter().all(|user| user["deleted_at"].is_string()), "{deleted:?}");
    let restored = json!({ "token": links[1], "password": PASSWORD });
    people::post(&app, &restore_account::FUNCTION, restored).await.expect(200);
    assert_eq!(found(&app, DOMAIN).await[1]["deleted_at"], Value::Null);

    app.advance(DAY * 31);
    app.tick(&purge_deleted_accounts::FUNCTION).await.unwrap();
    assert_eq!(ids(&found(&app, DOMAIN).await), [bob.to_string()]);
    assert_eq!(index(&app), BTreeSet::from([entry(DOMAIN, bob)]));
}

/// A batch of reads is not of one instant, so it may have both records of a user who moves within the domain.
#[tokio::test]
async fn a_user_with_two_records_in_a_domain_is_shown_once() {
    let app = TestApp::new();
    let ada = user_at(&app, &format!("ada@{DOMAIN}")).await;
    let bob = user_at(&app, &format!("bob@{DOMAIN}")).await;
    let mut second = Address::new(format!("countess@{DOMAIN}").parse().unwrap());
    second.claim(ada).unwrap();
    app.accounts().commit(AccountChanges::default().insert(&second)).await.unwrap();
    assert_eq!(ids(&found(&app, DOMAIN).await), [ada.to_string(), bob.to_string()]);
}

/// The index is eventually consistent.
#[tokio::test]
async fn an_entry_of_the_index_that_its_address_has_left_shows_no_user() {
    let app = TestApp::new();
    user_at(&app, "ada@example.com").await;
    let stale = DomainEntry::digest(DOMAIN);
    let key = json!({ "pk": { "S": format!("E#{}", AccountKey::email_digest("ada@example.com")) }, "sk": { "S": "ADDRESS" } });
    let update = json!({
        "TableName": app.tables().accounts,
        "Key": key,
        "UpdateExpression": "SET domain_pk = :stale",
        "ExpressionAttributeValues": { ":stale": { "S": stale } },
    });
    app.cloud().call("DynamoDB_20120810.UpdateItem", &update).unwrap();
    assert_eq!(index(&app).into_iter().next().unwrap().0, stale);
    assert!(found(&app, DOMAIN).await.is_empty());
}

#[tokio::test]
async fn pages_have_every_user_once_and_their_cursors_are_valid_for_the_search_and_member_alone() {
    let app = TestApp::new();
    let mut users = Vec::new();
    for number in 0..5 {
        users.push(user_at(&app, &format!("user{number}@{DOMAIN}")).await.to_string());
    }
    let token = member(&app).await;
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let body = json!({ "domain": DOMAIN, "limit": 2, "cursor": cursor });
        let page = search(&app, &token, body).await.expect(200).body;
        pages.push(ids(page["items"].as_array().unwrap()));
        cursor = page["next_cursor"].clone();
        if pages.len() == 1 {
            assert!(cursor.is_string());
            let other = search(&app, &token, json!({ "domain": "example.com", "cursor": cursor })).await.expect(422);
            assert_eq!(other.fields(), ["cursor"]);
            let body = json!({ "domain": DOMAIN, "cursor": cursor });
            assert_eq!(search(&app, &member(&app).await, body).await.expect(422).fields(), ["cursor"]);
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!((pages.concat(), cursor), (users, Value::Null), "the oldest first");
}

/// A colleague who is a member of as many workspaces as a user can be needs more than one read of memberships.
#[tokio::test]
async fn a_page_shows_every_membership_of_its_users() {
    let app = TestApp::new();
    let mut users = Vec::new();
    for number in 0..6 {
        users.push(user_at(&app, &format!("user{number}@{DOMAIN}")).await);
    }
    for _ in 0..20 {
        let workspace = app.owner().await.unwrap().workspace;
        for user in &users {
            app.add_member(workspace, *user, Role::Member).await.unwrap();
        }
    }
    let found = found(&app, DOMAIN).await;
    let counts: Vec<_> = found.iter().map(|user| user["memberships"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [20; 6]);
}

#[tokio::test]
async fn a_text_that_is_no_domain_is_refused_by_the_rule_that_it_breaks() {
    let app = TestApp::new();
    let token = member(&app).await;
    for (domain, says) in [
        ("ada@northwind.example.com", "must have only what follows the @"),
        ("@northwind.example.com", "must have only what follows the @"),
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        ("north wind.example.com", "must be the name of a domain"),
        ("northwind.example.com\r\nx", "must be the name of a domain"),
        ("north\u{0}wind.example.com", "must be the name of a domain"),
        ("*.example.com", "must be the name of a domain"),
        ("example.com.", "must be the name of a domain"),
        ("192.0.2.1", "and not an IP address"),
        ("[192.0.2.1]", "and not an IP address"),
        ("[IPv6:2001:db8::1]", "and not an IP address"),
        (&"a.".repeat(200), "must have at most 254 bytes"),
    ] {
        let refused = search(&app, &token, json!({ "domain": domain })).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("invalid_input", vec!["domain"]), "{domain:?}");
        assert!(refused.text.contains(says), "{domain:?}: {}", refused.text);
    }
    assert_eq!(search(&app, &token, json!({})).await.expect(422).fields(), ["domain"]);
    assert!(looks(&app).await.is_empty(), "nothing was looked at");
}
