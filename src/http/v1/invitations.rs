//! Doors into a team.

use std::time::Duration;

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tag;
use super::answer::{Created, Made, Removed, Shown, WithCookie};
use super::auth::{Begun, Device, SessionBegun, SignedIn, arrival};
use super::model::{Invitation, InvitationState, List, Role, moment, page_request};
use crate::app::invitation::{self, Get, Invite, Revoke};
use crate::base::id::Id;
use crate::base::qr::QrCode;
use crate::base::secret::Secret;
use crate::domain::Error;
use crate::domain::text::Email;
use crate::http::body::{Body, SMALL};
use crate::http::caller::{Member, Visitor};
use crate::http::problem::Failure;

/// Invitations.
pub struct Invitations;

/// An invitation about to be made.
#[derive(Object)]
struct NewInvitation {
    /// The role it gives; below one's own, except for an Owner. `admin` and `owner` want a fresh sign-in.
    role: Role,
    /// The address for which it is alone: a provider must vouch for it as that of whoever accepts. A server without a
    /// provider binds none.
    #[oai(validator(min_length = 3, max_length = 254))]
    email: Option<String>,
    /// How many seconds it is good for; 7 days when left out.
    #[oai(validator(minimum(value = "60"), maximum(value = "2592000")))]
    expires_in: Option<u32>,
}

/// An invitation with its token, which is shown this once.
#[derive(Object)]
struct InvitationWithToken {
    id: Uuid,
    /// The address to hand on; the token stands behind `#`, where no server log sees it.
    url: String,
    token: String,
    /// The address as a QR code, an SVG image.
    qr_svg: String,
    role: Role,
    expires_at: OffsetDateTime,
}

/// An invitation, accepted.
#[derive(Object)]
struct Acceptance {
    /// The invitation's token.
    #[oai(validator(min_length = 1, max_length = 200))]
    token: String,
    /// Needed when nobody is signed in: this makes the account.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Your address, as you state it. An invitation that is bound to one wants a provider's word instead.
    #[oai(validator(min_length = 3, max_length = 254))]
    email: Option<String>,
    device: Option<Device>,
}

/// The team that was joined.
#[derive(Object)]
struct Joined {
    team_id: Uuid,
}

/// What an accepted invitation answers.
#[derive(ApiResponse)]
#[allow(clippy::large_enum_variant)] // lives for one answer
enum Accepted {
    /// The signed-in person is a member now.
    #[oai(status = 200)]
    Joined(
        Json<Joined>,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
    ),
    /// A new person has an account, is a member, and is signed in.
    #[oai(status = 201)]
    Begun(
        Json<SignedIn>,
        /// Where the session's holder finds themself.
        #[oai(header = "Location")]
        String,
        /// The audit row that stands for it.
        #[oai(header = "Milton-Audit")]
        i64,
        /// The console's cookie.
        #[oai(header = "Set-Cookie")]
        Option<String>,
    ),
}

#[OpenApi(tag = "Tag::Invitations", prefix_path = "/api/v1")]
impl Invitations {
    /// Invite somebody into a team
    ///
    /// An Admin or Owner is invited with a fresh sign-in alone, and by `invitation:create-high`.
    /// Permission `invitation:create` · event `team.invitation.created` · quota 20 an hour.
    #[oai(path = "/teams/:team/invitations", method = "post", operation_id = "createInvitation")]
    async fn create(
        &self,
        member: Member,
        team: Path<Uuid>,
        body: Body<NewInvitation>,
    ) -> Result<Created<InvitationWithToken>, Failure> {
        let invite = Invite {
            team: Id::from_uuid(team.0),
            role: body.role.into(),
            email: body.email.as_deref().map(|email| Email::parse("/email", email)).transpose()?,
            lifetime: body.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
        };
        let made = member.invite(&member.caller, invite, member.mark).await?;
        let code = QrCode::of(made.output().url.expose());
        let code = code.ok_or_else(|| Error::internal("an address too long for a code"))?;
        Ok(Created::shown_once(made, |made| Made {
            location: format!("/api/v1/teams/{}/invitations/{}", made.invitation.team, made.invitation.id),
            etag: None,
            body: InvitationWithToken {
                qr_svg: code.svg(),
                id: made.invitation.id.uuid(),
                url: made.url.expose().clone(),
                token: made.token.expose().clone(),
                role: made.invitation.role.into(),
                expires_at: moment(made.invitation.expires_at),
            },
        }))
    }

    /// A team's invitations
    ///
    /// Those in one state: all of them for Owners and Admins, one's own for Managers. Permission `invitation:read`.
    #[oai(path = "/teams/:team/invitations", method = "get", operation_id = "listInvitations")]
    async fn list(
        &self,
        member: Member,
        team: Path<Uuid>,
        /// In this state; open ones when left out.
        state: Query<Option<InvitationState>>,
        /// How many at most.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u32>>,
        /// Where the page starts.
        cursor: Query<Option<String>>,
    ) -> Result<Shown<List<Invitation>>, Failure> {
        let page = page_request(limit.0, cursor.0.as_deref())?;
        let state = state.0.unwrap_or(InvitationState::Open).into();
        let query = invitation::List { team: Id::from_uuid(team.0), state, page };
        Ok(Shown::plain(List::of(member.ask(&member.caller, query).await?, Invitation::from)))
    }

    /// One invitation
    ///
    /// Without its token. Permission `invitation:read`.
    #[oai(path = "/teams/:team/invitations/:invitation", method = "get", operation_id = "getInvitation")]
    async fn get(
        &self,
        member: Member,
        team: Path<Uuid>,
        invitation: Path<Uuid>,
    ) -> Result<Shown<Invitation>, Failure> {
        let query = Get { team: Id::from_uuid(team.0), id: Id::from_uuid(invitation.0) };
        Ok(Shown::plain(member.ask(&member.caller, query).await?.into()))
    }

    /// Close an open invitation
    ///
    /// Permission `invitation:revoke` · event `team.invitation.revoked`.
    #[oai(path = "/teams/:team/invitations/:invitation", method = "delete", operation_id = "revokeInvitation")]
    async fn revoke(&self, member: Member, team: Path<Uuid>, invitation: Path<Uuid>) -> Result<Removed, Failure> {
        let action = Revoke { team: Id::from_uuid(team.0), id: Id::from_uuid(invitation.0) };
        Ok(Removed::Removed(member.act(&member.caller, action).await?.seq))
    }

    /// Accept an invitation
    ///
    /// Signed in or not: a new person gets an account and a session in the answer. The one who invited must still be one
    /// who may, and cannot accept.
    /// Permission `invitation:accept` · event `team.invitation.accepted` · quota 10 in 5 minutes per address.
    #[oai(path = "/invitations/accept", method = "post", operation_id = "acceptInvitation")]
    async fn accept(&self, visitor: Visitor, body: Body<Acceptance, SMALL>) -> Result<WithCookie<Accepted>, Failure> {
        let Body(Acceptance { token, name, email, device }) = body;
        let token = Secret::new(token);
        if visitor.caller.actor.user().is_some() {
            let acted = visitor.accept_invitation(&visitor.caller, token.expose()).await?;
            let joined = Joined { team_id: acted.output.uuid() };
            return Ok(WithCookie::none(Accepted::Joined(Json(joined), acted.seq)));
        }
        let arrival = arrival(&visitor, name.as_deref(), email.as_deref(), device)?;
        let signed_in = visitor.join_by_invitation(&visitor.caller, token.expose(), arrival).await?;
        let WithCookie { answer: Begun::Begun(body, location, seq, session_cookie), cookie } =
            SessionBegun::hand_over(signed_in);
        Ok(WithCookie { answer: Accepted::Begun(body, location, seq, session_cookie), cookie })
    }
}
