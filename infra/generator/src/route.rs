//! A route: the integration, route and permission that connect the API to a function's alias.

use serde_json::json;
use shared::http::{Plane, Route};

use crate::function::{Resources, alias};
use crate::names::pascal;
use crate::planes::named;

/// The gateway's own limit is 30 s; a function's timeout is below it, so that the function answers first.
const INTEGRATION_TIMEOUT_MS: u32 = 29_500;

/// Adds an integration on each plane, and a route and a permission for each method.
pub fn add(resources: &mut Resources, route: &Route, planes: &[Plane]) {
    for plane in planes {
        add_plane(resources, route, *plane);
    }
}

fn add_plane(resources: &mut Resources, route: &Route, plane: Plane) {
    let suffix = if plane == Plane::PRODUCT { String::new() } else { format!("On{}", pascal(plane.name)) };
    let stem = format!("{}{suffix}", pascal(route.name));
    resources.insert(
        format!("{stem}Integration"),
        json!({
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": { "Ref": named(plane, "ApiId") },
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": alias(route.name),
                "PayloadFormatVersion": "2.0",
                "TimeoutInMillis": INTEGRATION_TIMEOUT_MS,
            },
        }),
    );
    for method in route.method.answered() {
        let infix = if *method == "HEAD" { "Head" } else { "" };
        add_method(resources, (route, plane), &stem, infix, method);
    }
}

fn add_method(resources: &mut Resources, (route, plane): (&Route, Plane), stem: &str, infix: &str, method: &str) {
    let path = route.path;
    resources.insert(
        format!("{stem}{infix}Route"),
        json!({
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": { "Ref": named(plane, "ApiId") },
                "RouteKey": route_key(method, path),
                // The function verifies tokens itself, offline, and then reads the membership.
                "AuthorizationType": "NONE",
                "Target": { "Fn::Sub": format!("integrations/${{{stem}Integration}}") },
            },
        }),
    );
    let source = format!(
        "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}}}/*/{}",
        named(plane, "ApiId"),
        source_path(method, path)
    );
    resources.insert(
        format!("{stem}{infix}Permission"),
        json!({
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": alias(route.name),
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": { "Fn::Sub": source },
            },
        }),
    );
}

/// The gateway's key of a route: `$default` matches every request without a route.
pub fn route_key(method: &str, path: &str) -> String {
    if path == "$default" { path.to_owned() } else { format!("{method} {path}") }
}

/// The route in a permission's source ARN, where parameters are wildcards.
fn source_path(method: &str, path: &str) -> String {
    if path == "$default" {
        return path.to_owned();
    }
    let method = if method == "ANY" { "*" } else { method };
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
    format!("{method}{}", segments.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_wildcards_only_in_the_permission() {
        assert_eq!(source_path("PUT", "/workspaces/{workspace_id}/posts/{post_id}"), "PUT/workspaces/*/posts/*");
        assert_eq!(route_key("GET", "/workspaces/{workspace_id}"), "GET /workspaces/{workspace_id}");
        assert_eq!(source_path("OPTIONS", "/{proxy+}"), "OPTIONS/*");
        assert_eq!(source_path("ANY", "$default"), "$default");
    }
}
