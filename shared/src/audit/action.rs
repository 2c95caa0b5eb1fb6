//! Audit actions: the action of each audit entry.

/// An action on a resource of a workspace: a noun and a past participle, `post.updated`. A domain declares its own in
/// `audit_actions.rs`. Each name is unique in the product and never changes, because logs keep it for years.
#[derive(Debug)]
pub struct AuditAction(&'static str);

impl AuditAction {
    pub const fn named(name: &'static str) -> Self {
        assert!(is_noun_and_participle(name), "an action is a noun and a past participle: `post.updated`");
        Self(name)
    }

    pub const fn name(&self) -> &'static str {
        self.0
    }
}

const fn is_noun_and_participle(name: &str) -> bool {
    let bytes = name.as_bytes();
    let (mut at, mut dots) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'.' if at > 0 && at + 1 < bytes.len() => dots += 1,
            b'a'..=b'z' | b'_' => {}
            _ => return false,
        }
        at += 1;
    }
    dots == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_is_not_a_noun_and_a_participle_is_refused() {
        for sound in ["post.updated", "channel.reauthorisation_needed"] {
            assert!(is_noun_and_participle(sound), "{sound}");
        }
        for unsound in ["", "post", ".updated", "post.", "post.updated.twice", "Post.updated", "post updated"] {
            assert!(!is_noun_and_participle(unsound), "{unsound}");
        }
    }
}
