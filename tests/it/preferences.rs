//! What people want to hear of: their own decision, but for what would tell them of somebody else in their account.

use milton::domain::notification::{Heard, Kind};
use poem::http::Method;
use serde_json::{Value, json};

use crate::forge;
use crate::notifications::told;
use crate::world::{Answer, Person, World};

const PREFERENCES: &str = "/api/v1/me/notification-preferences";

async fn decide(person: &Person, items: &Value) -> Answer {
    person.send(Method::PATCH, PREFERENCES, Some(&json!({"items": items}))).await
}

/// Takes somebody new into a team and out of it again.
async fn thrown_out(world: &World, owner: &Person, team: &str, person: &Person) {
    world.cast(team, person, Some(milton::domain::role::Role::Member));
    let path = format!("/api/v1/teams/{team}/members/{}", person.id);
    owner.send(Method::DELETE, &path, None).await.expect(204);
}

#[tokio::test]
async fn everything_is_heard_of_until_somebody_decides() {
    let (_world, owner) = World::claimed().await;
    let shown = owner.get(PREFERENCES).await.expect(200).json;
    let items = shown["items"].as_array().unwrap();
    assert_eq!(items.len(), Kind::ALL.len());
    for (item, kind) in items.iter().zip(Kind::ALL) {
        let optional = kind.heard() == Heard::AtWill;
        assert_eq!(item, &json!({"kind": kind.as_str(), "in_app": true, "optional": optional}));
    }
}

#[tokio::test]
async fn each_kind_can_be_turned_off_unless_it_guards_the_account() {
    let (world, owner) = World::claimed().await;
    for kind in Kind::ALL {
        let off = decide(&owner, &json!([{"kind": kind.as_str(), "in_app": false}])).await;
        match kind.heard() {
            Heard::AtWill => {
                let shown = off.expect(200).json["items"].clone();
                assert_eq!(shown, owner.get(PREFERENCES).await.expect(200).json["items"]);
                let listed = shown.as_array().unwrap().iter().find(|item| item["kind"] == kind.as_str()).unwrap();
                assert_eq!(listed["in_app"], false);
            }
            Heard::Always => {
                assert_eq!(off.problem(422, "invalid").json["errors"][0]["pointer"], "/items/0/in_app");
                decide(&owner, &json!([{"kind": kind.as_str(), "in_app": true}])).await.expect(200);
            }
        }
    }
    for guard in ["new-device", "device-not-me", "passkey-added", "api-key-created", "identity-linked", "qr-approved"] {
        assert_eq!(Kind::parse(guard).unwrap().heard(), Heard::Always, "{guard}");
    }
    assert!(forge::count(&world, "notification_preferences") >= 7);
}

#[tokio::test]
async fn what_is_turned_off_is_not_told_to_that_person() {
    let (world, owner) = World::claimed().await;
    let team = world.team(&owner, "Ops").await;
    let ana = world.join(&owner, &team, "member", "Ana").await;
    let ben = world.join(&owner, &team, "member", "Ben").await;
    decide(&ana, &json!([{"kind": "removed-from-team", "in_app": false}])).await.expect(200);
    for person in [&ana, &ben] {
        thrown_out(&world, &owner, &team, person).await;
    }
    assert!(told(&ana, "").await.is_empty());
    let one = told(&ben, "").await.remove(0);
    assert_eq!(
        (&one["kind"], &one["detail"]),
        (&json!("removed-from-team"), &json!({"team_id": team, "team_name": "Ops"}))
    );
    decide(&ana, &json!([{"kind": "removed-from-team", "in_app": true}])).await.expect(200);
    thrown_out(&world, &owner, &team, &ana).await;
    assert_eq!(told(&ana, "").await.len(), 1, "from then on");
}

/// Neither by asking nor by a row that somebody put into the file.
#[tokio::test]
async fn a_thief_cannot_silence_the_news_of_themself() {
    let (world, owner) = World::claimed().await;
    for kind in Kind::ALL {
        let insert = "INSERT INTO notification_preferences (user_id, kind, in_app) VALUES (?1, ?2, 0)";
        forge::sql(&world, insert, [&owner.id, kind.as_str()]);
    }
    let shown = owner.get(PREFERENCES).await.expect(200).json;
    assert_eq!(shown["items"][0], json!({"kind": "new-device", "in_app": true, "optional": false}));
    world.sign_in("owner@milton.test").await;
    assert_eq!(told(&owner, "").await.len(), 1);
}

#[tokio::test]
async fn all_of_a_decision_counts_or_none() {
    let (world, owner) = World::claimed().await;
    let [on, off] = [true, false].map(|in_app| json!({"kind": "removed-from-team", "in_app": in_app}));
    let guard = json!({"kind": "new-device", "in_app": false});
    for (items, pointer) in [
        (json!([off, guard]), "/items/1/in_app"),
        (json!([off, on]), "/items/1/kind"),
        (json!([off, {"kind": "no-such", "in_app": false}]), "/items/1/kind"),
        (json!([]), "/items"),
        (json!([{"kind": "new-device"}]), "/items/0/in_app"),
    ] {
        let refused = decide(&owner, &items).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{items}");
    }
    assert_eq!(forge::count(&world, "notification_preferences"), 0);
    let answer = decide(&owner, &json!([off])).await.expect(200);
    let row = &world.audit(&owner, "event=notification.preferences_changed&outcome=success").await[0];
    assert_eq!(row["seq"].to_string(), answer.header("milton-audit"));
    assert_eq!(row["detail"], json!({"removed-from-team": "off"}));
}

#[tokio::test]
async fn what_is_unread_is_counted_beyond_the_page() {
    let (world, owner) = World::claimed().await;
    let thief = world.sign_in("owner@milton.test").await;
    for _ in 0..3 {
        world.sign_in("owner@milton.test").await;
    }
    let unread = async |person: &Person, query: &str| {
        person.get(&format!("/api/v1/me/notifications{query}")).await.expect(200).json["unread"].clone()
    };
    assert_eq!((unread(&owner, "?limit=1").await, unread(&thief, "").await), (json!(4), json!(3)));
    let id = told(&owner, "").await[0]["id"].as_str().unwrap().to_owned();
    owner.post(&format!("/api/v1/me/notifications/{id}/read"), &Value::Null).await.expect(204);
    assert_eq!((unread(&owner, "").await, unread(&owner, "?unread=true&limit=1").await), (json!(3), json!(3)));
    owner.post("/api/v1/me/notifications/read-all", &Value::Null).await.expect(204);
    assert_eq!(unread(&owner, "").await, 0);
}
