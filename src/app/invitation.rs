//! Invitations: opening a door into a team, and going through it.

use std::time::Duration;

use crate::base::id::Id;
use crate::base::page::{Page, PageRequest};
use crate::base::secret::Secret;
use crate::crypto::bearer::TokenKind;
use crate::domain::actor::{Actor, Caller};
use crate::domain::event::Event;
use crate::domain::idempotency::Mark;
use crate::domain::permission::{Permission, Relation, is_open_to};
use crate::domain::quota;
use crate::domain::role::Role;
use crate::domain::session::{Method, Session};
use crate::domain::team::{INVITATION_LIFETIME, Invitation, InvitationState, MAX_INVITATION_LIFETIME, Team};
use crate::domain::text::Email;
use crate::domain::trip::Errand;
use crate::domain::user::{User, UserState};
use crate::domain::{AuthFailure, Conflict, Error};
use crate::store::invitation::{self, NewInvitation};
use crate::store::session::NewSession;
use crate::store::user::{self, Address, NewUser};
use crate::store::{Action, Asker, Query, Reach, ReadTx, Target, Tx, team};

use super::bearer::Bearer;
use super::credential::close_shares;
use super::grant::close_grants;
use super::idempotency::ShownOnce;
use super::oidc::Departure;
use super::sign_in::{Arrival, SignedInNow, arrive, join};
use super::webhook::leave_webhooks;
use super::{Acted, App};

const KIND: &str = "invitation";
/// The shortest life that makes sense.
const MIN_LIFETIME: Duration = Duration::from_mins(1);

/// What an invitation shall be.
#[derive(Debug)]
pub struct Invite {
    /// Into which team.
    pub team: Id<Team>,
    /// With which role.
    pub role: Role,
    /// For whom alone: a provider must vouch for the address as theirs.
    pub email: Option<Email>,
    /// How long, 1 minute to 30 days; 7 days when nobody says.
    pub lifetime: Option<Duration>,
}

/// An invitation with its token, which is shown this once.
#[derive(Debug)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// Its token.
    pub token: Secret<String>,
    /// The address to hand on; the token stands in the fragment.
    pub url: Secret<String>,
}

impl App {
    /// Opens a door into a team. Quota and permission come before the token: its hash is dear, and a refusal must not be.
    pub async fn invite(
        &self,
        caller: &Caller,
        invite: Invite,
        mark: Option<Mark>,
    ) -> Result<ShownOnce<Invited>, Error> {
        self.refuse_repetition(caller, mark.as_ref())?;
        let lifetime = invite.lifetime.unwrap_or(INVITATION_LIFETIME);
        if !(MIN_LIFETIME..=MAX_INVITATION_LIFETIME).contains(&lifetime) {
            return Err(Error::invalid("/expires_in", "must be between 60 seconds and 30 days"));
        }
        let Invite { team, role, email, .. } = invite;
        if email.is_some() && self.providers.is_empty() {
            let why = "cannot be bound: this server has no provider that could vouch for the address";
            return Err(Error::invalid("/email", why));
        }
        let allowance = self.spend(caller, quota::INVITATIONS).await?;
        self.ask(caller, MayInvite { team, role }).await?;
        let minted = self.bearer.mint(&self.store, TokenKind::Invitation).await?;
        let create = Create(NewInvitation { team, token: minted.record, role, email, lifetime });
        let acted = self.act_shown_once_within(caller, create, allowance, mark).await?;
        let url = Secret::new(format!("{}/invite#{}", self.public_url, minted.token.expose()));
        Ok(acted.map(|invitation| Invited { invitation, token: minted.token, url }))
    }

    /// Goes through the door as somebody who is signed in.
    pub async fn accept_invitation(&self, caller: &Caller, token: &str) -> Result<Acted<Id<Team>>, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let outcome = self.check_invitation(caller, token).await;
        let selector = self.note_refusal(caller, outcome, KIND).await?;
        self.act(caller, Accept { selector }).await
    }

    /// Goes through the door as somebody new: makes their account and signs them in.
    pub async fn join_by_invitation(
        &self,
        caller: &Caller,
        token: &str,
        arrival: Arrival,
    ) -> Result<SignedInNow, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let outcome = self.check_invitation(caller, token).await;
        let selector = self.note_refusal(caller, outcome, KIND).await?;
        if arrival.name.is_none() {
            return Err(Error::invalid("/name", "is needed: this makes your account"));
        }
        let join = |arrival, session| Join { selector, arrival, session };
        self.begin_session(caller, None, arrival, Method::Invitation, join).await
    }

    /// Goes through the door by way of a provider, who vouches for the person: makes their account, or knows it again.
    pub async fn accept_at_provider(&self, caller: &Caller, token: &str, provider: &str) -> Result<Departure, Error> {
        self.spend(caller, quota::SIGN_INS).await?;
        let outcome = self.check_invitation(caller, token).await;
        let selector = self.note_refusal(caller, outcome, KIND).await?;
        self.depart(caller, provider, Errand::Invitation(selector)).await
    }

    /// The selector of an invitation that this server made and nobody has closed.
    async fn check_invitation(&self, caller: &Caller, token: &str) -> Result<String, Error> {
        let presented = Bearer::present(&self.store, TokenKind::Invitation, token)?;
        let found = self.store.look(|read| invitation::find_token(read, &presented.selector))?;
        let (hash, closed) = found.ok_or(AuthFailure::Invalid)?;
        match hash {
            Some(hash) if !self.matches(caller, &presented, &hash).await? => Err(AuthFailure::Invalid.into()),
            _ if closed => Err(Error::Conflict(Conflict::InvitationClosed)),
            Some(_) => Ok(presented.selector),
            None => Err(AuthFailure::Invalid.into()),
        }
    }
}

/// May I invite so? Asked before anything slow is done for the answer; [`Create`] is judged again when it is done.
#[derive(Debug)]
struct MayInvite {
    team: Id<Team>,
    role: Role,
}

impl Query for MayInvite {
    type Output = ();

    fn permission(&self) -> Permission {
        to_invite(self.role)
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { target: Some(self.role), ..Relation::default() })
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Opens a door into a team. Its quota is spent by [`App::invite`].
#[derive(Debug)]
struct Create(NewInvitation);

impl Action for Create {
    type Output = Invitation;

    fn permission(&self) -> Permission {
        to_invite(self.0.role)
    }
    fn event(&self) -> Event {
        Event::InvitationCreated
    }
    fn target(&self) -> Target {
        Target::team(self.0.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { target: Some(self.0.role), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Invitation, Error> {
        let invitation = invitation::insert(tx, &self.0)?;
        tx.concerns(KIND, invitation.id);
        tx.note("role", self.0.role.as_str());
        Ok(invitation)
    }
}

/// Accepts as oneself.
#[derive(Debug)]
struct Accept {
    selector: String,
}

impl Action for Accept {
    type Output = Id<Team>;

    fn permission(&self) -> Permission {
        Permission::InvitationAccept
    }
    fn event(&self) -> Event {
        Event::InvitationAccepted
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<Id<Team>, Error> {
        let me = tx.user()?;
        let verified = user::verified_address(tx, me)?;
        go_through(tx, &self.selector, verified.as_ref(), me)
    }
}

/// Accepts as somebody new.
#[derive(Debug)]
struct Join {
    selector: String,
    arrival: Arrival,
    session: NewSession,
}

impl Action for Join {
    type Output = (Session, User);

    fn permission(&self) -> Permission {
        Permission::InvitationAccept
    }
    fn event(&self) -> Event {
        Event::InvitationAccepted
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(Session, User), Error> {
        if tx.actor() != &Actor::Anonymous {
            return Err(Error::Forbidden(None));
        }
        let name = self.arrival.name.ok_or_else(|| Error::invalid("/name", "is needed"))?;
        // What somebody only says of themself proves nothing.
        let stated = self.arrival.email.map(Address::Stated);
        let id = join(tx, &NewUser { name, email: stated, instance_role: Role::Member })?;
        go_through(tx, &self.selector, None, id)?;
        arrive(tx, id, &self.session)
    }
}

/// What one must be allowed, to invite with this role. One who comes in as an Admin or Owner may change roles and remove
/// people at once: letting them in wants what these acts want.
const fn to_invite(role: Role) -> Permission {
    match role {
        Role::Owner | Role::Admin => Permission::InvitationCreateHigh,
        Role::Manager | Role::Member => Permission::InvitationCreate,
    }
}

/// Whether somebody with this role, or none, may open such a door; how fresh their sign-in is aside.
fn may_invite(inviter: Option<Role>, role: Role) -> bool {
    is_open_to(inviter, to_invite(role), Relation { target: Some(role), ..Relation::default() })
}

/// Closes the doors that a person opened, to members, guests or themself, and could not open any more with the role that
/// is left to them.
pub(super) fn close_doors(tx: &mut Tx<'_>, team: Id<Team>, person: Id<User>, left: Option<Role>) -> Result<(), Error> {
    let mut closed = 0;
    for role in Role::ALL.into_iter().filter(|role| !may_invite(left, *role)) {
        closed += invitation::revoke_of(tx, team, person, role)?;
    }
    if closed > 0 {
        tx.note("invitations_revoked", closed);
    }
    close_shares(tx, team, person, left)?;
    leave_webhooks(tx, team, person, left)?;
    close_grants(tx, team, person, left)
}

/// Whether an invitation still stands for the will of somebody who may have it: an account in good standing, with a role
/// that allows it now; and not whoever goes through, or a right could outlive its loss.
fn is_backed(read: &ReadTx<'_>, invitation: &Invitation, person: Id<User>) -> Result<bool, Error> {
    let inviter = invitation.invited_by;
    Ok(inviter != person
        && user::get(read, inviter)?.state == UserState::Active
        && may_invite(team::find_role(read, invitation.team, inviter)?, invitation.role))
}

/// Uses the invitation up and makes the person a member; `verified` is the address that a provider vouches for.
pub(super) fn go_through(
    tx: &mut Tx<'_>,
    selector: &str,
    verified: Option<&Email>,
    person: Id<User>,
) -> Result<Id<Team>, Error> {
    let accepted = invitation::accept(tx, selector, verified)?;
    if !is_backed(tx, &accepted, person)? {
        return Err(Error::Conflict(Conflict::InvitationClosed));
    }
    invitation::record_accepter(tx, accepted.id, person)?;
    team::insert_member(tx, accepted.team, person, accepted.role)?;
    tx.concerns(KIND, accepted.id);
    tx.note("team", accepted.team);
    tx.note("role", accepted.role.as_str());
    Ok(accepted.team)
}

/// A team's invitations in one state: all of them for those who may read all, one's own for the others.
#[derive(Debug)]
pub struct List {
    /// Which team.
    pub team: Id<Team>,
    /// What became of them.
    pub state: InvitationState,
    /// Which page.
    pub page: PageRequest,
}

impl Query for List {
    type Output = Page<Invitation>;

    fn permission(&self) -> Permission {
        Permission::InvitationRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(Relation { own: true, ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<Page<Invitation>, Error> {
        let of = match asker.reach() {
            Reach::Everything => None,
            Reach::TheirOwn => Some(asker.user()?),
        };
        invitation::list(read, self.team, of, self.state, &self.page)
    }
}

/// One invitation, whatever became of it.
#[derive(Debug)]
pub struct Get {
    /// Of which team.
    pub team: Id<Team>,
    /// Which.
    pub id: Id<Invitation>,
}

impl Query for Get {
    type Output = Invitation;

    fn permission(&self) -> Permission {
        Permission::InvitationRead
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let found = invitation::find(read, self.team, self.id)?.ok_or(Error::NotFound)?;
        Ok(Relation { own: caller.actor.user() == Some(found.invited_by), ..Relation::default() })
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Invitation, Error> {
        invitation::find(read, self.team, self.id)?.ok_or(Error::NotFound)
    }
}

/// Closes an open invitation.
#[derive(Debug)]
pub struct Revoke {
    /// Of which team.
    pub team: Id<Team>,
    /// Which.
    pub id: Id<Invitation>,
}

impl Action for Revoke {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::InvitationRevoke
    }
    fn event(&self) -> Event {
        Event::InvitationRevoked
    }
    fn target(&self) -> Target {
        Target::team(self.team).resource(KIND, self.id)
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let open = invitation::find_open(read, self.team, self.id)?.ok_or(Error::NotFound)?;
        Ok(Relation { own: caller.actor.user() == Some(open.invited_by), ..Relation::default() })
    }
    fn apply(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        invitation::revoke(tx, self.team, self.id)
    }
}
