//! Back-channel logout: a provider says that somebody signed out there, and their sessions here end.

use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::event::Event;
use crate::domain::permission::Permission;
use crate::domain::session::RevokeReason;
use crate::idp::LoggedOut;
use crate::store::{Action, Target, Tx, identity, login_code, session};

use super::App;

impl App {
    /// Ends the sessions that a provider's logout token speaks of (`OpenID` Connect Back-Channel Logout 1.0). Answers the
    /// number of the audit row. Somebody whom nobody knows here has no sessions, and that is no error.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that proves nothing, `Conflict(AlreadyUsed)` for one that was used before, both on
    /// record; `NotFound` for no such provider; `Unavailable` when its keys cannot be had.
    pub async fn log_out_by_provider(&self, caller: &Caller, name: &str, token: &str) -> Result<i64, Error> {
        let gone = match self.provider(name)?.verify_logout(token).await {
            Ok(gone) => gone,
            Err(error) => return Err(self.provider_failed(caller, Event::OauthFailed, name, error).await?),
        };
        Ok(self.act(caller, LogOut { provider: name.to_owned(), gone }).await?.seq)
    }
}

/// Ends the sessions that began with an identity.
struct LogOut {
    provider: String,
    gone: LoggedOut,
}

impl Action for LogOut {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::BackChannelLogout
    }
    fn event(&self) -> Event {
        Event::OauthLoggedOut
    }
    fn failure_event(&self) -> Event {
        Event::OauthFailed
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let gone = self.gone;
        tx.note("provider", &self.provider);
        identity::use_logout_token(tx, &gone.issuer, &gone.token, gone.expires_at)?;
        let Some(known) = identity::find(tx, &gone.issuer, &gone.subject)? else {
            tx.note("sessions", 0);
            return Ok(());
        };
        tx.attribute_to(known.user);
        tx.concerns("identity", known.id);
        let reason = RevokeReason::ProviderLogout;
        let ended = session::revoke_of_identity(tx, known.id, gone.session.as_deref(), reason)?;
        tx.note("sessions", ended);
        login_code::withdraw(tx, known.id)
    }
}
