//! `/docs`: Swagger UI from the framework's embedded files, and the document it shows.

use poem_openapi::OpenApiService;
use serde_json::Value;

use super::headers::{DATA_POLICY, DOCS_POLICY};
use super::pages::{Page, Pages};
use super::yaml;
use crate::domain::Error;

const HTML: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Milton API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui.js" defer></script>
<script src="/docs/start.js" defer></script>
</head>
<body><div id="ui"></div></body>
</html>
"#;

/// Without `validatorUrl` Swagger UI would show the document to a foreign host.
const START: &str = r##"SwaggerUIBundle({
  dom_id: "#ui",
  url: "/openapi.json",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
"##;

/// Adds `/docs`, `/openapi.json` and `/openapi.yaml` to the pages.
///
/// The framework offers Swagger UI as one inline page, which a strict content security policy leaves blank. So its
/// script and its style are cut out at start and served as files of their own: nothing is inline.
///
/// # Errors
/// `Internal` when the framework's page has not the expected form.
pub fn add(pages: &mut Pages, document: &Value) -> Result<(), Error> {
    let bundle = OpenApiService::new((), "", "").swagger_ui_html();
    let style = between(&bundle, "<style charset=\"UTF-8\">", "</style>")?;
    let script = between(&bundle, "<script charset=\"UTF-8\">", "</script>")?;
    let page = |body: &str, kind| Page::new(body.to_owned(), kind, DOCS_POLICY);
    pages.add("/docs", page(HTML, "text/html; charset=utf-8"));
    pages.add("/docs/start.js", page(START, "text/javascript; charset=utf-8"));
    pages.add("/docs/swagger-ui.js", page(script, "text/javascript; charset=utf-8"));
    pages.add("/docs/swagger-ui.css", page(style, "text/css; charset=utf-8"));
    pages.add("/openapi.json", Page::new(format!("{document:#}\n"), "application/json", DATA_POLICY));
    pages.add("/openapi.yaml", Page::new(yaml::write(document), "application/yaml", DATA_POLICY));
    Ok(())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Result<&'a str, Error> {
    let inner = text.split_once(start).and_then(|(_, rest)| rest.split_once(end)).map(|(inner, _)| inner);
    inner.filter(|inner| !inner.is_empty()).ok_or_else(|| Error::internal("Swagger UI's page has another form"))
}
