//! The application of one process: clients, keys and the grants of its function.

use super::listing::Page;
use super::platform_apps::PlatformApps;
use crate::aws::Aws;
use crate::aws::grants::{Grant, Table};
use crate::config::Config;
use crate::crypto::derived::{DerivedKeys, Label};
use crate::crypto::sealed::DataKeys;
use crate::kernel::entropy::Entropy;
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretBytes;
use crate::kernel::time::Clock;
use crate::table::cursor::{self, Binding};
use crate::table::item::Item;
use crate::table::read::{PageQuery, Reader};

/// Private to proofs, which use it within their own scope.
pub(crate) struct App {
    pub(crate) aws: Aws,
    pub(crate) grants: &'static [Grant],
    pub(crate) data_keys: DataKeys,
    pub(crate) derived: DerivedKeys,
    pub(crate) workspace_keys: super::key_names::WorkspaceKeyNames,
    pub(crate) platform_apps: PlatformApps,
}

impl App {
    pub(crate) fn new(config: Config, clock: Clock, entropy: Entropy, grants: &'static [Grant]) -> Self {
        Self {
            aws: Aws::new(config, clock, entropy),
            grants,
            data_keys: DataKeys::default(),
            derived: DerivedKeys::default(),
            workspace_keys: super::key_names::WorkspaceKeyNames::default(),
            platform_apps: PlatformApps::default(),
        }
    }

    /// A page of rows whose sort key starts with a prefix, and the cursor of the next one. `bound_to` is everything,
    /// besides the prefix, that the cursor is valid for.
    pub(crate) async fn page(
        &self,
        reader: Reader<'_>,
        (table, partition, prefix): (Table, &str, &str),
        bound_to: &str,
        page: &Page,
    ) -> Result<(Vec<Item>, Option<String>), Problem> {
        let bound_to = format!("{bound_to}|{prefix}");
        let after = self.open_cursor(&bound_to, page.cursor.as_deref()).await?;
        let (limit, newest_first) = (page.limit, page.newest_first);
        let (items, next) = reader.page(PageQuery { table, partition, prefix, after, limit, newest_first }).await?;
        Ok((items, self.seal_cursor(&bound_to, next.as_deref()).await?))
    }

    /// The cursor of the next page, if there is one. `bound_to` is everything that it is valid for.
    pub(crate) async fn seal_cursor(&self, bound_to: &str, next: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(position) = next else { return Ok(None) };
        let binding = Binding(bound_to.to_owned());
        cursor::seal(&self.cursor_key().await?, &binding, position, self.aws.clock.now()).map(Some)
    }

    /// The position of the page that a cursor asks for, if there is one.
    pub(crate) async fn open_cursor(&self, bound_to: &str, cursor: Option<&str>) -> Result<Option<String>, Problem> {
        let Some(cursor) = cursor else { return Ok(None) };
        let binding = Binding(bound_to.to_owned());
        Ok(Some(cursor::open(&self.cursor_key().await?, &binding, cursor, self.aws.clock.now())?))
    }

    async fn cursor_key(&self) -> Result<SecretBytes, Problem> {
        self.derived.get(&self.aws, Label::Cursor).await
    }
}
