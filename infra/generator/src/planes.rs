//! The planes: an HTTP API for each, with its stage, access log and alarms, and their names in the other templates.

use std::path::Path;

use serde_json::{Map, Value, json};
use shared::http::Plane;

use crate::names::{pascal, physical};
use crate::{alarm, yaml};

/// The format of the access log. It logs the route's template but no path, query string, header or address: nothing secret
/// or personal.
const LOGGED: &str = r#"{"request_id":"$context.requestId","route":"$context.routeKey","status":"$context.status","duration_ms":"$context.responseLatency","integration_ms":"$context.integrationLatency","size_bytes":"$context.responseLength","error":"$context.error.messageString","integration_error":"$context.integrationErrorMessage"}"#;

/// The parameters that the planes have in common.
const COMMON: &[&str] = &["AlarmTopic", "DataKey", "LogRetentionDays", "Name"];

/// The name of a plane's parameter or resource: `BaseUrl` for the product, `StaffBaseUrl` for the staff.
pub fn named(plane: Plane, what: &str) -> String {
    if plane == Plane::PRODUCT { what.to_owned() } else { format!("{}{what}", pascal(plane.name)) }
}

/// The parameters of a plane that an operator sets: its address, and its allowed origins and networks.
pub fn given(plane: Plane) -> Vec<String> {
    let origins = plane.has_origins.then(|| named(plane, "AllowedOrigins"));
    let networks = plane.has_networks.then(|| named(plane, "Networks"));
    [named(plane, "BaseUrl")].into_iter().chain(origins).chain(networks).collect()
}

/// The environment variables about planes that every function gets.
pub fn environment() -> impl Iterator<Item = (String, Value)> {
    let settings = |plane: &Plane| {
        let variable =
            |setting: &str, parameter: &str| (plane.variable(setting), json!({ "Ref": named(*plane, parameter) }));
        let origins = plane.has_origins.then(|| variable("ALLOWED_ORIGINS", "AllowedOrigins"));
        let networks = plane.has_networks.then(|| variable("NETWORKS", "Networks"));
        [variable("API_ID", "ApiId"), variable("BASE_URL", "BaseUrl")].into_iter().chain(origins).chain(networks)
    };
    Plane::ALL.iter().flat_map(settings)
}

/// The template of all planes.
pub fn template() -> String {
    let mut parameters: Vec<String> = COMMON.iter().map(|name| (*name).to_owned()).collect();
    let (mut conditions, mut resources, mut outputs) = (Map::new(), Map::new(), Map::new());
    for plane in Plane::ALL {
        let (api, url) = (named(*plane, "Api"), named(*plane, "BaseUrl"));
        let condition = format!("Has{url}");
        conditions.insert(condition.clone(), json!({ "Fn::Not": [{ "Fn::Equals": [{ "Ref": url }, ""] }] }));
        let own = json!({ "Fn::Sub": format!("https://${{{api}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}") });
        outputs.insert(named(*plane, "ApiId"), json!({ "Value": { "Ref": api } }));
        outputs.insert(url.clone(), json!({ "Value": { "Fn::If": [condition, { "Ref": url }, own] } }));
        parameters.push(url);
        add(&mut resources, *plane, &api);
    }
    let parameters: Map<String, Value> =
        parameters.into_iter().map(|name| (name, json!({ "Type": "String" }))).collect();
    let value = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Bulkhead: an HTTP API per plane",
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": resources,
        "Outputs": outputs,
    });
    let comment = "Written by infra/generator from shared::kernel::plane. Do not edit.\n\n\
                   No CorsConfiguration: the gateway would discard the headers that the functions answer with.";
    yaml::document(comment, &value)
}

fn add(resources: &mut Map<String, Value>, plane: Plane, api: &str) {
    let name = format!("{}-api", plane.name);
    let log = named(plane, "AccessLog");
    let physical = json!({ "Fn::Sub": physical(&name) });
    resources.insert(
        api.to_owned(),
        json!({ "Type": "AWS::ApiGatewayV2::Api", "Properties": { "Name": physical, "ProtocolType": "HTTP" } }),
    );
    resources.insert(
        named(plane, "ApiStage"),
        json!({
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {
                "ApiId": { "Ref": api },
                "StageName": "$default",
                "AutoDeploy": true,
                "DefaultRouteSettings": {
                    "DetailedMetricsEnabled": true,
                    "ThrottlingBurstLimit": plane.burst,
                    "ThrottlingRateLimit": plane.rate,
                },
                "AccessLogSettings": { "DestinationArn": { "Fn::GetAtt": [log, "Arn"] }, "Format": LOGGED },
            },
        }),
    );
    resources.insert(
        log,
        json!({
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": { "Fn::Sub": format!("/aws/apigateway/${{Name}}-{name}") },
                "RetentionInDays": { "Ref": "LogRetentionDays" },
                "KmsKeyId": { "Ref": "DataKey" },
            },
        }),
    );
    resources.insert(named(plane, "ApiErrors"), alarm::api_errors(&name, api));
    resources.insert(named(plane, "ApiLatency"), alarm::api_latency(&name, api));
}

/// The nested stack of the planes in `domains.yaml`.
pub fn parameters() -> Value {
    let urls = Plane::ALL.iter().map(|plane| named(*plane, "BaseUrl"));
    let passed = COMMON.iter().map(|name| (*name).to_owned()).chain(urls);
    passed.map(|name| (name.clone(), json!({ "Ref": name }))).collect()
}

/// The outputs of the nested stack, with their values in `domains.yaml`.
pub fn outputs() -> impl Iterator<Item = (String, Value)> {
    let of = |plane: &Plane| [named(*plane, "ApiId"), named(*plane, "BaseUrl")];
    let value = |name: String| (name.clone(), json!({ "Fn::GetAtt": ["Planes", format!("Outputs.{name}")] }));
    Plane::ALL.iter().flat_map(of).map(value)
}

/// The planes for programs: their names, and the names of their API and parameters in the templates.
pub fn list() -> Value {
    let one = |plane: &Plane| {
        json!({
            "name": plane.name,
            "api": named(*plane, "Api"),
            "base_url": named(*plane, "BaseUrl"),
            "allowed_origins": plane.has_origins.then(|| named(*plane, "AllowedOrigins")),
            "variable": plane.variable("BASE_URL"),
        })
    };
    Plane::ALL.iter().map(one).collect()
}

/// The document of a plane, from the root.
pub fn document(plane: Plane) -> String {
    let infix = if plane == Plane::PRODUCT { String::new() } else { format!("-{}", plane.name) };
    format!("infra/generated/openapi{infix}.json")
}

/// The Rust list of the documents that `operations` serves.
pub fn documents() -> String {
    let line = |plane: &Plane| format!("    (\"{}\", include_str!(\"../../../{}\")),\n", plane.name, document(*plane));
    let lines: String = Plane::ALL.iter().map(line).collect();
    format!(
        "//! Written by infra/generator. The OpenAPI document of each plane, in JSON.\n\n\
         use shared::http::Plane;\n\n\
         #[rustfmt::skip]\nconst DOCUMENTS: [(&str, &str); {}] = [\n{lines}];\n\n\
         /// The document of a plane.\n\
         pub fn document_of(plane: Plane) -> Option<&'static str> {{\n    \
         DOCUMENTS.iter().find(|(name, _)| *name == plane.name).map(|(_, document)| *document)\n}}\n",
        Plane::ALL.len()
    )
}

/// The parameters of planes that `template.yaml`, which is written by hand, lacks.
pub fn faults(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join("template.yaml")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let mut faults = Vec::new();
    for plane in Plane::ALL {
        for name in given(*plane) {
            if !lines.contains(&format!("  {name}:").as_str()) {
                faults.push(format!("template.yaml: lacks the parameter {name} of the plane {}", plane.name));
            }
            if !lines.contains(&format!("        {name}: !Ref {name}").as_str()) {
                faults.push(format!("template.yaml: does not pass {name} of the plane {} to Domains", plane.name));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_parameters_of_planes_have_distinct_names() {
        let all: Vec<String> = Plane::ALL.iter().flat_map(|plane| given(*plane)).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
        assert!(all.contains(&"BaseUrl".to_owned()) && all.contains(&"StaffAllowedOrigins".to_owned()), "{all:?}");
        assert!(all.contains(&"StaffNetworks".to_owned()) && !all.contains(&"Networks".to_owned()), "{all:?}");
        assert!(!all.contains(&"HooksAllowedOrigins".to_owned()), "the hooks have no origins");
    }

    #[test]
    fn a_plane_that_the_root_template_lacks_is_a_fault_with_the_parameter() {
        let root = std::env::temp_dir().join(format!("generator-planes-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap_or_default();
        let faults = faults(&root);
        assert!(faults.contains(&"template.yaml: lacks the parameter StaffBaseUrl of the plane staff".to_owned()));
        assert!(faults.iter().any(|fault| fault.contains("does not pass HooksBaseUrl")), "{faults:?}");
        std::fs::remove_dir_all(root).unwrap_or_default();
    }
}
