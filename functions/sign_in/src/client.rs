//! The client of a sign-in: its IP address and its User-Agent.

use serde::{Deserialize, Serialize};
use shared::identity::Accounts;
use utoipa::ToSchema;

/// Where a sign-in came from. Browser and operating system are derived from the User-Agent header, which the client can
/// forge; they are for display only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ClientDevice)]
pub struct Client {
    /// The IP address.
    pub ip: String,
    /// The User-Agent header, truncated to 300 characters.
    pub user_agent: String,
    /// The browser's name, such as `Firefox`, or `unknown`.
    pub browser: String,
    /// The operating system's name, such as `macOS`, or `unknown`.
    pub system: String,
}

const UNKNOWN: &str = "unknown";

/// Product tokens and their names, the most specific first: most browsers also send the tokens of others (RFC 9110,
/// section 10.1.5 allows any token).
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

fn named(user_agent: &str, names: &[(&str, &str)]) -> String {
    let found = names.iter().find(|(token, _)| user_agent.contains(token));
    found.map_or(UNKNOWN, |(_, name)| name).to_owned()
}

impl Client {
    /// The client of the current request.
    pub fn of(accounts: &Accounts) -> Self {
        let origin = accounts.origin();
        Self::parse(origin.ip.as_deref().unwrap_or(UNKNOWN), origin.user_agent.as_deref().unwrap_or_default())
    }

    fn parse(ip: &str, user_agent: &str) -> Self {
        Self {
            ip: ip.to_owned(),
            user_agent: user_agent.to_owned(),
            browser: named(user_agent, &BROWSERS),
            system: named(user_agent, &SYSTEMS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_and_system_are_parsed_from_the_user_agent() {
        for (user_agent, browser, system) in [
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0",
                "Firefox",
                "macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari",
                "iOS",
            ),
            ("", "unknown", "unknown"),
            ("\u{0}\u{7f} nonsense ((((", "unknown", "unknown"),
        ] {
            let client = Client::parse("192.0.2.1", user_agent);
            assert_eq!((client.browser.as_str(), client.system.as_str()), (browser, system), "{user_agent}");
        }
    }
}
