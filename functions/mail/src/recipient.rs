//! Recipients: a user, whose address the mail job reads, or an address, which is sealed together with its letter.

use std::hint::black_box;

use serde::{Deserialize, Serialize};
use shared::identity::{AccountChanges, Accounts, Mailroom};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use shared::tenancy::{Audited, Scope};

use crate::{EmailAddress, Letter, SendEmail};

/// A sealed letter is filled up to a multiple of this, so that one to an address with an account is stored with as much as
/// one to an address without. The longest letter that strangers can request fits into one.
pub(crate) const SEALED_BYTES: usize = 2048;

/// What the mail job knows of who reads a letter. The fields of a user's record that it reads have these names.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Reader {
    pub email: EmailAddress,
    /// None where the letter does not greet.
    #[serde(default)]
    pub name: Option<String>,
}

/// Letters to users, as part of what changes their accounts or a workspace.
pub trait MailUser: Sized {
    /// Sends a letter to a user: from their own outbox, or from the workspace's.
    fn mail_to(self, user: UserId, letter: Letter) -> Self;

    /// Sends a letter to each of these users.
    fn mail_to_each(self, users: impl IntoIterator<Item = UserId>, letter: &Letter) -> Self {
        users.into_iter().fold(self, |changes, user| changes.mail_to(user, letter.clone()))
    }
}

impl MailUser for Audited {
    fn mail_to(self, user: UserId, letter: Letter) -> Self {
        self.send(&SendEmail::to_user(user, letter))
    }
}

impl MailUser for AccountChanges {
    fn mail_to(self, user: UserId, letter: Letter) -> Self {
        self.send(user, &SendEmail::to_user(user, letter))
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Addressed {
    to: Reader,
    letter: Letter,
}

/// What is sealed, filled up.
fn addressed(email: &EmailAddress, name: Option<&str>, letter: Letter) -> Result<SecretText, Problem> {
    let to = Reader { email: email.clone(), name: name.map(str::to_owned) };
    let mut text = serde_json::to_string(&Addressed { to, letter }).map_err(Problem::internal)?;
    let size = text.len().next_multiple_of(SEALED_BYTES);
    // White space after a value belongs to JSON.
    text.push_str(&" ".repeat(size - text.len()));
    Ok(SecretText::new(text))
}

impl SendEmail {
    /// A letter to a user, at the address that they have when it is sent.
    pub fn to_user(user: UserId, letter: Letter) -> Self {
        Self::ToUser { user, letter }
    }

    /// A letter to an address, for the outbox of a user: a typed address, which may have no account, or one that the
    /// user is about to lose. Neither address nor letter is readable in the outbox or a queue. `name` is for a letter that
    /// greets. `others` are letters that would have been sent otherwise: they are serialised too, so that the time does not
    /// reveal which one is.
    pub async fn to_address(
        accounts: &Accounts,
        outbox: UserId,
        email: &EmailAddress,
        name: Option<&str>,
        letter: Letter,
        others: &[Letter],
    ) -> Result<Self, Problem> {
        for other in others {
            black_box(serde_json::to_string(other).map_err(Problem::internal)?);
        }
        let text = addressed(email, name, letter)?;
        Ok(Self::Sealed(accounts.seal_letter(outbox, &text).await?))
    }

    /// The same for the outbox of a workspace.
    pub async fn to_address_from(workspace: &Scope, email: &EmailAddress, letter: Letter) -> Result<Self, Problem> {
        let text = addressed(email, None, letter)?;
        Ok(Self::Sealed(workspace.seal_letter(&text).await?))
    }

    /// The letter and its reader; none for a user who was erased in the meantime.
    pub(crate) async fn open(self, mailroom: &Mailroom) -> Result<Option<(Reader, Letter)>, Problem> {
        match self {
            Self::ToUser { user, letter } => Ok(mailroom.user::<Reader>(user).await?.map(|reader| (reader, letter))),
            Self::Sealed(sealed) => {
                let text = mailroom.open_letter(&sealed).await?;
                let Addressed { to, letter } = serde_json::from_str(text.expose()).map_err(Problem::internal)?;
                Ok(Some((to, letter)))
            }
            Self::Former(former) => Ok(Some(former.open())),
        }
    }
}
