//! The challenge of a 401: what is wrong with the token, in the words of the Bearer scheme.

use crate::domain::AuthFailure;

/// The problem type of a failed sign-in.
pub const fn slug(failure: AuthFailure) -> &'static str {
    match failure {
        AuthFailure::Missing => "missing-token",
        AuthFailure::Invalid => "invalid-token",
        AuthFailure::Expired => "expired-token",
        AuthFailure::Revoked => "revoked-token",
        AuthFailure::StepUpRequired => "step-up-required",
    }
}

/// The value of `WWW-Authenticate`: RFC 6750 section 3 (no error code without a token), for step-up RFC 9470.
pub fn header(failure: AuthFailure) -> String {
    let realm = "Bearer realm=\"milton\"";
    let invalid = |why| format!("{realm}, error=\"invalid_token\", error_description=\"{why}\"");
    match failure {
        AuthFailure::Missing => realm.to_owned(),
        AuthFailure::Invalid => invalid("The token is not valid"),
        AuthFailure::Expired => invalid("The token has expired"),
        AuthFailure::Revoked => invalid("The token was revoked"),
        AuthFailure::StepUpRequired => {
            let why = "A sign-in within the last 10 minutes is required";
            format!("{realm}, error=\"insufficient_user_authentication\", error_description=\"{why}\", max_age=\"600\"")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_follow_their_rfcs() {
        assert_eq!(header(AuthFailure::Missing), "Bearer realm=\"milton\"");
        for failure in [AuthFailure::Invalid, AuthFailure::Expired, AuthFailure::Revoked] {
            assert!(
                header(failure).starts_with("Bearer realm=\"milton\", error=\"invalid_token\", error_description=")
            );
        }
        let step_up = header(AuthFailure::StepUpRequired);
        assert!(step_up.contains("error=\"insufficient_user_authentication\"") && step_up.ends_with("max_age=\"600\""));
    }
}
