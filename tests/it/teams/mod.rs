//! Teams, the people in them, the doors into them, and their ends.

mod ending;
mod invitations;
mod memberships;
mod ownership;
