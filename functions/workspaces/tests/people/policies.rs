//! The security rules of a workspace: networks, sessions, personal access tokens, and the domains of invited addresses.

use serde_json::{Value, json};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Request, Response};
use workspaces::routes::{
    get_security, get_workspace, invite_member, list_workspaces, rename_workspace, resend_invitation, update_security,
};

use crate::team::{Known, Team, with_account};

const INSIDE: &str = "203.0.113.7";
const OUTSIDE: &str = "198.51.100.1";

impl Team {
    fn securing(&self, rules: Value) -> Request {
        self.to(&update_security::FUNCTION, &self.owner).ip(INSIDE).json(rules)
    }

    async fn secure(&self, rules: Value) -> Response {
        self.app.call(self.securing(rules)).await
    }

    async fn visit_from(&self, by: &Known, ip: &str) -> Response {
        self.app.call(self.to(&get_workspace::FUNCTION, by).ip(ip)).await
    }

    async fn rules(&self) -> Response {
        self.app.call(self.to(&get_security::FUNCTION, &self.owner).ip(INSIDE)).await.expect(200)
    }
}

#[tokio::test]
async fn a_workspace_with_networks_is_used_only_from_them() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    let token = team.app.personal_token(&member.person, &["workspaces:read"]).await.unwrap();
    let by_token = |ip: &str| {
        let request = Request::to(&get_workspace::FUNCTION).by(&member.person).bearer(token.secret.expose());
        team.app.call(request.ip(ip))
    };
    by_token(OUTSIDE).await.expect(200);
    let networks = json!({ "networks": ["203.0.113.0/24", "2001:db8::/32"] });
    let set = team.secure(networks.clone()).await.expect(200).body;
    assert_eq!(set["networks"], networks["networks"]);

    for ip in [INSIDE, "::ffff:203.0.113.7", "2001:db8:1::1"] {
        team.visit_from(&member, ip).await.expect(200);
        by_token(ip).await.expect(200);
    }
    for ip in [OUTSIDE, "::ffff:198.51.100.1", "2001:db9::1"] {
        assert_eq!(team.visit_from(&member, ip).await.expect(403).code(), "network_not_allowed", "{ip}");
        assert_eq!(team.visit_from(&team.owner, ip).await.expect(403).code(), "network_not_allowed", "{ip}");
        assert_eq!(by_token(ip).await.expect(403).code(), "network_not_allowed", "{ip}");
        // The user's own account and other workspaces are not affected.
        team.app.call(team.to(&list_workspaces::FUNCTION, &member).ip(ip)).await.expect(200);
    }
    let stranger = team.stranger().await;
    let mut elsewhere = stranger.clone();
    elsewhere.person.workspace = team.owner.person.workspace;
    assert_eq!(team.visit_from(&elsewhere, OUTSIDE).await.expect(404).code(), "not_found", "a stranger learns nothing");

    team.secure(json!({ "networks": [] })).await.expect(200);
    team.visit_from(&member, OUTSIDE).await.expect(200);
}

#[tokio::test]
async fn networks_that_exclude_their_author_are_refused() {
    let team = Team::new().await;
    let refused = team.secure(json!({ "networks": ["198.51.100.0/24"] })).await.expect(422);
    assert_eq!((refused.code(), refused.fields()), ("networks_exclude_caller", vec!["networks"]));
    assert!(refused.text.contains(INSIDE), "{}", refused.text);
    team.visit_from(&team.owner, OUTSIDE).await.expect(200);
    assert_eq!(team.entries("workspace.security_updated").await.len(), 0);
}

#[tokio::test]
async fn an_invalid_rule_names_its_field_and_the_correction() {
    let team = Team::new().await;
    let many: Vec<String> = (0..31).map(|number| format!("10.{number}.0.0/16")).collect();
    let domains: Vec<String> = (0..21).map(|number| format!("d{number}.example.com")).collect();
    for (rules, field, rule) in [
        (json!({ "networks": ["203.0.113.7/24"] }), "networks.0", "the network is 203.0.113.0/24"),
        (json!({ "networks": ["2001:db8::1/64"] }), "networks.0", "the network is 2001:db8::/64"),
        (json!({ "networks": ["::ffff:203.0.113.0/120"] }), "networks.0", "the IPv4 network 203.0.113.0/24"),
        (json!({ "networks": ["203.0.113.0/24", "here"] }), "networks.1", "must be a network"),
        (json!({ "networks": ["0.0.0.0/0"] }), "networks.0", "covers every address"),
        (
            json!({ "networks": ["203.0.112.0/23", "203.0.113.0/24"] }),
            "networks",
            "203.0.113.0/24 is part of 203.0.112.0/23",
        ),
        (json!({ "networks": many }), "networks", "at most 30"),
        (json!({ "networks": null }), "networks", "must be"),
        (json!({ "invitee_domains": ["@example.com"] }), "invitee_domains.0", "only what follows the @"),
        (json!({ "invitee_domains": ["Example.com", "example.com"] }), "invitee_domains", "must not repeat"),
        (json!({ "invitee_domains": domains }), "invitee_domains", "at most 20"),
        (json!({ "longest_session_hours": 0 }), "longest_session_hours", "from 1 to 720"),
        (json!({ "longest_session_hours": 721 }), "longest_session_hours", "from 1 to 720"),
        (json!({ "personal_tokens": "maybe" }), "personal_tokens", "must be one of"),
    ] {
        let refused = team.secure(rules).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_session_is_admitted_for_the_longest_duration_after_its_sign_in() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    team.secure(json!({ "longest_session_hours": 2 })).await.expect(200);
    team.app.advance(SignedDuration::from_secs(2 * 3600 - 1));
    let fresh = team.app.mint(member.person.user, member.person.session).await.unwrap();
    let by_session = || team.app.call(Request::to(&get_workspace::FUNCTION).by(&member.person).bearer(&fresh));
    by_session().await.expect(200);
    team.app.advance(SignedDuration::from_secs(1));
    let refused = by_session().await.expect(403);
    assert_eq!(refused.code(), "session_too_old");
    assert!(refused.text.contains("2 hours after its sign-in. Sign in again."), "{}", refused.text);

    // Another sign-in is admitted, and a token has no session.
    let again = team.again(&member).await;
    team.visit_from(&again, INSIDE).await.expect(200);
    let token = team.app.personal_token(&member.person, &["workspaces:read"]).await.unwrap();
    let request = Request::to(&get_workspace::FUNCTION).by(&member.person).bearer(token.secret.expose());
    team.app.call(request).await.expect(200);
    let owner = team.again(&team.owner).await;
    let request = team.to(&update_security::FUNCTION, &owner).json(json!({ "longest_session_hours": null }));
    assert_eq!(team.app.call(request).await.expect(200).body["longest_session_hours"], Value::Null);
    by_session().await.expect(200);
}

#[tokio::test]
async fn blocked_personal_tokens_are_refused_and_sessions_are_not() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    let token = team.app.personal_token(&member.person, &["workspaces:read"]).await.unwrap();
    let by_token =
        || team.app.call(Request::to(&get_workspace::FUNCTION).by(&member.person).bearer(token.secret.expose()));
    by_token().await.expect(200);
    team.secure(json!({ "personal_tokens": "blocked" })).await.expect(200);
    assert_eq!(by_token().await.expect(403).code(), "personal_tokens_blocked");
    team.visit_from(&member, INSIDE).await.expect(200);
    team.secure(json!({ "personal_tokens": "allowed" })).await.expect(200);
    by_token().await.expect(200);
}

#[tokio::test]
async fn only_addresses_of_the_allowed_domains_are_invited_and_join() {
    let team = Team::new().await;
    let invited = with_account(&team.app, team.app.owner().await.unwrap()).await;
    let (id, token) = team.invited(&invited.email, "member").await;
    team.secure(json!({ "invitee_domains": ["Northwind.com"] })).await.expect(200);

    let refused = team.invite(&team.owner, "bob@example.com", "member").await.expect(403);
    assert_eq!((refused.code(), refused.fields()), ("email_domain_not_allowed", vec!["email"]));
    assert!(refused.text.contains("northwind.com"), "{}", refused.text);
    let request = team
        .to(&invite_member::FUNCTION, &team.owner)
        .json(json!({ "email": "bob@sub.northwind.com", "role": "member" }));
    assert_eq!(team.app.call(request).await.expect(403).code(), "email_domain_not_allowed");
    let resend = team.to(&resend_invitation::FUNCTION, &team.owner).path("invitation_id", &id);
    assert_eq!(team.app.call(resend).await.expect(403).code(), "email_domain_not_allowed");
    team.invite(&team.owner, "Bob@NORTHWIND.com", "member").await.expect(201);

    let refused = team.accept(&invited, &token).await.expect(403);
    assert_eq!(refused.code(), "email_domain_not_allowed");
    assert!(!refused.text.contains("northwind.com"), "an invited user learns the list: {}", refused.text);
    assert_eq!(team.role(&invited).await, None);
    team.secure(json!({ "invitee_domains": [] })).await.expect(200);
    team.accept(&invited, &token).await.expect(200);
}

#[tokio::test]
async fn a_change_for_another_version_of_the_rules_is_refused() {
    let team = Team::new().await;
    let tag = team.rules().await.header("etag").to_owned();
    let rules = json!({ "longest_session_hours": 12 });
    let changed = team.app.call(team.securing(rules.clone()).header("if-match", &tag)).await.expect(200);
    let after = team.rules().await;
    assert_eq!((after.header("etag"), &after.body), (changed.header("etag"), &changed.body));
    assert_ne!(after.header("etag"), tag);
    let refused = team.app.call(team.securing(rules).header("if-match", &tag)).await.expect(412);
    assert_eq!(refused.code(), "precondition_failed");
    let same = team.to(&get_security::FUNCTION, &team.owner).header("if-none-match", after.header("etag"));
    team.app.call(same).await.expect(304);
    // The name is stored in the same entry.
    let renaming = team.to(&rename_workspace::FUNCTION, &team.owner).json(json!({ "name": "Southwind" }));
    team.app.call(renaming).await.expect(200);
    assert_ne!(team.rules().await.header("etag"), after.header("etag"));
}

#[tokio::test]
async fn the_rules_are_shown_to_those_who_manage_them_and_changes_are_audited() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    let refused = team.app.call(team.to(&get_security::FUNCTION, &member)).await.expect(403);
    assert_eq!(refused.code(), "permission_missing");
    let rules = json!({
        "second_factor": "everyone",
        "admin_recovery": "blocked",
        "invitee_domains": ["example.com"],
        "longest_session_hours": 24,
        "networks": ["203.0.113.7/32"],
        "personal_tokens": "blocked",
        "override_access": "full",
    });
    assert_eq!(team.secure(rules.clone()).await.expect(200).body, rules);
    assert_eq!(team.rules().await.body, rules);
    // An omitted rule stays unchanged.
    let relaxed = team.secure(json!({ "second_factor": "admins" })).await.expect(200).body;
    assert_eq!((&relaxed["networks"], &relaxed["second_factor"]), (&rules["networks"], &json!("admins")));
    let entries = team.entries("workspace.security_updated").await;
    assert!(entries.iter().any(|entry| entry.target.detail.as_ref() == Some(&rules)), "{entries:?}");
    assert_eq!(entries.len(), 2);
}
