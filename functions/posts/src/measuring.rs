//! A preview alone, for `make bench`.

use std::collections::HashMap;

use channels::{Channel, Connection, Platform};
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;

use crate::content::Content;
use crate::limits::Checked;
use crate::post_text::PostText;
use crate::preview::ChannelPreviewView;

/// How many channels a preview has.
const CHANNELS: usize = 10;

/// A post for ten channels of every platform: its text is about as long as each of them accepts, with many links, mentions and
/// hashtags.
pub struct LongPreview {
    text: PostText,
    channels: Vec<Channel>,
}

impl LongPreview {
    pub fn new() -> Result<Self, Problem> {
        let text = "@alice.example.com https://example.com/a_(b) #März 👨‍👩‍👧‍👦 ".repeat(5);
        let platforms = Platform::ALL.iter().cycle().take(CHANNELS);
        let channels = platforms.map(|platform| channel(*platform)).collect::<Result<_, _>>()?;
        Ok(Self { text: PostText::parse(&text).map_err(Problem::internal)?, channels })
    }

    /// Checks and renders the post for each channel, as `preview-post` does after its reads.
    pub fn show(&self) -> Vec<ChannelPreviewView> {
        let content = Content { text: &self.text, media_ids: &[], variants: &[] };
        let pictures = HashMap::new();
        let show = |channel: &Channel| ChannelPreviewView::from(Checked::of(channel.clone(), content, &pictures));
        self.channels.iter().map(show).collect()
    }
}

fn channel(platform: Platform) -> Result<Channel, Problem> {
    Ok(Channel {
        id: "chan_01890a5d000070008000000000000003".parse().map_err(Problem::internal)?,
        platform,
        service: String::new(),
        account_id: String::new(),
        handle: "alice.test".to_owned(),
        own_limits: None,
        connection: Connection::Connected,
        connected_at: Timestamp::UNIX_EPOCH,
        connected_by: "user_01890a5d000070008000000000000004".parse().map_err(Problem::internal)?,
    })
}
