//! Teams, the people in them, and the doors into them.

mod invitations;
mod memberships;
