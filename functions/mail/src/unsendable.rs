//! Mail that is never sent.

use shared::kernel::problems::{ProblemCode, Refusal};

const MAIL_LINK_EXPIRED: ProblemCode = ProblemCode::of_job(422, "mail_link_expired");
const MAIL_REJECTED: ProblemCode = ProblemCode::of_job(422, "mail_rejected");

/// Why a mail is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsendableMail {
    #[error("SES will never take this mail ({code})")]
    Rejected { code: String },
    #[error("the mail's link has expired before it was sent")]
    LinkExpired,
}

impl Refusal for UnsendableMail {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Rejected { .. } => MAIL_REJECTED,
            Self::LinkExpired => MAIL_LINK_EXPIRED,
        }
    }
}
