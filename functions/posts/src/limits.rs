//! Checks a post against the limits of its channels when it is written, before publishing could fail.

use channels::channel::CHANNELS;
use channels::{Channel, ChannelId, Connection, OverLimit};
use media::media::{AltText, MediaError};
use media::{Media, MediaId};
use shared::kernel::problems::Problem;
use shared::tenancy::{Scope, WorkspacePlan};

use crate::post_text::PostText;
use crate::problems::POST_DOES_NOT_FIT;

/// The text and pictures of a post.
pub struct Content<'a> {
    pub text: &'a PostText,
    pub media_ids: &'a [MediaId],
}

/// One limit of a channel that the post exceeds.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    field: &'static str,
    rule: String,
}

/// Checks a draft. Pictures may still be uploading, and channels disconnected.
pub async fn check_draft(scope: &Scope, content: Content<'_>, channel_ids: &[ChannelId]) -> Result<(), Problem> {
    let (pictures, channels) =
        (find_pictures(scope, content.media_ids).await?, find_channels(scope, channel_ids).await?);
    let faults = channels.iter().flat_map(|channel| misfits(content.text, &pictures, channel));
    refuse(faults.collect())
}

/// Checks a post to be scheduled, and returns its channels: every picture must be ready, and every channel connected and within
/// the limit of the plan.
pub async fn check_schedule(
    (scope, plan): (&Scope, &WorkspacePlan),
    content: Content<'_>,
    channel_ids: &[ChannelId],
) -> Result<Vec<Channel>, Problem> {
    let (pictures, channels) =
        (find_pictures(scope, content.media_ids).await?, find_channels(scope, channel_ids).await?);
    let mut faults: Vec<Fault> = pictures
        .iter()
        .filter_map(|picture| picture.ready().err())
        .map(|error| Fault { field: "media_ids", rule: error.to_string() })
        .collect();
    for channel in &channels {
        if channel.connection != Connection::Connected {
            let rule = format!("must be connected: reconnect {} first", name(channel));
            faults.push(Fault { field: "channel_ids", rule });
        }
        if channel.is_read_only(plan) {
            let (name, room) = (name(channel), plan.limit(CHANNELS));
            let rule = format!(
                "must not be read-only: the plan allows {room} channels, and {name} is newer than those. Upgrade the plan, or \
                 disconnect another channel"
            );
            faults.push(Fault { field: "channel_ids", rule });
        }
        faults.extend(misfits(content.text, &pictures, channel));
    }
    refuse(faults)?;
    Ok(channels)
}

async fn find_channels(scope: &Scope, ids: &[ChannelId]) -> Result<Vec<Channel>, Problem> {
    let found = scope.find_all::<Channel>(ids).await?;
    ids.iter()
        .zip(found)
        .map(|(id, channel)| {
            let unknown =
                || Problem::invalid("channel_ids", format!("must be channels of this workspace; {id} is not"));
            channel.map(shared::table::Stored::into_inner).ok_or_else(unknown)
        })
        .collect()
}

async fn find_pictures(scope: &Scope, ids: &[MediaId]) -> Result<Vec<Media>, Problem> {
    let found = scope.find_all::<Media>(ids).await?;
    ids.iter()
        .zip(found)
        .map(|(id, picture)| {
            let unknown = || Problem::invalid("media_ids", format!("must be pictures of this workspace; {id} is not"));
            picture.map(shared::table::Stored::into_inner).ok_or_else(unknown)
        })
        .collect()
}

/// Every rule of a channel's platform that the post breaks.
fn misfits(text: &PostText, pictures: &[Media], channel: &Channel) -> Vec<Fault> {
    let limits = channel.limits();
    let mut faults = Vec::new();
    let mut fault = |field, over: &dyn std::fmt::Display| {
        faults.push(Fault { field, rule: format!("for {}: {over}", name(channel)) });
    };
    for over in limits.check_text(text.as_str()) {
        fault("text", &over);
    }
    // The largest rendition that fits is sent, so a picture is at fault only if none fits.
    for picture in pictures {
        if let Err(over @ MediaError::TooLarge { .. }) = picture.within(limits.picture_bytes.into()) {
            fault("media_ids", &over);
        }
        if let Err(over) = limits.check_alt_text(picture.alt_text().map_or("", AltText::as_str)) {
            fault("media_ids", &over);
        }
    }
    if let Err(over @ OverLimit::Pictures { .. }) = limits.check_pictures(pictures.iter().map(|_| 0)) {
        fault("media_ids", &over);
    }
    faults
}

fn name(channel: &Channel) -> String {
    format!("{} ({}, {})", channel.handle, channel.platform.name(), channel.id)
}

fn refuse(faults: Vec<Fault>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(POST_DOES_NOT_FIT, "The post exceeds the limits of at least one selected channel.");
    Err(faults.into_iter().fold(problem, |problem, fault| problem.at(fault.field, fault.rule)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::kernel::time::Timestamp;

    use super::*;
    use crate::delivery::tests::channel;

    fn fit(text: &str, pictures: &[Media]) -> Vec<Fault> {
        misfits(&PostText::parse(text).unwrap(), pictures, &channel())
    }

    fn awaited(number: u8) -> Media {
        let size = serde_json::from_value(number.into()).unwrap();
        let by = "user_01890a5d000070008000000000000004".parse().unwrap();
        let id = format!("media_01890a5d0000700080000000000000{number:02x}").parse().unwrap();
        Media::announced(id, size, media::media::Sha256::of(b""), None, by, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_misfit_names_the_channel_and_the_limit() {
        assert_eq!(fit(&"é".repeat(300), &[]), []);
        let faults = fit(&"é".repeat(301), &[]);
        let rule = "for alice.test (bluesky, chan_01890a5d000070008000000000000003): \
                    must have at most 300 characters; it has 301";
        assert_eq!(faults, [Fault { field: "text", rule: rule.to_owned() }]);
    }

    #[test]
    fn all_misfits_are_reported_at_once() {
        let pictures: Vec<_> = (1..=5).map(awaited).collect();
        assert_eq!(fit("a", &pictures[..4]), []);
        let fields: Vec<_> = fit(&"é".repeat(301), &pictures).into_iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["text", "media_ids"]);
        let problem = refuse(fit(&"é".repeat(301), &pictures)).unwrap_err();
        assert_eq!((problem.status(), problem.code(), problem.errors().len()), (422, "post_does_not_fit", 2));
    }
}
