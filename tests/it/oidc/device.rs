//! A browser that comes back from a provider is known again by its mark.

use super::{Journey, ME, Stage, back};
use crate::forge;

#[tokio::test]
async fn a_browser_is_known_again_on_its_way_back_from_a_provider() {
    let stage = Stage::new().await;
    let arrive = async |mark: &str| {
        let Journey { cookie, query } = stage.leave().await;
        let answer = back(&stage.world.stranger(), super::CALLBACK, &format!("{cookie}; {mark}"), &query).await;
        let set: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
        set.iter().map(|line| line.split_once(';').unwrap().0.to_owned()).collect::<Vec<_>>()
    };
    let first = arrive("").await;
    assert!(first[0].starts_with("__Host-milton=") && first[1].starts_with("__Host-milton-device="), "{first:?}");
    let again = arrive(&first[1]).await;
    assert_eq!((again[1] == first[1], forge::count(&stage.world, "devices")), (true, 2), "hers and the owner's");
    let other = arrive("__Host-milton-device=x").await;
    assert_eq!((other[1] == first[1], forge::count(&stage.world, "devices")), (false, 3));
    let browser = stage.world.stranger().with("cookie", &other[0]);
    let device = browser.get(&format!("{ME}/devices")).await.expect(200);
    assert_eq!(device.json["items"].as_array().unwrap().len(), 2);
}
