//! A workspace with one of each resource, built through the routes, and the preconditions of each function.

use accounts::address::Address;
use serde_json::{Value, json};
use shared::function::{Declared, Function};
use shared::identity::AccountKey;
use shared::jobs::Trigger;
use shared::kernel::time::{SignedDuration, after};
use shared::tenancy::Role;
use shared::testing::{Person, Request, Response, TestApp};

use crate::cloud::{self, Contents};
use crate::domains::{Endpoint, jobs};
use crate::person::{claim, session_of};
use crate::sample::{Filling, request};
use test_support::people::PASSWORD;
use test_support::picture;
use test_support::scripted_instagram::{self, ScriptedInstagram};
use test_support::scripted_mastodon::ScriptedMastodon;
use test_support::scripted_server::{PASSWORD as APP_PASSWORD, ScriptedServer};
use test_support::scripted_threads::{self, ScriptedThreads};
use test_support::scripted_x::{self, ScriptedX};

/// A deployment, and platforms to publish to.
pub struct World {
    pub app: TestApp,
    pub platform: ScriptedServer,
    pub mastodon: ScriptedMastodon,
    pub threads: ScriptedThreads,
    pub x: ScriptedX,
    pub instagram: ScriptedInstagram,
}

/// A workspace with one of each resource.
pub struct Place {
    pub owner: Person,
    /// The filling that makes samples refer to this place.
    pub filling: Filling,
}

/// A user with a verified address.
pub struct Account {
    pub email: String,
    /// The response to the last sign-in.
    pub tokens: Value,
}

impl World {
    pub async fn new() -> Self {
        let mut app = TestApp::new();
        // Tests invite many people into one place.
        app.configure(|config| "scale".clone_into(&mut config.initial_plan));
        Self::of(app)
    }

    /// With a record of every call of a table.
    pub async fn recorded() -> Self {
        let app = TestApp::new();
        app.cloud().record_table_calls();
        Self::of(app)
    }

    fn of(app: TestApp) -> Self {
        for job in jobs() {
            if matches!(job.function().declared(), Declared::Job(job) if matches!(job.trigger, Trigger::Message(_))) {
                app.create_queue(job.name()).unwrap();
            }
        }
        let platform = ScriptedServer::start(app.now());
        let mastodon = ScriptedMastodon::start(app.now());
        let x = ScriptedX::start(app.now());
        x.register("app", "secret of the app");
        let threads = ScriptedThreads::start(app.now());
        app.put_platform_app("threads", scripted_threads::CLIENT_ID, scripted_threads::CLIENT_SECRET).unwrap();
        app.simulate_host(scripted_threads::HOST, threads.url.clone());
        app.put_platform_app("x", "app", "secret of the app").unwrap();
        app.simulate_host(scripted_x::HOST, x.url.clone());
        let instagram = ScriptedInstagram::start(app.now());
        app.put_platform_app("instagram", scripted_instagram::CLIENT_ID, scripted_instagram::CLIENT_SECRET).unwrap();
        for host in [scripted_instagram::HOST, scripted_instagram::CODE_HOST] {
            app.simulate_host(host, instagram.url.clone());
        }
        Self { app, platform, mastodon, threads, x, instagram }
    }

    /// Calls a route as this person, from an unused address, slightly later than the previous call.
    pub async fn call(&self, function: &'static Function, token: &str, path: &Filling, body: Value) -> Value {
        self.app.move_address();
        self.app.advance(SignedDuration::from_millis(2));
        let mut request = Request::to(function);
        for (name, id) in path.ids() {
            request = request.path(name, id);
        }
        if !token.is_empty() {
            request = request.bearer(token);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = self.app.call(request).await;
        assert!(answer.status < 300, "{}: {} {}", function.name(), answer.status, answer.text);
        answer.body
    }

    /// Sends an event to a route, from an address of its own.
    pub async fn send(&self, endpoint: &Endpoint, event: &Value) -> Response {
        self.app.move_address();
        self.app.call(request(endpoint.entry, event)).await
    }

    /// The same, and resets the limit of the route's users afterwards: refused requests count, too.
    pub async fn send_uncounted(&self, endpoint: &Endpoint, event: &Value) -> Response {
        let answer = self.send(endpoint, event).await;
        if endpoint.limit.is_some() {
            cloud::forget_rates(&self.app, endpoint.name());
        }
        answer
    }

    /// What is stored, without the bookkeeping of requests and runs.
    pub async fn contents(&self) -> Contents {
        Contents::of(&self.app).of_the_product()
    }

    /// What changed, each as a fault of this name.
    pub async fn changes_since(&self, before: &Contents, name: &str) -> Vec<String> {
        let changes = before.changes_until(&self.contents().await);
        changes.into_iter().map(|change| format!("{name}: {change}")).collect()
    }

    pub fn unique(&self, before: &str, behind: &str) -> String {
        format!("{before}{:016x}{behind}", u64::from_le_bytes(self.app.entropy().bytes()))
    }

    pub fn email(&self) -> String {
        self.unique("ada.", "@example.com")
    }

    pub async fn anyone(&self, function: &'static Function, body: Value) -> Value {
        self.call(function, "", &Filling::default(), body).await
    }

    /// Registers an address and sends its email: returns the token of the link.
    pub async fn registered(&self, email: &str) -> String {
        self.anyone(&accounts::routes::register::FUNCTION, json!({ "email": email })).await;
        let address = self.app.accounts().find::<Address>(&AccountKey::email(email)).await.unwrap().unwrap();
        let user = address.registered(self.app.now()).unwrap();
        self.post_letters(&user.to_string()).await;
        cloud::mailed_token(&self.app, email)
    }

    pub async fn account(&self) -> Account {
        let email = self.email();
        let token = self.registered(&email).await;
        let body = json!({ "token": token, "name": "Ada Lovelace", "password": PASSWORD });
        self.anyone(&accounts::routes::verify_email::FUNCTION, body).await;
        let tokens = self.signed_in(&email).await;
        Account { email, tokens }
    }

    pub async fn signed_in(&self, email: &str) -> Value {
        self.anyone(&sign_in::routes::login::FUNCTION, json!({ "email": email, "password": PASSWORD })).await
    }

    /// A new user's workspace, with two channels, a picture, a draft and a post that is scheduled on both channels.
    pub async fn place(&self) -> Place {
        let Account { email, tokens } = self.account().await;
        let token = text(&tokens["access_token"]);
        let body = json!({ "name": "Northwind Studio" });
        let made = self.call(&workspaces::routes::create_workspace::FUNCTION, &token, &Filling::default(), body).await;
        // Owners need a second factor.
        self.prove_second_factor(&token).await;
        let owner = Person {
            user: claim(&token, "sub").parse().unwrap(),
            session: claim(&token, "sid").parse().unwrap(),
            workspace: text(&made["id"]).parse().unwrap(),
            role: Role::Owner,
            token: token.clone(),
        };
        // Far enough to be in the future in the zone of any sample.
        let at = after(self.app.now(), SignedDuration::from_hours(48));
        let filling = Filling::default()
            .with("token", &token)
            .with("email", email)
            .with("session_id", session_of(&token))
            .with("password", PASSWORD)
            .with("workspace_id", owner.workspace)
            .with("pds_url", &self.platform.url)
            .with("mastodon_url", &self.mastodon.url)
            .with("app_password", APP_PASSWORD)
            .with("handle", "unknown.test")
            .with("at", at.strftime("%Y-%m-%dT%H:%M:%S"))
            .with("message_id", "01999999999970008000000000000006");
        let mut place = Place { owner, filling };
        let [one, other] = [self.channel(&place).await, self.channel(&place).await];
        place.filling = self.begun_connection(&place, place.filling.clone()).await;
        let media = self.uploaded(&place).await;
        let member = self.member(&place, Role::Member).await.0;
        place.filling = place.filling.clone().with("channel_id", &one).with("media_id", &media).with("user_id", member);
        let invitation = self.invited(&place, &self.email()).await;
        place.filling = place.filling.clone().with("invitation_id", invitation).with("invited_email", self.email());
        self.workspace_token(&place).await;
        place.filling = place.filling.clone().with("token_id", self.workspace_token(&place).await);
        self.in_place(&place, &media::routes::complete_upload::FUNCTION, Value::Null).await;
        self.draft(&place).await;
        let post = self.scheduled(&place, 3600, &[&one, &other]).await;
        place.filling = place.filling.clone().with("post_id", post);
        let deliveries = self.in_place(&place, &posts::routes::list_deliveries::FUNCTION, Value::Null).await;
        place.filling = place.filling.clone().with("delivery_id", text(&deliveries["items"][0]["id"]));
        place
    }

    /// The same place with a new access token of its owner: what all jobs need takes longer than one lasts.
    pub async fn renewed(&self, mut place: Place) -> Place {
        place.owner.token = self.app.mint(place.owner.user, place.owner.session).await.unwrap();
        place.filling = place.filling.with("token", &place.owner.token);
        place
    }

    async fn in_place(&self, place: &Place, function: &'static Function, body: Value) -> Value {
        self.call(function, &place.owner.token, &place.filling, body).await
    }

    pub async fn channel(&self, place: &Place) -> String {
        let handle = self.unique("alice-", ".test");
        let body = json!({ "service": self.platform.url, "identifier": handle, "app_password": APP_PASSWORD });
        text(&self.in_place(place, &channels::routes::connect_bluesky::FUNCTION, body).await["id"])
    }

    /// A connection that a person has agreed to, with the code and the state.
    pub async fn begun_connection(&self, place: &Place, filling: Filling) -> Filling {
        let body = json!({ "platform": "mastodon", "service": self.mastodon.url });
        let begun = self.in_place(place, &channels::routes::start_connection::FUNCTION, body).await;
        let (code, state) = self.mastodon.authorize(&text(&begun["authorization_url"])).unwrap();
        filling.with("connection_id", text(&begun["id"])).with("code", code).with("state", state)
    }

    /// A connection with an account to choose.
    pub async fn offered_connection(&self, place: &Place, filling: Filling) -> Filling {
        let filling = self.begun_connection(place, filling).await;
        let body = json!({ "code": filling.get("code"), "state": filling.get("state") });
        let complete = &channels::routes::complete_connection::FUNCTION;
        let offered = self.call(complete, &place.owner.token, &filling, body).await;
        filling.with("account", text(&offered["accounts"][0]["account_id"]))
    }

    /// A channel on X.
    pub async fn x_channel(&self, place: &Place) -> String {
        self.connected(place, "x", |url| self.x.authorize("alice", url).unwrap()).await
    }

    /// A channel on Threads.
    pub async fn threads_channel(&self, place: &Place) -> String {
        self.connected(place, "threads", |url| self.threads.authorize_as("alice", url).unwrap()).await
    }

    /// A channel on Instagram.
    pub async fn instagram_channel(&self, place: &Place) -> String {
        self.connected(place, "instagram", |url| self.instagram.authorize_as("alice", url).unwrap()).await
    }

    /// A channel of an account whose owner agrees on this page.
    async fn connected(&self, place: &Place, platform: &str, agree: impl Fn(&str) -> (String, String)) -> String {
        use channels::routes::{choose_account, complete_connection, start_connection};
        let begun = self.in_place(place, &start_connection::FUNCTION, json!({ "platform": platform })).await;
        let (code, state) = agree(&text(&begun["authorization_url"]));
        let path = place.filling.clone().with("connection_id", text(&begun["id"]));
        let token = &place.owner.token;
        let offered =
            self.call(&complete_connection::FUNCTION, token, &path, json!({ "code": code, "state": state })).await;
        let chosen = json!({ "account_id": offered["accounts"][0]["account_id"] });
        text(&self.call(&choose_account::FUNCTION, token, &path, chosen).await["id"])
    }

    /// A channel on Mastodon.
    pub async fn mastodon_channel(&self, place: &Place) -> String {
        let filling = self.offered_connection(place, place.filling.clone()).await;
        let body = json!({ "account_id": filling.get("account") });
        let channel = self.call(&channels::routes::choose_account::FUNCTION, &place.owner.token, &filling, body).await;
        text(&channel["id"])
    }

    /// A picture whose file is in quarantine.
    pub async fn uploaded(&self, place: &Place) -> String {
        let file = picture::dot();
        let body = json!({ "size_bytes": file.len(), "sha256": media::media::Sha256::of(&file), "alt_text": "A dot" });
        let made = self.in_place(place, &media::routes::create_upload::FUNCTION, body).await;
        self.app.upload(&made["upload"], file).expect(200);
        text(&made["media"]["id"])
    }

    pub async fn draft(&self, place: &Place) -> String {
        text(&self.in_place(place, &posts::routes::create_post::FUNCTION, json!({ "text": "Hello" })).await["id"])
    }

    /// A post with a picture.
    async fn illustrated(&self, place: &Place) -> String {
        let media_id = self.uploaded(place).await;
        let path = place.filling.clone().with("media_id", &media_id);
        let token = &place.owner.token;
        self.call(&media::routes::complete_upload::FUNCTION, token, &path, Value::Null).await;
        let body = json!({ "text": "Hello", "media_ids": [media_id] });
        text(&self.in_place(place, &posts::routes::create_post::FUNCTION, body).await["id"])
    }

    pub async fn scheduled(&self, place: &Place, in_s: i64, channels: &[&str]) -> String {
        let post = self.draft(place).await;
        self.schedule(place, in_s, channels, post).await
    }

    pub async fn scheduled_with_picture(&self, place: &Place, in_s: i64, channels: &[&str]) -> String {
        let post = self.illustrated(place).await;
        self.schedule(place, in_s, channels, post).await
    }

    async fn schedule(&self, place: &Place, in_s: i64, channels: &[&str], post: String) -> String {
        let at = after(self.app.now(), SignedDuration::from_secs(in_s)).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let body = json!({ "at": at, "time_zone": "UTC", "channel_ids": channels });
        let path = place.filling.clone().with("post_id", &post);
        self.call(&posts::routes::schedule_post::FUNCTION, &place.owner.token, &path, body).await;
        post
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
