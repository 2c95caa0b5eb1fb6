//! The letter to the owners of an erased workspace.

use mail::{Fact, Letter};
use shared::identity::Destruction;
use shared::kernel::time::Timestamp;

pub const WORKSPACE_ERASED: &str = "Your workspace was erased";

/// To those who owned the workspace when its erasure began.
pub fn workspace_erased(destruction: &Destruction, erased_at: Timestamp, certificate: &str) -> Letter {
    let tally = &destruction.tally;
    let count = |count: u64| Fact::Count(usize::try_from(count).unwrap_or(usize::MAX));
    let letter = Letter::about(WORKSPACE_ERASED)
        .greets()
        .tells(
            "The workspace {} was deleted on {} and was erased on {}. It cannot be restored.",
            &[Fact::Chosen(&destruction.name), Fact::At(destruction.trashed_at), Fact::At(erased_at)],
        )
        .tells(
            "Destroyed were {} items, {} versions of files, {} audit entries and {} memberships.",
            &[
                count(tally.items.values().sum()),
                count(tally.object_versions),
                count(tally.audit_entries),
                count(tally.memberships),
            ],
        );
    let destroyed_at = destruction.keys.iter().filter_map(|key| key.destroyed_at).max();
    let letter = match destroyed_at {
        Some(at) => letter.tells(
            "The encryption key of the workspace is destroyed on {}. From then on, no backup opens the secrets that it sealed.",
            &[Fact::At(at)],
        ),
        None => letter,
    };
    letter
        .says(
            "This is the signed certificate of it, a JSON Web Signature. Remove the white space, and verify it with the \
             keys at /.well-known/jwks.json of our API.",
        )
        .tells("{}", &[Fact::Signed(certificate)])
        .ends("If you did not expect this, contact our support.")
}
