//! The two cookies: the console's session, and the one that binds a provider's sign-in to its browser. Both carry the
//! `__Host-` prefix (RFC 6265bis): no other host and no plain connection can set them.

use poem::http::{HeaderMap, header};

use crate::base::secret::Secret;
use crate::domain::session::{SESSION_LIFETIME, SIGN_IN_LIFETIME};

/// The console's session token. `SameSite=Strict`: no foreign page makes a browser send it.
pub const SESSION: &str = "__Host-milton";
/// The sign-in under way. `SameSite=Lax`: it must come back with the provider's redirect.
pub const LOGIN: &str = "__Host-milton-login";

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
    fn both_are_bound_to_this_host_and_hidden_from_scripts() {
        for cookie in [begin_session(&Secret::new("t".to_owned())), begin_login(&Secret::new("t".to_owned()))] {
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Path=/; Secure; HttpOnly; SameSite="));
            assert!(!cookie.contains("Domain"));
        }
    }
}
