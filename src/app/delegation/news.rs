//! Who hears of what happens to a delegation: its delegator, its assignee and its watchers, never whoever did it
//! themself, and never anybody who may not read it any more.

use std::collections::BTreeSet;

use crate::base::id::Id;
use crate::domain::Error;
use crate::domain::comment::Comment;
use crate::domain::delegation::Delegation;
use crate::domain::notification::{Happened, News};
use crate::domain::user::User;
use crate::store::{Tx, notification, user, watch};

use super::Which;

/// Tells of a step, `also` those whom it concerned before.
pub(super) fn tell_of_step(
    tx: &mut Tx<'_>,
    delegation: &Delegation,
    happened: Happened,
    also: impl IntoIterator<Item = Id<User>>,
) -> Result<(), Error> {
    let mut whom = concerned(tx, delegation)?;
    whom.extend(also);
    tell(tx, delegation, &whom, happened, None)
}

/// Tells of a new comment: whoever is named hears that, the others that there is one.
pub(super) fn tell_of_comment(
    tx: &mut Tx<'_>,
    delegation: &Delegation,
    comment: Id<Comment>,
    named: &BTreeSet<Id<User>>,
) -> Result<(), Error> {
    let others = concerned(tx, delegation)?.difference(named).copied().collect();
    tell_of_mention(tx, delegation, comment, named)?;
    tell(tx, delegation, &others, Happened::Commented, Some(comment))
}

/// Tells those who are named in a comment.
pub(super) fn tell_of_mention(
    tx: &mut Tx<'_>,
    delegation: &Delegation,
    comment: Id<Comment>,
    named: &BTreeSet<Id<User>>,
) -> Result<(), Error> {
    tell(tx, delegation, named, Happened::Mentioned, Some(comment))
}

/// Delegator, assignee and watchers. Who was only chosen for a draft has not been asked yet.
fn concerned(tx: &Tx<'_>, delegation: &Delegation) -> Result<BTreeSet<Id<User>>, Error> {
    let mut whom = BTreeSet::from_iter(watch::ids(tx, delegation.id)?);
    whom.insert(delegation.delegator.id);
    whom.extend(delegation.assignee.as_ref().filter(|_| delegation.state.was_offered()).map(|person| person.id));
    Ok(whom)
}

/// Tells those of them who may read it.
pub(super) fn tell(
    tx: &mut Tx<'_>,
    delegation: &Delegation,
    whom: &BTreeSet<Id<User>>,
    happened: Happened,
    comment: Option<Id<Comment>>,
) -> Result<(), Error> {
    let actor = tx.actor().user();
    let by = actor.map(|actor| user::person(tx, actor)).transpose()?;
    let news = News::Delegation {
        happened,
        team: delegation.team,
        delegation: delegation.id,
        title: Some(delegation.title.as_str().to_owned()),
        by: by.map(|person| person.name.as_str().to_owned()),
        comment,
    };
    let which = Which { team: delegation.team, id: delegation.id };
    for &person in whom {
        // Whoever takes somebody out of a team may not know what work comes back to them with it.
        let did_it = actor == Some(person) && happened != Happened::Returned;
        if !did_it && which.is_open_to(tx, person)? {
            notification::insert(tx, person, &news)?;
        }
    }
    Ok(())
}
