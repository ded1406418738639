//! A browser sent on, with the cookies of where it has been: more than one, which the framework's answers cannot carry.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaHeader, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use crate::domain::Error;

/// 303 to another address.
#[derive(Debug)]
pub struct Redirect {
    location: HeaderValue,
    cookies: Vec<HeaderValue>,
}

impl Redirect {
    /// # Errors
    /// `Internal` when an address or a cookie is none that a header can hold.
    pub fn to(location: &str, cookies: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let value = |text: &str| HeaderValue::from_str(text).map_err(Error::internal);
        let cookies = cookies.into_iter().map(|cookie| value(&cookie)).collect::<Result<_, _>>()?;
        Ok(Self { location: value(location)?, cookies })
    }
}

impl IntoResponse for Redirect {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.headers_mut().insert(header::LOCATION, self.location);
        for cookie in self.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

impl ApiResponse for Redirect {
    fn meta() -> MetaResponses {
        let header = |name: &str, about: &str, required| MetaHeader {
            name: name.to_owned(),
            description: Some(about.to_owned()),
            required,
            deprecated: false,
            schema: String::schema_ref(),
        };
        let headers = vec![
            header("Location", "Where to.", true),
            header("Set-Cookie", "The session's cookie, and the one that binds a trip to this browser.", false),
        ];
        MetaResponses {
            responses: vec![MetaResponse {
                description: "To the provider, or back to where the trip began.",
                status: Some(303),
                status_range: None,
                content: Vec::new(),
                headers,
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
