//! The catalog of problem types: slug, status and wording of every refusal this server can give.

/// One problem type.
#[derive(Debug)]
pub struct Kind {
    /// The last part of `/problems/<slug>`; never changes its meaning.
    pub slug: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// RFC 9457 title.
    pub title: &'static str,
    /// RFC 9457 detail, where the occurrence has nothing of its own to say.
    pub detail: &'static str,
}

const fn kind(slug: &'static str, status: u16, title: &'static str, detail: &'static str) -> Kind {
    Kind { slug, status, title, detail }
}

const INTERNAL: Kind =
    kind("internal", 500, "Internal error", "Something failed on the server. The log has it under this request's id.");

/// Every problem type.
pub const KINDS: &[Kind] = &[
    kind("bad-request", 400, "Bad request", "The request cannot be understood."),
    kind("malformed-json", 400, "Malformed JSON", "The body is not valid JSON."),
    kind("missing-token", 401, "Sign-in required", "The request carries no token."),
    kind("invalid-token", 401, "Invalid token", "The token is not one of this server."),
    kind("expired-token", 401, "Expired token", "The token has expired; sign in again."),
    kind("revoked-token", 401, "Revoked token", "The token was revoked; sign in again."),
    kind(
        "step-up-required",
        401,
        "Fresh sign-in required",
        "This needs a sign-in within the last 10 minutes. GET /api/v1/me/step-up says how to prove anew who you are.",
    ),
    kind("access-denied", 403, "Access denied", "You may not do this, or it is not there. The attempt is on record."),
    kind("not-invited", 403, "Not invited", "This server admits people by invitation or by their domain."),
    kind("passkey-refused", 403, "Passkey refused", "The passkey's answer was not accepted: begin again."),
    kind("not-found", 404, "Not found", "There is nothing here."),
    kind("method-not-allowed", 405, "Method not allowed", "This path does not take that method; see Allow."),
    kind("request-timeout", 408, "Request timeout", "The request took too long to arrive or to answer."),
    kind("last-owner", 409, "Last owner", "The last Owner cannot leave, be demoted, suspended or deleted."),
    kind("wrong-state", 409, "Wrong state", "The present state does not allow this step."),
    kind(
        "link-required",
        409,
        "Link required",
        "A provider vouched for this e-mail in another account: sign in there and link the identity.",
    ),
    kind("already-used", 409, "Already used", "This was used before and works only once."),
    kind(
        "invitation-closed",
        409,
        "Invitation closed",
        "It was used, revoked or has expired, or whoever made it may no longer give it.",
    ),
    kind(
        "address-unproven",
        409,
        "Address not vouched for",
        "This invitation is for one e-mail address: accept it by signing in through a provider that vouches for this \
         address as yours.",
    ),
    kind("already-exists", 409, "Already exists", "There is one already."),
    kind(
        "already-made",
        409,
        "Already made",
        "This request was answered before, with what is not kept: a secret that is shown once, or more than 256 KiB. Look \
         for what it did; to do it anew, take that away and ask with a new Idempotency-Key.",
    ),
    kind("already-claimed", 409, "Already claimed", "This server has an owner."),
    kind(
        "limit-reached",
        409,
        "Limit reached",
        "There are as many of these as one person may have: take one away first.",
    ),
    kind(
        "step-up-ignored",
        409,
        "Provider did not ask anew",
        "The provider let you through without a new sign-in there, which proves nothing. Use a passkey, sign in again, or \
         ask the host for a one-time link.",
    ),
    kind(
        "other-identity",
        409,
        "Another identity",
        "Whoever came back from the provider is not linked to this account. Use the identity that is.",
    ),
    kind(
        "passkeys-unavailable",
        409,
        "Passkeys unavailable",
        "Browsers keep passkeys for names alone, and this server is reached by an address: give http.public_url a name.",
    ),
    kind("held", 409, "Legal hold", "A legal hold forbids this."),
    kind("precondition-failed", 412, "Precondition failed", "It was changed meanwhile: read it again, then repeat."),
    kind("payload-too-large", 413, "Payload too large", "The body is larger than allowed."),
    kind(
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "The body must be application/json; {} where there is nothing to say.",
    ),
    kind("invalid", 422, "Invalid input", "The request is well-formed, but some of it is wrong; see errors."),
    kind("quota-exceeded", 429, "Quota exceeded", "The quota is used up."),
    kind("headers-too-large", 431, "Header fields too large", "The request has more header fields than allowed."),
    INTERNAL,
    kind("unavailable", 503, "Unavailable", "Nothing was changed; try again."),
];

/// The statuses of refusals that every operation documents, with what each means.
pub const STATUSES: &[(u16, &str)] = &[
    (400, "The request cannot be understood (`bad-request`, `malformed-json`)."),
    (401, "The caller is not known, or must sign in afresh."),
    (403, "The caller may not do this, or may not see whether it is there."),
    (404, "Nothing is there, below a parent that the caller may list."),
    (405, "The path does not take this method."),
    (408, "The request took too long."),
    (409, "The present state does not allow it."),
    (412, "`If-Match` does not name the present version."),
    (413, "The body is larger than allowed."),
    (415, "The body is not `application/json`."),
    (422, "Well-formed but wrong, with a pointer per field."),
    (429, "A quota is used up."),
    (431, "More header fields than allowed."),
    (500, "A fault of the server."),
    (503, "Not possible at this moment; nothing was changed."),
];

/// The entry of a slug; a slug that is not in the catalog is a fault of ours and answers as such.
pub fn find(slug: &str) -> &'static Kind {
    const FAULT: &Kind = &INTERNAL;
    KINDS.iter().find(|kind| kind.slug == slug).unwrap_or(FAULT)
}

/// The catalog as a Markdown table, for the API's description.
pub fn markdown() -> String {
    let rows = KINDS.iter().map(|kind| format!("| `{}` | {} | {} |\n", kind.slug, kind.status, kind.detail));
    format!("| type | status | meaning |\n|---|---|---|\n{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_stand_once_and_their_status_is_documented() {
        for (at, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..at].iter().all(|other| other.slug != kind.slug), "{} stands twice", kind.slug);
            assert!(STATUSES.iter().any(|(status, _)| *status == kind.status), "{} is undocumented", kind.status);
        }
    }
}
