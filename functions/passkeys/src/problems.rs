//! The problems of passkeys, each declared once.

use shared::kernel::problems::ProblemCode;

pub const CEREMONY_OVER: ProblemCode = ProblemCode::new(
    422,
    "ceremony_over",
    "Passkey ceremony over",
    "The passkey ceremony has expired, or was used before.",
    "Request new options and start again.",
);

pub const TOO_MANY_PASSKEYS: ProblemCode = ProblemCode::new(
    409,
    "too_many_passkeys",
    "Too many passkeys",
    "The user has reached the maximum number of passkeys.",
    "Delete a passkey first.",
);

pub const PASSKEY_ALREADY_REGISTERED: ProblemCode = ProblemCode::new(
    409,
    "passkey_already_registered",
    "Passkey already registered",
    "This passkey is already registered.",
    "Use it, or register a passkey of another authenticator.",
);

pub const PASSKEY_INVALID: ProblemCode = ProblemCode::new(
    422,
    "passkey_invalid",
    "Invalid passkey",
    "The credential from the browser breaks a rule, which `errors` names.",
    "Request new options and start again.",
);

pub const PASSKEY_REFUSED: ProblemCode = ProblemCode::new(
    401,
    "passkey_refused",
    "Passkey not accepted",
    "The passkey was not accepted: it is unknown, or its signature is wrong. With status 403, the session stays valid.",
    "Use another passkey or another way to sign in.",
);
