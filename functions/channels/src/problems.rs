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
    "Not a Bluesky server",
    "The server at this address is not a Bluesky server.",
    "Check `service`: it must be the address of a Bluesky server.",
);

pub const PLATFORM_RATE_LIMITED: ProblemCode = ProblemCode::new(
    429,
    "platform_rate_limited",
    "Too many sign-ins to the account",
    "The server of the account refuses more sign-ins for now.",
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
