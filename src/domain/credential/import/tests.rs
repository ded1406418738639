//! Files as other vaults write them, and files as nobody should.

use serde_json::{Value, json};

use super::*;

fn exposed(text: Option<&Hidden>) -> &str {
    text.map_or("", Hidden::expose)
}

fn fields(item: &Item) -> Vec<(&str, &str)> {
    item.payload.parts().fields.iter().map(|field| (field.name.expose(), field.value.expose())).collect()
}

fn mistakes(result: Result<Import, Error>) -> Vec<(String, String)> {
    match result {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|field| (field.pointer, field.detail)).collect(),
        other => panic!("{other:?}"),
    }
}

fn pointers(result: Result<Import, Error>) -> Vec<String> {
    mistakes(result).into_iter().map(|(pointer, _)| pointer).collect()
}

fn export(items: &Value) -> Value {
    json!({"encrypted": false, "folders": [{"id": "f1", "name": "Work"}], "items": items})
}

#[test]
fn a_login_comes_with_everything_that_hangs_on_it() {
    let import = read_bitwarden(export(&json!([{
        "id": "a", "organizationId": null, "folderId": "f1", "type": 1, "reprompt": 1, "name": "Mail", "notes": "say\nhi",
        "favorite": true, "creationDate": "2024-01-01T00:00:00.000Z", "revisionDate": "2024-01-01T00:00:00.000Z",
        "deletedDate": null, "collectionIds": null,
        "fields": [{"name": "PIN", "value": "1234", "type": 1, "linkedId": null},
                   {"name": "link", "value": null, "type": 3, "linkedId": 100}],
        "passwordHistory": [{"lastUsedDate": "2023-01-01T00:00:00.000Z", "password": "older"}],
        "login": {"fido2Credentials": [{"credentialId": "c1", "keyValue": "k1", "discoverable": "true"}],
                  "uris": [{"match": null, "uri": "https://mail.test"}, {"match": 3, "uri": "https://m.test"}],
                  "username": "ana", "password": " p=w ", "totp": "otpauth://totp/x?secret=ABC"},
    }])))
    .unwrap();
    let item = &import.items[0];
    let parts = item.payload.parts();
    assert_eq!((item.name.as_str(), item.payload.kind(), item.pointer.as_str()), ("Mail", Kind::Login, "/items/0"));
    assert_eq!((exposed(parts.username.as_ref()), exposed(parts.password.as_ref())), ("ana", " p=w "));
    assert_eq!(
        (exposed(parts.totp.as_ref()), exposed(parts.notes.as_ref())),
        ("otpauth://totp/x?secret=ABC", "say\nhi")
    );
    let urls: Vec<_> = parts.urls.iter().map(Hidden::expose).collect();
    assert_eq!(urls, ["https://mail.test", "https://m.test"]);
    let found = fields(item);
    for kept in [
        ("PIN", "1234"),
        ("folder", "Work"),
        ("favorite", "true"),
        ("login/uris/1/match", "3"),
        ("passwordHistory/0/password", "older"),
        ("login/fido2Credentials/0/keyValue", "k1"),
    ] {
        assert!(found.contains(&kept), "{kept:?} in {found:?}");
    }
    assert!(!found.iter().any(|(name, _)| ["reprompt", "id", "revisionDate"].contains(name)), "{found:?}");
    assert_eq!(
        import.skipped,
        [Skipped { pointer: "/items/0/fields/1".to_owned(), reason: "the field has no value of its own" }]
    );
}

#[test]
fn what_has_no_counterpart_becomes_a_note_with_all_of_its_values() {
    let import = read_bitwarden(export(&json!([
        {"type": 2, "name": "Note", "notes": "the text", "secureNote": {"type": 0}},
        {"type": 3, "name": "Card", "notes": null, "card": {"cardholderName": "Ana", "brand": "Visa", "number": "4111",
            "expMonth": "1", "expYear": "2030", "code": "999"}},
        {"type": 4, "name": "Me", "identity": {"title": "Ms", "firstName": "Ana", "ssn": "123", "middleName": null}},
        {"type": 5, "name": "Key", "sshKey": {"privateKey": "-----BEGIN", "publicKey": "ssh-ed25519 A",
            "keyFingerprint": "SHA256:x"}},
    ])))
    .unwrap();
    assert!(import.items.iter().all(|item| item.payload.kind() == Kind::Note) && import.skipped.is_empty());
    assert_eq!(exposed(import.items[0].payload.parts().text.as_ref()), "the text");
    assert_eq!(fields(&import.items[0]), []);
    assert!(fields(&import.items[1]).contains(&("card/number", "4111")));
    assert!(fields(&import.items[1]).contains(&("card/code", "999")));
    assert_eq!(
        fields(&import.items[2]),
        [("identity/firstName", "Ana"), ("identity/ssn", "123"), ("identity/title", "Ms")]
    );
    assert!(fields(&import.items[3]).contains(&("sshKey/privateKey", "-----BEGIN")));
}

#[test]
fn what_stays_behind_is_named() {
    let import = read_bitwarden(json!({"items": [
        {"type": 2, "name": "Gone", "deletedDate": "2024-01-01T00:00:00Z"},
        {"type": 2, "name": null, "notes": "x", "attachments": [{"id": "1", "fileName": "scan.pdf"}]},
    ]}))
    .unwrap();
    assert_eq!(import.items.len(), 1);
    assert_eq!(import.items[0].name.as_str(), NAMELESS);
    let behind: Vec<_> = import.skipped.iter().map(|one| (one.pointer.as_str(), one.reason)).collect();
    assert_eq!(
        behind,
        [("/items/0", "was in the bin"), ("/items/1/attachments", "the export does not hold the files")]
    );
}

#[test]
fn an_encrypted_export_is_refused_with_a_word_that_helps() {
    for encrypted in [
        json!({"encrypted": true, "encKeyValidation_DO_NOT_EDIT": "2.x", "items": []}),
        json!({"encrypted": true, "passwordProtected": true, "salt": "s", "kdfIterations": 600_000, "data": "2.x"}),
        json!({"encrypted": "yes", "items": []}),
    ] {
        let found = mistakes(read_bitwarden(encrypted));
        assert_eq!(found[0].0, "/encrypted");
        assert!(found[0].1.contains("not encrypted"), "{found:?}");
    }
}

#[test]
fn each_mistake_has_its_pointer_and_shows_nothing() {
    let wrong = export(&json!([
        {"type": 1, "name": 7, "login": {"password": 1234, "uris": [{"uri": ["https://secret.test"]}, "x"]}},
        {"type": 1, "name": "a\u{202e}b", "login": "none"},
        {"type": 9, "name": "x"},
        "hunter2",
        {"type": 1, "fields": {"a": 1}, "login": {"username": "u".repeat(501)}},
        {"type": 2, "notes": "x".repeat(70_000)},
        {"type": 1, "login": {"uris": "https://secret.test"}, "fields": ["x"], "collectionIds": 3},
    ]));
    let found = mistakes(read_bitwarden(wrong));
    let at: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(
        at,
        [
            "/items/0/name",
            "/items/0/login/password",
            "/items/0/login/uris/0/uri",
            "/items/0/login/uris/1",
            "/items/1/login",
            "/items/1/name",
            "/items/2/type",
            "/items/3",
            "/items/4/fields",
            "/items/4/username",
            "/items/5",
            "/items/6/login/uris",
            "/items/6/fields/0",
            "/items/6/collectionIds",
        ]
    );
    let words = format!("{found:?}");
    assert!(!words.contains("1234") && !words.contains("secret.test") && !words.contains("hunter2"), "{words}");
    for shape in [json!([]), json!("x"), json!({}), json!({"items": {}}), json!(null)] {
        assert_eq!(pointers(read_bitwarden(shape)).len(), 1);
    }
    let many: Vec<_> = (0..=MAX_ITEMS).map(|_| json!({"type": 2})).collect();
    assert_eq!(pointers(read_bitwarden(json!({"items": many}))), ["/items"]);
    let all_wrong: Vec<_> = (0..MAX_ITEMS).map(|_| json!({"type": 0})).collect();
    assert_eq!(pointers(read_bitwarden(json!({"items": all_wrong}))).len(), MAX_MISTAKES);
}

#[test]
fn sheets_of_bitwarden_and_of_browsers_are_read() {
    let sheet = "\u{feff}folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp\r\n\
        Social,1,login,Twitter,,,0,twitter.com,me@example.com,password123,\r\n\
        ,,login,Bank,Bank PIN,\"PIN: 1234\nword\",,\"https://a.test,https://b.test\",john,\"p,\"\"w\",SEED\r\n\
        ,,note,My Note,\"This is\na note.\",,,,,,\r\n";
    let import = read_sheet(sheet).unwrap();
    let names: Vec<_> = import.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["Twitter", "Bank", "My Note"]);
    assert_eq!(fields(&import.items[0]), [("folder", "Social"), ("favorite", "1")]);
    let bank = import.items[1].payload.parts();
    assert_eq!((exposed(bank.password.as_ref()), exposed(bank.totp.as_ref()), bank.urls.len()), ("p,\"w", "SEED", 2));
    assert_eq!(fields(&import.items[1]), [("PIN", "1234"), ("fields", "word")]);
    assert_eq!(import.items[2].payload.kind(), Kind::Note);
    assert_eq!(exposed(import.items[2].payload.parts().text.as_ref()), "This is\na note.");

    let import = read_sheet("name,url,username,password,note\nMail,https://mail.test/a,b?c,ana,pw,none").err();
    assert!(import.is_some(), "a comma too many moves nothing into another column");
    let import =
        read_sheet("name,url,username,password,note\nMail,https://mail.test,@ana,\"=HYPERLINK(\"\"x\"\")\",-1+1")
            .unwrap();
    let parts = import.items[0].payload.parts();
    assert_eq!(exposed(parts.username.as_ref()), "@ana");
    assert_eq!(exposed(parts.password.as_ref()), "=HYPERLINK(\"x\")");
    assert_eq!(exposed(parts.notes.as_ref()), "-1+1");
}

#[test]
fn sheets_that_cannot_be_understood_are_refused_by_line() {
    assert_eq!(pointers(read_sheet("")), ["/lines/1"]);
    assert_eq!(pointers(read_sheet("a,b\n1,2")), ["/lines/1"]);
    assert_eq!(pointers(read_sheet("name,title,password\na,b,c")), ["/lines/1"]);
    assert_eq!(pointers(read_sheet("name,password\na,b\nc,d,e\n")), ["/lines/3"]);
    assert_eq!(pointers(read_sheet("type,name,password\nlogin,a,b\ncard,c,d\n")), ["/lines/3/type"]);
    assert_eq!(pointers(read_sheet("name,password\n\"a\u{0}\",b\n")), ["/lines/2/name"]);
    let many = format!("name,password\n{}", "a,b\n".repeat(MAX_ITEMS + 1));
    assert_eq!(pointers(read_sheet(&many)), [""]);
}
