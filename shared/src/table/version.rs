//! Versions of a resource: the entity tag of a response, and the conditions of a request (RFC 9110, sections 8.8.3 and 13).

use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::commit::{Act, Expected, Plan, Uncommitted, Write};
use super::entity::Entity;
use crate::aws::grants::Table;
use crate::crypto::digest::{base64url, sha256};
use crate::kernel::problem_codes::PRECONDITION_FAILED;
use crate::kernel::problems::Problem;

/// Bytes of a tag: enough to make a collision of two versions impossible in practice.
const TAG_BYTES: usize = 18;

/// The item that stores a route's resource: the first item of this kind that the handler reads or inserts.
#[derive(Clone, Copy, Debug)]
pub struct Versioned {
    pub(crate) table: Table,
    pub(crate) kind: &'static str,
    shape: u32,
    takes_conditions: bool,
}

impl Versioned {
    /// The resource of the path. The request may have conditions.
    pub const fn of<E: Entity>() -> Self {
        Self::stored(Table::Tenants, E::KIND, E::VERSION)
    }

    /// The resource that the route creates. The response has its tag; the request may not have conditions.
    pub const fn made<E: Entity>() -> Self {
        Self { takes_conditions: false, ..Self::of::<E>() }
    }

    /// The directory entry of the workspace, which admission reads.
    pub const fn directory() -> Self {
        Self::stored(Table::Proofs, "DIRECTORY", 1)
    }

    pub(crate) const fn stored(table: Table, kind: &'static str, shape: u32) -> Self {
        Self { table, kind, shape, takes_conditions: true }
    }

    /// Whether a request may have If-Match or If-None-Match.
    pub const fn takes_conditions(&self) -> bool {
        self.takes_conditions
    }

    /// The sort key of an entity is its kind and key, that of an account record its kind and an optional part.
    fn is_sort_key(&self, sort: &str) -> bool {
        sort.strip_prefix(self.kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    }
}

/// The field value of If-Match or If-None-Match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `*`: any version.
    Any,
    /// Tags with their quotes, and whether they are weak.
    Tags(Vec<(bool, String)>),
}

impl Condition {
    /// Reads a field value (RFC 9110, sections 8.8.3 and 5.6.1). A tag may contain commas.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        if value.trim() == "*" {
            return Some(Self::Any);
        }
        let (mut tags, mut rest) = (Vec::new(), value.trim_start_matches([' ', '\t', ',']));
        while !rest.is_empty() {
            let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |quoted| (true, quoted));
            let (opaque, behind) = quoted.strip_prefix('"')?.split_once('"')?;
            if !opaque.chars().all(|letter| letter == '!' || letter > '"' && letter != '\u{7f}') {
                return None;
            }
            tags.push((is_weak, format!("\"{opaque}\"")));
            let behind = behind.trim_start_matches([' ', '\t']);
            if !behind.is_empty() && !behind.starts_with(',') {
                return None;
            }
            rest = behind.trim_start_matches([' ', '\t', ',']);
        }
        (!tags.is_empty()).then_some(Self::Tags(tags))
    }

    /// The strong comparison of If-Match (section 8.8.3.2): a weak tag equals none.
    fn matches_strongly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|(is_weak, known)| !is_weak && known == tag),
        }
    }

    /// The weak comparison of If-None-Match.
    fn matches_weakly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|(_, known)| known == tag),
        }
    }
}

/// The conditions of a request.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    pub(crate) if_match: Option<Condition>,
    pub(crate) if_none_match: Option<Condition>,
}

/// The version in a response.
pub(crate) enum Shown {
    Tag(String),
    /// The client already has the version with this tag: 304.
    NotModified(String),
}

/// Tracks the version of a request's resource, from its first read to the commit. Checks the request's conditions at the first
/// read, before the handler has any effect.
pub(crate) struct Watch {
    resource: Versioned,
    /// GET: the conditions select the response.
    is_read: bool,
    conditions: Conditions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The digest of the other values that the representation depends on.
    context: Option<[u8; 32]>,
    resource: Option<Item>,
    /// Whether the conditions held. None before the resource was read.
    held: Option<bool>,
}

#[derive(Clone)]
struct Item {
    /// Distinguishes the resources of callers with the same path (`/me`).
    partition: String,
    sort: String,
    /// None if it is deleted.
    revision: Option<u64>,
}

/// The resource after a commit.
pub(crate) struct Written(Option<Item>);

impl Watch {
    pub(crate) fn new(resource: Versioned, is_read: bool, conditions: Conditions) -> Self {
        Self { resource, is_read, conditions, state: Mutex::default() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds values that the representation depends on, in addition to the item. A change of them is a new version.
    pub(crate) fn vary_by(&self, values: &impl Serialize) -> Result<(), Problem> {
        let mut state = self.state();
        let before = state.context.unwrap_or_default();
        let bytes = serde_json::to_vec(values).map_err(Problem::internal)?;
        state.context = Some(sha256(&[before.as_slice(), &bytes].concat()));
        Ok(())
    }

    /// Records that an item was read. 412 if it is the resource of a change and the conditions do not hold.
    pub(crate) fn read(&self, table: Table, (partition, sort): (&str, &str), revision: u64) -> Result<(), Problem> {
        if table != self.resource.table || !self.resource.is_sort_key(sort) {
            return Ok(());
        }
        let mut state = self.state();
        if state
            .resource
            .as_ref()
            .is_some_and(|known| (known.partition.as_str(), known.sort.as_str()) != (partition, sort))
        {
            return Ok(());
        }
        let (partition, sort) = (partition.to_owned(), sort.to_owned());
        let item = state.resource.insert(Item { partition, sort, revision: Some(revision) }).clone();
        if self.is_read || state.held.is_some() {
            return Ok(());
        }
        let tag = self.tag(&item, revision, state.context);
        let holds = self.conditions.if_match.as_ref().is_none_or(|condition| condition.matches_strongly(&tag))
            && !self.conditions.if_none_match.as_ref().is_some_and(|condition| condition.matches_weakly(&tag));
        state.held = Some(holds);
        if holds { Ok(()) } else { Err(failed()) }
    }

    /// The resource after this plan. `own` is the partition of writes without one. 412 if the request has a condition that was
    /// not checked: a condition is never ignored.
    pub(crate) fn writes(&self, plan: &Plan, own: &str) -> Result<Written, Problem> {
        let state = self.state();
        let Conditions { if_match, if_none_match } = &self.conditions;
        if !self.is_read && (if_match.is_some() || if_none_match.is_some()) && state.held != Some(true) {
            return Err(failed());
        }
        let known = state.resource.as_ref();
        let partition = |write: &Write| write.partition.as_deref().unwrap_or(own).to_owned();
        let is_resource = |write: &&Write| match known {
            _ if write.table != self.resource.table => false,
            Some(known) => known.sort == write.sort && known.partition == partition(write),
            None => self.resource.is_sort_key(&write.sort),
        };
        let written = plan.writes().filter(is_resource).find_map(|write| {
            let revision = match &write.action {
                Act::Put(_, Expected::Revision(revision)) => Some(revision + 1),
                Act::Put(..) => Some(1),
                Act::Delete(_) => None,
                // The condition of a change of the directory entry.
                Act::Update { values, .. } => Some(of_number(values.get(":revision")?)? + 1),
                Act::Check(_) => return None,
            };
            Some(Item { partition: partition(write), sort: write.sort.clone(), revision })
        });
        Ok(Written(written))
    }

    /// The plan was committed.
    pub(crate) fn wrote(&self, Written(written): Written) {
        if let Some(item) = written {
            self.state().resource = Some(item);
        }
    }

    /// 412 if the commit found a newer version than the read.
    pub(crate) fn stale(watch: Option<&Self>, table: Table, sort: &str) -> Option<Problem> {
        let watch = watch.filter(|watch| watch.conditions.if_match.is_some() && table == watch.resource.table)?;
        let is_resource = watch.state().resource.as_ref().is_some_and(|known| known.sort == sort);
        is_resource.then(failed)
    }

    /// The problem of a refused commit.
    pub(crate) fn refusal(watch: Option<&Self>, uncommitted: Uncommitted) -> Problem {
        let stale = match &uncommitted {
            Uncommitted::Refused { table, sort, .. } => Self::stale(watch, *table, sort),
            Uncommitted::Failed(_) => None,
        };
        stale.unwrap_or_else(|| uncommitted.into())
    }

    /// The version in the response. 412 if a GET has an If-Match that does not hold.
    pub(crate) fn shown(&self) -> Result<Shown, Problem> {
        let state = self.state();
        let shown = state.resource.as_ref().and_then(|item| Some((item, item.revision?)));
        let (item, revision) = shown
            .ok_or_else(|| Problem::internal(format!("the route declares a {} and reads none", self.resource.kind)))?;
        let tag = self.tag(item, revision, state.context);
        let Conditions { if_match, if_none_match } = &self.conditions;
        if self.is_read && if_match.as_ref().is_some_and(|condition| !condition.matches_strongly(&tag)) {
            return Err(failed());
        }
        let is_known = self.is_read && if_none_match.as_ref().is_some_and(|condition| condition.matches_weakly(&tag));
        Ok(if is_known { Shown::NotModified(tag) } else { Shown::Tag(tag) })
    }

    /// A strong tag. It includes the release, because a new one may represent the same item differently.
    fn tag(&self, Item { partition, sort, .. }: &Item, revision: u64, context: Option<[u8; 32]>) -> String {
        let release = env!("CARGO_PKG_VERSION");
        let version = format!("{release}|{}|{partition}|{sort}|{revision}|", self.resource.shape);
        let digest = sha256(&[version.as_bytes(), context.unwrap_or_default().as_slice()].concat());
        format!("\"{}\"", base64url(&digest[..TAG_BYTES]))
    }
}

fn of_number(value: &AttributeValue) -> Option<u64> {
    value.as_n().ok()?.parse().ok()
}

fn failed() -> Problem {
    Problem::new(PRECONDITION_FAILED, "The resource was modified since the version in the request's condition.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(tags: &[(bool, &str)]) -> Option<Condition> {
        Some(Condition::Tags(tags.iter().map(|(is_weak, tag)| (*is_weak, (*tag).to_owned())).collect()))
    }

    #[test]
    fn a_condition_is_a_star_or_a_list_of_tags() {
        assert_eq!(Condition::parse("*"), Some(Condition::Any));
        assert_eq!(
            Condition::parse(" \"a\" , W/\"b,c\",, \"\""),
            tags(&[(false, "\"a\""), (true, "\"b,c\""), (false, "\"\"")])
        );
        for malformed in ["", ",", "a", "\"a", "\"a\" \"b\"", "w/\"a\"", "*, \"a\"", "\"a b\"", "\"a\";\"b\""] {
            assert_eq!(Condition::parse(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn a_weak_tag_matches_only_in_a_weak_comparison() {
        let weak = Condition::Tags(vec![(true, "\"a\"".to_owned())]);
        assert!(weak.matches_weakly("\"a\"") && !weak.matches_strongly("\"a\""));
        assert!(Condition::Any.matches_strongly("\"a\"") && Condition::Any.matches_weakly("\"a\""));
    }
}
