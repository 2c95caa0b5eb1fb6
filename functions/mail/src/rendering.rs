//! Rendering: a letter becomes a mail, with the addresses of its pages and the token of its link.

use shared::identity::Mailroom;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;

use crate::letter::{self, Letter, Page};
use crate::recipient::Reader;
use crate::unsendable::UnsendableMail;
use crate::written::{Action, Places, Written};

/// The page that says how to contact support.
const SUPPORT: Page = Page::named("support");

pub(crate) async fn render(letter: &Letter, reader: &Reader, mailroom: &Mailroom) -> Result<Written, Problem> {
    let action = match letter.action() {
        Some(action) => Some(placed(action, mailroom).await?),
        None => None,
    };
    let places = Places { action, support: mailroom.page_url(SUPPORT.0) };
    Written::of(letter, reader.name.as_deref(), places).map_err(Problem::internal)
}

/// An action with its address, and the token of its link.
async fn placed(action: &letter::Action, mailroom: &Mailroom) -> Result<Action, Problem> {
    let (label, mut url, mut works_for) = (action.label.to_string(), mailroom.page_url(&action.page), None);
    let token = match (&action.link, &action.invitation) {
        (Some(claims), _) => Some((claims.expires_at, mailroom.sign_link(claims).await?)),
        (None, Some(claim)) => Some((claim.expires_at(), mailroom.sign_invitation(claim).await?)),
        (None, None) => None,
    };
    if let Some((expires_at, token)) = token {
        works_for = Some(time_left(expires_at, mailroom.now())?);
        // In the fragment: browsers send it to no server, and leave it out of the Referer header.
        url.push_str("#token=");
        url.push_str(token.expose());
    }
    Ok(Action { label, url, works_for })
}

/// What is left of a link, rounded, in the largest unit that tells it well: a mail that is a minute late still says
/// 24 hours.
fn time_left(expires_at: Timestamp, now: Timestamp) -> Result<String, UnsendableMail> {
    let left_s = expires_at.as_second() - now.as_second();
    let in_units_of = |unit_s: i64, name: &str| {
        let units = ((left_s + unit_s / 2) / unit_s).max(1);
        Ok(format!("{units} {name}{}", if units == 1 { "" } else { "s" }))
    };
    match left_s {
        ..=0 => Err(UnsendableMail::LinkExpired),
        1..3_570 => in_units_of(60, "minute"),
        3_570..172_800 => in_units_of(3_600, "hour"),
        _ => in_units_of(86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_tells_how_long_it_works() {
        let link = |expires_at: &str| expires_at.parse::<Timestamp>().unwrap();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for (expires_at, left) in [
            ("2026-03-31T12:00:00Z", "30 days"),
            ("2026-03-02T12:00:00Z", "24 hours"),
            ("2026-03-02T11:58:00Z", "24 hours"),
            ("2026-03-01T13:00:00Z", "1 hour"),
            ("2026-03-01T12:30:00Z", "30 minutes"),
            ("2026-03-01T12:29:55Z", "30 minutes"),
            ("2026-03-01T12:28:30Z", "29 minutes"),
            ("2026-03-01T12:00:05Z", "1 minute"),
        ] {
            assert_eq!(time_left(link(expires_at), now).as_deref(), Ok(left), "{expires_at}");
        }
        assert_eq!(time_left(link("2026-03-01T12:00:00Z"), now), Err(UnsendableMail::LinkExpired));
    }
}
