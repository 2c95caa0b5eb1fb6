//! Written by infra/generator. The OpenAPI document of each plane, in JSON.

use shared::http::Plane;

#[rustfmt::skip]
const DOCUMENTS: [(&str, &str); 3] = [
    ("product", include_str!("../../../infra/generated/openapi.json")),
    ("staff", include_str!("../../../infra/generated/openapi-staff.json")),
    ("hooks", include_str!("../../../infra/generated/openapi-hooks.json")),
];

/// The document of a plane.
pub fn document_of(plane: Plane) -> Option<&'static str> {
    DOCUMENTS.iter().find(|(name, _)| *name == plane.name).map(|(_, document)| *document)
}
