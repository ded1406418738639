//! The cookies: the console's session, the one that binds a provider's sign-in to its browser, and the mark by which the
//! browser is known again. All carry the `__Host-` prefix (RFC 6265bis): no other host and no plain connection can set
//! them.

use poem::http::{HeaderMap, header};

use crate::base::secret::Secret;
use crate::domain::device::MARK_LIFETIME;
use crate::domain::session::{SESSION_LIFETIME, SIGN_IN_LIFETIME};

/// The console's session token. `SameSite=Strict`: no foreign page makes a browser send it.
pub const SESSION: &str = "__Host-milton";
/// The sign-in under way. `SameSite=Lax`: it must come back with the provider's redirect.
pub const LOGIN: &str = "__Host-milton-login";
/// The device's mark. `SameSite=Lax`: it must come along with the provider's redirect, which ends in a sign-in.
pub const DEVICE: &str = "__Host-milton-device";

/// The value of `Clear-Site-Data` at a session's end. Not "cookies": the session's is taken away beside it, and the
/// device is to be known again.
pub const FORGET_SITE: &str = "\"storage\"";

/// The value of a cookie.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Sets the console's session.
pub fn begin_session(token: &Secret<String>) -> String {
    set(SESSION, token.expose(), "Strict", SESSION_LIFETIME.as_secs())
}

/// Sets the cookie of a sign-in under way.
pub fn begin_login(value: &Secret<String>) -> String {
    set(LOGIN, value.expose(), "Lax", SIGN_IN_LIFETIME.as_secs())
}

/// Sets the device's mark.
pub fn mark_device(mark: &Secret<String>) -> String {
    set(DEVICE, mark.expose(), "Lax", MARK_LIFETIME.as_secs())
}

/// Takes the cookie of a sign-in away: it is over, whatever came of it.
pub fn end_login() -> String {
    set(LOGIN, "", "Lax", 0)
}

/// Takes the console's session away.
pub fn end_session() -> String {
    set(SESSION, "", "Strict", 0)
}

fn set(name: &str, value: &str, same_site: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_cookie_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; __Host-milton-login=x".parse().unwrap());
        headers.append(header::COOKIE, "__Host-milton=tok".parse().unwrap());
        assert_eq!(read(&headers, SESSION), Some("tok"));
        assert_eq!(read(&headers, LOGIN), Some("x"));
        assert_eq!(read(&headers, "milton"), None);
    }

    #[test]
    fn all_are_bound_to_this_host_and_hidden_from_scripts() {
        for cookie in [begin_session, begin_login, mark_device].map(|set| set(&Secret::new("t".to_owned()))) {
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Path=/; Secure; HttpOnly; SameSite="));
            assert!(!cookie.contains("Domain"));
        }
    }
}
