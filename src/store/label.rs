//! Labels by blind index: what finds the delegations of a team that bear one. The words themselves are sealed with the
//! delegation.

use crate::base::id::Id;
use crate::crypto::blind_index::{BlindColumn, BlindIndex};
use crate::domain::Error;
use crate::domain::delegation::Delegation;
use crate::domain::team::Team;
use crate::domain::text::Label;

use super::tx::{ReadTx, Tx};

statements! {
    INSERT = "INSERT INTO delegation_labels (delegation_id, label_bidx) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    DELETE = "DELETE FROM delegation_labels WHERE delegation_id = ?1";
}

/// What a label of a team is found by: case does not count, and no two teams have an index in common.
pub(super) fn index_of(read: &ReadTx<'_>, team: Id<Team>, label: &Label) -> BlindIndex {
    read.blind_index(BlindColumn::Label, &format!("{team}/{}", label.as_str()))
}

/// Makes a delegation findable by these labels and by no others.
pub(super) fn replace(tx: &mut Tx<'_>, team: Id<Team>, id: Id<Delegation>, labels: &[Label]) -> Result<(), Error> {
    tx.execute(DELETE, &[id.into()])?;
    for label in labels {
        let index = index_of(tx, team, label);
        tx.execute(INSERT, &[id.into(), index.into()])?;
    }
    Ok(())
}
