//! Devices: the clients that a person signs in with, and what can be said of one that says nothing of itself.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::Id;

use super::text::Name;

/// How long a browser keeps the mark by which its device is known again: as long as browsers keep anything
/// (RFC 6265bis, 5.5).
pub const MARK_LIFETIME: Duration = Duration::from_hours(400 * 24);

/// An enrolled client of a person, as its owner sees it. Where it was and what it calls itself is sealed in the database
/// and printed by nothing.
#[derive(Clone)]
pub struct Device {
    /// The device.
    pub id: Id<Device>,
    /// Such as "Ana's laptop".
    pub name: Name,
    /// Such as "Linux".
    pub platform: Name,
    /// What its program called itself at the last sign-in.
    pub client: Option<String>,
    /// Where the last sign-in came from.
    pub address: Option<String>,
    /// Raised by each edit; the source of the `ETag`.
    pub version: i64,
    /// When it was first signed in with.
    pub first_seen_at: Timestamp,
    /// When it was last used, to five minutes.
    pub last_seen_at: Timestamp,
    /// When it was removed; it is still listed because something that was made on it lives.
    pub removed_at: Option<Timestamp>,
    /// How many live sessions it has.
    pub sessions: i64,
}

/// What a client says of itself when it signs in.
#[derive(Clone, Debug)]
pub struct DeviceDescription {
    /// Such as "Ana's laptop".
    pub name: Name,
    /// Such as "Linux".
    pub platform: Name,
}

/// Programs by a word that only they have in their `User-Agent`. The order matters: each browser names those that it
/// wants to pass for.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// Platforms by a word in the `User-Agent`; Android and iOS name those they descend from.
const PLATFORMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

impl DeviceDescription {
    /// What a `User-Agent` (RFC 9110, 10.1.5) gives away: a name for a list, nothing that anything hangs on.
    pub fn of_agent(agent: Option<&str>) -> Self {
        let agent = agent.unwrap_or_default();
        let among =
            |words: &[(&str, &'static str)]| words.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name);
        let (program, platform) = (among(PROGRAMS), among(PLATFORMS));
        let name = match (program, platform) {
            (Some(program), Some(platform)) => format!("{program} on {platform}"),
            (Some(program), None) => program.to_owned(),
            (None, _) => "Unknown client".to_owned(),
        };
        let platform = platform.unwrap_or("unknown").to_owned();
        Self { name: Name::from_stored(name), platform: Name::from_stored(platform) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_platforms_are_told_apart() {
        for (agent, name, platform) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0",
                "Edge on Windows",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 \
                 Safari/605.1.15",
                "Safari on macOS",
                "macOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
                "Chrome on Android",
                "Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 CriOS/142.0 Mobile/15E148 Safari/604.1",
                "Chrome on iOS",
                "iOS",
            ),
            ("curl/8.14.1", "curl", "unknown"),
            ("Lighthouse-Client/7.3 (Linux)", "Unknown client", "Linux"),
            ("", "Unknown client", "unknown"),
        ] {
            let described = DeviceDescription::of_agent(Some(agent));
            assert_eq!((described.name.as_str(), described.platform.as_str()), (name, platform), "{agent}");
        }
        assert_eq!(DeviceDescription::of_agent(None).name.as_str(), "Unknown client");
    }

    #[test]
    fn nothing_of_an_agent_reaches_the_name() {
        let described = DeviceDescription::of_agent(Some("curl/8 \u{202e}evil Linux\r\nSet-Cookie: a=b"));
        assert_eq!((described.name.as_str(), described.platform.as_str()), ("curl on Linux", "Linux"));
    }
}
