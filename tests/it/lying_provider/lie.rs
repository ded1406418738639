//! The lies a provider can tell.

/// What the provider does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    None,
    /// Nothing is listening.
    Down,
    /// The endpoint answers with a redirect to the honest answer.
    Redirect(At),
    /// The endpoint does not answer.
    Slow(At),
    /// The endpoint's answer begins and does not end.
    Endless(At),
    /// The endpoint's answer is 2 MiB long.
    Huge(At),
    /// The endpoint answers something else.
    Garbage(At),
    /// Discovery names another issuer.
    DiscoveryIssuer,
    /// Discovery names a token endpoint without TLS on another machine.
    InsecureEndpoint,
    /// Discovery offers `none` and HS256 alone.
    WeakAlgorithms,
    /// The callback names another issuer.
    CallbackIssuer,
    /// The callback names no issuer although discovery promised it.
    NoCallbackIssuer,
    /// The token answer has no ID token.
    NoIdToken,
    /// Signed with a key of its own under the published key's id.
    BadSignature,
    /// The claims are changed after signing.
    ChangedClaims,
    /// Signed with a key that is not published.
    UnknownKey,
    /// Not signed.
    AlgNone,
    /// HS256 with the public key as the shared secret.
    Hs256WithPublicKey,
    /// HS256 with the client secret.
    Hs256WithClientSecret,
    TokenIssuer,
    Audience,
    /// Us and another audience, without `azp`; with `azp` another; with `azp` us, which is no lie.
    SeveralAudiencesNoParty,
    SeveralAudiencesWrongParty,
    SeveralAudiencesOurParty,
    /// We are the only audience, and `azp` is another.
    WrongParty,
    Nonce,
    NoNonce,
    /// Expired this many seconds ago.
    Expired(i64),
    /// Issued this many seconds from now.
    Future(i64),
    AccessTokenHash,
    /// Does not say when the person signed in, although it was asked.
    NoAuthTime,
    /// Says that they signed in this many seconds from now, whatever it was asked.
    AuthTime(i64),
    EmptySubject,
    /// No e-mail in the ID token: it is at the user-info endpoint (no lie).
    EmailAtUserInfo,
    /// As before, but user info speaks of somebody else.
    OtherSubjectAtUserInfo,
}

/// Where it does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Discovery,
    Keys,
    Token,
    UserInfo,
    Revoke,
}
