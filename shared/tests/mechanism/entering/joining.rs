//! Joining by an invitation: once, for its address, in one transaction.

use futures::future::join_all;
use serde_json::json;
use shared::audit::Actor;
use shared::aws::wire::Fault;
use shared::identity::invitation::LIFETIME;
use shared::identity::{AccountChanges, EpochTurn, InvitationState};
use shared::kernel::time::SignedDuration;
use shared::tenancy::{AssignableRole, Changes, Role};
use shared::testing::{Ended, Person, Request, TestApp};

use super::place::{ADDRESS, Place};
use super::routes::{CAP, JOIN, MEMBER_JOINED};
use crate::notes::LIST;

/// Whether a person can read the workspace.
async fn is_admitted(at: &Place, person: &Person) -> bool {
    let request = Request::to(&LIST).by(person).path("workspace_id", at.owner.workspace).query("limit", 1);
    at.app.call(request).await.status == 200
}

#[tokio::test]
async fn an_invited_user_becomes_a_member_in_one_audited_transaction() {
    for (role, joined) in [
        (AssignableRole::Reviewer, Role::Reviewer),
        (AssignableRole::Member, Role::Member),
        (AssignableRole::Admin, Role::Admin),
    ] {
        let at = Place::new().await;
        let person = at.stranger().await;
        let sent = at.invite(role).await;
        assert!(!is_admitted(&at, &person).await);
        let answer = at.join(&person, &sent).await.expect(200);
        assert_eq!(answer.body, json!({ "workspace_id": at.owner.workspace, "role": role }));
        assert!(is_admitted(&at, &person).await);
        assert_eq!(at.role(&person).await, Some(joined));
        at.sound(&[&at.owner, &person], "joined").await;
        let entries = at.entries(MEMBER_JOINED.name()).await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].origin.actor, Actor::User { id: person.user });
        assert_eq!(at.state(&sent).await, InvitationState::Accepted { by: person.user, at: at.app.now() });
    }
}

#[tokio::test]
async fn a_repeated_join_has_the_same_response_and_changes_nothing() {
    let at = Place::new().await;
    let person = at.stranger().await;
    let sent = at.invite(AssignableRole::Member).await;
    let first = at.join(&person, &sent).await.expect(200).body;
    let again = join_all((0..3).map(|_| at.join(&person, &sent))).await;
    assert!(again.into_iter().all(|answer| answer.expect(200).body == first));
    // Concurrent requests, none of them answered before.
    let (other, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    let both = join_all((0..3).map(|_| at.join(&other, &sent))).await;
    assert!(both.into_iter().all(|answer| answer.expect(200).body == first));
    assert_eq!(at.entries(MEMBER_JOINED.name()).await.len(), 2);
    at.sound(&[&person, &other], "joined twice").await;
}

#[tokio::test]
async fn a_join_overtaken_by_another_of_the_same_user_has_the_same_response() {
    let at = Place::new().await;
    let person = at.stranger().await;
    at.join(&person, &at.invite(AssignableRole::Member).await).await.expect(200);
    // Overtaken between the two reads of the check.
    let other = at.stranger().await;
    let sent = at.invite(AssignableRole::Member).await;
    let wire = at.app.wire(&JOIN);
    wire.arm(Fault::Hold("DynamoDB.GetItem"));
    let overtaking = async {
        wire.held.notified().await;
        let answer = at.join(&other, &sent).await;
        wire.release();
        answer
    };
    let (overtaken, first) = tokio::join!(at.join(&other, &sent), overtaking);
    assert_eq!(overtaken.expect(200).body, first.expect(200).body);
    assert_eq!(at.entries(MEMBER_JOINED.name()).await.len(), 2);
    // Overtaken between the check and the commit.
    let (third, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    let (overtaken, ran) = at
        .app
        .call_while(at.joining(&third, &sent), async {
            at.join(&third, &sent).await.expect(200);
        })
        .await;
    assert!(ran.is_some());
    overtaken.expect(200);
    assert_eq!(at.entries(MEMBER_JOINED.name()).await.len(), 3);
}

#[tokio::test]
async fn of_many_users_who_use_one_invitation_concurrently_one_joins() {
    for _ in 0..5 {
        let at = Place::new().await;
        let sent = at.invite(AssignableRole::Member).await;
        let people = join_all((0..4).map(|_| at.stranger())).await;
        let answers = join_all(people.iter().map(|person| at.join(person, &sent))).await;
        let codes: Vec<_> = answers.iter().filter(|answer| answer.status != 200).map(|answer| answer.code()).collect();
        assert_eq!(codes, ["invitation_used"; 3]);
        let joined: Vec<_> = answers.iter().map(|answer| answer.status == 200).collect();
        for (person, joined) in people.iter().zip(joined) {
            assert_eq!(is_admitted(&at, person).await, joined);
        }
        assert_eq!(at.entries(MEMBER_JOINED.name()).await.len(), 1);
        at.sound(&people.iter().collect::<Vec<_>>(), "at once").await;
    }
}

#[tokio::test]
async fn a_crash_or_lost_response_at_any_call_of_a_join_leaves_one_membership_or_none() {
    type Breaks = fn(usize) -> Fault;
    let faults: [Breaks; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::LoseAnswer];
    for breaks in faults {
        for k in 1.. {
            let at = Place::new().await;
            let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
            at.app.wire(&JOIN).arm(breaks(k));
            let call = async { Ok(at.join(&person, &sent).await) };
            let ended = at.app.until_crash(&JOIN, call).await;
            let calls = at.app.wire(&JOIN).take().len();
            at.app.wire(&JOIN).disarm();
            let context = format!("{:?}", breaks(k));
            at.sound(&[&person], &context).await;
            if let Ok(answer) = &ended {
                // The transaction is retried with its token after a lost response.
                assert!(answer.status == 200 || answer.status == 503, "{context}: {}", answer.text);
            }
            at.join(&person, &sent).await.expect(200);
            assert_eq!(at.entries(MEMBER_JOINED.name()).await.len(), 1, "{context}");
            at.sound(&[&person], &context).await;
            if !matches!(ended, Err(Ended::Crashed)) && calls < k {
                assert!(k > 5, "a join makes {k} calls");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_tampered_token_or_another_address_is_refused() {
    let at = Place::new().await;
    let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    let token = sent.token.expose();
    let mut tampered = vec![String::new(), ".".to_owned(), token[1..].to_owned(), format!("{token}A")];
    for place in [0, 30, 45, 60, token.len() - 1] {
        let mut other = token.to_owned();
        other.replace_range(place..=place, if &token[place..=place] == "A" { "B" } else { "A" });
        tampered.push(other);
    }
    for token in &tampered {
        let refused = at.app.call(at.joining_with(&person, token, ADDRESS)).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("invitation_invalid", vec!["token"]), "{token}");
    }
    let refused = at.app.call(at.joining_with(&person, token, "eve@example.com")).await.expect(403);
    assert_eq!(refused.code(), "invitation_for_other_address");
    assert_eq!((at.role(&person).await, at.state(&sent).await), (None, InvitationState::Pending));
}

#[tokio::test]
async fn an_expired_revoked_declined_or_used_invitation_is_refused_with_the_reason() {
    let at = Place::new().await;
    let person = at.stranger().await;
    let refused = async |sent| at.join(&person, sent).await.expect(410).code().to_owned();

    let revoked = at.invite(AssignableRole::Member).await;
    at.revoke(&revoked).await;
    assert_eq!(refused(&revoked).await, "invitation_revoked");

    let declined = at.invite(AssignableRole::Member).await;
    at.decline(&person, &declined).await.expect(204);
    assert_eq!(refused(&declined).await, "invitation_used");
    assert_eq!(at.decline(&person, &declined).await.expect(410).code(), "invitation_used");

    let used = at.invite(AssignableRole::Member).await;
    let other = at.stranger().await;
    at.join(&other, &used).await.expect(200);
    assert_eq!(refused(&used).await, "invitation_used");
    assert_eq!(at.decline(&other, &used).await.expect(410).code(), "invitation_used");
    // A removed member cannot rejoin with the same invitation.
    at.remove(&at.owner, other.user).await.expect(204);
    assert_eq!(at.join(&other, &used).await.expect(410).code(), "invitation_used");

    let expiring = at.invite(AssignableRole::Member).await;
    at.app.advance(LIFETIME - SignedDuration::from_millis(1));
    let late = at.app.with_strength(&person, shared::identity::Strength::Multi).await.unwrap();
    let other = at.app.with_strength(&other, shared::identity::Strength::Multi).await.unwrap();
    assert_eq!(
        at.app.call(at.joining_with(&late, expiring.token.expose(), "x")).await.code(),
        "invitation_for_other_address"
    );
    at.app.advance(SignedDuration::from_millis(1));
    assert_eq!(at.join(&late, &expiring).await.expect(410).code(), "invitation_expired");
    assert_eq!(at.join(&other, &expiring).await.expect(410).code(), "invitation_expired");
    assert_eq!(at.role(&person).await, None);
}

#[tokio::test]
async fn a_member_who_presents_another_invitation_is_refused() {
    let at = Place::new().await;
    let (member, sent) = (at.member(Role::Reviewer).await, at.invite(AssignableRole::Admin).await);
    assert_eq!(at.join(&member, &sent).await.expect(409).code(), "already_member");
    assert_eq!((at.role(&member).await, at.state(&sent).await), (Some(Role::Reviewer), InvitationState::Pending));
}

#[tokio::test]
async fn a_personal_access_token_never_joins() {
    let at = Place::new().await;
    let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    let token = at.app.personal_token(&person, &["posts:write"]).await.unwrap();
    let by_token = Person { token: token.secret.expose().to_owned(), ..person.clone() };
    assert_eq!(at.join(&by_token, &sent).await.expect(403).code(), "session_needed");
    let invalid = Person { token: "x".to_owned(), ..person.clone() };
    assert_eq!(at.join(&invalid, &sent).await.expect(401).code(), "not_signed_in");
    assert_eq!(at.role(&person).await, None);
}

#[tokio::test]
async fn a_join_beyond_the_limit_of_workspaces_is_refused() {
    let app = TestApp::new();
    let person = app.owner().await.unwrap();
    let mut at = Place { owner: app.owner().await.unwrap(), app };
    // Each person starts in one workspace.
    for _ in 1..CAP {
        at.owner = at.stranger().await;
        let sent = at.invite(AssignableRole::Member).await;
        at.join(&person, &sent).await.expect(200);
    }
    at.owner = at.stranger().await;
    let sent = at.invite(AssignableRole::Member).await;
    assert_eq!(at.join(&person, &sent).await.expect(409).code(), "too_many");
    assert_eq!((at.role(&person).await, at.state(&sent).await), (None, InvitationState::Pending));
    at.sound(&[&person], "too many").await;
}

/// Changes that are committed between the check of an invitation and the commit of the membership.
#[tokio::test]
async fn a_join_concurrent_with_a_revocation_suspension_or_deletion_is_refused_with_the_reason() {
    #[derive(Debug, Clone, Copy)]
    enum Concurrent {
        Revoked,
        Used,
        Suspended,
        Deleted,
        SignedOut,
        AccountClosed,
    }
    for (concurrent, status, code) in [
        (Concurrent::Revoked, 410, "invitation_revoked"),
        (Concurrent::Used, 410, "invitation_used"),
        (Concurrent::Suspended, 403, "workspace_suspended"),
        (Concurrent::Deleted, 410, "invitation_revoked"),
        (Concurrent::SignedOut, 401, "not_signed_in"),
        (Concurrent::AccountClosed, 401, "not_signed_in"),
    ] {
        let at = Place::new().await;
        let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
        let (other, accounts) = (at.stranger().await, at.app.accounts());
        let change = async {
            match concurrent {
                Concurrent::Revoked => at.revoke(&sent).await,
                Concurrent::Used => drop(at.join(&other, &sent).await.expect(200)),
                Concurrent::Suspended => {
                    let scope = at.scope();
                    let change = scope.directory().await.unwrap().change().suspend();
                    change.commit(Changes::default().unaudited("a fixture")).await.unwrap();
                }
                Concurrent::Deleted => at.app.remove_directory(at.owner.workspace).await.unwrap(),
                Concurrent::SignedOut | Concurrent::AccountClosed => {
                    let turn = match concurrent {
                        Concurrent::SignedOut => EpochTurn::default().and_revoking_sessions(),
                        _ => EpochTurn::default().and_closing(),
                    };
                    let epoch = accounts.epoch(person.user).await.unwrap();
                    accounts.commit(AccountChanges::default().turn(person.user, epoch, turn)).await.unwrap();
                }
            }
        };
        let (refused, ran) = at.app.call_while(at.joining(&person, &sent), change).await;
        assert!(ran.is_some(), "{concurrent:?}: nothing was committed");
        assert_eq!((refused.status, refused.code()), (status, code), "{concurrent:?}: {}", refused.text);
        assert!(!at.app.listed(person.user).await.unwrap().contains(&at.owner.workspace), "{concurrent:?}");
        if !matches!(concurrent, Concurrent::Deleted) {
            at.sound(&[&person, &other], &format!("{concurrent:?}")).await;
        }
    }
}

#[tokio::test]
async fn an_account_of_a_member_cannot_be_closed() {
    let at = Place::new().await;
    let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    at.join(&person, &sent).await.expect(200);
    let accounts = at.app.accounts();
    let epoch = accounts.epoch(person.user).await.unwrap();
    let closing = AccountChanges::default()
        .turn(person.user, epoch, EpochTurn::default().and_closing())
        .in_no_workspace(person.user);
    assert!(accounts.commit(closing).await.is_err());
    assert!(is_admitted(&at, &person).await);
}

#[tokio::test]
async fn a_suspended_deleted_or_distant_workspace_is_not_joined() {
    let mut at = Place::new().await;
    let (person, sent) = (at.stranger().await, at.invite(AssignableRole::Member).await);
    at.app.configure(|config| config.cell = "elsewhere".to_owned());
    assert_eq!(at.join(&person, &sent).await.expect(421).code(), "workspace_lives_elsewhere");
    at.app.configure(|config| config.cell = "local".to_owned());
    let scope = at.scope();
    let suspending = scope.directory().await.unwrap().change().suspend();
    suspending.commit(Changes::default().unaudited("a fixture")).await.unwrap();
    assert_eq!(at.join(&person, &sent).await.expect(403).code(), "workspace_suspended");
    at.app.remove_directory(at.owner.workspace).await.unwrap();
    assert_eq!(at.join(&person, &sent).await.expect(410).code(), "invitation_revoked");
}
