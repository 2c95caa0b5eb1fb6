//! The monthly report of members who no longer sign in.

use mail::SendEmail;
use shared::identity::AccountChanges;
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::Role;
use sign_in::history::{AuthMethod, SignIn, SignInOutcome};
use workspaces::inactivity::{INACTIVE_DAYS, look_through};
use workspaces::jobs::report_inactive_members;
use workspaces::letters::INACTIVE_MEMBERS;
use workspaces::routes::delete_workspace;

use crate::team::{Known, Team};

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Team {
    async fn attempt(&self, by: &Known, outcome: SignInOutcome, times: u32) {
        let accounts = self.app.accounts();
        for _ in 0..times {
            let entry = SignIn::now(&accounts, by.person.user, AuthMethod::Password, outcome, None);
            accounts.commit(AccountChanges::default().insert(&entry)).await.unwrap();
        }
    }

    /// Runs the job; returns who got a letter, and the letters.
    async fn report(&self, people: &[&Known]) -> (Vec<UserId>, Vec<String>) {
        self.app.empty_outbox().await.unwrap();
        self.app.tick(&report_inactive_members::FUNCTION).await.unwrap();
        let posted = self.app.outbox::<SendEmail>(&self.owner.person.outbox()).await.unwrap();
        let letters: Vec<String> = posted.iter().map(|posted| posted.envelope.payload.to_string()).collect();
        assert!(letters.iter().all(|letter| letter.contains(INACTIVE_MEMBERS)), "{letters:?}");
        let users = people.iter().map(|known| known.person.user);
        let told = users.filter(|user| letters.iter().any(|letter| letter.contains(&user.to_string())));
        (told.collect(), letters)
    }

    async fn inactive(&self) -> usize {
        look_through(&self.app.scope(self.owner.person.workspace)).await.unwrap().count
    }
}

#[tokio::test]
async fn the_admins_learn_each_month_who_has_not_signed_in() {
    let team = Team::new().await;
    let (admin, active, gone) =
        (team.member(Role::Admin).await, team.member(Role::Member).await, team.member(Role::Member).await);
    let people = [&team.owner, &admin, &active, &gone];
    team.app.advance(DAY * 40);
    for known in [&team.owner, &admin, &active] {
        team.attempt(known, SignInOutcome::SignedIn, 1).await;
    }
    // Someone else tries the password of the member who is gone.
    team.attempt(&gone, SignInOutcome::WrongPassword, 120).await;
    assert_eq!(team.report(&people).await, (vec![], vec![]), "40 days are not 60");
    team.app.advance(DAY * 29);
    assert_eq!(team.report(&people).await.1.len(), 0, "the last report is 29 days ago");
    team.app.advance(DAY);
    let (told, letters) = team.report(&people).await;
    assert_eq!((told, letters.len()), (vec![team.owner.person.user, admin.person.user], 2));
    assert!(letters[0].contains("for 60 days: 1.") && letters[0].contains("Ada Lovelace"), "{}", letters[0]);
    assert_eq!(team.report(&people).await.1.len(), 0, "a second run sends nothing");
}

#[tokio::test]
async fn a_member_who_joined_recently_is_not_inactive() {
    let team = Team::new().await;
    assert_eq!(team.inactive().await, 0);
    team.app.advance(DAY * 30);
    team.member(Role::Member).await;
    let days = i32::try_from(INACTIVE_DAYS).unwrap();
    team.app.advance(DAY * (days - 30));
    assert_eq!(team.inactive().await, 0, "the owner founded the workspace 60 days ago");
    team.app.advance(SignedDuration::from_secs(1));
    assert_eq!(team.inactive().await, 1);
    team.app.advance(DAY * 30);
    assert_eq!(team.inactive().await, 2);
}

#[tokio::test]
async fn the_admins_of_a_workspace_in_the_trash_are_not_told() {
    let team = Team::new().await;
    team.app.call(team.to(&delete_workspace::FUNCTION, &team.owner)).await.expect(200);
    team.app.advance(DAY * 61);
    assert_eq!(team.report(&[&team.owner]).await.1.len(), 0);
    let next = after(team.app.now(), DAY * 30);
    team.app.advance(DAY * 29);
    assert!(team.app.now() < next);
    assert_eq!(team.inactive().await, 1, "it would have been told otherwise");
}
