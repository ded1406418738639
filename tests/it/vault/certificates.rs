//! Certificates: their end is read from them, and what is none is refused.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::json;

use super::{MINE, reveal};
use crate::world::World;

fn certificate(year: i32) -> (String, String) {
    let mut params = CertificateParams::new(["mail.example.org".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(year, 3, 4);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn the_first_of_a_chain_says_when_it_ends() {
    let (_world, olga) = World::claimed().await;
    let ((own, key), (issuer, _)) = (certificate(2031), certificate(2040));
    let chain = format!("subject=mail\n{own}\n{issuer}");
    let body = json!({"kind": "certificate", "name": "Mail", "payload": {"chain": chain, "private_key": key}});
    let made = olga.post(MINE, &body).await.expect(201);
    assert_eq!(made.text("/expires_at"), "2031-03-04T00:00:00Z");
    assert!(!made.text.contains("PRIVATE KEY"), "{}", made.text);
    let opened = reveal(&olga, &made.header("location")).await.expect(200);
    assert_eq!(opened.json["payload"], body["payload"]);
}

#[tokio::test]
async fn a_key_in_the_place_of_a_chain_is_refused_and_not_shown() {
    let (_world, olga) = World::claimed().await;
    let (own, key) = certificate(2031);
    for chain in [key.clone(), format!("{own}{key}"), own.replace("MII", "QQQ"), own[..200].to_owned()] {
        let body = json!({"kind": "certificate", "name": "Mail", "payload": {"chain": chain}});
        let refused = olga.post(MINE, &body).await.problem(422, "invalid");
        assert_eq!(refused.json["errors"][0]["pointer"], "/payload/chain");
        assert!(!refused.text.contains("BEGIN"), "{}", refused.text);
    }
}
