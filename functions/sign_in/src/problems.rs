//! The problems of sign-ins, sessions and factors, each declared once.

use shared::kernel::problems::ProblemCode;

pub const WRONG_CREDENTIALS: ProblemCode = ProblemCode::new(
    401,
    "wrong_credentials",
    "Sign-in failed",
    "The email address or the password is wrong.",
    "Check both. After several failed attempts, wait before you try again, or reset the password.",
);

pub const PASSWORD_RESET_REQUIRED: ProblemCode = ProblemCode::new(
    403,
    "password_reset_required",
    "Password reset required",
    "The imported password is too long to verify.",
    "Reset the password at `POST /auth/request-password-reset`.",
);

pub const SESSION_ENDED: ProblemCode = ProblemCode::new(
    401,
    "session_ended",
    "Session ended",
    "The session has ended: it was not refreshed in time, signed out or revoked.",
    "Sign in again.",
);

pub const REFRESH_TOKEN_REUSED: ProblemCode = ProblemCode::new(
    401,
    "refresh_token_reused",
    "Session ended",
    "The refresh token was used before. Every session of the user was ended to protect the account.",
    "Sign in again. Send a new `attempt` with each refresh, and the same one when an answer was lost.",
);

pub const WRONG_PASSWORD: ProblemCode = ProblemCode::new(
    403,
    "wrong_password",
    "Wrong password",
    "The password is not the current one. The session stays valid.",
    "Enter the current password. After several failed attempts, wait before you try again.",
);

pub const SECOND_FACTOR_REQUIRED: ProblemCode = ProblemCode::new(
    422,
    "second_factor_required",
    "Second factor required",
    "The user has a second factor, so the password alone is not enough.",
    "Send `code` or `recovery_code`, or use a passkey.",
);

pub const SAME_PASSWORD: ProblemCode = ProblemCode::new(
    422,
    "same_password",
    "Same password",
    "The new password is the current one.",
    "Choose another password.",
);

pub const WRONG_CODE: ProblemCode = ProblemCode::new(
    401,
    "wrong_code",
    "Wrong code",
    "The code is wrong or was used before, or there were too many attempts. With status 403, the session stays valid.",
    "Enter the current code from the app, or another recovery code.",
);

pub const CHALLENGE_EXPIRED: ProblemCode = ProblemCode::new(
    401,
    "challenge_expired",
    "Sign-in failed",
    "The sign-in took too long, or the password was changed.",
    "Sign in again with the password.",
);

pub const TOTP_ENROLLED: ProblemCode = ProblemCode::new(
    409,
    "totp_enrolled",
    "Authenticator app already set up",
    "An authenticator app is already set up.",
    "Remove it first: `DELETE /me/totp`.",
);

pub const TOTP_NOT_PENDING: ProblemCode = ProblemCode::new(
    409,
    "totp_not_pending",
    "No authenticator app to confirm",
    "No authenticator app is waiting for its first code.",
    "Start with `POST /me/totp`.",
);

pub const NO_SECOND_FACTOR: ProblemCode = ProblemCode::new(
    409,
    "no_second_factor",
    "No second factor",
    "The user has no second factor.",
    "Set one up first.",
);

pub const PASSWORD_TOO_SHORT: ProblemCode = ProblemCode::new(
    409,
    "password_too_short",
    "Password too short",
    "The password is too short to be the only factor.",
    "Change the password first: `POST /me/password`.",
);
