//! How refusals look: one problem type for whatever goes wrong, at whatever depth.

use super::harness::{TRUSTED_ORIGIN, Wire, header, pointers, problem, request};

const TEAM: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

#[tokio::test]
async fn every_framework_error_is_a_problem() {
    let wire = Wire::start().await;
    problem(&wire.get("/api/v1/nowhere").await, 404, "not-found");
    problem(&wire.get("/nowhere").await, 404, "not-found");
    problem(&wire.post("/api/v1/notes", "{\"title\":").await, 400, "malformed-json");
    problem(&wire.post("/api/v1/notes", "").await, 400, "malformed-json");
    problem(&wire.post("/api/v1/notes", "{\"title\":\"a\",\"title\":\"b\"}").await, 400, "malformed-json");
    problem(&wire.h1(request("POST", "/api/v1/notes", "{}")).await, 415, "unsupported-media-type");
    let mut text = request("POST", "/api/v1/notes", "{}");
    text.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    problem(&wire.h1(text).await, 415, "unsupported-media-type");
    let refused = wire.post("/api/v1/closed", "{}").await;
    problem(&refused, 401, "missing-token");
    assert_eq!(header(&refused, "www-authenticate"), "Bearer realm=\"milton\"");
}

#[tokio::test]
async fn faults_are_told_and_nothing_of_them_shown() {
    let wire = Wire::start().await;
    for path in ["/api/v1/panic", "/api/v1/fault"] {
        let body = problem(&wire.get(path).await, 500, "internal");
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }
    assert_eq!(wire.get("/api/v1/whoami").await.status(), 200, "the server lives on");
}

#[tokio::test]
async fn a_wrong_method_names_the_right_ones() {
    let wire = Wire::start().await;
    let notes = wire.h1(request("DELETE", "/api/v1/notes", "")).await;
    problem(&notes, 405, "method-not-allowed");
    assert_eq!(header(&notes, "allow"), "OPTIONS, POST");
    let note = wire.h1(request("PATCH", &format!("/api/v1/teams/{TEAM}/notes/{TEAM}"), "")).await;
    assert_eq!(header(&note, "allow"), "GET, HEAD, OPTIONS");
    let page = wire.h1(request("POST", "/docs", "")).await;
    problem(&page, 405, "method-not-allowed");
    assert_eq!(header(&page, "allow"), "GET, HEAD, OPTIONS");
    let options = wire.h1(request("OPTIONS", "/api/v1/notes", "")).await;
    assert_eq!((options.status().as_u16(), header(&options, "allow")), (204, "OPTIONS, POST"));
    problem(&wire.h1(request("OPTIONS", "/api/v1/nowhere", "")).await, 404, "not-found");
}

#[tokio::test]
async fn each_wrong_field_has_its_pointer() {
    let wire = Wire::start().await;
    for (body, pointer) in [
        ("{}", "/title"),
        ("{\"title\":null}", "/title"),
        ("{\"title\":\"\"}", "/title"),
        ("{\"title\":\"12345678901\"}", "/title"),
        ("{\"title\":1}", "/title"),
        ("{\"title\":\"a\",\"more\":1}", "/more"),
        ("{\"title\":\"a\",\"tag\":null}", "/tag"),
        ("{\"title\":\"a\",\"tag\":{}}", "/tag/name"),
        ("{\"title\":\"a\",\"tag\":{\"name\":\"123456\"}}", "/tag/name"),
        ("7", ""),
    ] {
        let body = problem(&wire.post("/api/v1/notes", body).await, 422, "invalid");
        assert_eq!(pointers(&body), [pointer]);
    }
    let body = problem(&wire.post("/api/v1/notes", "{\"a\":1,\"tag\":7}").await, 422, "invalid");
    assert_eq!(pointers(&body).len(), 3, "all at once: {body}");
    assert_eq!(wire.post("/api/v1/notes", "{\"title\":\"a\",\"tag\":{\"name\":\"b\"}}").await.status(), 200);
}

#[tokio::test]
async fn a_wrong_parameter_has_its_name() {
    let wire = Wire::start().await;
    for (path, name) in [
        (format!("/api/v1/teams/x/notes/{TEAM}?page=1"), "team"),
        (format!("/api/v1/teams/{TEAM}/notes/x?page=1"), "note"),
        (format!("/api/v1/teams/{TEAM}/notes/{TEAM}"), "page"),
        (format!("/api/v1/teams/{TEAM}/notes/{TEAM}?page=-1"), "page"),
        (format!("/api/v1/teams/{TEAM}/notes/{TEAM}?page=1&limit=101"), "limit"),
        (format!("/api/v1/teams/{TEAM}/notes/{TEAM}?page=1&limit=a"), "limit"),
    ] {
        let body = problem(&wire.get(&path).await, 422, "invalid");
        assert_eq!(pointers(&body), [name]);
        let words = body.to_string();
        assert!(!words.contains("parse") && !words.contains("integer"), "no Rust in it: {words}");
    }
}

#[tokio::test]
async fn each_request_has_an_id_of_our_own() {
    let wire = Wire::start().await;
    let send = async |id: &str| {
        let mut request = request("GET", "/api/v1/whoami", "");
        request.headers_mut().insert("x-request-id", id.parse().unwrap());
        let answer = wire.h1(request).await;
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        let id = header(&answer, "x-request-id").to_owned();
        assert!(text.starts_with("socket://127.0.0.1:") && text.ends_with(&id), "{text}");
        id
    };
    let mine = send("trace-1.A_b").await;
    for sent in [&mine, "trace-1.A_b", "a b", "", "{}", &"a".repeat(65)] {
        let id = send(sent).await;
        assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 7, "{sent:?}");
        assert_ne!(id, sent);
    }
}

#[tokio::test]
async fn only_configured_origins_may_read() {
    let wire = Wire::start().await;
    let ask = async |method: &str, origin: &str| {
        let mut request = request(method, "/api/v1/notes", "");
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("access-control-request-method", "POST".parse().unwrap());
        wire.h1(request).await
    };
    let preflight = ask("OPTIONS", TRUSTED_ORIGIN).await;
    assert_eq!(preflight.status(), 204);
    assert_eq!(header(&preflight, "access-control-allow-origin"), TRUSTED_ORIGIN);
    assert!(header(&preflight, "access-control-allow-headers").contains("authorization"));
    assert!(!preflight.headers().contains_key("access-control-allow-credentials"));
    assert_eq!(header(&ask("POST", TRUSTED_ORIGIN).await, "access-control-allow-origin"), TRUSTED_ORIGIN);
    for origin in ["https://evil.example", "null", "https://app.example.org.evil.example"] {
        for method in ["OPTIONS", "POST"] {
            let answer = ask(method, origin).await;
            assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control")), "{origin}");
        }
    }
}
