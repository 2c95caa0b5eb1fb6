//! Notes: the smallest domain that uses every feature.

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};
use shared::audit::AuditAction;
use shared::aws::grants::Grant;
use shared::crypto::Sealed;
use shared::function::Function;
use shared::http::{Created, Endpoint, Located, NoContent, Repeatable, Reply, Route, UserLimit};
use shared::identity::{Credentials, SignedIn};
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use shared::outbox::Message;
use shared::table::{Due, Entity, Versioned};
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Changes, Limit, Listing, Page, Tenant, Workspace};
use utoipa::ToSchema;

pub static NOTE_TOLD: AuditAction = AuditAction::named("note.told");
pub static NOTE_WRITTEN: AuditAction = AuditAction::named("note.written");

shared::permissions! {
    /// Writes notes: with the name of a real permission, which every writing role has.
    WritePosts;
}

#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Note {
    pub id: NoteId,
    pub text: String,
    #[serde(default)]
    pub told: u32,
    #[serde(default)]
    #[schema(ignore)]
    pub secret: Option<Sealed>,
}

pub type NoteId = Id<Note>;

impl Identified for Note {
    const PREFIX: &'static str = "note";
    const NAME: &'static str = "Note";
}

impl From<&Note> for Note {
    fn from(note: &Note) -> Self {
        note.clone()
    }
}

impl Located for Note {
    const PATH: &'static str = GetNote::ROUTE.path;

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Entity for Note {
    const KIND: &'static str = "NOTE";
    type Key = NoteId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }

    fn due(&self) -> Option<Due> {
        None
    }
}

/// A note was written.
#[derive(Clone, Serialize, Deserialize)]
pub struct NoteWritten {
    pub note_id: NoteId,
}

impl Message for NoteWritten {
    const NAME: &'static str = "note-written";
}

/// Writes a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteNote {
    text: String,
    #[serde(default)]
    secret: Option<SecretText>,
}

pub static WRITE: Function = Function::route::<WriteNote>();

impl Endpoint for WriteNote {
    const ROUTE: Route = Route::post("write-note", "/workspaces/{workspace_id}/notes");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::SealSecrets];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Note>();
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Note>());
    type Access = Workspace<WritePosts>;
    type Output = Created<Note>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Created<Note>, Problem> {
        let id = workspace.new_id();
        let secret = match &self.secret {
            Some(secret) => Some(workspace.seal("note", &id, secret).await?),
            None => None,
        };
        let note = Note { id, text: self.text, told: 0, secret };
        let changes = Changes::default().insert(&note).audit(&NOTE_WRITTEN, note.id);
        workspace.commit(changes.send(&NoteWritten { note_id: id })).await?;
        Ok(Created(note))
    }
}

/// Shows a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetNote {
    note_id: NoteId,
}

pub static GET: Function = Function::route::<GetNote>();

impl Endpoint for GetNote {
    const ROUTE: Route = Route::get("get-note", "/workspaces/{workspace_id}/notes/{note_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Note>());
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<Note>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Reply<Note>, Problem> {
        Ok(Reply(workspace.get::<Note>(&self.note_id).await?.into_inner()))
    }
}

/// Puts another text in the place of a note's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RewriteNote {
    note_id: NoteId,
    text: String,
}

pub static REWRITE: Function = Function::route::<RewriteNote>();

impl Endpoint for RewriteNote {
    const ROUTE: Route = Route::put("rewrite-note", "/workspaces/{workspace_id}/notes/{note_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Note>());
    type Access = Workspace<WritePosts>;
    type Output = Reply<Note>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Reply<Note>, Problem> {
        let mut note = workspace.get::<Note>(&self.note_id).await?;
        note.text = self.text;
        workspace.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(Reply(note.into_inner()))
    }
}

/// Counts that a note was told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountNote {
    note_id: NoteId,
}

pub static COUNT: Function = Function::route::<CountNote>();

impl Endpoint for CountNote {
    const ROUTE: Route = Route::post("count-note", "/workspaces/{workspace_id}/notes/{note_id}/count");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Note>();
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Note>());
    type Access = Workspace<WritePosts>;
    type Output = Reply<Note>;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<Reply<Note>, Problem> {
        let mut note = workspace.get::<Note>(&self.note_id).await?;
        note.told += 1;
        workspace.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(Reply(note.into_inner()))
    }
}

/// Deletes a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteNote {
    note_id: NoteId,
}

pub static DELETE: Function = Function::route::<DeleteNote>();

impl Endpoint for DeleteNote {
    const ROUTE: Route = Route::delete("delete-note", "/workspaces/{workspace_id}/notes/{note_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Note>());
    type Access = Workspace<WritePosts>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<NoContent, Problem> {
        let note = workspace.get::<Note>(&self.note_id).await?;
        workspace.commit(Changes::default().delete(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(NoContent)
    }
}

/// Empties a note without having read it, which no real route would.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmptyNote {
    note_id: NoteId,
}

pub static EMPTY: Function = Function::route::<EmptyNote>();

impl Endpoint for EmptyNote {
    const ROUTE: Route = Route::delete("empty-note", "/workspaces/{workspace_id}/notes/{note_id}/text");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Note>());
    type Access = Workspace<WritePosts>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<WritePosts>) -> Result<NoContent, Problem> {
        let found = workspace.find_all::<Note>(&[self.note_id]).await?;
        let mut note = found.into_iter().flatten().next().ok_or_else(Problem::not_found)?;
        note.text.clear();
        workspace.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(NoContent)
    }
}

/// Shows a note's secret, which no real route would.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenNote {
    note_id: NoteId,
    #[serde(default)]
    panic: bool,
}

pub static OPEN: Function = Function::route::<OpenNote>();

impl Endpoint for OpenNote {
    const ROUTE: Route = Route::get("open-note", "/workspaces/{workspace_id}/notes/{note_id}/secret");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::OpenSecrets];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Reply<String>, Problem> {
        assert!(!self.panic, "as asked");
        let note = workspace.get::<Note>(&self.note_id).await?;
        let sealed = note.secret.as_ref().ok_or_else(Problem::not_found)?;
        Ok(Reply(workspace.open("note", &note.id, sealed).await?.expose().to_owned()))
    }
}

/// Checks a word. The right one is `open`; `half` is right and proves nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Knock {
    word: String,
}

pub const WRONG_WORD: ProblemCode =
    ProblemCode::new(401, "wrong_word", "Wrong word", "The word is wrong.", "Say another.");

pub static KNOCK: Function = Function::route::<Knock>();

impl Endpoint for Knock {
    const ROUTE: Route = Route::post("knock", "/knock");
    const PROBLEMS: &'static [ProblemCode] = &[WRONG_WORD];
    type Access = Credentials;
    type Output = NoContent;

    async fn handle(self, accounts: &Credentials) -> Result<NoContent, Problem> {
        match self.word.as_str() {
            "open" => {
                accounts.proved();
                Ok(NoContent)
            }
            "half" => Ok(NoContent),
            "open, then fail" => {
                accounts.proved();
                Err(Problem::internal("as asked"))
            }
            _ => Err(Problem::new(WRONG_WORD, "The word is wrong.")),
        }
    }
}

/// Greets its caller, at most twice a minute.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Greet {}

pub static GREET: Function = Function::route::<Greet>();

impl Endpoint for Greet {
    const ROUTE: Route = Route::get("greet", "/greeting");
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 2, seconds: 60 });
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, _: &SignedIn) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

/// Lists notes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListNotes {
    limit: u32,
    #[serde(default)]
    cursor: Option<String>,
}

pub static LIST: Function = Function::route::<ListNotes>();

impl Endpoint for ListNotes {
    const ROUTE: Route = Route::get("list-notes", "/workspaces/{workspace_id}/notes");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<Listing<Note>>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Reply<Listing<Note>>, Problem> {
        let page = Page { limit: self.limit, cursor: self.cursor, newest_first: false };
        Ok(Reply(workspace.page::<Note>("", &page).await?.map(|note| note.into_inner())))
    }
}

/// Counts a note as often as the plan of its workspace allows channels.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct TellByPlan(NoteWritten);

pub static TELL_BY_PLAN: Function = Function::job::<TellByPlan>();

impl Job for TellByPlan {
    const JOB: Declaration = Declaration::new("tell-by-plan", Trigger::message::<NoteWritten>());
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ReadPlan];
    type Access = Tenant;

    async fn run(self, tenant: &Tenant) -> Result<(), JobError> {
        let allowed = tenant.plan().await?.limit(Limit::named("channels"));
        let mut note = tenant.get::<Note>(&self.0.note_id).await?;
        note.told = u32::try_from(allowed).unwrap_or(u32::MAX);
        tenant.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(())
    }
}

/// Counts a note once.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct TellNote(NoteWritten);

pub static TELL: Function = Function::job::<TellNote>();

impl Job for TellNote {
    const JOB: Declaration = Declaration::new("tell-note", Trigger::message::<NoteWritten>());
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, tenant: &Tenant) -> Result<(), JobError> {
        let mut note = tenant.get::<Note>(&self.0.note_id).await?;
        note.told += 1;
        tenant.commit(Changes::default().replace(&note).audit(&NOTE_TOLD, note.id)).await?;
        Ok(())
    }
}
