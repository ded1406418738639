//! The web console: the files of `assets/`, embedded in the program.

use rust_embed::{Embed, EmbeddedFile};

use super::headers::PAGE_POLICY;
use super::pages::{Page, Pages};

#[derive(Embed)]
#[folder = "assets/"]
struct Assets;

/// The paths at which the one page of the console stands; its script shows what belongs there.
const PAGE_PATHS: [&str; 10] = [
    "/",
    "/claim",
    "/invite",
    "/link",
    "/qr",
    "/team",
    "/account",
    "/account/devices",
    "/account/ways-in",
    "/account/notifications",
];
const PAGE: &str = "index.html";

/// Adds the console to the pages: the page itself, and every other file at its own path.
pub fn add(pages: &mut Pages) {
    for name in Assets::iter() {
        let Some(EmbeddedFile { data, .. }) = Assets::get(&name) else { continue };
        let page = || Page::new(data.to_vec(), content_type(&name), PAGE_POLICY);
        if name == PAGE {
            for path in PAGE_PATHS {
                pages.add(path, page());
            }
        } else {
            pages.add(format!("/{name}"), page());
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
