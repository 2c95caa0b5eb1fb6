//! Members who no longer sign in: who they are, and when the admins are told.

use accounts::user::User;
use shared::identity::{AccountKey, Member};
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Stored;
use shared::tenancy::recurring::{NextRun, Recurring};
use shared::tenancy::{Page, Tenant};
use sign_in::history::{SignIn, SignInOutcome};

/// After how many days without a sign-in a member is inactive. The login history of 90 days tells; a session lasts 30, so that a
/// member who uses the product signs in at least every 30.
pub const INACTIVE_DAYS: usize = 60;
const INACTIVE_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How many members, or entries of a history, are read at once.
const AT_ONCE: u32 = 100;
/// How many names a letter has.
const NAMED: usize = 10;

/// When the members of a workspace are looked through next.
pub type NextReport = NextRun<Reports>;

/// The reports about the members of a workspace.
#[derive(Debug)]
pub enum Reports {}

impl Recurring for Reports {
    const KIND: &'static str = "INACTIVITY_REPORT";
    const BETWEEN: SignedDuration = SignedDuration::from_hours(30 * 24);
}

/// The inactive members of a workspace, and its admins.
#[derive(Default)]
pub struct Inactivity {
    pub count: usize,
    /// The names of the first of them.
    pub names: Vec<String>,
    pub admins: Vec<Member>,
}

/// Looks through the members. A member who joined within the time is not inactive. Needs `Grant::ReadItems`,
/// `Grant::ReadUserRecords` and `Grant::DeriveKeys`.
pub async fn look_through(workspace: &Tenant) -> Result<Inactivity, Problem> {
    let since = after(workspace.now(), -INACTIVE_FOR);
    let (mut found, mut behind) = (Inactivity::default(), None);
    loop {
        let (members, next) = workspace.walk::<Member>("", behind.as_deref(), AT_ONCE).await?;
        for member in members.into_iter().map(Stored::into_inner) {
            if member.joined_at < since && !has_signed_in(workspace, &member, since).await? {
                found.count += 1;
                if found.names.len() < NAMED {
                    let user = workspace.people().find::<User>(&AccountKey::User(member.user)).await?;
                    found.names.extend(user.map(|user| user.name.as_str().to_owned()));
                }
            }
            if member.role.administers() {
                found.admins.push(member);
            }
        }
        match next {
            Some(next) => behind = Some(next),
            None => return Ok(found),
        }
    }
}

async fn has_signed_in(workspace: &Tenant, member: &Member, since: Timestamp) -> Result<bool, Problem> {
    let (people, key) = (workspace.people(), AccountKey::User(member.user));
    let mut page = Page { limit: AT_ONCE, cursor: None, newest_first: true };
    loop {
        let history = people.page::<SignIn>(&key, "inactive members", &page).await?;
        let signed_in = history.items.iter().any(|entry| entry.at >= since && entry.outcome == SignInOutcome::SignedIn);
        let is_older = history.items.last().is_none_or(|oldest| oldest.at < since);
        if signed_in || is_older || history.next_cursor.is_none() {
            return Ok(signed_in);
        }
        page.cursor = history.next_cursor;
    }
}
