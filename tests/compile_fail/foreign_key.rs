//! An entity can only be read by a key of its own kind.

use channels::{Channel, ChannelId};
use media::Media;
use shared::kernel::problems::Problem;
use shared::tenancy::Scope;

pub async fn read(scope: &Scope, channel: ChannelId) -> Result<(), Problem> {
    scope.get::<Channel>(&channel).await?;
    scope.get::<Media>(&channel).await?;
    scope.find::<Media>("media_1").await?;
    scope.find_all::<Media>(&[channel]).await?;
    Ok(())
}
