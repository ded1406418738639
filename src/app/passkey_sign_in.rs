//! The way in by a passkey: nobody says who they are, the passkey does.

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::passkey::{Ceremony, Purpose, Refusal};
use crate::domain::permission::Permission;
use crate::domain::quota;
use crate::domain::session::{Method, Session};
use crate::domain::user::{User, UserState};
use crate::store::session::NewSession;
use crate::store::{Action, Target, Tx, user};
use crate::webauthn::Assertion;

use super::ceremony::{Begun, Proof, meant};
use super::sign_in::{Arrival, SignedInNow, arrive};
use super::{Acted, App};

impl App {
    /// Asks a browser for any passkey of this server's people.
    pub async fn begin_passkey_sign_in(&self, caller: &Caller) -> Result<Acted<Begun>, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let challenge = self.relying_party()?.ask_for_proof([].iter())?;
        self.begin_ceremony(caller, Purpose::SignIn, challenge).await
    }

    /// Signs in whoever's passkey it is. `PasskeyRefused` when the answer is no good.
    pub async fn sign_in_by_passkey(
        &self,
        caller: &Caller,
        ceremony: Id<Ceremony>,
        answer: &Assertion,
        arrival: Arrival,
    ) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let relying_party = self.relying_party()?;
        let which = meant(caller, Purpose::SignIn, ceremony);
        let proof = self.check_answer(caller, which, |read, state| {
            let proof = Proof::check(read, relying_party, (which, state), answer, None)?;
            match user::get(read, proof.credential.user)?.state {
                UserState::Suspended => Err(Refusal::Suspended.into()),
                UserState::Active | UserState::Leaving => Ok(proof),
            }
        });
        let proof = proof.await?;
        let holder = Some(proof.credential.user);
        let sign_in = |_, session| SignInWithPasskey { proof, session };
        self.begin_session(caller, holder, arrival, Method::Passkey, sign_in).await
    }
}

/// Signs in by a passkey.
#[derive(Debug)]
struct SignInWithPasskey {
    proof: Proof,
    session: NewSession,
}

impl Action for SignInWithPasskey {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::SignIn
    }
    fn event(&self) -> Event {
        Event::PasskeySucceeded
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        self.proof.count(tx)?;
        let passkey = Some(self.proof.credential.id);
        arrive(tx, self.proof.credential.user, &NewSession { passkey, ..self.session })
    }
}
