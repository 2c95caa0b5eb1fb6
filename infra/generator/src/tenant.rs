//! The tenant-access role of a domain, which its functions assume for one workspace at a time.

use serde_json::{Value, json};

use crate::function::policy;
use crate::names::physical;
use crate::policy::{allow_if, role_arn};

pub const LOGICAL_ID: &str = "TenantRole";

/// The role. Its trust policy requires a workspace as the session's tag, and each statement is bound to that tag; the
/// session policy that a function passes narrows it further, to literal keys.
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
                    // A role that is named as a principal must exist first, and would lose its trust when it is
                    // recreated.
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

/// The statement that lets a function's own role assume it.
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

/// Whether a statement is also bound to a user, as the creation of a workspace is.
fn founds(statements: &[Value]) -> bool {
    statements.iter().any(|statement| statement.to_string().contains("aws:PrincipalTag/user"))
}
