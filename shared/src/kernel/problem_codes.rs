//! Kinds of problems, and those that any route may answer, each declared once.

/// A kind of problem: declared once, listed by each route that returns it (`Endpoint::PROBLEMS`), and documented from
/// this declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemCode {
    pub status: u16,
    /// Stable, unique in the product, in snake case: `post_already_published`.
    pub code: &'static str,
    /// A short summary of the problem.
    pub title: &'static str,
    /// What is wrong, as one sentence.
    pub meaning: &'static str,
    /// What the client or its user should do.
    pub remedy: &'static str,
    /// What its document shows in addition.
    pub shows: Shows,
}

/// What a problem document shows in addition to the members of RFC 9457.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    Nothing,
    /// The feature that the plan lacks, and the plans that have it.
    Feature,
    /// The limit of the plan, and its current use.
    Usage,
}

impl ProblemCode {
    pub const fn new(
        status: u16,
        code: &'static str,
        title: &'static str,
        meaning: &'static str,
        remedy: &'static str,
    ) -> Self {
        Self { status, code, title, meaning, remedy, shows: Shows::Nothing }
    }

    /// Why a job failed: for its operator, never for a client.
    pub const fn of_job(status: u16, code: &'static str) -> Self {
        Self::new(status, code, "Job failed", "", "")
    }

    /// Its document also shows this.
    pub const fn showing(self, shows: Shows) -> Self {
        Self { shows, ..self }
    }

    /// The same problem with another status.
    pub const fn under(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

pub const INVALID_INPUT: ProblemCode = ProblemCode::new(
    422,
    "invalid_input",
    "Invalid input",
    "A field of the request breaks a rule; `errors` names each field and its rule.",
    "Correct the fields and send the request again.",
);

pub const NOT_FOUND: ProblemCode = ProblemCode::new(
    404,
    "not_found",
    "Not found",
    "The resource does not exist, or it belongs to a workspace that the caller is not a member of.",
    "Check the id. A resource of another workspace gets the same response.",
);

pub const INTERNAL: ProblemCode = ProblemCode::new(
    500,
    "internal",
    "Internal error",
    "An internal error of the service. It has been recorded.",
    "Try again later. If it persists, contact support with the request id.",
);

pub const UNAVAILABLE: ProblemCode = ProblemCode::new(
    503,
    "unavailable",
    "Unavailable",
    "A service that this depends on did not answer. Nothing was changed partially.",
    "Repeat the request after `retry-after` seconds; a POST under the same Idempotency-Key.",
);

pub const TIMED_OUT: ProblemCode = ProblemCode::new(
    504,
    "timed_out",
    "Timed out",
    "The request took too long and was aborted. It may have taken effect.",
    "Read the resource, or repeat a POST under the same Idempotency-Key.",
);

pub const TOO_MANY_REQUESTS: ProblemCode = ProblemCode::new(
    429,
    "too_many_requests",
    "Too many requests",
    "A rate limit was exceeded; `ratelimit` shows it with `r=0`.",
    "Wait for `retry-after` seconds.",
);

pub const BODY_TOO_LARGE: ProblemCode = ProblemCode::new(
    413,
    "body_too_large",
    "Body too large",
    "The body is larger than the route allows.",
    "Send a smaller body. Upload files to the signed URL of an upload.",
);

pub const UNSUPPORTED_MEDIA_TYPE: ProblemCode = ProblemCode::new(
    415,
    "unsupported_media_type",
    "Unsupported media type",
    "The body is not declared as application/json.",
    "Send JSON with `content-type: application/json`.",
);

pub const IDEMPOTENCY_KEY_REUSED: ProblemCode = ProblemCode::new(
    422,
    "idempotency_key_reused",
    "Idempotency key reused",
    "The Idempotency-Key was used before for a request with another body.",
    "Use a new key for every different request.",
);

pub const IDEMPOTENCY_KEY_UNSUPPORTED: ProblemCode = ProblemCode::new(
    422,
    "idempotency_key_unsupported",
    "Idempotency-Key not supported",
    "The route does not support an Idempotency-Key.",
    "Send the request without the header.",
);

pub const BODY_NOT_UTF8: ProblemCode = ProblemCode::new(
    400,
    "body_not_utf8",
    "Body is not UTF-8",
    "The body is not UTF-8, or has the replacement character U+FFFD.",
    "Encode the body as UTF-8.",
);

pub const MODIFIED_CONCURRENTLY: ProblemCode = ProblemCode::new(
    409,
    "modified_concurrently",
    "Modified by another request",
    "Another request modified the resource at the same time.",
    "Reload the resource and try again.",
);

pub const PRECONDITION_FAILED: ProblemCode = ProblemCode::new(
    412,
    "precondition_failed",
    "Precondition failed",
    "The resource was modified since the version in `If-Match`, or exists although `If-None-Match` excludes it.",
    "Reload the resource, apply the change again, and send the new `etag`.",
);

pub const NOT_SIGNED_IN: ProblemCode = ProblemCode::new(
    401,
    "not_signed_in",
    "Not signed in",
    "The access token is missing or no longer valid.",
    "Refresh the session at `POST /auth/refresh`, or sign in again.",
);

pub const SIGNATURE_INVALID: ProblemCode = ProblemCode::new(
    403,
    "signature_invalid",
    "Signature invalid",
    "The signature of the call is missing, not genuine, or too old.",
    "Sign the bytes of the body with the current secret, and set the clock.",
);

pub const FRESH_FACTOR_NEEDED: ProblemCode = ProblemCode::new(
    401,
    "fresh_factor_needed",
    "Re-authentication required",
    "A factor must have been verified in the last 10 minutes.",
    "Re-authenticate at `POST /auth/step-up` or by a passkey, then repeat the request.",
);

pub const SESSION_NEEDED: ProblemCode = ProblemCode::new(
    403,
    "session_needed",
    "Session required",
    "This requires a session; tokens are refused regardless of their scopes. A workspace token is also refused where a personal access token is not, if the route concerns a person.",
    "Sign in and use the access token of the session.",
);

pub const SECOND_FACTOR_NEEDED: ProblemCode = ProblemCode::new(
    403,
    "second_factor_needed",
    "Second factor required",
    "The workspace requires a second factor, and the session was opened without one.",
    "Set up a second factor (`POST /me/totp` or `/me/passkeys`), or verify it at `POST /auth/step-up`.",
);

pub const NETWORK_NOT_ALLOWED: ProblemCode = ProblemCode::new(
    403,
    "network_not_allowed",
    "Network not allowed",
    "The workspace can be used from certain networks only, and the address of the caller is in none of them.",
    "Connect from a network of the list, or ask an admin of the workspace to add yours.",
);

pub const SESSION_TOO_OLD: ProblemCode = ProblemCode::new(
    403,
    "session_too_old",
    "Session too old",
    "The workspace limits how long after its sign-in a session is admitted. Refreshing it or a step-up does not help.",
    "Sign in again.",
);

pub const PERSONAL_TOKENS_BLOCKED: ProblemCode = ProblemCode::new(
    403,
    "personal_tokens_blocked",
    "Personal access tokens blocked",
    "The workspace does not admit personal access tokens.",
    "Use a token of the workspace, or a session.",
);

pub const NETWORKS_EXCLUDE_CALLER: ProblemCode = ProblemCode::new(
    422,
    "networks_exclude_caller",
    "Networks exclude the caller",
    "The networks do not contain the address of the caller, who would be locked out.",
    "Add your own network to the list, or send the request from one of the list.",
);

pub const PASSKEY_NEEDED: ProblemCode = ProblemCode::new(
    403,
    "passkey_needed",
    "Passkey required",
    "This requires a session of the staff in which a passkey was verified.",
    "Sign in with a passkey.",
);

pub const OVERRIDE_PENDING: ProblemCode = ProblemCode::new(
    403,
    "override_pending",
    "Session not approved",
    "An owner of the workspace has not approved the override session yet.",
    "Ask an owner of the workspace to approve it.",
);

pub const OVERRIDE_READ_ONLY: ProblemCode = ProblemCode::new(
    403,
    "override_read_only",
    "Session only reads",
    "The override session may only read: it was opened so, or the security rules of the workspace allow no more.",
    "Ask a member of the workspace to make the change, or an owner to allow it (`override_access`).",
);

pub const SCOPE_MISSING: ProblemCode = ProblemCode::new(
    403,
    "scope_missing",
    "Scope missing",
    "The personal access token lacks the scope that this route requires (`x-token-scope`).",
    "Create a token with the scope.",
);

pub const PERMISSION_MISSING: ProblemCode = ProblemCode::new(
    403,
    "permission_missing",
    "Permission missing",
    "The role of the caller in the workspace lacks the permission (`x-permission`).",
    "Ask an admin of the workspace for another role.",
);

pub const WORKSPACE_LIVES_ELSEWHERE: ProblemCode = ProblemCode::new(
    421,
    "workspace_lives_elsewhere",
    "Workspace in another region",
    "The workspace is served at another address, given in `base_url`.",
    "Send the request to `base_url`.",
);

pub const OVER_PLAN_LIMIT: ProblemCode = ProblemCode::new(
    403,
    "over_plan_limit",
    "Over the limit of the plan",
    "The plan of the workspace has no room for the member or token, which is read-only until it has.",
    "Upgrade the plan, or remove members or tokens until the others are within the limit.",
);

pub const WORKSPACE_SUSPENDED: ProblemCode = ProblemCode::new(
    403,
    "workspace_suspended",
    "Workspace suspended",
    "The workspace is suspended.",
    "Ask the owner of the workspace to contact support.",
);

pub const WORKSPACE_TRASHED: ProblemCode = ProblemCode::new(
    403,
    "workspace_trashed",
    "Workspace in the trash",
    "The workspace was moved to the trash.",
    "Ask an owner of the workspace to restore it.",
);

pub const PLAN_LACKS_ENTITLEMENT: ProblemCode = ProblemCode::new(
    402,
    "plan_lacks_entitlement",
    "Not in the plan",
    "The plan of the workspace does not include the `feature` (`x-entitlements`); `plans` have it.",
    "Upgrade to one of the `plans`.",
)
.showing(Shows::Feature);

pub const METHOD_NOT_ALLOWED: ProblemCode = ProblemCode::new(
    405,
    "method_not_allowed",
    "Method not allowed",
    "The path exists, but does not support the method.",
    "Use a method listed in `allow`.",
);

pub const WORK_PENDING: ProblemCode = ProblemCode::new(
    409,
    "work_pending",
    "Work pending",
    "The same work is already waiting or running.",
    "Wait until it has ended.",
);

pub const WORK_ENDED: ProblemCode =
    ProblemCode::new(409, "work_ended", "Work ended", "The work has ended and cannot be changed.", "Read its result.");

pub const WORK_MOVED_ON: ProblemCode = ProblemCode::new(
    409,
    "work_moved_on",
    "Work moved on",
    "The work advanced at the same time.",
    "Reload it and try again.",
);
