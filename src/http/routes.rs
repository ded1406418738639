//! What the API document says about a path: its methods and the names of its parameters.

use poem::http::Method;
use poem_openapi::OpenApi;

/// The paths of an API, from the same metadata that the router and the document are made of.
#[derive(Debug)]
pub struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    /// `/teams/{team}` cut at the slashes.
    segments: Vec<String>,
    methods: Vec<Method>,
}

impl Routes {
    /// The paths of `T`.
    pub fn of<T: OpenApi>() -> Self {
        let mut routes: Vec<Route> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            let segments = path.path.split('/').map(ToOwned::to_owned).collect();
            let methods = path.operations.into_iter().map(|operation| operation.method);
            match routes.iter_mut().find(|route| route.segments == segments) {
                Some(route) => route.methods.extend(methods),
                None => routes.push(Route { segments, methods: methods.collect() }),
            }
        }
        // A literal segment wins over a parameter, as in the router.
        routes.sort_by_key(|route| route.parameters().count());
        Self(routes)
    }

    /// The value of `Allow` for a path, or `None` when there is no such path.
    pub fn allow(&self, path: &str) -> Option<String> {
        let route = self.find(path)?;
        let mut names: Vec<&str> = route.methods.iter().map(Method::as_str).collect();
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        Some(names.join(", "))
    }

    /// The name of the `nth` parameter of a path: the framework knows it by its number alone.
    pub fn parameter(&self, path: &str, nth: usize) -> Option<&str> {
        self.find(path)?.parameters().nth(nth)
    }

    fn find(&self, path: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.matches(path))
    }
}

impl Route {
    fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    fn matches(&self, path: &str) -> bool {
        let mut parts = path.split('/');
        let fits = |segment: &String| {
            parts.next().is_some_and(|part| part == segment || (segment.starts_with('{') && !part.is_empty()))
        };
        self.segments.iter().all(fits) && parts.next().is_none()
    }
}
