//! The kinds of things whose happenings are told live, each with the query that reads it for the API. A kind that is not
//! here is not told.

use super::reader::Reader;
use crate::app::delegation::comments::{self, WhichComment};
use crate::app::team::{self, MyTeam};
use crate::app::{conversation, credential, delegation, message};
use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::comment::Comment;
use crate::domain::conversation::Conversation;
use crate::domain::credential::{Credential, Vault};
use crate::domain::delegation::Delegation;
use crate::domain::event::Event;
use crate::domain::message::Message;
use crate::domain::permission::{Permission, Relation};
use crate::domain::team::{Member, Team};
use crate::domain::user::User;
use crate::store::feed::Happening;
use crate::store::{self, Asker, Query, ReadTx, Target, comment as stored_comment, team as stored_team, tombstone};

/// A thing as a stream's reader may see it at this moment, which need not be as it was when it happened.
pub enum Thing {
    /// A delegation.
    Delegation(Box<Delegation>),
    /// What was said about a delegation.
    Comment(Comment),
    /// A conversation.
    Conversation(Box<Conversation>),
    /// What was said in one; of a deleted one, that there was something.
    Message(Box<Message>),
    /// A credential, without its payload.
    Credential(Credential),
    /// Somebody's place in a team.
    Member(Member),
    /// A team.
    Team(MyTeam),
    /// It was deleted; its reader could have read it.
    Gone,
}

impl Reader {
    /// The thing that something happened to; `None` for a kind that is not told. An error is what the API would answer.
    pub(super) fn thing(&self, happening: &Happening) -> Result<Option<Thing>, Error> {
        match happening.kind.as_str() {
            "delegation" => self.delegation(happening).map(Some),
            "comment" => self.comment(happening).map(Some),
            "conversation" => self.conversation(happening).map(Some),
            "message" => self.message(happening).map(Some),
            "credential" => self.credential(happening).map(Some),
            "user" => self.member(happening).map(Some),
            "team" => self.team(happening).map(Some),
            _ => Ok(None),
        }
    }

    fn delegation(&self, happening: &Happening) -> Result<Thing, Error> {
        let which = delegation::Which { team: happening.team, id: Id::from_uuid(happening.id) };
        match happening.event {
            Event::DelegationDeleted => self.ask(Deleted(Once::Delegation(which))).map(|()| Thing::Gone),
            _ => self.ask(delegation::Get(which)).map(|delegation| Thing::Delegation(Box::new(delegation))),
        }
    }

    /// A deleted comment is gone for those who may read its delegation still.
    fn comment(&self, happening: &Happening) -> Result<Thing, Error> {
        let (team, id) = (happening.team, Id::from_uuid(happening.id));
        let on = self.app.store.look(|read| stored_comment::delegation_of(read, team, id))?.ok_or(Error::NotFound)?;
        let on = delegation::Which { team, id: on };
        match happening.event {
            Event::CommentDeleted => self.ask(delegation::Get(on)).map(|_| Thing::Gone),
            _ => self.ask(comments::Get(WhichComment { on, id })).map(Thing::Comment),
        }
    }

    fn conversation(&self, happening: &Happening) -> Result<Thing, Error> {
        let which = conversation::Which { team: happening.team, id: Id::from_uuid(happening.id) };
        match happening.event {
            Event::ConversationDeleted => self.ask(Deleted(Once::Conversation(which))).map(|()| Thing::Gone),
            _ => self.ask(conversation::Get(which)).map(|conversation| Thing::Conversation(Box::new(conversation))),
        }
    }

    fn message(&self, happening: &Happening) -> Result<Thing, Error> {
        let (team, id) = (happening.team, Id::from_uuid(happening.id));
        let within = self.app.store.look(|read| store::message::conversation_of(read, team, id))?;
        let conversation = conversation::Which { team, id: within.ok_or(Error::NotFound)? };
        self.ask(message::Get(message::Which { conversation, id })).map(|message| Thing::Message(Box::new(message)))
    }

    fn credential(&self, happening: &Happening) -> Result<Thing, Error> {
        let which = credential::Which { vault: Vault::Team(happening.team), id: Id::from_uuid(happening.id) };
        match happening.event {
            Event::CredentialDeleted => {
                self.ask(Deleted(Once::Credential(happening.team, which.id))).map(|()| Thing::Gone)
            }
            _ => self.ask(credential::Get(which)).map(Thing::Credential),
        }
    }

    /// Whoever left is gone for those who may read who belongs to the team, and they themself are not among them any more.
    fn member(&self, happening: &Happening) -> Result<Thing, Error> {
        let member = self.ask(GetMember { team: happening.team, user: Id::from_uuid(happening.id) });
        match (member, happening.event) {
            (Ok(None), Event::TeamMemberLeft | Event::TeamMemberRemoved) => Ok(Thing::Gone),
            (member, _) => member?.map(Thing::Member).ok_or(Error::NotFound),
        }
    }

    fn team(&self, happening: &Happening) -> Result<Thing, Error> {
        let team = happening.team;
        match happening.event {
            Event::TeamDeleted => self.ask(DeletedTeam(team)).map(|()| Thing::Gone),
            _ => self.ask(team::Get { team }).map(Thing::Team),
        }
    }
}

/// What there was once.
enum Once {
    Delegation(delegation::Which),
    Conversation(conversation::Which),
    Credential(Id<Team>, Id<Credential>),
}

/// Could I read this while it was there?
struct Deleted(Once);

impl Query for Deleted {
    type Output = ();

    fn permission(&self) -> Permission {
        match self.0 {
            Once::Delegation(_) => Permission::DelegationRead,
            Once::Conversation(_) => Permission::ConversationRead,
            Once::Credential(..) => Permission::CredentialRead,
        }
    }
    fn target(&self) -> Target {
        match self.0 {
            Once::Delegation(which) => which.target(),
            Once::Conversation(which) => which.target(),
            Once::Credential(team, id) => Target::team(team).resource(credential::KIND, id),
        }
    }
    fn relation(&self, read: &ReadTx<'_>, caller: &Caller) -> Result<Relation, Error> {
        let me = caller.actor.user().ok_or(Error::NotFound)?;
        match self.0 {
            Once::Delegation(which) => tombstone::delegation(read, which.team, which.id, me),
            Once::Conversation(which) => tombstone::conversation(read, which.team, which.id, me),
            Once::Credential(team, id) => tombstone::credential(read, team, id, me),
        }
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Do I belong to this team, which is closed? The team itself opens nothing any more but its restoration.
struct DeletedTeam(Id<Team>);

impl Query for DeletedTeam {
    type Output = ();

    fn permission(&self) -> Permission {
        Permission::TeamsOwn
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn run(self, read: &ReadTx<'_>, asker: &Asker<'_>) -> Result<(), Error> {
        stored_team::find_role(read, self.0, asker.user()?)?.map(|_| ()).ok_or(Error::NotFound)
    }
}

/// Somebody's place in a team, as the list of its members shows it; `None` when they do not belong to it.
struct GetMember {
    team: Id<Team>,
    user: Id<User>,
}

impl Query for GetMember {
    type Output = Option<Member>;

    fn permission(&self) -> Permission {
        Permission::MembershipRead
    }
    fn target(&self) -> Target {
        Target::team(self.team)
    }
    fn run(self, read: &ReadTx<'_>, _: &Asker<'_>) -> Result<Option<Member>, Error> {
        stored_team::find_member(read, self.team, self.user)
    }
}
