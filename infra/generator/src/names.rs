//! Names: derives the names of a function's resources from its one name.

/// `create-post` as `CreatePost`, the stem of its resources' logical ids.
pub fn pascal(kebab: &str) -> String {
    kebab.split(['-', '_']).map(capitalised).collect()
}

/// `create-post` as `create_post`, the stem of its file.
pub fn snake(kebab: &str) -> String {
    kebab.replace('-', "_")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

/// The logical id of a function itself.
pub fn function_id(function: &str) -> String {
    format!("{}Function", pascal(function))
}

/// The logical id that SAM gives to the alias `live` of a function.
pub fn alias_id(function: &str) -> String {
    format!("{}Aliaslive", function_id(function))
}

/// The prefix of every name of a deployment: the parameter `Name`.
pub fn physical(name: &str) -> String {
    format!("${{Name}}-{name}")
}

/// The longest value of the parameter `Name` in `template.yaml`.
pub const LONGEST_PREFIX: &str = "abcdefghijkl";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_derive_from_one() {
        assert_eq!(pascal("create-post"), "CreatePost");
        assert_eq!(pascal("audit_log"), "AuditLog");
        assert_eq!(snake("create-post"), "create_post");
        assert_eq!(alias_id("get-me"), "GetMeFunctionAliaslive");
    }
}
