//! The methods of each path on each plane, generated from the routes' declarations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use shared::http::Plane;
use shared::kernel::problems::Problem;

/// Planes to paths to methods.
type Paths = BTreeMap<String, BTreeMap<String, Vec<String>>>;

static PATHS: LazyLock<Result<Paths, String>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../infra/generated/routes.json")).map_err(|error| error.to_string())
});

/// The methods of a path on a plane in order, including OPTIONS; none if the path is unknown.
pub fn methods_of(plane: Plane, path: &str) -> Result<Vec<String>, Problem> {
    let paths = PATHS.as_ref().map_err(|fault| Problem::internal(fault.clone()))?;
    let mut methods: BTreeSet<&str> = paths
        .get(plane.name)
        .into_iter()
        .flatten()
        .filter(|(known, _)| matches(known, path))
        .flat_map(|(_, methods)| methods)
        .map(String::as_str)
        .collect();
    if !methods.is_empty() {
        methods.insert("OPTIONS");
    }
    Ok(methods.into_iter().map(str::to_owned).collect())
}

/// Whether a path matches a template, whose parameters match any one segment.
fn matches(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let all = template.split('/').all(|expected| {
        let segment = segments.next();
        segment.is_some_and(|segment| segment == expected || (expected.starts_with('{') && !segment.is_empty()))
    });
    all && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_matches_one_nonempty_segment() {
        assert!(matches("/a/{id}/b", "/a/1/b"));
        for other in ["/a//b", "/a/1/2/b", "/a/1/b/", "/a/1", "/a/1/c", "a/1/b", "/A/1/b", ""] {
            assert!(!matches("/a/{id}/b", other), "{other}");
        }
    }

    #[test]
    fn a_path_that_matches_two_templates_has_the_methods_of_both() {
        let methods = methods_of(Plane::PRODUCT, "/me/passkeys/options").unwrap_or_default();
        assert_eq!(methods, ["DELETE", "OPTIONS", "PATCH", "POST"]);
        for plane in Plane::ALL {
            assert_eq!(methods_of(*plane, "/health").unwrap_or_default(), ["GET", "HEAD", "OPTIONS"], "{}", plane.name);
            assert_eq!(methods_of(*plane, "/nothing").unwrap_or_default(), [""; 0], "{}", plane.name);
        }
        assert_eq!(methods_of(Plane::STAFF, "/me").unwrap_or_default(), [""; 0], "a route of the product");
    }
}
