//! Planes: the APIs of one deployment. Each has a separate address, throttle, access log, list of origins and OpenAPI document.

/// One API. API Gateway allows 300 routes and 300 integrations per HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// `staff`: the prefix of the settings, parameters and resources of every plane but the product.
    pub name: &'static str,
    /// The callers, for documents.
    pub callers: &'static str,
    /// Whether scripts of other origins may call it; a parameter then lists the origins.
    pub has_origins: bool,
    /// Whether it can be closed to all but certain networks; a parameter then lists them.
    pub has_networks: bool,
    /// The gateway's limit of requests per second, over all clients.
    pub rate: u32,
    /// The gateway's burst limit.
    pub burst: u32,
}

impl Plane {
    /// Users and their programs.
    pub const PRODUCT: Self = Self {
        name: "product",
        callers: "the web application and API clients",
        has_origins: true,
        has_networks: false,
        rate: 2000,
        burst: 1000,
    };
    /// The operator's staff.
    pub const STAFF: Self = Self {
        name: "staff",
        callers: "the staff console",
        has_origins: true,
        has_networks: true,
        rate: 100,
        burst: 200,
    };
    /// Other services: webhooks, OAuth callbacks, SCIM.
    pub const HOOKS: Self = Self {
        name: "hooks",
        callers: "other services and their redirects",
        has_origins: false,
        has_networks: false,
        rate: 1000,
        burst: 500,
    };

    /// Every plane. A new entry becomes a complete API, with the routes that are declared on all planes.
    pub const ALL: &'static [Self] = &[Self::PRODUCT, Self::STAFF, Self::HOOKS];

    /// The environment variable of a setting: `BASE_URL`, `STAFF_BASE_URL`.
    pub fn variable(&self, setting: &str) -> String {
        if *self == Self::PRODUCT {
            setting.to_owned()
        } else {
            format!("{}_{setting}", self.name.to_ascii_uppercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn plane_names_are_unique_and_lower_case() {
        let names: BTreeSet<&str> = Plane::ALL.iter().map(|plane| plane.name).collect();
        assert_eq!(names.len(), Plane::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|letter| letter.is_ascii_lowercase())), "{names:?}");
    }

    #[test]
    fn settings_of_the_product_have_no_prefix() {
        assert_eq!(Plane::PRODUCT.variable("BASE_URL"), "BASE_URL");
        assert_eq!(Plane::STAFF.variable("BASE_URL"), "STAFF_BASE_URL");
    }
}
