//! The rules of an override: which values a feature or limit takes, for how long, and with which reason.

use serde_json::json;
use shared::identity::Directory;
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::kernel::visible_text;
use shared::tenancy::overrides::MOST_OVERRIDES;
use shared::tenancy::plan_table::PlanTable;
use shared::tenancy::{ApplyPlanLimits, Audited, Changes, Override, OverrideValue, Overrides, PlanOverride};

use crate::audit_actions::{OVERRIDE_APPLIED, OVERRIDE_REMOVED};

/// The longest time for which a workspace differs from its plan. An agreement for longer is a plan.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

pub const OVERRIDE_INVALID: ProblemCode = ProblemCode::new(
    422,
    "override_invalid",
    "Override not valid",
    "The override is not one that a workspace can have.",
    "Correct the field that the detail names.",
);
pub const OVERRIDE_UNKNOWN: ProblemCode = ProblemCode::new(
    404,
    "override_unknown",
    "No such override",
    "The workspace has no override with this name.",
    "Check the name.",
);

/// Why an override is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    #[error("name must be a feature or a limit in docs/plans.md")]
    UnknownName,
    #[error("value must be true or false for a feature, and a whole number for a limit")]
    WrongValue,
    #[error("reason must be one line of 1 to {LONGEST_REASON} visible characters")]
    WrongReason,
    #[error("expires_at must be in the future, and at most 366 days ahead")]
    WrongExpiry,
    #[error("The workspace has {MOST_OVERRIDES} overrides. Remove one first.")]
    TooMany,
    #[error("The workspace has no override with this name.")]
    NotSet,
}

impl Refusal for OverrideError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::NotSet => OVERRIDE_UNKNOWN,
            _ => OVERRIDE_INVALID,
        }
    }
}

/// An override that follows the rules.
pub fn checked(
    name: &str,
    value: OverrideValue,
    reason: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<PlanOverride, OverrideError> {
    let table = PlanTable::current();
    let fits = match value {
        OverrideValue::Included(_) => table.features.contains_key(name),
        OverrideValue::Limit(_) => table.limits.contains_key(name),
    };
    if !fits {
        let is_known = table.features.contains_key(name) || table.limits.contains_key(name);
        return Err(if is_known { OverrideError::WrongValue } else { OverrideError::UnknownName });
    }
    let reason = visible_text::line(reason, LONGEST_REASON).map_err(|_| OverrideError::WrongReason)?;
    if expires_at <= now || expires_at > after(now, LONGEST) {
        return Err(OverrideError::WrongExpiry);
    }
    Ok(PlanOverride { name: name.to_owned(), value, reason, set_at: now, expires_at })
}

/// The overrides with this one, its record and its audit entry; none if it is set already. The condition on the directory entry
/// also orders concurrent changes of the records.
pub fn setting(
    directory: &Directory<'_>,
    known: Option<&PlanOverride>,
    record: &PlanOverride,
) -> Result<Option<(Overrides, Audited)>, OverrideError> {
    let (value, reason, expires_at) = (record.value, &record.reason, record.expires_at);
    if known.is_some_and(|known| (known.value, &known.reason, known.expires_at) == (value, reason, expires_at)) {
        return Ok(None);
    }
    let overrides = directory.overrides().clone().with(&record.name, Override { value, expires_at });
    if overrides.len() > MOST_OVERRIDES {
        return Err(OverrideError::TooMany);
    }
    let detail = json!({ "name": record.name, "value": value, "reason": reason, "expires_at": expires_at });
    let changes = Changes::default().overwrite(record).audit(&OVERRIDE_APPLIED, directory.workspace());
    Ok(Some((overrides, changes.detail(detail).send(&ApplyPlanLimits {}))))
}

/// The overrides without this one, and its audit entry.
pub fn removing(directory: &Directory<'_>, name: &str) -> Result<(Overrides, Audited), OverrideError> {
    if directory.overrides().get(name).is_none() {
        return Err(OverrideError::NotSet);
    }
    let changes = Changes::default().forget::<PlanOverride>(name);
    let audited = changes.audit(&OVERRIDE_REMOVED, directory.workspace()).detail(json!({ "name": name }));
    let audited = audited.send(&ApplyPlanLimits {});
    Ok((directory.overrides().clone().without(name), audited))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn check(name: &str, value: OverrideValue, reason: &str, expires_s: i64) -> Result<PlanOverride, OverrideError> {
        let now = Timestamp::UNIX_EPOCH;
        checked(name, value, reason, after(now, SignedDuration::from_secs(expires_s)), now)
    }

    #[test]
    fn an_override_that_breaks_a_rule_is_refused() {
        let (yes, seven) = (OverrideValue::Included(true), OverrideValue::Limit(7));
        assert_eq!(check("members", seven, "A pilot", 60).unwrap().value, seven);
        assert_eq!(check("AuditLog", yes, "A pilot", 60).unwrap().value, yes);
        assert_eq!(check("moons", seven, "A pilot", 60).unwrap_err(), OverrideError::UnknownName);
        assert_eq!(check("members", yes, "A pilot", 60).unwrap_err(), OverrideError::WrongValue);
        assert_eq!(check("AuditLog", seven, "A pilot", 60).unwrap_err(), OverrideError::WrongValue);
        for reason in ["", " ", "two\nlines", "\u{202e}", &"a".repeat(501)] {
            assert_eq!(check("members", seven, reason, 60).unwrap_err(), OverrideError::WrongReason, "{reason}");
        }
        for seconds in [0, -1, 366 * 24 * 60 * 60 + 1] {
            assert_eq!(check("members", seven, "A pilot", seconds).unwrap_err(), OverrideError::WrongExpiry);
        }
    }
}
