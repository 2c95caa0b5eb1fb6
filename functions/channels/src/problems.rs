//! The problems of channels and of signing in to platforms, each declared once.

use shared::kernel::problems::{ProblemCode, Shows};

/// The problems of connecting an account.
pub const OF_CONNECTING: &[ProblemCode] = &[
    TOO_MANY_CHANNELS,
    CHANNEL_SERVICE_FORBIDDEN,
    APP_PASSWORD_NEEDED,
    CHANNEL_ACCOUNT_INACTIVE,
    CHANNEL_SIGN_IN_REFUSED,
    PLATFORM_RATE_LIMITED,
    PLATFORM_UNREACHABLE,
    PLATFORM_ANSWER_MALFORMED,
    PLATFORM_FAILED,
    PLATFORM_TIMED_OUT,
];

/// The problems of calling a platform's OAuth server.
pub const OF_STARTING: &[ProblemCode] = &[
    PLATFORM_NOT_OFFERED,
    CHANNEL_SERVICE_FORBIDDEN,
    PLATFORM_RATE_LIMITED,
    PLATFORM_UNREACHABLE,
    PLATFORM_ANSWER_MALFORMED,
    PLATFORM_FAILED,
    PLATFORM_TIMED_OUT,
];

/// The problems of redeeming a code.
pub const OF_COMPLETING: &[ProblemCode] = &[
    CONNECTION_EXPIRED,
    CONNECTION_USED,
    CONNECTION_STATE_WRONG,
    CONNECTION_CODE_REFUSED,
    CHANNELS_MODIFIED_CONCURRENTLY,
    CHANNEL_SERVICE_FORBIDDEN,
    PLATFORM_RATE_LIMITED,
    PLATFORM_UNREACHABLE,
    PLATFORM_ANSWER_MALFORMED,
    PLATFORM_FAILED,
    PLATFORM_TIMED_OUT,
];

/// The problems of choosing an account.
pub const OF_CHOOSING: &[ProblemCode] = &[
    TOO_MANY_CHANNELS,
    CHANNELS_MODIFIED_CONCURRENTLY,
    CONNECTION_EXPIRED,
    CONNECTION_NOT_COMPLETE,
    ACCOUNT_NOT_OFFERED,
];

pub const CONNECTION_EXPIRED: ProblemCode = ProblemCode::new(
    409,
    "connection_expired",
    "Connection expired",
    "A connection can be completed within 10 minutes, and an account chosen within 10 minutes after that.",
    "Start another connection.",
);

pub const CONNECTION_USED: ProblemCode = ProblemCode::new(
    409,
    "connection_used",
    "Code already sent",
    "A connection takes one code, whatever came of it.",
    "Start another connection.",
);

pub const CONNECTION_STATE_WRONG: ProblemCode = ProblemCode::new(
    422,
    "connection_state_wrong",
    "Not the state of this connection",
    "The state is not the one of this connection, or another caller started it.",
    "Send the `state` of the page's query, as the caller who started the connection.",
);

pub const CONNECTION_CODE_REFUSED: ProblemCode = ProblemCode::new(
    422,
    "connection_code_refused",
    "Code refused by the platform",
    "The platform refused the code; `detail` has its own words.",
    "Start another connection.",
);

pub const CONNECTION_NOT_COMPLETE: ProblemCode = ProblemCode::new(
    409,
    "connection_not_complete",
    "Connection not complete",
    "The platform has not confirmed the connection yet.",
    "Complete the connection first.",
);

pub const ACCOUNT_NOT_OFFERED: ProblemCode = ProblemCode::new(
    422,
    "account_not_offered",
    "Account not offered",
    "The account is not one of those that the connection offers.",
    "Choose one of `accounts`, as the caller who started the connection.",
);

pub const TOO_MANY_CHANNELS: ProblemCode = ProblemCode::new(
    409,
    "too_many_channels",
    "Too many channels",
    "The workspace has as many channels as its plan allows; `usage` shows the limit.",
    "Disconnect a channel, or upgrade the plan.",
)
.showing(Shows::Usage);

pub const CHANNELS_MODIFIED_CONCURRENTLY: ProblemCode = ProblemCode::new(
    409,
    "channels_modified_concurrently",
    "Channels modified by another request",
    "Another request connected or disconnected a channel at the same time.",
    "Reload the channels and try again.",
);

pub const CHANNEL_SERVICE_FORBIDDEN: ProblemCode = ProblemCode::new(
    422,
    "channel_service_forbidden",
    "Server address not allowed",
    "The address of the server is not public, or is not https.",
    "Send a public https address.",
);

pub const PLATFORM_NOT_OFFERED: ProblemCode = ProblemCode::new(
    422,
    "platform_not_offered",
    "Platform not offered",
    "The operator of this service has registered no app with the platform, so no account on it can be connected.",
    "Choose another platform, or ask the operator to register an app.",
);

pub const PLATFORM_UNREACHABLE: ProblemCode = ProblemCode::new(
    502,
    "platform_unreachable",
    "Server not reachable",
    "The server of the account cannot be reached.",
    "Check `service`, or try again later.",
);

pub const PLATFORM_TIMED_OUT: ProblemCode = ProblemCode::new(
    504,
    "platform_timed_out",
    "Server timed out",
    "The server of the account did not answer in time.",
    "Try again later.",
);

pub const PLATFORM_ANSWER_MALFORMED: ProblemCode = ProblemCode::new(
    502,
    "platform_answer_malformed",
    "Not a server of this platform",
    "The server at this address does not answer like a server of this platform.",
    "Check `service`: it must be the address of a server of the platform.",
);

pub const PLATFORM_RATE_LIMITED: ProblemCode = ProblemCode::new(
    429,
    "platform_rate_limited",
    "Too many requests to the server",
    "The server of the account refuses more requests for now.",
    "Wait for `retry-after` seconds.",
);

pub const PLATFORM_FAILED: ProblemCode =
    ProblemCode::new(502, "platform_failed", "Server failed", "The server of the account failed.", "Try again later.");

pub const APP_PASSWORD_NEEDED: ProblemCode = ProblemCode::new(
    422,
    "app_password_needed",
    "App password required",
    "The server asks for a second factor, which an app password does not need.",
    "Create an app password and send that.",
);

pub const CHANNEL_ACCOUNT_INACTIVE: ProblemCode = ProblemCode::new(
    422,
    "channel_account_inactive",
    "Account not active",
    "The account is deactivated, suspended or taken down on its platform.",
    "Activate the account on the platform first.",
);

pub const CHANNEL_SIGN_IN_REFUSED: ProblemCode = ProblemCode::new(
    422,
    "channel_sign_in_refused",
    "Sign-in refused by the platform",
    "The server of the account refused the sign-in; `detail` has its own words.",
    "Check the identifier and the app password.",
);
