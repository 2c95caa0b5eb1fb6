//! Whole tables.

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::table::item::Item;

/// Every item of a table.
pub(super) async fn scan(aws: &Aws, table: Table) -> Result<Vec<Item>, Problem> {
    let request = aws.dynamodb().scan().table_name(table.name(&aws.config.tables)).consistent_read(true);
    let pages = request.into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.map_err(|error| failed("dynamodb:Scan", error))
}

/// Deletes every item of a table.
pub(super) async fn empty(aws: &Aws, table: Table) -> Result<(), Problem> {
    for item in scan(aws, table).await? {
        let key =
            ["pk", "sk"].into_iter().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect();
        let delete = aws.dynamodb().delete_item().table_name(table.name(&aws.config.tables)).set_key(Some(key));
        delete.send().await.map_err(|error| failed("dynamodb:DeleteItem", error))?;
    }
    Ok(())
}
