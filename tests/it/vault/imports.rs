//! Files from elsewhere: everything comes in and comes out as it was, or nothing comes in at all.

use poem::http::Method;
use serde_json::{Value, json};

use super::{MINE, Stage, names, reveal};
use crate::forge;
use crate::world::{Answer, Person, World};

async fn send(person: &Person, list: &str, kind: &str, body: String) -> (u16, Value) {
    let response = person.respond(Method::POST, &format!("{list}/import"), Some((kind, body))).await;
    let status = response.status().as_u16();
    (status, response.into_body().into_json().await.unwrap())
}

async fn import(person: &Person, list: &str, export: &Value) -> Answer {
    person.post(&format!("{list}/import"), export).await
}

async fn payload_of(person: &Person, list: &str, name: &str) -> Value {
    let found = person.get(&format!("{list}?name={name}")).await.expect(200);
    reveal(person, &format!("{list}/{}", found.text("/items/0/id"))).await.expect(200).json["payload"].clone()
}

fn export() -> Value {
    json!({"encrypted": false, "folders": [{"id": "f", "name": "Work"}], "items": [
        {"id": "1", "type": 1, "name": "Mail", "folderId": "f", "notes": null, "favorite": false, "reprompt": 0,
         "fields": [{"name": "PIN", "value": "1234", "type": 1}, {"name": "l", "value": null, "type": 3, "linkedId": 100}],
         "login": {"username": "ana", "password": " =1+1 ", "totp": "JBSWY3DPEHPK3PXP",
                   "uris": [{"match": null, "uri": "https://mail.test"}], "fido2Credentials": []}},
        {"id": "2", "type": 3, "name": "Visa", "card": {"number": "4111111111111111", "code": "999"}},
        {"id": "3", "type": 2, "name": "mail", "notes": "a\nb", "secureNote": {"type": 0}},
    ]})
}

#[tokio::test]
async fn an_export_of_bitwarden_comes_in_whole() {
    let stage = Stage::new().await;
    for (person, list) in [(&stage.max, stage.list.as_str()), (&stage.max, MINE)] {
        let report = import(person, list, &export()).await.expect(200);
        assert_eq!(report.json["imported"], 3);
        assert_eq!(report.json["duplicates"].as_array().unwrap().len(), 1);
        assert_eq!(report.text("/duplicates/0/pointer"), "/items/2");
        assert_eq!(report.text("/skipped/0/pointer"), "/items/0/fields/1");
        assert_eq!(names(&person.get(list).await.expect(200)).len(), 3);
        let row = &stage.world.audit(&stage.olga, "event=credential.imported").await[0];
        assert_eq!((&row["detail"]["items"], &row["seq"].to_string()), (&json!("3"), &report.header("milton-audit")));
        assert_eq!(row["detail"].as_object().unwrap().len(), 2, "nothing but numbers: {row}");
    }
    stage.world.pass(std::time::Duration::from_micros(1));
    let visa = payload_of(&stage.max, &stage.list, "visa").await;
    assert_eq!(visa["fields"][0], json!({"name": "card/code", "value": "999"}));
    let login = stage.max.get(&format!("{MINE}?name=mail&kind=login")).await.expect(200);
    let opened = reveal(&stage.max, &format!("{MINE}/{}", login.text("/items/0/id"))).await.expect(200);
    assert_eq!(opened.json["payload"]["password"], " =1+1 ");
    assert_eq!(opened.json["payload"]["totp"], "JBSWY3DPEHPK3PXP");
    assert_eq!(opened.json["payload"]["fields"][1], json!({"name": "folder", "value": "Work"}));
    let again = stage.max.post(&format!("{MINE}/import?duplicates=keep"), &export()).await.expect(200);
    assert_eq!(again.json["duplicates"].as_array().unwrap().len(), 3, "they come in all the same, and it is said");
    assert_eq!((&again.json["imported"], &again.json["present"]), (&json!(3), &json!([])));
}

#[tokio::test]
async fn a_sheet_comes_in_as_it_stands() {
    let (_world, olga) = World::claimed().await;
    let sheet =
        "name,url,username,password,note\r\nBank,https://bank.test,@SUM(A1),\"=cmd|'/c calc'!A0\",\"-1,\r\n+2\"\r\n";
    let (status, report) = send(&olga, MINE, "text/csv; charset=utf-8", sheet.to_owned()).await;
    assert_eq!((status, &report["imported"]), (200, &json!(1)), "{report}");
    let bank = payload_of(&olga, MINE, "bank").await;
    let expected = json!({"username": "@SUM(A1)", "password": "=cmd|'/c calc'!A0", "urls": ["https://bank.test"],
        "notes": "-1,\r\n+2"});
    assert_eq!(bank, expected);
}

#[tokio::test]
async fn a_sheet_without_names_takes_them_from_the_addresses() {
    let (_world, olga) = World::claimed().await;
    let firefox = "\"url\",\"username\",\"password\",\"httpRealm\",\"formActionOrigin\",\"guid\",\"timeCreated\",\
        \"timeLastUsed\",\"timePasswordChanged\"\n\"https://mail.test:8443\",\"ana\",\"s3cret\",,\"https://mail.test\",\
        \"{1}\",\"1700000000000\",\"1700000000000\",\"1700000000000\"\n";
    let plain = "url,username,password\nhttps://ana:x@bank.test/login?next=//evil.test,ana,s3cret\n,ben,s3cret\n";
    for (sheet, count, name, login) in [
        (
            firefox,
            1,
            "mail.test:8443",
            json!({"username": "ana", "password": "s3cret", "urls": ["https://mail.test:8443"]}),
        ),
        (
            plain,
            2,
            "bank.test",
            json!({"username": "ana", "password": "s3cret",
            "urls": ["https://ana:x@bank.test/login?next=//evil.test"]}),
        ),
    ] {
        let (status, report) = send(&olga, MINE, "text/csv", sheet.to_owned()).await;
        assert_eq!((status, &report["imported"]), (200, &json!(count)), "{report}");
        assert_eq!(payload_of(&olga, MINE, name).await, login);
    }
    for wrong in ["url,username\nhttps://a.test,ana\n", "username,password\nana,s3cret\n"] {
        let (status, report) = send(&olga, MINE, "text/csv", wrong.to_owned()).await;
        assert_eq!((status, &report["errors"][0]["pointer"]), (422, &json!("/lines/1")), "{report}");
    }
}

#[tokio::test]
async fn what_is_there_already_is_left_out_and_named() {
    let stage = Stage::new().await;
    for list in [stage.list.as_str(), MINE] {
        import(&stage.max, list, &export()).await.expect(200);
        let mut changed = export();
        changed["items"][0]["login"]["password"] = json!("another");
        let visa = changed["items"][1].clone();
        changed["items"].as_array_mut().unwrap().push(visa);
        let report = stage.max.post(&format!("{list}/import?duplicates=skip"), &changed).await.expect(200);
        assert_eq!(report.json["imported"], 1, "{}", report.text);
        assert_eq!(report.text("/duplicates/0/pointer"), "/items/0", "the same name, and another password");
        let present = report.json["present"].as_array().unwrap();
        let at: Vec<_> = present.iter().map(|one| one["pointer"].as_str().unwrap()).collect();
        assert_eq!(at, ["/items/1", "/items/2", "/items/3"]);
        assert_eq!(present[0]["id"], present[2]["id"]);
        let visa = stage.max.get(&format!("{list}?name=visa")).await.expect(200);
        assert_eq!(visa.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(visa.json["items"][0]["id"], present[0]["id"]);
    }
    stage.max.post(&format!("{MINE}/import?duplicates=maybe"), &export()).await.problem(422, "invalid");
}

/// A file of guesses must not tell the password of what its bringer could not reveal.
#[tokio::test]
async fn nobody_guesses_by_importing() {
    let stage = Stage::new().await;
    let root = json!({"kind": "login", "name": "Root", "payload": {"username": "root", "password": "hunter2"}});
    stage.olga.post(&stage.list, &root).await.expect(201);
    let guesses: Vec<_> = ["hunter1", "hunter2"]
        .map(|password| {
            json!({"type": 1, "name": "Root",
        "login": {"username": "root", "password": password}})
        })
        .into();
    let guesses = json!({"items": guesses});
    let report = import(&stage.max, &stage.list, &guesses).await.expect(200);
    assert_eq!((&report.json["imported"], &report.json["present"]), (&json!(2), &json!([])));
    // His own he knows.
    let report = import(&stage.max, &stage.list, &guesses).await.expect(200);
    assert_eq!(report.json["present"].as_array().unwrap().len(), 2);
    let report = import(&stage.olga, &stage.list, &guesses).await.expect(200);
    assert_eq!(report.json["imported"], 0, "{}", report.text);
}

#[tokio::test]
async fn one_bad_item_keeps_all_out() {
    let stage = Stage::new().await;
    let mut export = export();
    export["items"][1]["card"] = json!({"number": "x".repeat(70_000)});
    export["items"][2]["name"] = json!(7);
    let refused = import(&stage.max, &stage.list, &export).await.problem(422, "invalid");
    let at: Vec<_> = refused.json["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(at, ["/items/1", "/items/2/name"]);
    assert_eq!(forge::count(&stage.world, "credentials") + forge::count(&stage.world, "credential_versions"), 0);
    // What the database refuses halfway leaves nothing either.
    let block = "CREATE TRIGGER block BEFORE INSERT ON credentials WHEN (SELECT count(*) FROM credentials) = 2 \
        BEGIN SELECT RAISE(ABORT, 'no'); END";
    forge::sql(&stage.world, block, []);
    let broken = import(&stage.max, &stage.list, &self::export()).await;
    assert!(broken.status.is_server_error(), "{}", broken.text);
    assert_eq!(forge::count(&stage.world, "credentials") + forge::count(&stage.world, "credential_versions"), 0);
}

#[tokio::test]
async fn hostile_files_are_refused() {
    let mut options = crate::world::Options::default();
    options.quotas.insert("imports", 1_000);
    let world = World::with(options);
    let olga = world.claim("Olga").await;
    let deep = format!("{{\"items\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_item = format!("{{\"items\":[{{\"type\":2,\"x\":{}1{}}}]}}", "[".repeat(120), "]".repeat(120));
    let twice = "{\"items\": [], \"items\": [{\"type\": 2}]}".to_owned();
    for (kind, body, status, slug) in [
        ("application/json", deep, 400, "malformed-json"),
        ("application/json", twice, 400, "malformed-json"),
        ("application/json", String::new(), 400, "malformed-json"),
        ("application/json", json!({"encrypted": true, "items": []}).to_string(), 422, "invalid"),
        ("application/json", json!([1, 2]).to_string(), 422, "invalid"),
        ("application/json", " ".repeat((4 << 20) + 1), 413, "payload-too-large"),
        ("text/csv", "x".repeat((4 << 20) + 1), 413, "payload-too-large"),
        ("text/csv", "\"".repeat(1 << 20), 422, "invalid"),
        ("text/csv", ",".repeat(1 << 20), 422, "invalid"),
        ("text/plain", "name,password\na,b".to_owned(), 415, "unsupported-media-type"),
    ] {
        let (got, problem) = send(&olga, MINE, kind, body).await;
        assert_eq!((got, &problem["type"]), (status, &json!(format!("/problems/{slug}"))), "{kind}: {problem}");
    }
    let (status, _) = send(&olga, MINE, "application/json", deep_item).await;
    assert!([200, 400].contains(&status), "{status}");
    assert!(forge::count(&world, "credentials") <= 1);
}

#[tokio::test]
async fn a_thousand_items_come_in_and_no_more() {
    let (world, olga) = World::claimed().await;
    let item = |nth: usize| json!({"type": 2, "name": format!("n{nth}"), "notes": "x".repeat(1_500)});
    let export = |size: usize| json!({"items": (0..size).map(item).collect::<Vec<_>>()});
    assert!(export(1_000).to_string().len() > 1 << 20, "more than other bodies may weigh");
    import(&olga, MINE, &export(1_001)).await.problem(422, "invalid");
    assert_eq!(import(&olga, MINE, &export(1_000)).await.expect(200).json["imported"], 1_000);
    assert_eq!(forge::count(&world, "credentials"), 1_000);
}

#[tokio::test]
async fn five_files_an_hour() {
    let (_world, olga) = World::claimed().await;
    let empty = json!({"items": []});
    for _ in 0..5 {
        import(&olga, MINE, &empty).await.expect(200);
    }
    import(&olga, MINE, &empty).await.problem(429, "quota-exceeded");
}
