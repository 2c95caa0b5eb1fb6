//! The real route follows every transition of the model: each transition up to a number of steps is made on a new
//! session, and each answer is compared. A transition may have another one between its read and its commit.

use std::collections::HashSet;

use accounts::User;
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, Accounts};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{self, Response, TestApp};
use sign_in::routes::{logout, refresh_session};
use sign_in::session::{self, AuthMethod, Opening};
use test_support::is_long;
use test_support::people::{get_me, user};

use super::steps::{Answer, Attempt, IDLE, RETRIED_FOR, Request, Seconds, Store};
use super::{ATTEMPTS, WAITS};

/// A transition of the model between states in which no request is in progress.
#[derive(Clone, Copy, Debug)]
enum Move {
    Alone(Step),
    /// A request reads, the other step is made, and the request commits.
    Between(usize, Attempt, Step),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Present(usize, Attempt),
    Wait(Seconds),
    SignIn,
    SignOut(usize),
}

/// The answers in the order of their last commits.
type Answers = Vec<Option<Answer>>;

fn step(store: &mut Store, step: Step) -> Option<Answer> {
    match step {
        Step::Present(token, attempt) => return Some(finish(store, Request::new(token, attempt))),
        Step::Wait(seconds) => store.now += seconds,
        Step::SignIn => store.sign_in(),
        Step::SignOut(session) => store.sessions[session].is_open = false,
    }
    None
}

fn finish(store: &mut Store, mut request: Request) -> Answer {
    loop {
        if let Some(answer) = request.step(store) {
            return answer;
        }
    }
}

/// Makes a move. None if the first request commits nothing, so that there is no between.
fn make(store: &mut Store, by: Move) -> Option<Answers> {
    match by {
        Move::Alone(alone) => Some(vec![step(store, alone)]),
        Move::Between(token, attempt, other) => {
            let mut request = Request::new(token, attempt);
            while !request.next.commits() {
                if request.step(store).is_some() {
                    return None;
                }
            }
            let between = step(store, other);
            Some(vec![between, Some(finish(store, request))])
        }
    }
}

fn steps(store: &Store) -> Vec<Step> {
    let tokens = 0..store.tokens.len();
    let mut steps: Vec<_> = tokens.flat_map(|token| ATTEMPTS.map(|attempt| Step::Present(token, attempt))).collect();
    steps.extend((0..store.sessions.len()).filter(|session| store.is_alive(*session)).map(Step::SignOut));
    if store.sessions.len() < 2 {
        steps.push(Step::SignIn);
    }
    steps
}

fn moves(store: &Store) -> Vec<Move> {
    let steps = steps(store);
    let mut moves: Vec<_> = steps.iter().copied().chain(WAITS.map(Step::Wait)).map(Move::Alone).collect();
    for first in &steps {
        if let Step::Present(token, attempt) = *first {
            moves.extend(steps.iter().map(|step| Move::Between(token, attempt, *step)));
        }
    }
    moves
}

/// The store as far as a few more moves can tell: ages instead of instants.
fn seen_from_now(store: &Store) -> Store {
    let mut seen = store.clone();
    let age = |used_at: Seconds| if store.now >= used_at + IDLE { -IDLE } else { 0 };
    seen.sessions.iter_mut().for_each(|session| session.used_at = age(session.used_at));
    for token in &mut seen.tokens {
        token.used_at = age(token.used_at);
        token.spent = token.spent.map(|(at, attempt)| ((at - store.now).max(-RETRIED_FOR), attempt));
    }
    seen.now = 0;
    seen
}

/// For each transition from a state that up to two moves reach, those moves and it. Unless the run is long, the third
/// move presents a token, and the two before it are alone or end with a sign-in.
fn transitions() -> Vec<Vec<Move>> {
    let start = Store::signed_in();
    let mut seen = HashSet::from([seen_from_now(&start)]);
    let (mut newest, mut found) = (vec![(start, Vec::new())], Vec::new());
    for depth in 0..3 {
        let mut next = Vec::new();
        for (store, path) in &newest {
            for by in moves(store) {
                let presents = matches!(by, Move::Alone(Step::Present(..)));
                let in_sequence = path.iter().all(|by| matches!(by, Move::Alone(_)));
                let signed_in = matches!(path.last(), Some(Move::Alone(Step::SignIn)));
                if depth == 2 && !is_long() && !(presents && (in_sequence || signed_in)) {
                    continue;
                }
                let mut after = store.clone();
                if make(&mut after, by).is_none() {
                    continue;
                }
                let path: Vec<_> = path.iter().copied().chain([by]).collect();
                found.push(path.clone());
                if seen.insert(seen_from_now(&after)) {
                    next.push((after, path));
                }
            }
        }
        newest = next;
    }
    found
}

/// The sessions of one user in the cloud in process.
struct Real<'a> {
    app: &'a TestApp,
    accounts: &'a Accounts,
    user: UserId,
    tokens: Vec<Value>,
    /// The newest access token of each session.
    access: Vec<Value>,
    session_of: Vec<usize>,
}

impl Real<'_> {
    async fn sign_in(&mut self) {
        let user = self.accounts.find::<User>(&AccountKey::User(self.user)).await.unwrap().unwrap();
        let epoch = self.accounts.epoch(user.id).await.unwrap();
        let opening = Opening { method: AuthMethod::Password, device: None, epoch };
        let tokens = session::open(self.accounts, &user, opening, AccountChanges::default()).await.unwrap();
        let tokens = serde_json::to_value(tokens).unwrap();
        self.session_of.push(self.access.len());
        self.access.push(tokens["access_token"].clone());
        self.tokens.push(tokens["refresh_token"].clone());
    }

    fn request(&self, token: usize, attempt: Attempt) -> testing::Request {
        self.app.move_address();
        let mut body = json!({ "refresh_token": self.tokens[token] });
        if let Some(attempt) = attempt {
            body["attempt"] = ["a", "b"][usize::from(attempt)].repeat(22).into();
        }
        testing::Request::to(&refresh_session::FUNCTION).json(body)
    }

    /// The answer in the model's terms. An unknown token is the next one.
    fn read(&mut self, token: usize, response: &Response) -> Answer {
        match (response.status, response.code()) {
            (200, _) => {
                let given = &response.body["refresh_token"];
                let known = self.tokens.iter().position(|token| token == given);
                let session = self.session_of[token];
                self.access[session] = response.body["access_token"].clone();
                Answer::Token(known.unwrap_or_else(|| {
                    self.session_of.push(session);
                    self.tokens.push(given.clone());
                    self.tokens.len() - 1
                }))
            }
            (401, "session_ended") => Answer::Ended,
            (401, "refresh_token_reused") => Answer::Reused,
            _ => panic!("{} {}", response.status, response.text),
        }
    }

    async fn step(&mut self, step: Step) -> Option<Answer> {
        match step {
            Step::Present(token, attempt) => {
                let response = self.app.call(self.request(token, attempt)).await;
                return Some(self.read(token, &response));
            }
            Step::Wait(seconds) => self.app.advance(SignedDuration::from_secs(seconds)),
            Step::SignIn => self.sign_in().await,
            Step::SignOut(session) => {
                self.app.move_address();
                let bearer = self.access[session].as_str().unwrap();
                self.app.call(testing::Request::to(&logout::FUNCTION).bearer(bearer)).await.expect(204);
            }
        }
        None
    }

    async fn make(&mut self, by: Move) -> Answers {
        match by {
            Move::Alone(step) => vec![self.step(step).await],
            Move::Between(token, attempt, step) => {
                let (app, request) = (self.app, self.request(token, attempt));
                let mut between = None;
                let (response, was_held) = app.call_while(request, async { between = self.step(step).await }).await;
                assert!(was_held.is_some(), "the route answered without a commit");
                vec![between, Some(self.read(token, &response))]
            }
        }
    }
}

#[tokio::test]
#[allow(clippy::print_stderr)]
async fn the_route_answers_every_transition_like_the_model() {
    let app = TestApp::new();
    let (_, user) = user(&app).await;
    let accounts = app.accounts();
    let transitions = transitions();
    if std::env::var("COUNT").is_ok() {
        return;
    }
    for path in &transitions {
        let (tokens, access, session_of) = (Vec::new(), Vec::new(), Vec::new());
        let mut real = Real { app: &app, accounts: &accounts, user, tokens, access, session_of };
        real.sign_in().await;
        let mut store = Store::signed_in();
        for by in path {
            let expected = make(&mut store, *by).unwrap();
            assert_eq!(real.make(*by).await, expected, "{by:?} in {path:?}");
        }
        for (session, access) in real.access.iter().enumerate() {
            let answer = get_me(&app, access).await.status;
            assert_eq!(answer == 200, store.is_alive(session), "session {session} after {path:?}: {answer}");
        }
    }
    eprintln!("{} transitions", transitions.len());
}
