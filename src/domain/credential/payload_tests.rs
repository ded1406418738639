//! What each kind takes, and that nothing of a payload is ever printed.

use super::*;

fn hidden(text: &str) -> Hidden {
    Hidden::from(text.to_owned())
}

fn pointers(kind: Kind, parts: Parts) -> Vec<String> {
    match Payload::parse("/payload", kind, parts) {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.pointer).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_kind_takes_its_own_parts_and_wants_what_it_is_about() {
    let all = || Parts {
        username: Some(hidden("u")),
        password: Some(hidden("p")),
        urls: vec![hidden("https://a.test")],
        totp: Some(hidden("t")),
        key: Some(hidden("k")),
        text: Some(hidden("x")),
        private_key: Some(hidden("q")),
        notes: Some(hidden("n")),
        ..Parts::default()
    };
    let names = |kind| {
        let found = pointers(kind, all());
        found.iter().map(|pointer| pointer.trim_start_matches("/payload/").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(Kind::Login), ["key", "text", "private_key"]);
    assert_eq!(names(Kind::ApiKey), ["username", "password", "urls", "totp", "text", "private_key"]);
    assert_eq!(names(Kind::Note), ["username", "password", "urls", "totp", "key", "private_key", "notes"]);
    assert_eq!(names(Kind::Certificate), ["username", "password", "urls", "totp", "key", "text", "chain"]);
    assert_eq!(pointers(Kind::ApiKey, Parts::default()), ["/payload/key"]);
    assert_eq!(pointers(Kind::Note, Parts::default()), ["/payload/text"]);
    assert!(Payload::parse("", Kind::Login, Parts::default()).is_ok(), "a login may be a name alone");
}

#[test]
fn sizes_have_bounds() {
    let note = |size: usize| Parts { text: Some(hidden(&"x".repeat(size))), ..Parts::default() };
    let frame = r#"{"text":""}"#.len();
    assert!(Payload::parse("/payload", Kind::Note, note(MAX_PAYLOAD - frame)).is_ok());
    assert_eq!(pointers(Kind::Note, note(MAX_PAYLOAD - frame + 1)), ["/payload"]);
    let name = |size: usize| Parts { username: Some(hidden(&"ä".repeat(size))), ..Parts::default() };
    assert!(Payload::parse("", Kind::Login, name(MAX_USERNAME)).is_ok());
    assert_eq!(pointers(Kind::Login, name(MAX_USERNAME + 1)), ["/payload/username"]);
    let field = || Field { name: hidden("n"), value: hidden("v") };
    let many = Parts { fields: (0..=MAX_PARTS).map(|_| field()).collect(), ..Parts::default() };
    assert_eq!(pointers(Kind::Login, many), ["/payload/fields"]);
}

#[test]
fn what_stands_in_a_chain_is_certificates_alone() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for wrong in ["", "no certificate", key, garbled, "-----BEGIN CERTIFICATE-----\nAAAA"] {
        let parts = Parts { chain: Some(hidden(wrong)), ..Parts::default() };
        assert_eq!(pointers(Kind::Certificate, parts), ["/payload/chain"], "{wrong}");
    }
}

#[test]
fn text_comes_back_as_it_was_written() {
    let password = " pä\u{0}ss\"\\\n\u{202e}word ";
    let parts = Parts { password: Some(hidden(password)), username: Some(hidden(" ana ")), ..Parts::default() };
    let payload = Payload::parse("", Kind::Login, parts).unwrap();
    let read = Parts::from_stored(&payload.to_stored().unwrap()).unwrap();
    assert_eq!(read.password.unwrap().expose(), password);
    assert_eq!(read.username.unwrap().expose(), " ana ");
    assert!(read.notes.is_none() && read.urls.is_empty());
}

#[test]
fn nothing_of_a_payload_is_printed() {
    let word = "hunter2";
    let hide = || hidden(word);
    let parts = Parts {
        username: Some(hide()),
        password: Some(hide()),
        urls: vec![hide()],
        totp: Some(hide()),
        notes: Some(hide()),
        fields: vec![Field { name: hide(), value: hide() }],
        ..Parts::default()
    };
    let payload = Payload::parse("", Kind::Login, parts).unwrap();
    for shown in [format!("{payload:?}"), format!("{:?}", payload.facts()), format!("{:?}", payload.to_stored())] {
        assert!(!shown.contains(word) && shown.contains("[secret]"), "{shown}");
    }
    let broken = Parts::from_stored(&Secret::new(format!(r#"{{"password": ["{word}"]}}"#)));
    assert!(!format!("{broken:?}").contains(word), "{broken:?}");
}
