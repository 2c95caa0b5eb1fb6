//! Commit: applies a plan of writes as one transaction, all or nothing, exactly once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};

use super::item::{Item, Row, number, string, text};
use crate::aws::grants::Table;
use crate::aws::sessions::Session;
use crate::aws::{Aws, failed};
use crate::kernel::ids::new_uuid;
use crate::kernel::problems::Problem;
use jiff::Timestamp;

/// DynamoDB's limit for one transaction.
const MAX_WRITES: usize = 100;
/// Tries of a transaction that conflicted with another one, or whose outcome is unknown.
const MAX_TRIES: u32 = 8;

/// The writes of one transaction.
#[derive(Default)]
pub(crate) struct Plan {
    writes: Vec<Write>,
}

pub(crate) struct Write {
    pub(crate) table: Table,
    /// None means the partition of the committing scope.
    pub(crate) partition: Option<String>,
    pub(crate) sort: String,
    pub(crate) action: Act,
    pub(crate) refusal: Option<Problem>,
}

pub(crate) enum Act {
    Put(Row, Expected),
    Delete(Expected),
    Check(Expected),
    /// An update of attributes, counters or sets; `#name` stands for the attribute `name`. Idempotent by its condition
    /// or by itself.
    Update {
        expression: Cow<'static, str>,
        condition: Option<&'static str>,
        values: HashMap<String, AttributeValue>,
    },
}

/// The state that a write requires of its item.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// It does not exist, or has expired.
    Absent,
    /// It exists, unchanged since it was read.
    Revision(u64),
    /// Any state.
    Any,
    /// The condition, with its values; `#name` stands for the attribute `name`.
    That(&'static str, HashMap<String, AttributeValue>),
}

impl Plan {
    pub(crate) fn add(&mut self, table: Table, partition: Option<String>, sort: String, action: Act) {
        self.writes.push(Write { table, partition, sort, action, refusal: None });
    }

    pub(crate) fn put(&mut self, table: Table, partition: Option<String>, row: Row, expected: Expected) {
        let sort = row.sort.clone();
        self.add(table, partition, sort, Act::Put(row, expected));
    }

    pub(crate) fn refuse(&mut self, refusal: Problem) {
        if let Some(write) = self.writes.last_mut() {
            write.refusal = Some(refusal);
        }
    }

    /// The write to an item, if the plan has one.
    pub(crate) fn write_to(&self, table: Table, partition: &str, sort: &str) -> Option<&Write> {
        let same = |write: &&Write| {
            write.table == table && write.sort == sort && write.partition.as_deref() == Some(partition)
        };
        self.writes.iter().find(same)
    }

    /// Inserts a write at the front, so that its refusal takes precedence.
    pub(crate) fn require_first(&mut self, write: Write) {
        self.writes.insert(0, write);
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.writes.append(&mut other.writes);
    }

    /// Moves every write into one partition.
    pub(crate) fn in_partition(mut self, partition: &str) -> Self {
        for write in &mut self.writes {
            write.partition = Some(partition.to_owned());
        }
        self
    }

    pub(crate) fn writes(&self) -> impl Iterator<Item = &Write> {
        self.writes.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Refuses a plan that exceeds a transaction, and names the entity with the most writes.
    fn require_fit(&self) -> Result<(), Problem> {
        if self.writes.len() <= MAX_WRITES {
            return Ok(());
        }
        let mut kinds = BTreeMap::<&str, usize>::new();
        for write in &self.writes {
            *kinds.entry(write.sort.split('#').next().unwrap_or_default()).or_default() += 1;
        }
        let (kind, count) = kinds.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
        Err(Problem::internal(format!(
            "{} writes in one transaction, {count} of them to {kind}, exceed the limit of {MAX_WRITES}: write them in steps (`shared::work`)",
            self.writes.len()
        )))
    }
}

/// Why nothing was written.
pub(crate) enum Uncommitted {
    /// A condition did not hold. `found` is the actual item.
    Refused {
        table: Table,
        sort: String,
        refusal: Option<Problem>,
        found: Option<Item>,
    },
    Failed(Problem),
}

impl From<Uncommitted> for Problem {
    fn from(uncommitted: Uncommitted) -> Self {
        match uncommitted {
            Uncommitted::Refused { refusal: Some(problem), .. } => problem,
            Uncommitted::Refused { .. } => Problem::modified_concurrently(),
            Uncommitted::Failed(problem) => problem,
        }
    }
}

/// Commits a plan as one transaction.
///
/// A retry after a lost response has the same token, so that DynamoDB returns the result of the first try. After the
/// token's ten minutes, the write id in the items distinguishes our own write from another one.
pub(crate) async fn commit(
    aws: &Aws,
    session: Option<&Session>,
    own_partition: &str,
    plan: Plan,
) -> Result<(), Uncommitted> {
    plan.require_fit().map_err(Uncommitted::Failed)?;
    let write_id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
    let mut seen = HashSet::new();
    let mut items = Vec::with_capacity(plan.writes.len());
    let mut outcomes = Vec::with_capacity(plan.writes.len());
    for write in plan.writes {
        let partition = write.partition.unwrap_or_else(|| own_partition.to_owned());
        if !seen.insert((write.table, partition.clone(), write.sort.clone())) {
            let text = format!("two writes to {} in one transaction", write.sort);
            return Err(Uncommitted::Failed(Problem::internal(text)));
        }
        outcomes.push((write.table, write.sort.clone(), write.refusal));
        let name = write.table.name(&aws.config.tables).to_owned();
        let item = prepare(name, partition, write.sort, write.action, &write_id, aws.clock.now())
            .map_err(|error| Uncommitted::Failed(Problem::internal(error.to_string())))?;
        items.push(item);
    }
    let reasons = transact(aws, session, items, &write_id).await.map_err(Uncommitted::Failed)?;
    if reasons.is_empty() || reasons.iter().any(|reason| ours(reason, &write_id)) {
        return Ok(());
    }
    // In the order of the plan, so that the handler's first refusal is returned.
    for (reason, (table, sort, refusal)) in reasons.into_iter().zip(outcomes) {
        if reason.code() == Some("ConditionalCheckFailed") {
            return Err(Uncommitted::Refused { table, sort, refusal, found: reason.item });
        }
    }
    Err(Uncommitted::Failed(Problem::internal("a transaction was cancelled without a failed condition")))
}

fn ours(reason: &CancellationReason, write_id: &str) -> bool {
    reason.item.as_ref().is_some_and(|item| string(item, "w") == Some(write_id))
}

/// Sends the transaction until its outcome is known. Returns the reasons if a condition cancelled it; none if it was
/// committed.
async fn transact(
    aws: &Aws,
    session: Option<&Session>,
    items: Vec<TransactWriteItem>,
    write_id: &str,
) -> Result<Vec<CancellationReason>, Problem> {
    let mut token = write_id.to_owned();
    let mut last = None;
    for round in 0..MAX_TRIES {
        if round > 0 {
            aws.back_off(round).await;
        }
        let answer = session
            .map_or_else(|| aws.dynamodb(), |session| &session.dynamodb)
            .transact_write_items()
            .set_transact_items(Some(items.clone()))
            .client_request_token(&token)
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Vec::new()),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let reasons = cancelled.cancellation_reasons();
                if reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed")) {
                    return Ok(reasons.to_vec());
                }
                if !reasons.iter().any(|reason| is_passing(reason.code())) {
                    return Err(failed("dynamodb:TransactWriteItems", error));
                }
                // The transaction certainly had no effect, and DynamoDB may repeat the same cancellation for an old
                // token: a new token starts a new try.
                token = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
            }
            Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
            _ if matches!(
                error,
                SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_)
            ) => {}
            _ => return Err(failed("dynamodb:TransactWriteItems", error)),
        }
        last = Some(error);
    }
    Err(match last {
        Some(error) => Problem::unavailable(format!("{:?}", failed("dynamodb:TransactWriteItems", error))),
        None => Problem::unavailable("dynamodb:TransactWriteItems was not sent"),
    })
}

fn is_passing(code: Option<&str>) -> bool {
    matches!(code, Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
}

type Condition = (Option<String>, HashMap<String, String>, HashMap<String, AttributeValue>);

/// A condition as an expression, its names and its values. `ttl` and `e` are fine; `n` is too, but a reserved word is
/// only detected at run time, so every name is aliased.
fn condition(expected: Expected, now: Timestamp) -> Condition {
    let names = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned())).collect::<HashMap<_, _>>()
    };
    match expected {
        Expected::Any => (None, HashMap::new(), HashMap::new()),
        Expected::Absent => (
            Some("attribute_not_exists(pk) OR #ttl <= :now".to_owned()),
            names(&[("#ttl", "ttl")]),
            HashMap::from([(":now".to_owned(), number(now.as_second()))]),
        ),
        Expected::Revision(revision) => {
            (Some("#n = :n".to_owned()), names(&[("#n", "n")]), HashMap::from([(":n".to_owned(), number(revision))]))
        }
        Expected::That(condition, values) => (Some(condition.to_owned()), aliases(condition), values),
    }
}

/// The attribute name of each `#name` in an expression.
fn aliases(expression: &str) -> HashMap<String, String> {
    let pieces = expression.split('#').skip(1);
    let names = pieces.map(|piece| piece.split(|end: char| !end.is_ascii_alphanumeric() && end != '_').next());
    names.flatten().map(|name| (format!("#{name}"), name.to_owned())).collect()
}

fn prepare(
    name: String,
    partition: String,
    sort: String,
    action: Act,
    write_id: &str,
    now: Timestamp,
) -> Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
    let old = ReturnValuesOnConditionCheckFailure::AllOld;
    let key = HashMap::from([("pk".to_owned(), text(&partition)), ("sk".to_owned(), text(sort))]);
    let some = |map: HashMap<String, String>| (!map.is_empty()).then_some(map);
    let some_values = |map: HashMap<String, AttributeValue>| (!map.is_empty()).then_some(map);
    let item = TransactWriteItem::builder();
    Ok(match action {
        Act::Put(row, expected) => {
            let revision = if let Expected::Revision(revision) = expected { revision + 1 } else { 1 };
            let (expression, names, values) = condition(expected, now);
            let put = Put::builder()
                .table_name(name)
                .set_item(Some(row.into_item(&partition, revision, write_id)))
                .set_condition_expression(expression)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some_values(values))
                .return_values_on_condition_check_failure(old)
                .build()?;
            item.put(put).build()
        }
        Act::Delete(expected) => {
            let (expression, names, values) = condition(expected, now);
            let delete = Delete::builder()
                .table_name(name)
                .set_key(Some(key))
                .set_condition_expression(expression)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some_values(values))
                .return_values_on_condition_check_failure(old)
                .build()?;
            item.delete(delete).build()
        }
        Act::Check(expected) => {
            let (expression, names, values) = condition(expected, now);
            let check = ConditionCheck::builder()
                .table_name(name)
                .set_key(Some(key))
                .set_condition_expression(expression)
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(some_values(values))
                .return_values_on_condition_check_failure(old)
                .build()?;
            item.condition_check(check).build()
        }
        Act::Update { expression, condition, mut values } => {
            values.insert(":w".to_owned(), text(write_id));
            let names = aliases(&format!("{expression} {}", condition.unwrap_or_default()));
            let update = Update::builder()
                .table_name(name)
                .set_key(Some(key))
                .update_expression(expression.into_owned())
                .set_condition_expression(condition.map(str::to_owned))
                .set_expression_attribute_names(some(names))
                .set_expression_attribute_values(Some(values))
                .return_values_on_condition_check_failure(old)
                .build()?;
            item.update(update).build()
        }
    })
}
