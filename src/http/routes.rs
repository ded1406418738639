//! What the API document says of a path: its methods, what each takes, and in which words a wrong value is told.

use poem::http::Method;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaOperation, MetaParamIn, Registry};
use serde_json::Value;

use super::schema;

/// The paths of an API, from the same metadata that the router and the document are made of.
#[derive(Debug)]
pub struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    /// `/teams/{team}` cut at the slashes.
    segments: Vec<String>,
    operations: Vec<Operation>,
}

/// What may be done at a path, by one method.
#[derive(Debug)]
pub struct Operation {
    method: Method,
    /// The media types that its body may have; none when it takes no body.
    pub accepts: Vec<&'static str>,
    parameters: Vec<Parameter>,
}

/// A parameter and what its values are.
#[derive(Debug)]
struct Parameter {
    name: String,
    is_query: bool,
    schema: Value,
}

impl Routes {
    /// The paths of `T`.
    pub fn of<T: OpenApi>() -> Self {
        let mut registry = Registry::new();
        T::register(&mut registry);
        let schemas = serde_json::to_value(&registry.schemas).unwrap_or_default();
        let mut routes: Vec<Route> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            let segments = path.path.split('/').map(ToOwned::to_owned).collect();
            let operations = path.operations.into_iter().map(|operation| Operation::of(operation, &schemas));
            match routes.iter_mut().find(|route| route.segments == segments) {
                Some(route) => route.operations.extend(operations),
                None => routes.push(Route { segments, operations: operations.collect() }),
            }
        }
        // A literal segment wins over a parameter, as in the router.
        routes.sort_by_key(|route| route.parameters().count());
        Self(routes)
    }

    /// The value of `Allow` for a path, or `None` when there is no such path.
    pub fn allow(&self, path: &str) -> Option<String> {
        let route = self.find(path)?;
        let mut names: Vec<&str> = route.operations.iter().map(|operation| operation.method.as_str()).collect();
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        Some(names.join(", "))
    }

    /// The operation that a request is for.
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.find(path)?.operations.iter().find(|operation| operation.method == method)
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

impl Operation {
    fn of(operation: MetaOperation, schemas: &Value) -> Self {
        let content = operation.request.into_iter().flat_map(|request| request.content);
        let parameters = operation.params.into_iter().map(|parameter| Parameter {
            is_query: parameter.in_type == MetaParamIn::Query,
            schema: whole(serde_json::to_value(&parameter.schema).unwrap_or_default(), schemas),
            name: parameter.name,
        });
        Self {
            method: operation.method,
            accepts: content.map(|kind| kind.content_type).collect(),
            parameters: parameters.collect(),
        }
    }

    /// Whether a parameter of this name may stand behind the `?` of the path.
    pub fn takes(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.is_query && parameter.name == name)
    }

    /// What the value of a parameter must be; `broken` is the bound that it does not keep, as the framework names it.
    pub fn wants(&self, name: &str, broken: Option<&str>) -> Option<String> {
        let parameter = self.parameters.iter().find(|parameter| parameter.name == name)?;
        schema::wanted(&parameter.schema, broken)
    }
}

/// A schema with what it refers to in its place.
fn whole(mut schema: Value, schemas: &Value) -> Value {
    if let Some(first) = schema.pointer_mut("/allOf/0").map(Value::take) {
        schema = first;
    }
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    name.and_then(|name| schemas.get(name)).cloned().unwrap_or(schema)
}
