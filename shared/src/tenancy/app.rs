//! The application of one process: clients, keys and the grants of its function.

use super::listing::Page;
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
}

impl App {
    pub(crate) fn new(config: Config, clock: Clock, entropy: Entropy, grants: &'static [Grant]) -> Self {
        Self {
            aws: Aws::new(config, clock, entropy),
            grants,
            data_keys: DataKeys::default(),
            derived: DerivedKeys::default(),
            workspace_keys: super::key_names::WorkspaceKeyNames::default(),
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
        let (binding, now) = (Binding(format!("{bound_to}|{prefix}")), self.aws.clock.now());
        let after = match &page.cursor {
            Some(cursor) => Some(cursor::open(&self.cursor_key().await?, &binding, cursor, now)?),
            None => None,
        };
        let (limit, newest_first) = (page.limit, page.newest_first);
        let (items, next) = reader.page(PageQuery { table, partition, prefix, after, limit, newest_first }).await?;
        let next_cursor = match next {
            Some(sort) => Some(cursor::seal(&self.cursor_key().await?, &binding, &sort, now)?),
            None => None,
        };
        Ok((items, next_cursor))
    }

    /// The cursor of a list that no single partition holds, whose position is this text.
    pub(crate) async fn seal_cursor(&self, bound_to: String, position: &str) -> Result<String, Problem> {
        cursor::seal(&self.cursor_key().await?, &Binding(bound_to), position, self.aws.clock.now())
    }

    /// The position of such a cursor.
    pub(crate) async fn open_cursor(&self, bound_to: String, sealed: &str) -> Result<String, Problem> {
        cursor::open(&self.cursor_key().await?, &Binding(bound_to), sealed, self.aws.clock.now())
    }

    async fn cursor_key(&self) -> Result<SecretBytes, Problem> {
        self.derived.get(&self.aws, Label::Cursor).await
    }
}
