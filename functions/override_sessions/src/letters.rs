//! The letters about override sessions, to the owners of the workspace.

use accounts::letters::{SAFETY, to_sign_in};
use mail::{Fact, Letter};
use shared::identity::OverrideSession;

pub const OVERRIDE_SESSION_OPENED: &str = "Our staff opened a session in your workspace";
pub const OVERRIDE_SESSION_REQUESTED: &str = "Our staff asks for a session in your workspace";

/// A member of the staff opened a session.
pub fn opened(workspace: &str, session: &OverrideSession) -> Letter {
    let happened = "On {}, {} of our staff opened a {} session in the workspace {}. It ends on {} at the latest.";
    let facts = [
        Fact::At(session.requested_at),
        Fact::Chosen(&session.staff_name),
        Fact::Chosen(session.access.words()),
        Fact::Chosen(workspace),
        Fact::At(session.ends_at()),
    ];
    about(Letter::about(OVERRIDE_SESSION_OPENED).greets().tells(happened, &facts), session)
        .says("All of it is in the workspace's audit log. If you did not expect this, end the session in the workspace's settings.")
        .ends(SAFETY)
}

/// A member of the staff asks for an approval.
pub fn requested(workspace: &str, session: &OverrideSession) -> Letter {
    let asked = "On {}, {} of our staff asked for a {} session of {} minutes in the workspace {}. You can approve it until {}, in \
                 the workspace's settings; the minutes count from then. Nothing is read before.";
    let facts = [
        Fact::At(session.requested_at),
        Fact::Chosen(&session.staff_name),
        Fact::Chosen(session.access.words()),
        Fact::Count(session.minutes as usize),
        Fact::Chosen(workspace),
        Fact::At(session.ends_at()),
    ];
    about(Letter::about(OVERRIDE_SESSION_REQUESTED).greets().tells(asked, &facts), session)
        .ends("If you did not expect this, don't approve it. The request expires by itself.")
}

fn about(letter: Letter, session: &OverrideSession) -> Letter {
    let why = "The reason: {}. The ticket: {}.";
    to_sign_in(letter.tells(why, &[Fact::Chosen(&session.reason), Fact::Chosen(&session.ticket)]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use mail::testing::assert_states;
    use shared::kernel::ids::{OverrideSessionId, StaffId, WorkspaceId};
    use shared::tenancy::OverrideAccess;

    use super::*;

    #[test]
    fn a_letter_says_who_enters_what_for_how_long_and_why_and_has_no_link_of_the_staff() {
        let requested_at = "2026-03-01T12:00:30Z".parse().unwrap();
        let session = OverrideSession {
            id: OverrideSessionId::from_bytes([1; 16]),
            workspace: WorkspaceId::from_bytes([2; 16]),
            staff: StaffId::from_bytes([3; 16]),
            staff_name: "Grace Hopper".to_owned(),
            access: OverrideAccess::Full,
            reason: "See win.example".to_owned(),
            ticket: "SUP-4711".to_owned(),
            minutes: 20,
            requested_at,
            begun_at: Some(requested_at),
            approved_by: None,
            ended_at: None,
        };
        let why = "The reason: See win. example. The ticket: SUP-4711.";
        let facts = [
            "Hello Ada L.,",
            "On 1 March 2026 at 12:00 UTC, Grace Hopper of our staff opened a full session in the workspace Northwind.",
            "ends on 1 March 2026 at 12:20 UTC",
            why,
        ];
        assert_states(&opened("Northwind", &session), &facts);
        let waiting = OverrideSession { begun_at: None, access: OverrideAccess::ReadOnly, ..session };
        let facts =
            ["a read-only session of 20 minutes in the workspace Northwind", "until 2 March 2026 at 12:00 UTC", why];
        assert_states(&super::requested("Northwind", &waiting), &facts);
    }
}
