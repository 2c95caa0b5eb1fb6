//! A test's own tables, with the schema of `infra/data.yaml`.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::config::Tables;
use crate::kernel::problems::Problem;
use crate::table::item::Item;

const ALL: [Table; 6] = [Table::Tenants, Table::Outbox, Table::Audit, Table::Proofs, Table::Accounts, Table::System];

pub(super) async fn create(aws: &Aws, name: &str) -> Result<(), Problem> {
    let tables = Tables::named(name);
    futures::future::try_join_all(ALL.iter().map(|table| create_one(aws, *table, &tables))).await.map(drop)
}

async fn create_one(aws: &Aws, table: Table, tables: &Tables) -> Result<(), Problem> {
    let malformed = |error: aws_sdk_dynamodb::error::BuildError| Problem::internal(error);
    let attribute = |name: &str| {
        let definition = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        definition.build().map_err(malformed)
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(malformed);
    let mut request = aws
        .dynamodb()
        .create_table()
        .table_name(table.name(tables))
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk")?)
        .attribute_definitions(attribute("sk")?)
        .key_schema(key("pk", KeyType::Hash)?)
        .key_schema(key("sk", KeyType::Range)?);
    if matches!(table, Table::Tenants | Table::Outbox | Table::Accounts) {
        let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let due = GlobalSecondaryIndex::builder()
            .index_name("due")
            .key_schema(key("due_pk", KeyType::Hash)?)
            .key_schema(key("due_sk", KeyType::Range)?)
            .projection(keys_only)
            .build()
            .map_err(malformed)?;
        request = request
            .attribute_definitions(attribute("due_pk")?)
            .attribute_definitions(attribute("due_sk")?)
            .global_secondary_indexes(due);
    }
    request.send().await.map(drop).map_err(|error| failed("dynamodb:CreateTable", error))
}

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
