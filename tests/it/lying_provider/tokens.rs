//! What the provider does with the tokens that it gave, and what it says when somebody signs out.

use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::sync::RwLockWriteGuard;

use super::{Answer, CLIENT_ID, Lie, LyingProvider, Shared, State, basic_credentials, json_answer, parameter};

/// The member of `events` that makes a token one of a logout.
pub const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl LyingProvider {
    /// Gives out refresh tokens from now on.
    pub fn give_refresh_tokens(&self) {
        self.shared.state().renews = true;
    }

    /// Gives out none from now on.
    pub fn stop_giving_refresh_tokens(&self) {
        self.shared.state().renews = false;
    }

    /// Renews nothing that it has given out so far.
    pub fn forget_refresh_tokens(&self) {
        self.shared.state().refresh_tokens.clear();
    }

    /// What was revoked, in that order.
    pub fn revoked(&self) -> Vec<String> {
        self.shared.state().revoked.clone()
    }

    /// Calls its own session so from now on.
    pub fn session(&self, sid: &str) {
        self.shared.state().sid = Some(sid.to_owned());
    }

    /// Answers no request for tokens until this is dropped.
    pub async fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.shared.gate.write().await
    }

    /// The claims of an honest logout token; `jti` is its name.
    pub fn logout_claims(&self, subject: &str, jti: &str) -> Value {
        let now = self.shared.clock.now().seconds();
        json!({
            "iss": self.issuer(), "aud": CLIENT_ID, "sub": subject, "iat": now, "exp": now + 120, "jti": jti,
            "events": { LOGOUT: {} },
        })
    }

    /// Signs claims as a logout token.
    pub fn logout_token(&self, claims: &Value) -> String {
        self.sign("logout+jwt", Lie::None, claims)
    }

    /// Signs claims, rightly or wrongly.
    pub fn sign(&self, kind: &str, lie: Lie, claims: &Value) -> String {
        self.shared.state().signer.token(kind, lie, claims.clone())
    }
}

impl State {
    pub(super) fn new_refresh_token(&mut self) -> String {
        let token = format!("refresh-{}", self.hits.len());
        self.refresh_tokens.push(token.clone());
        token
    }
}

impl Shared {
    /// Each refresh token works once: the answer has another.
    pub(super) fn renew(&self, credentials: &str, form: &str) -> Answer {
        let refuse = |code| json_answer(StatusCode::BAD_REQUEST, &json!({ "error": code }));
        if credentials != basic_credentials() {
            return refuse("invalid_client");
        }
        let mut state = self.state();
        let shown = parameter(form, "refresh_token").unwrap_or_default();
        let Some(place) = state.refresh_tokens.iter().position(|token| *token == shown) else {
            return refuse("invalid_grant");
        };
        state.refresh_tokens.remove(place);
        let (access, refresh) = (format!("renewed-{}", state.hits.len()), state.new_refresh_token());
        let answer =
            json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh });
        json_answer(StatusCode::OK, &answer)
    }

    pub(super) fn revoke(&self, credentials: &str, form: &str) -> Answer {
        if credentials != basic_credentials() {
            return json_answer(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_client" }));
        }
        self.state().revoked.push(parameter(form, "token").unwrap_or_default());
        json_answer(StatusCode::OK, &json!({}))
    }
}
