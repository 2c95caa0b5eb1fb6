//! What a person finds out about a held delivery.

use channels::publishing::Published;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use url::Url;

use super::{Confirmation, Delivery, State, WrongState};

/// The longest address of a post, in bytes.
const LONGEST_URL: usize = 2_048;

/// What a person saw on the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The post, at this address.
    Published {
        url: String,
    },
    NotPublished,
}

impl Resolution {
    pub fn new(is_published: bool, url: Option<String>) -> Result<Self, Problem> {
        match (is_published, url) {
            (true, Some(url)) if is_web(&url) => Ok(Self::Published { url }),
            (true, _) => Err(Problem::invalid("url", "must be the https address of the published post")),
            (false, None) => Ok(Self::NotPublished),
            (false, Some(_)) => Err(Problem::invalid("url", "must be left out for a post that is not published")),
        }
    }
}

fn is_web(url: &str) -> bool {
    url.len() <= LONGEST_URL && Url::parse(url).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
}

impl Delivery {
    /// Ends a held delivery by what a person saw. One that was replaced stays as it is: a newer delivery has its channel.
    pub fn resolve(&mut self, resolution: Resolution, now: Timestamp) -> Result<(), WrongState> {
        if !matches!(self.state, State::Held { .. }) || self.is_replaced() {
            return Err(self.wrong("resolved"));
        }
        self.state = match resolution {
            // Its address is all that is known of it.
            Resolution::Published { url } => {
                let published = Published { id: url.clone(), receipt: serde_json::Value::Null, url };
                State::Published { at: now, published, by: Confirmation::Person }
            }
            Resolution::NotPublished => State::Failed { at: now },
        };
        match self.state {
            State::Published { .. } => self.last_error = None,
            _ => self.first_sent_at = None,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::delivery::tests::{due, error, scheduled};

    fn held() -> Delivery {
        let mut delivery = scheduled();
        delivery.hold(error(due())).unwrap();
        delivery
    }

    #[test]
    fn a_held_delivery_ends_by_what_a_person_saw() {
        let url = "https://bsky.app/profile/a/post/3k".to_owned();
        let mut delivery = held();
        delivery.resolve(Resolution::Published { url: url.clone() }, due()).unwrap();
        let published = Published { id: url.clone(), receipt: serde_json::Value::Null, url };
        assert_eq!(delivery.state, State::Published { at: due(), published, by: Confirmation::Person });
        assert_eq!(delivery.remedy(), None);
        let mut delivery = held();
        delivery.resolve(Resolution::NotPublished, due()).unwrap();
        assert_eq!((delivery.state.name(), delivery.remedy()), ("failed", Some("Schedule the post again.")));
    }

    #[test]
    fn a_replaced_delivery_is_not_resolved() {
        let mut delivery = held();
        delivery.replace(due()).unwrap();
        assert!(delivery.resolve(Resolution::NotPublished, due()).is_err());
    }

    #[test]
    fn an_address_is_needed_for_a_published_post_and_for_no_other() {
        let new = |is_published, url: Option<&str>| Resolution::new(is_published, url.map(str::to_owned)).is_ok();
        assert!(new(true, Some("https://x.com/a/status/1")) && new(false, None));
        for (is_published, url) in
            [(true, None), (true, Some("http://x.com/1")), (true, Some("x")), (false, Some("https://x.com/1"))]
        {
            assert!(!new(is_published, url), "{is_published} {url:?}");
        }
        assert!(!new(true, Some(&format!("https://x.com/{}", "1".repeat(LONGEST_URL)))));
    }
}
