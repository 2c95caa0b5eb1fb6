//! The problems of posts, each declared once.

use shared::kernel::problems::{ProblemCode, Shows};

pub const POST_DOES_NOT_FIT: ProblemCode = ProblemCode::new(
    422,
    "post_does_not_fit",
    "Post does not fit",
    "The post breaks a rule of at least one selected channel, or has a variant of another one; `errors` names the channel, the \
     limit and the count.",
    "Change the post, or select other channels.",
);

pub const TIME_ZONE_UNKNOWN: ProblemCode = ProblemCode::new(
    422,
    "time_zone_unknown",
    "Unknown time zone",
    "The time zone is not an IANA name.",
    "Send a name like Europe/Paris.",
);

pub const SCHEDULE_TIME_SKIPPED: ProblemCode = ProblemCode::new(
    422,
    "schedule_time_skipped",
    "Time does not exist",
    "Clocks skip this time in the time zone.",
    "Send another time; `errors` names the one that clocks show instead.",
);

pub const SCHEDULE_IN_THE_PAST: ProblemCode = ProblemCode::new(
    422,
    "schedule_in_the_past",
    "Time in the past",
    "The time is in the past.",
    "Send a time in the future.",
);

pub const SCHEDULE_TOO_FAR_AHEAD: ProblemCode = ProblemCode::new(
    422,
    "schedule_too_far_ahead",
    "Time too far ahead",
    "The time is further ahead than posts can be scheduled.",
    "Send an earlier time.",
);

pub const POST_BEING_PUBLISHED: ProblemCode = ProblemCode::new(
    409,
    "post_being_published",
    "Post is being published",
    "The post is being published at this moment.",
    "Wait until publishing ends, then read the post.",
);

pub const POST_ALREADY_PUBLISHED: ProblemCode = ProblemCode::new(
    409,
    "post_already_published",
    "Post already published",
    "The post is published. It cannot be changed here.",
    "Change it on the platform, or create another post.",
);

pub const POST_HELD: ProblemCode = ProblemCode::new(
    409,
    "post_held",
    "Post may have been published",
    "At least one delivery of the post is held: it may have been published.",
    "Check the channel, then follow the remedy of the held deliveries.",
);

pub const POST_NOT_SCHEDULED: ProblemCode = ProblemCode::new(
    409,
    "post_not_scheduled",
    "Post not scheduled",
    "The post is not scheduled.",
    "No action is needed.",
);

pub const DELIVERY_NOT_HELD: ProblemCode = ProblemCode::new(
    409,
    "delivery_not_held",
    "Delivery not held",
    "The delivery is not held: it is known what became of it, or a newer delivery replaced it.",
    "Read the post's deliveries.",
);

pub const POST_MODIFIED_CONCURRENTLY: ProblemCode = ProblemCode::new(
    409,
    "post_modified_concurrently",
    "Post modified by another request",
    "Another request or its publication modified the post at the same time.",
    "Reload the post and try again.",
);

pub const POST_SCHEDULED: ProblemCode = ProblemCode::new(
    409,
    "post_scheduled",
    "Channels of a scheduled post",
    "The channels of a scheduled post cannot be changed by an edit.",
    "Schedule it again for other channels.",
);

pub const POST_PUBLISHED_THERE: ProblemCode = ProblemCode::new(
    409,
    "post_published_there",
    "Post already published on a channel",
    "The post is already published on a selected channel.",
    "Omit that channel.",
);

pub const POST_HAS_TOO_MANY_CHANNELS: ProblemCode = ProblemCode::new(
    422,
    "post_has_too_many_channels",
    "Too many channels",
    "The post exceeds the maximum number of channels, including earlier published or failed ones.",
    "Select fewer channels, or create another post.",
);

pub const TOO_MANY_SCHEDULED_POSTS: ProblemCode = ProblemCode::new(
    409,
    "too_many_scheduled_posts",
    "Too many scheduled posts",
    "The workspace has as many scheduled posts as its plan allows; `usage` shows the limit.",
    "Wait until a post is published, unschedule one, or upgrade the plan.",
)
.showing(Shows::Usage);

pub const TOO_MANY_POSTS_THIS_MONTH: ProblemCode = ProblemCode::new(
    429,
    "too_many_posts_this_month",
    "Too many posts this month",
    "The workspace has scheduled as many posts in this month as its plan allows; `usage` shows the limit.",
    "Wait until `usage.resets_at`, or upgrade the plan.",
)
.showing(Shows::Usage);
