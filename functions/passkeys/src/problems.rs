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
    "The user has the most passkeys that are allowed.",
    "Delete a passkey first.",
);

pub const PASSKEY_ALREADY_REGISTERED: ProblemCode = ProblemCode::new(
    409,
    "passkey_already_registered",
    "Passkey already registered",
    "This passkey is registered already.",
    "Use it, or register one of another authenticator.",
);

pub const PASSKEY_INVALID: ProblemCode = ProblemCode::new(
    422,
    "passkey_invalid",
    "Passkey not valid",
    "The credential that the browser made does not meet a rule, which `errors` names.",
    "Request new options and start again.",
);

pub const PASSKEY_REFUSED: ProblemCode = ProblemCode::new(
    401,
    "passkey_refused",
    "Passkey not accepted",
    "The passkey was not accepted: it is unknown, or its signature is wrong. With 403, the session stays valid.",
    "Use another passkey or another way to sign in.",
);
