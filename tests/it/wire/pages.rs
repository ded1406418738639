//! The pages: nothing inline, nothing foreign, and a document that says what the validator does.

use milton::http::catalog::STATUSES;
use serde_json::{Value, json};

use super::harness::{Answer, Wire, header, request};

async fn document(wire: &Wire) -> Value {
    serde_json::from_slice(wire.get("/openapi.json").await.body()).unwrap()
}

fn text(answer: &Answer) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

#[tokio::test]
async fn swagger_ui_works_under_a_strict_policy() {
    let wire = Wire::start().await;
    let page = wire.get("/docs").await;
    let policy = header(&page, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let html = text(&page);
    assert!(!html.contains("<style") && !html.contains("<script>") && !html.contains("style="), "nothing is inline");
    assert!(!html.contains("//"), "nothing is foreign");
    for quoted in html.split('"').filter(|quoted| quoted.starts_with("/docs/")) {
        let file = wire.get(quoted).await;
        assert_eq!(file.status(), 200, "{quoted}");
        let kind = if quoted.contains(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        assert_eq!(header(&file, "content-type"), kind);
    }
    let bundle = wire.get("/docs/swagger-ui.js").await;
    assert!(text(&bundle).contains("SwaggerUIBundle") && bundle.body().len() > 1_000_000);
}

#[tokio::test]
async fn the_document_says_what_holds() {
    let wire = Wire::start().await;
    let document = document(&wire).await;
    let note = &document["components"]["schemas"]["Note"];
    assert_eq!(note["additionalProperties"], json!(false));
    assert_eq!(document["components"]["schemas"]["Tag"]["additionalProperties"], json!(false));
    assert_eq!(document["components"]["schemas"]["Problem"].get("additionalProperties"), None);
    let create = &document["paths"]["/api/v1/notes"]["post"];
    assert_eq!(create["responses"]["422"], json!({"$ref": "#/components/responses/Problem422"}));
    for (status, _) in STATUSES {
        let shared = &document["components"]["responses"][format!("Problem{status}")];
        assert!(shared["content"]["application/problem+json"]["schema"]["$ref"].is_string(), "{status}");
    }
    let page = &document["paths"]["/api/v1/teams/{team}/notes/{note}"]["get"]["parameters"];
    let page = page.as_array().unwrap().iter().find(|parameter| parameter["name"] == "page").unwrap();
    assert_eq!((&page["schema"]["minimum"], &page["schema"]["maximum"]), (&json!(0), &json!(u32::MAX)));
    let yaml = wire.get("/openapi.yaml").await;
    assert!(text(&yaml).contains("\"operationId\": \"createNote\""));
}

#[tokio::test]
async fn files_have_validators_and_are_compressed() {
    let wire = Wire::start().await;
    let fetch = async |accept: &str, known: &str| {
        let mut request = request("GET", "/docs/swagger-ui.css", "");
        request.headers_mut().insert("accept-encoding", accept.parse().unwrap());
        request.headers_mut().insert("if-none-match", known.parse().unwrap());
        wire.h2(request).await
    };
    let plain = fetch("gzip;q=0", "").await;
    let small = fetch("br, gzip", "").await;
    assert_eq!((header(&plain, "content-encoding"), header(&small, "content-encoding")), ("", "gzip"));
    assert!(small.body().len() * 3 < plain.body().len());
    assert_eq!(header(&small, "vary"), "accept-encoding");
    let (plain, small) = (header(&plain, "etag"), header(&small, "etag"));
    assert_ne!(plain, small, "a strong validator names one representation");
    let unchanged = fetch("gzip", &format!("\"x\", W/{small}")).await;
    assert_eq!((unchanged.status().as_u16(), unchanged.body().len()), (304, 0));
    assert_eq!(fetch("gzip", plain).await.status(), 200);
    assert_eq!(header(&unchanged, "cache-control"), "no-cache");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let wire = Wire::start().await;
    for path in ["/api/v1/whoami", "/docs", "/robots.txt", "/openapi.json", "/nowhere", "/api/v1/panic"] {
        let answer = wire.get(path).await;
        for (name, value) in [
            ("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&answer, name), value, "{path}");
        }
        let policy = header(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert_ne!(header(&answer, "cache-control"), "", "{path}");
        assert_eq!(header(&answer, "server"), "");
    }
}
