//! What the README says of figures, against the code: what runs by the clock, and how often one may do what.

use std::fs;
use std::path::Path;
use std::time::Duration;

use milton::domain::event::Event;
use milton::domain::quota;
use milton::domain::webhook::Subscription;

fn file(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The row that names this in its first cell, of the table whose head begins so.
#[track_caller]
fn row(readme: &str, head: &str, name: &str) -> String {
    let named = format!("`{name}`");
    let table = readme.lines().skip_while(|line| !line.starts_with(head)).take_while(|line| line.starts_with('|'));
    let mut rows = table.filter(|line| line.split('|').nth(1).is_some_and(|cell| cell.contains(&named)));
    rows.next().unwrap_or_else(|| panic!("the README has no row for {name} under {head}")).to_owned()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

#[test]
fn each_job_stands_in_the_readme() {
    let readme = file("README.md");
    let mut count = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/jobs")).unwrap() {
        let source = file(entry.unwrap().path());
        let Some(name) = between(&source, "const NAME: &'static str = \"", "\"") else { continue };
        let row = row(&readme, "| job |", name);
        if let Some(hour) = between(&source, "Schedule::Daily { hour: ", ",") {
            let minute = between(&source, "minute: ", " ").unwrap();
            let at = format!("daily at {:02}:{:02} UTC", hour.parse::<u8>().unwrap(), minute.parse::<u8>().unwrap());
            assert!(row.contains(&at), "{name} runs {at}: {row}");
        }
        count += 1;
    }
    assert!(count > 10, "the jobs are not read as they are written");
}

#[test]
fn each_allowance_stands_in_the_readme() {
    let readme = file("README.md");
    for quota in quota::ALL {
        let window = match quota.window {
            window if window == Duration::from_hours(1) => "an hour".to_owned(),
            window if window == Duration::from_mins(1) => "a minute".to_owned(),
            window => format!("in {} minutes", window.as_secs() / 60),
        };
        let (row, holds) = (row(&readme, "| allowance |", quota.name), format!("| {} {window} |", quota.limit));
        assert!(row.contains(&holds), "{} holds {holds}: {row}", quota.name);
    }
}

/// The README has them in a table, the document in one sentence.
#[test]
fn each_event_that_webhooks_can_be_told_stands_in_the_readme_and_in_the_document() {
    let (readme, document) = (file("README.md"), milton::http::v1::document().unwrap());
    let about =
        document["components"]["schemas"]["NewWebhook"]["properties"]["events"]["description"].as_str().unwrap();
    let mut count = 0;
    for event in Event::ALL.iter().map(|event| event.as_str()) {
        if Subscription::parse("/events", &[event.to_owned()]).is_err() {
            continue;
        }
        let areas = ["delegation.", "conversation.", "team.member.", "credential."];
        let (area, rest) = areas.iter().find_map(|area| Some((area, event.strip_prefix(area)?))).unwrap();
        let said = between(about, &format!("`{area}*`:"), ";").or_else(|| between(about, &format!("`{area}*`:"), "`."));
        for text in [row(&readme, "| area |", &format!("{area}*")), format!("{}`", said.unwrap())] {
            assert!(text.contains(&format!("`{rest}`")), "{event}: {text}");
        }
        count += 1;
    }
    assert!(count > 30, "{count}");
}
