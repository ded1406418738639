//! Bearer tokens at work: forgeries refused before anything slow, each comparison done once, validity read every time.

use std::sync::Arc;

use crate::base::entropy::Entropy;
use crate::base::secret::Secret;
use crate::crypto::bearer::{self, Cost, Presented, TokenKind};
use crate::domain::actor::{Caller, SignedIn};
use crate::domain::networks::Networks;
use crate::domain::{AuthFailure, Error, quota};
use crate::store::session::{self, TokenRecord, TokenRow};
use crate::store::{ReadTx, Store, api_key};

use super::App;
use super::comparisons::Comparisons;
use super::quota::Holder;
use super::slow_lane::SlowLane;

/// The slow half of tokens.
pub(super) struct Bearer {
    entropy: Arc<dyn Entropy>,
    cost: Cost,
    ways_in: SlowLane,
    members: SlowLane,
    comparisons: Comparisons,
}

/// A new token with the half of it that is stored.
pub(super) struct NewToken {
    pub token: Secret<String>,
    pub record: TokenRecord,
}

impl Bearer {
    pub fn new(entropy: Arc<dyn Entropy>, cost: Cost) -> Self {
        let (ways_in, members) = (SlowLane::for_ways_in(), SlowLane::for_members());
        Self { entropy, cost, ways_in, members, comparisons: Comparisons::default() }
    }

    /// What a signed-in person has made waits apart from those who want to come in.
    const fn lane(&self, kind: TokenKind) -> &SlowLane {
        match kind {
            TokenKind::Session | TokenKind::SignInLink => &self.ways_in,
            TokenKind::ApiKey | TokenKind::Invitation => &self.members,
        }
    }

    /// How many hashes were asked for since the start, made or compared.
    pub fn hashes(&self) -> u64 {
        self.ways_in.entered() + self.members.entered()
    }

    /// Makes a token. `Unavailable` when too many hashes wait.
    pub async fn mint(&self, store: &Store, kind: TokenKind) -> Result<NewToken, Error> {
        let minted = store.token_keys().mint(kind, &*self.entropy);
        let (peppered, entropy, cost) = (minted.peppered, Arc::clone(&self.entropy), self.cost);
        let hash = self.lane(kind).run(move || bearer::hash(&peppered, cost, &*entropy)).await?;
        let hash = hash.map_err(Error::internal)?;
        Ok(NewToken { token: minted.token, record: TokenRecord { selector: minted.selector, hash } })
    }

    /// A token of this kind that this server made; everything else is refused here, in microseconds.
    pub fn present(store: &Store, kind: TokenKind, token: &str) -> Result<Presented, AuthFailure> {
        let presented = Self::made_here(store, token)?;
        if presented.kind == kind { Ok(presented) } else { Err(AuthFailure::Invalid) }
    }

    fn made_here(store: &Store, token: &str) -> Result<Presented, AuthFailure> {
        store.token_keys().check(token).map_err(|_| AuthFailure::Invalid)
    }

    /// Whether a token belongs to a hash; `allowed` is awaited before what is not remembered is compared.
    async fn matches(
        &self,
        presented: &Presented,
        hash: &str,
        allowed: impl Future<Output = Result<(), Error>>,
    ) -> Result<bool, Error> {
        let (peppered, stored, cost) = (presented.peppered(), hash.to_owned(), self.cost);
        let compare = async {
            allowed.await?;
            self.ways_in.run(move || bearer::matches(&peppered, &stored, cost)).await
        };
        self.comparisons.once(presented.fingerprint, hash, compare).await
    }
}

impl App {
    /// Who is behind the token of a session or an API key, and from where it may be used.
    pub(super) async fn signed_in(&self, caller: &Caller, token: &str) -> Result<(SignedIn, Networks), Error> {
        let presented = Bearer::made_here(&self.store, token)?;
        let row = self.store.look(|read| find_row(read, &presented))?.ok_or(AuthFailure::Invalid)?;
        let validity = row.validity(self.clock.now());
        // Whoever shows a token that was cleaned up is told why it is over: only its MAC is left to vouch for it.
        let Some(hash) = &row.hash else { return Err(validity.err().unwrap_or(AuthFailure::Invalid).into()) };
        if !self.matches(caller, &presented, hash).await? {
            return Err(AuthFailure::Invalid.into());
        }
        validity?;
        Ok((row.signed_in, row.networks))
    }

    /// Whether a token belongs to a hash. `RateLimited` when it was compared too often: the secret of a token with a right
    /// MAC can be wrong only when our keys are known to somebody who lacks the token.
    pub(super) async fn matches(&self, caller: &Caller, presented: &Presented, hash: &str) -> Result<bool, Error> {
        let allowed = async {
            let holder = Holder::Token(&presented.selector);
            self.spend_of(holder, caller, quota::COMPARISONS).await.map(|_| ())
        };
        self.bearer.matches(presented, hash, allowed).await
    }
}

/// The row of what can stand for a person; the other kinds open something once, at its own door.
fn find_row(read: &ReadTx<'_>, presented: &Presented) -> Result<Option<TokenRow>, Error> {
    match presented.kind {
        TokenKind::Session => session::find_token(read, &presented.selector),
        TokenKind::ApiKey => api_key::find_token(read, &presented.selector),
        TokenKind::SignInLink | TokenKind::Invitation => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Mutex;
    use tokio::task::JoinSet;

    use super::*;
    use crate::base::entropy::SeededEntropy;

    #[tokio::test]
    async fn however_much_members_ask_for_others_still_come_in() {
        let bearer = Arc::new(Bearer::new(Arc::new(SeededEntropy::new(1)), Cost::STANDARD));
        let gate = Arc::new(Mutex::new(()));
        let closed = Arc::clone(&gate).lock_owned().await;
        let mut asked = JoinSet::new();
        for _ in 0..100 {
            let (bearer, gate) = (Arc::clone(&bearer), Arc::clone(&gate));
            asked
                .spawn(async move { bearer.lane(TokenKind::Invitation).run(move || drop(gate.blocking_lock())).await });
        }
        let refused = asked.join_next().await.unwrap().unwrap();
        assert!(matches!(refused, Err(Error::Unavailable("too many invitations at once"))), "{refused:?}");
        for kind in [TokenKind::Session, TokenKind::SignInLink] {
            bearer.lane(kind).run(|| ()).await.unwrap();
        }
        drop(closed);
        assert_eq!(asked.join_all().await.iter().filter(|done| done.is_ok()).count(), 16);
        assert_eq!(bearer.hashes(), 102);
    }
}
