//! A workspace and its people, through the routes.

use accounts::PersonName;
use accounts::address::Address;
use accounts::user::User;
use mail::EmailAddress;
use serde_json::{Value, json};
use shared::audit::AuditEntry;
use shared::function::Function;
use shared::identity::{AccountChanges, AccountKey, Strength};
use shared::kernel::ids::UserId;
use shared::tenancy::{Page, Role};
use shared::testing::{Person, Request, Response, TestApp};
use workspaces::routes::{
    change_member_role, create_workspace, get_member, get_workspace, leave_workspace, list_members, remove_member,
};

pub struct Team {
    pub app: TestApp,
    pub owner: Known,
}

/// A user with an account, in a session.
#[derive(Clone, Debug)]
pub struct Known {
    pub person: Person,
    pub email: String,
}

/// Writes an account for a person of a test.
pub async fn with_account(app: &TestApp, person: Person) -> Known {
    let email = format!("ada.{:032x}@example.com", u128::from_le_bytes(app.entropy().bytes()));
    let address: EmailAddress = email.parse().unwrap();
    let user = User::new(person.user, address.clone(), PersonName::parse("Ada Lovelace").unwrap(), app.now());
    let mut address = Address::new(address);
    address.claim(person.user).unwrap();
    address.was_proved(app.now());
    app.accounts().commit(AccountChanges::default().insert(&user).insert(&address)).await.unwrap();
    Known { person, email }
}

impl Team {
    /// A workspace that was created through its route.
    pub async fn new() -> Self {
        Self::on_plan("studio").await
    }

    pub async fn on_plan(plan: &str) -> Self {
        let mut app = TestApp::new();
        app.configure(|config| plan.clone_into(&mut config.initial_plan));
        let mut person = app.owner().await.unwrap();
        let founding = Request::to(&create_workspace::FUNCTION).by(&person).json(json!({ "name": "Northwind" }));
        person.workspace = app.call(founding).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
        let owner = with_account(&app, person).await;
        Self { app, owner }
    }

    /// A new member with this role.
    pub async fn member(&self, role: Role) -> Known {
        with_account(&self.app, self.app.join(self.owner.person.workspace, role).await.unwrap()).await
    }

    /// The owner of another workspace.
    pub async fn stranger(&self) -> Known {
        with_account(&self.app, self.app.owner().await.unwrap()).await
    }

    /// A person's request to a route of this workspace.
    pub fn to(&self, function: &'static Function, by: &Known) -> Request {
        Request::to(function).by(&by.person).path("workspace_id", self.owner.person.workspace)
    }

    /// Calls a route that any member may use.
    pub async fn visit(&self, by: &Known) -> Response {
        self.app.call(self.to(&get_workspace::FUNCTION, by)).await
    }

    pub async fn list(&self, by: &Known) -> Vec<Value> {
        let listed = self.app.call(self.to(&list_members::FUNCTION, by)).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
    }

    pub async fn read(&self, by: &Known, user: UserId) -> Response {
        self.app.call(self.to(&get_member::FUNCTION, by).path("user_id", user)).await
    }

    pub fn changing(&self, by: &Known, user: UserId, role: &str) -> Request {
        self.to(&change_member_role::FUNCTION, by).path("user_id", user).json(json!({ "role": role }))
    }

    pub async fn change(&self, by: &Known, of: &Known, role: &str) -> Response {
        self.app.call(self.changing(by, of.person.user, role)).await
    }

    pub fn removing(&self, by: &Known, of: &Known) -> Request {
        self.to(&remove_member::FUNCTION, by).path("user_id", of.person.user)
    }

    pub async fn remove(&self, by: &Known, of: &Known) -> Response {
        self.app.call(self.removing(by, of)).await
    }

    pub async fn leave(&self, by: &Known) -> Response {
        self.app.call(self.to(&leave_workspace::FUNCTION, by)).await
    }

    /// The same people in new sessions, after the old ones ended.
    pub async fn signed_in_again(mut self) -> Self {
        self.owner = self.again(&self.owner).await;
        self
    }

    pub async fn again(&self, known: &Known) -> Known {
        let person = self.app.with_strength(&known.person, Strength::Multi).await.unwrap();
        Known { person, email: known.email.clone() }
    }

    /// Moves a person's account to another address.
    pub async fn gives_address(&self, of: &Known, email: &str) {
        let accounts = self.app.accounts();
        let mut user = accounts.find::<User>(&AccountKey::User(of.person.user)).await.unwrap().unwrap();
        user.email = email.parse().unwrap();
        accounts.commit(AccountChanges::default().replace(&user)).await.unwrap();
    }

    /// Invites another address each time, from another network address, so that only the day's limit holds.
    pub async fn invite_from_own_address(&self, number: usize) -> Response {
        let request = self.inviting(&self.owner, &format!("guest.{number}@example.com"), "member");
        self.app.call(request.ip(&format!("192.0.2.{number}"))).await
    }

    /// The audit entries of an action, oldest first.
    pub async fn entries(&self, action: &str) -> Vec<AuditEntry> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.app.scope(self.owner.person.workspace).audit_entries(&page).await.unwrap().items;
        entries.into_iter().filter(|entry| entry.action == action).collect()
    }

    pub async fn role(&self, of: &Known) -> Option<Role> {
        self.app.roster(self.owner.person.workspace).await.unwrap().proofs.get(&of.person.user).copied()
    }

    /// Asserts that the stored parts of every membership agree, and that an owner remains.
    pub async fn sound(&self, people: &[&Known], context: &str) {
        let workspace = self.owner.person.workspace;
        let roster = self.app.roster(workspace).await.unwrap();
        assert_eq!(roster.proofs, roster.members, "{context}");
        let owners = roster.proofs.values().filter(|role| **role == Role::Owner).count();
        assert_eq!(usize::try_from(roster.owners).unwrap(), owners, "{context}: {roster:?}");
        assert!(owners >= 1, "{context}: no owner remains: {roster:?}");
        for known in people {
            let is_listed = self.app.listed(known.person.user).await.unwrap().contains(&workspace);
            assert_eq!(is_listed, roster.proofs.contains_key(&known.person.user), "{context}: {}", known.email);
        }
    }
}
