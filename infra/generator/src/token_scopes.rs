//! The scopes of tokens, from the routes that accept tokens.

use std::collections::BTreeSet;

use domains::routes;
use shared::function::Level;

/// Who a token belongs to.
#[derive(Clone, Copy)]
pub enum Belongs {
    ToUser,
    /// It is refused by routes outside of a workspace.
    ToWorkspace,
}

/// The generated Rust list for the domain of such tokens.
pub fn list(belongs: Belongs) -> String {
    let scopes = scopes(belongs);
    let lines: String = scopes.iter().map(|scope| format!("    \"{scope}\",\n")).collect();
    let name = match belongs {
        Belongs::ToUser => "personal access",
        Belongs::ToWorkspace => "workspace",
    };
    format!(
        "//! Written by infra/generator. The scopes of {name} tokens, from the routes that accept tokens.\n\n\
         #[rustfmt::skip]\npub const SCOPES: [&str; {}] = [\n{lines}];\n",
        scopes.len()
    )
}

fn scopes(belongs: Belongs) -> BTreeSet<String> {
    let accepting = routes().filter(|(_, _, declared)| match belongs {
        Belongs::ToUser => true,
        Belongs::ToWorkspace => matches!(declared.level, Level::Workspace(_)),
    });
    accepting.filter_map(|(_, _, declared)| declared.token).map(|scope| scope.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_a_noun_and_a_verb() {
        assert!(!scopes(Belongs::ToUser).is_empty());
        for scope in scopes(Belongs::ToUser) {
            let (noun, verb) = scope.split_once(':').unwrap_or_default();
            assert!(!noun.is_empty() && noun.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{scope}");
            assert!(["read", "write"].contains(&verb), "{scope}");
        }
    }

    /// What a user alone may do, and what no program may change.
    #[test]
    fn a_workspace_token_has_no_scope_of_people() {
        let (own, all) = (scopes(Belongs::ToWorkspace), scopes(Belongs::ToUser));
        assert!(own.is_subset(&all) && own.contains("posts:write"));
        for noun in ["me:", "members:write", "security:", "tokens:", "invitations:", "ownership:", "billing:"] {
            assert!(!own.iter().any(|scope| scope.starts_with(noun)), "{noun}");
        }
    }
}
