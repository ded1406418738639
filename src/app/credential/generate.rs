//! Making a password by chance, for whoever is about to keep it.

use std::sync::Arc;

use crate::base::entropy::Entropy;
use crate::domain::Error;
use crate::domain::actor::Caller;
use crate::domain::credential::recipe::{Made, Recipe};
use crate::domain::permission::{Permission, Relation};
use crate::store::{Asker, Query, ReadTx, Target, their_own};

/// A password that nobody has seen. It is kept nowhere.
pub struct Generate {
    /// What it is made of.
    pub recipe: Recipe,
    /// Where its randomness comes from.
    pub entropy: Arc<dyn Entropy>,
}

impl Query for Generate {
    type Output = Made;

    fn permission(&self) -> Permission {
        Permission::PersonalCredentialManage
    }
    fn target(&self) -> Target {
        Target::instance()
    }
    fn relation(&self, _: &ReadTx<'_>, _: &Caller) -> Result<Relation, Error> {
        Ok(their_own())
    }
    fn run(self, _: &ReadTx<'_>, _: &Asker<'_>) -> Result<Made, Error> {
        Ok(self.recipe.make(&*self.entropy))
    }
}
