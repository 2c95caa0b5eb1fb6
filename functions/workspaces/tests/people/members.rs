//! Who the members are, and how memberships change and end.

use mail::SendEmail;
use serde_json::{Value, json};
use shared::audit::Actor;
use shared::identity::Strength;
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Person, Request};
use workspaces::letters;
use workspaces::routes::{list_members, list_workspaces};

use crate::team::{Known, Team};

const ROLES: [Role; 4] = Role::ALL;

/// A member as a list shows them.
fn shown(of: &Known, role: Role, has_address: bool) -> Value {
    let email = if has_address { json!(of.email) } else { Value::Null };
    json!({ "user_id": of.person.user, "name": "Ada Lovelace", "email": email, "role": role, "read_only": false })
}

fn without_date(mut member: Value) -> Value {
    let joined_at = member.as_object_mut().unwrap().remove("joined_at").unwrap();
    assert!(joined_at.as_str().unwrap().ends_with('Z'), "{joined_at}");
    member
}

#[tokio::test]
async fn members_see_each_other_and_only_managers_see_addresses() {
    let team = Team::new().await;
    let mut people = vec![(team.owner.clone(), Role::Owner)];
    for role in [Role::Admin, Role::Member, Role::Reviewer] {
        people.push((team.member(role).await, role));
    }
    team.stranger().await;
    for (reader, role) in &people {
        let is_manager = matches!(role, Role::Owner | Role::Admin);
        let mut expected: Vec<_> = people.iter().map(|(of, role)| shown(of, *role, is_manager)).collect();
        let mut listed: Vec<_> = team.list(reader).await.into_iter().map(without_date).collect();
        let by_id = |member: &Value| member["user_id"].as_str().unwrap().to_owned();
        expected.sort_by_key(by_id);
        listed.sort_by_key(by_id);
        assert_eq!(listed, expected, "{role:?}");
        for (of, role) in &people {
            let read = team.read(reader, of.person.user).await.expect(200).body;
            assert_eq!(without_date(read), shown(of, *role, is_manager));
        }
    }
    let stranger = team.stranger().await;
    assert_eq!(team.read(&team.owner, stranger.person.user).await.expect(404).code(), "not_found");
}

#[tokio::test]
async fn a_token_with_the_scope_reads_members() {
    let team = Team::new().await;
    let token = team.app.personal_token(&team.member(Role::Member).await.person, &["members:read"]).await.unwrap();
    let by_token = Known {
        person: Person { token: token.secret.expose().to_owned(), ..team.owner.person.clone() },
        email: String::new(),
    };
    assert_eq!(team.list(&by_token).await.len(), 2);
    assert_eq!(team.leave(&by_token).await.expect(403).code(), "session_needed");
}

#[tokio::test]
async fn a_changed_role_applies_from_the_next_request_and_is_audited() {
    let team = Team::new().await;
    let (admin, member) = (team.member(Role::Admin).await, team.member(Role::Reviewer).await);
    let changed = team.change(&admin, &member, "admin").await.expect(200);
    assert_eq!(without_date(changed.body), shown(&member, Role::Admin, true));
    // The member now manages others.
    assert_eq!(team.change(&member, &admin, "member").await.expect(200).body["role"], "member");
    assert_eq!(team.change(&admin, &member, "reviewer").await.expect(403).code(), "permission_missing");
    let entries = team.entries("member.role_changed").await;
    assert_eq!(entries.len(), 2);
    let first = entries.iter().find(|entry| entry.target.id == member.person.user.to_string()).unwrap();
    assert_eq!(first.origin.actor, Actor::User { id: admin.person.user });
    assert_eq!(first.target.detail, Some(json!({ "from": "reviewer", "to": "admin" })));
    // The same role again changes nothing.
    team.change(&member, &admin, "member").await.expect(200);
    assert_eq!(team.entries("member.role_changed").await.len(), 2);
    team.sound(&[&admin, &member], "changed").await;
}

#[tokio::test]
async fn a_role_that_does_not_exist_or_is_not_assigned_is_refused_with_the_roles() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    for role in ["owner", "boss", "", "Admin"] {
        let refused = team.change(&team.owner, &member, role).await.expect(422);
        assert_eq!(refused.fields(), ["role"], "{role}");
        assert_eq!(refused.body["errors"][0]["rule"], "must be one of reviewer, member, admin", "{role}");
    }
    assert_eq!(team.role(&member).await, Some(Role::Member));
}

#[tokio::test]
async fn only_an_owner_changes_or_removes_an_owner_and_the_last_one_stays() {
    let team = Team::new().await;
    let admin = team.member(Role::Admin).await;
    assert_eq!(team.change(&admin, &team.owner, "member").await.expect(403).code(), "permission_missing");
    assert_eq!(team.remove(&admin, &team.owner).await.expect(403).code(), "permission_missing");
    assert_eq!(team.change(&team.owner, &team.owner, "admin").await.expect(409).code(), "last_owner");
    assert_eq!(team.remove(&team.owner, &team.owner).await.expect(409).code(), "last_owner");
    assert_eq!(team.leave(&team.owner).await.expect(409).code(), "last_owner");
    let second = team.member(Role::Owner).await;
    team.change(&second, &team.owner, "admin").await.expect(200);
    assert_eq!(team.leave(&second).await.expect(409).code(), "last_owner");
    assert_eq!(team.role(&second).await, Some(Role::Owner));
    team.sound(&[&admin, &second, &team.owner], "one owner").await;
}

#[tokio::test]
async fn a_member_without_the_permission_manages_no_one() {
    let team = Team::new().await;
    let victim = team.member(Role::Reviewer).await;
    for role in [Role::Member, Role::Reviewer] {
        let member = team.member(role).await;
        assert_eq!(team.change(&member, &victim, "admin").await.expect(403).code(), "permission_missing");
        assert_eq!(team.remove(&member, &victim).await.expect(403).code(), "permission_missing");
    }
    let stranger = team.stranger().await;
    assert_eq!(team.remove(&stranger, &victim).await.expect(404).code(), "not_found");
    assert_eq!(team.leave(&stranger).await.expect(404).code(), "not_found");
    assert_eq!(team.role(&victim).await, Some(Role::Reviewer));
}

#[tokio::test]
async fn a_removed_member_is_a_stranger_from_the_next_request() {
    for by_removal in [true, false] {
        let team = Team::new().await;
        let member = team.member(Role::Admin).await;
        let session = team.app.with_strength(&member.person, Strength::Multi).await.unwrap();
        let token = team.app.personal_token(&member.person, &["workspaces:read", "members:read"]).await.unwrap();
        let bound = team.app.bound_token(&member.person, &["workspaces:read"]).await.unwrap();
        let by = |token: &str| Known {
            person: Person { token: token.to_owned(), ..member.person.clone() },
            email: String::new(),
        };
        let (session, token) = (by(&session.token), by(token.secret.expose()));
        let bound = by(bound.secret.expose());
        // Admins need a second factor, which the tokens lack.
        team.change(&team.owner, &member, "member").await.expect(200);
        for credential in [&member, &session, &token, &bound] {
            team.visit(credential).await.expect(200);
        }
        let answer = if by_removal { team.remove(&team.owner, &member).await } else { team.leave(&member).await };
        answer.expect(204);
        for credential in [&member, &session, &token, &bound] {
            assert_eq!(team.visit(credential).await.expect(404).code(), "not_found");
        }
        let listed = team.app.call(Request::to(&list_workspaces::FUNCTION).by(&member.person)).await.expect(200).body;
        assert_eq!(listed["items"], json!([]));
        let (removed, left) = (team.entries("member.removed").await, team.entries("member.left").await);
        assert_eq!((removed.len(), left.len()), if by_removal { (1, 0) } else { (0, 1) });
        let entry = removed.first().or(left.first()).unwrap();
        assert_eq!(
            (entry.target.id.clone(), &entry.target.detail),
            (member.person.user.to_string(), &Some(json!("member")))
        );
        // Only one who was removed is emailed, with the name of who did it.
        let letters = team.app.outbox::<SendEmail>(&team.owner.person.outbox()).await.unwrap();
        let letters = letters.iter().map(|posted| posted.envelope.payload.to_string());
        let letters: Vec<_> = letters.filter(|letter| letter.contains(letters::MEMBER_REMOVED)).collect();
        assert_eq!(letters.len(), usize::from(by_removal), "{letters:?}");
        for letter in &letters {
            let is_its = letter.contains(&member.person.user.to_string());
            assert!(is_its && letter.contains("Ada Lovelace removed you from the workspace"), "{letter}");
        }
        team.sound(&[&member], "removed").await;

        // A new membership does not revive a token that was bound to the workspace.
        team.app.advance(SignedDuration::from_secs(1));
        team.app.add_member(team.owner.person.workspace, member.person.user, Role::Member).await.unwrap();
        team.visit(&member).await.expect(200);
        team.visit(&token).await.expect(200);
        assert_eq!(team.visit(&bound).await.expect(404).code(), "not_found");
        let renewed = team.app.bound_token(&member.person, &["workspaces:read"]).await.unwrap();
        team.visit(&by(renewed.secret.expose())).await.expect(200);
    }
}

#[tokio::test]
async fn a_removal_has_no_effect_in_another_workspace() {
    let (team, role) = (Team::new().await, Role::Member);
    let member = team.member(role).await;
    let elsewhere = team.app.owner().await.unwrap();
    team.app.add_member(elsewhere.workspace, member.person.user, role).await.unwrap();
    team.remove(&team.owner, &member).await.expect(204);
    let abroad = Person { workspace: elsewhere.workspace, ..member.person };
    team.app.call(Request::to(&list_members::FUNCTION).by(&abroad)).await.expect(200);
}

#[tokio::test]
async fn a_change_by_a_manager_who_is_removed_or_downgraded_first_is_refused() {
    for is_removed in [true, false] {
        for changes_role in [true, false] {
            let team = Team::new().await;
            let (admin, victim) = (team.member(Role::Admin).await, team.member(Role::Member).await);
            let request = if changes_role {
                team.changing(&admin, victim.person.user, "reviewer")
            } else {
                team.removing(&admin, &victim)
            };
            let first = async {
                if is_removed {
                    team.remove(&team.owner, &admin).await.expect(204);
                } else {
                    team.change(&team.owner, &admin, "member").await.expect(200);
                }
            };
            // The route that the author used to manage is another function than that of their removal.
            let (refused, ran) = team.app.call_while(request, first).await;
            assert!(ran.is_some());
            assert_eq!(refused.expect(409).code(), "modified_concurrently");
            assert_eq!(team.role(&victim).await, Some(Role::Member));
            team.sound(&[&admin, &victim], "overtaken").await;
        }
    }
}

#[tokio::test]
async fn a_change_of_an_outdated_version_is_refused() {
    let team = Team::new().await;
    let member = team.member(Role::Member).await;
    let read = team.read(&team.owner, member.person.user).await.expect(200);
    let tag = read.header("etag").to_owned();
    team.change(&team.owner, &member, "reviewer").await.expect(200);
    let stale = team.changing(&team.owner, member.person.user, "admin").header("if-match", &tag);
    assert_eq!(team.app.call(stale).await.expect(412).code(), "precondition_failed");
    let stale = team.removing(&team.owner, &member).header("if-match", &tag);
    assert_eq!(team.app.call(stale).await.expect(412).code(), "precondition_failed");
    assert_eq!(team.role(&member).await, Some(Role::Reviewer));
}

#[tokio::test]
async fn members_are_listed_in_pages() {
    let team = Team::new().await;
    for _ in 0..4 {
        team.member(ROLES[1]).await;
    }
    let list = &workspaces::routes::list_members::FUNCTION;
    let first = team.app.call(team.to(list, &team.owner).query("limit", 3)).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = team.app.call(team.to(list, &team.owner).query("limit", 3).query("cursor", cursor)).await.expect(200);
    let counts = [&first, &second.body].map(|page| page["items"].as_array().unwrap().len());
    assert_eq!((counts, &second.body["next_cursor"]), ([3, 2], &Value::Null));
}
