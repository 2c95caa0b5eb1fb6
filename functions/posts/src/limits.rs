//! Checks a post against the limits of its channels when it is written, before publishing could fail.

use std::collections::{BTreeSet, HashMap};

use channels::channel::CHANNELS;
use channels::publishing::{self, Preview};
use channels::{Channel, ChannelId, Connection, OverLimit};
use media::media::{AltText, MediaError};
use media::{Media, MediaId};
use shared::kernel::problems::{Exceeded, FieldError, Problem};
use shared::tenancy::{Scope, WorkspacePlan};

use crate::bounds::MAX_MEDIA_IN_ALL;
use crate::content::{ChannelContent, Content, Variant};
use crate::pictures::accepted;
use crate::problems::POST_DOES_NOT_FIT;

/// Pictures of the workspace by their ids.
pub type Pictures = HashMap<MediaId, Media>;

/// A selected channel, what it gets, and everything that is wrong with it.
pub struct Checked<'a> {
    pub channel: Channel,
    pub content: ChannelContent<'a>,
    /// As it will be sent; without the options, if they are of another platform.
    pub preview: Preview,
    pub faults: Vec<FieldError>,
}

/// Checks a draft. Pictures may still be uploading, and channels disconnected.
pub async fn check_draft(
    scope: &Scope,
    content: Content<'_>,
    channel_ids: &[ChannelId],
    strays: Vec<FieldError>,
) -> Result<(), Problem> {
    let checked = check(scope, content, channel_ids).await?;
    refuse(strays.into_iter().chain(checked.into_iter().flat_map(|checked| checked.faults)).collect())
}

/// Checks what each selected channel gets of a draft.
pub async fn check<'a>(
    scope: &Scope,
    content: Content<'a>,
    channel_ids: &[ChannelId],
) -> Result<Vec<Checked<'a>>, Problem> {
    let whole = content.variants.iter().flat_map(|variant| variant.media_ids.iter().flatten()).chain(content.media_ids);
    let (pictures, channels) =
        (find_pictures(scope, whole.copied().collect()).await?, find_channels(scope, channel_ids).await?);
    Ok(channels.into_iter().map(|channel| Checked::of(channel, content, &pictures)).collect())
}

/// Checks a post to be scheduled, and returns its channels: every picture must be ready, and every channel connected and within
/// the limit of the plan. Variants of other channels are kept, and not looked at.
pub async fn check_schedule(
    (scope, plan): (&Scope, &WorkspacePlan),
    content: Content<'_>,
    channel_ids: &[ChannelId],
) -> Result<Vec<Channel>, Problem> {
    let used = channel_ids.iter().flat_map(|id| content.on(*id).media_ids).copied().collect();
    let (pictures, channels) = (find_pictures(scope, used).await?, find_channels(scope, channel_ids).await?);
    let mut faults = unready(content, channel_ids, &pictures);
    let mut checked = Vec::with_capacity(channels.len());
    for channel in channels {
        if channel.connection != Connection::Connected {
            let rule = format!("must be connected: reconnect {} first", name(&channel));
            faults.push(of_channel(&channel, "channel_ids".to_owned(), rule));
        }
        if channel.is_read_only(plan) {
            let (name, room) = (name(&channel), plan.limit(CHANNELS));
            let rule = format!(
                "must not be read-only: the plan allows {room} channels, and {name} is newer than those. Upgrade the plan, or \
                 disconnect another channel"
            );
            faults.push(of_channel(&channel, "channel_ids".to_owned(), rule));
        }
        let Checked { channel, faults: own, .. } = Checked::of(channel, content, &pictures);
        faults.extend(own);
        checked.push(channel);
    }
    refuse(faults)?;
    Ok(checked)
}

/// Every variant of a channel that is not selected.
pub async fn strays(
    scope: &Scope,
    variants: &[Variant],
    channel_ids: &[ChannelId],
) -> Result<Vec<FieldError>, Problem> {
    let is_stray = |variant: &Variant| !channel_ids.contains(&variant.channel_id);
    let places: Vec<usize> =
        variants.iter().enumerate().filter(|(_, variant)| is_stray(variant)).map(|(place, _)| place).collect();
    let ids: Vec<ChannelId> = places.iter().map(|place| variants[*place].channel_id).collect();
    let found = scope.find_all::<Channel>(&ids).await?;
    let stray = |(place, channel): (usize, Option<shared::table::Stored<Channel>>)| {
        let field = format!("variants.{place}.channel_id");
        let id = variants[place].channel_id;
        let unknown = || Problem::invalid(&*field, format!("must be a channel of this workspace; {id} is not"));
        let channel = channel.ok_or_else(unknown)?;
        let rule = format!("must be one of the selected channels; {} is not", name(&channel));
        Ok(of_channel(&channel, field, rule))
    };
    places.into_iter().zip(found).map(stray).collect()
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

async fn find_pictures(scope: &Scope, ids: BTreeSet<MediaId>) -> Result<Pictures, Problem> {
    if ids.len() > MAX_MEDIA_IN_ALL {
        let rule = format!("must have at most {MAX_MEDIA_IN_ALL} different pictures, with those of the variants");
        return Err(Problem::invalid("media_ids", rule));
    }
    let ids: Vec<MediaId> = ids.into_iter().collect();
    let found = scope.find_all::<Media>(&ids).await?;
    ids.into_iter()
        .zip(found)
        .map(|(id, picture)| {
            let unknown = || Problem::invalid("media_ids", format!("must be pictures of this workspace; {id} is not"));
            picture.map(|picture| (id, picture.into_inner())).ok_or_else(unknown)
        })
        .collect()
}

/// Every picture that is not ready, once, under the field of the first channel that gets it.
fn unready(content: Content<'_>, channel_ids: &[ChannelId], pictures: &Pictures) -> Vec<FieldError> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for channel_id in channel_ids {
        let content = content.on(*channel_id);
        for id in content.media_ids.iter().filter(|id| seen.insert(**id)) {
            if let Some(Err(error)) = pictures.get(id).map(Media::ready) {
                let (field, rule) = (content.media_field(), error.to_string());
                faults.push(FieldError { field, rule, resource_id: None, exceeded: None });
            }
        }
    }
    faults
}

impl<'a> Checked<'a> {
    /// Finds every rule of the channel's platform that the content breaks.
    pub fn of(channel: Channel, content: Content<'a>, pictures: &Pictures) -> Self {
        let content = content.on(channel.id);
        let mut faults = Vec::new();
        let (preview, refused) = publishing::preview(&channel, content.text.as_str(), content.options);
        if let Some(other) = refused {
            let rule = format!("for {}: {other}", name(&channel));
            faults.push(of_channel(&channel, content.options_field(), rule));
        }
        faults.extend(preview.over.iter().map(|over| exceeding(&channel, content.text_field(), over)));
        let limits = channel.limits();
        let accepted = accepted(&limits);
        for (place, id) in content.media_ids.iter().enumerate() {
            let Some(picture) = pictures.get(id) else { continue };
            let field = || format!("{}.{place}", content.media_field());
            // The largest rendition that fits is sent, so a picture is at fault only if none fits.
            match picture.within(accepted.max_bytes) {
                Err(over @ MediaError::TooLarge { .. }) => {
                    faults.push(of_channel(&channel, field(), format!("for {}: {over}", name(&channel))));
                }
                // Not uploaded yet.
                Err(_) => {}
                Ok(sent) => {
                    let content_type = accepted.format_of(sent.format).content_type();
                    let checks = [limits.check_type(content_type), limits.check_shape(sent.width, sent.height)];
                    let over = checks.into_iter().filter_map(Result::err);
                    faults.extend(over.map(|over| exceeding(&channel, field(), &over)));
                }
            }
            if let Err(over) = limits.check_alt_text(picture.alt_text().map_or("", AltText::as_str)) {
                faults.push(exceeding(&channel, field(), &over));
            }
        }
        if let Err(over) = limits.check_pictures(content.media_ids.iter().map(|_| 0)) {
            faults.push(exceeding(&channel, content.media_field(), &over));
        }
        Self { channel, content, preview, faults }
    }
}

fn exceeding(channel: &Channel, field: String, over: &OverLimit) -> FieldError {
    let exceeded =
        over.numbers().map(|(measure, count, limit)| Exceeded { measure, count: count.into(), limit: limit.into() });
    FieldError { exceeded, ..of_channel(channel, field, format!("for {}: {over}", name(channel))) }
}

fn of_channel(channel: &Channel, field: String, rule: String) -> FieldError {
    FieldError { field, rule, resource_id: Some(channel.id.to_string()), exceeded: None }
}

fn name(channel: &Channel) -> String {
    format!("{} ({}, {})", channel.handle, channel.platform.name(), channel.id)
}

/// Refuses a post with faults, and names each.
pub fn refuse(faults: Vec<FieldError>) -> Result<(), Problem> {
    if faults.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(POST_DOES_NOT_FIT, "The post does not fit at least one of its channels.");
    Err(faults.into_iter().fold(problem, Problem::with))
}

#[cfg(test)]
mod tests;
