//! The tenant-access role of a domain: what its functions assume, one workspace at a time.

use serde_json::{Value, json};

use crate::function::policy;
use crate::names::physical;
use crate::policy::{allow_if, role_arn};

pub const LOGICAL_ID: &str = "TenantRole";

/// The role. Its trust asks for a workspace as the session's tag, and each statement is bound to that tag;
/// the session policy that a function passes narrows it further, to literal keys.
pub fn role(domain: &str, functions: &[&str], statements: Vec<Value>) -> Value {
    let members: Vec<Value> = functions.iter().map(|function| role_arn(function)).collect();
    let tags: &[&str] = if founds(&statements) { &["workspace", "user"] } else { &["workspace"] };
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": { "Fn::Sub": physical(&role_name(domain)) },
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    // A role named here directly would have to exist first, and would lose its trust when it is made anew.
                    "Principal": { "AWS": { "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" } },
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {
                        "ArnEquals": { "aws:PrincipalArn": members },
                        "StringLike": { "aws:RequestTag/workspace": "ws_*" },
                        "ForAllValues:StringEquals": { "aws:TagKeys": tags },
                    },
                }],
            },
            "Policies": [policy("one-workspace", statements)],
        },
    })
}

/// What a function's own role needs to assume it.
pub fn assuming(domain: &str) -> Value {
    allow_if(
        &["sts:AssumeRole", "sts:TagSession"],
        role_arn(&role_name(domain)),
        json!({ "StringLike": { "aws:RequestTag/workspace": "ws_*" } }),
    )
}

pub fn role_name(domain: &str) -> String {
    format!("{}-tenant", domain.replace('_', "-"))
}

/// Whether a statement is bound to a user too, as the founding of a workspace is.
fn founds(statements: &[Value]) -> bool {
    statements.iter().any(|statement| statement.to_string().contains("aws:PrincipalTag/user"))
}
