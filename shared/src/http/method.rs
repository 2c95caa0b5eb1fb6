//! HTTP methods.

/// The HTTP method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// Every preflight request, whatever its path.
    Options,
    /// Every request without another route. Its input has two fields: the requested `method` and `path`.
    Any,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Any => "ANY",
        }
    }

    /// The methods that a route with this one answers: HEAD like GET, without the body (RFC 9110, section 9.3.2).
    pub const fn answered(self) -> &'static [&'static str] {
        match self {
            Self::Get => &["GET", "HEAD"],
            Self::Post => &["POST"],
            Self::Put => &["PUT"],
            Self::Patch => &["PATCH"],
            Self::Delete => &["DELETE"],
            Self::Options => &["OPTIONS"],
            Self::Any => &["ANY"],
        }
    }

    /// Whether its route serves any path: the routes for preflights and unknown paths, which are not operations of the API.
    pub const fn serves_any_path(self) -> bool {
        matches!(self, Self::Options | Self::Any)
    }

    /// Whether its input comes from a body.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}
