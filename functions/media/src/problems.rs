//! The problems of media, each declared once.

use shared::kernel::problems::{ProblemCode, Shows};

pub const NOT_A_PICTURE: ProblemCode = ProblemCode::new(
    422,
    "not_a_picture",
    "Not a picture",
    "The uploaded file is not a PNG, JPEG, GIF or WebP picture.",
    "Upload a picture of one of these types.",
);

pub const PICTURE_TOO_MANY_PIXELS: ProblemCode = ProblemCode::new(
    422,
    "picture_too_many_pixels",
    "Too many pixels",
    "The picture exceeds the maximum number of pixels.",
    "Scale the picture down and upload it again.",
);

pub const PICTURE_ANIMATED: ProblemCode = ProblemCode::new(
    422,
    "picture_animated",
    "Animated picture",
    "Animations are not supported.",
    "Upload one frame of it as PNG or JPEG.",
);

pub const PICTURE_DAMAGED: ProblemCode = ProblemCode::new(
    422,
    "picture_damaged",
    "Damaged picture",
    "The picture is truncated, damaged, or of an unsupported variant.",
    "Save it again as PNG or JPEG and upload that.",
);

pub const MEDIA_NOT_UPLOADED: ProblemCode = ProblemCode::new(
    409,
    "media_not_uploaded",
    "File not uploaded",
    "No file was uploaded for this picture.",
    "PUT the file to the signed URL first, with the headers of that response.",
);

pub const MEDIA_UPLOAD_DIFFERS: ProblemCode = ProblemCode::new(
    422,
    "media_upload_differs",
    "Upload does not match",
    "The uploaded file does not match the declared size or SHA-256.",
    "Create a new upload for the file.",
);

pub const MEDIA_ALREADY_COMPLETED: ProblemCode = ProblemCode::new(
    409,
    "media_already_completed",
    "Upload completed by another request",
    "Another request completed this upload at the same time.",
    "Read the picture.",
);

pub const MEDIA_NOT_READY: ProblemCode = ProblemCode::new(
    409,
    "media_not_ready",
    "Picture not ready",
    "The picture is not ready.",
    "Upload its file and complete the upload.",
);

pub const MEDIA_TOO_LARGE: ProblemCode = ProblemCode::new(
    422,
    "media_too_large",
    "Picture too large for the channel",
    "The picture has no rendition that is small enough for the channel.",
    "Upload a smaller picture.",
);

pub const STORAGE_FULL: ProblemCode = ProblemCode::new(
    409,
    "storage_full",
    "Storage full",
    "The file does not fit the storage that the workspace's plan allows; `usage` shows the limit.",
    "Upgrade the plan.",
)
.showing(Shows::Usage);

pub const MEDIA_OVER_PLAN_LIMIT: ProblemCode = ProblemCode::new(
    422,
    "media_over_plan_limit",
    "File larger than the plan allows",
    "The file is larger than the workspace's plan allows.",
    "Upload a smaller file, or upgrade the plan.",
);
