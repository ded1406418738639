//! Floor 0: what everything stands on. Knows nothing of Milton's business.

pub mod clock;
pub mod entropy;
pub mod hex;
pub mod id;
pub mod page;
pub mod qr;
pub mod seats;
pub mod secret;

pub mod whole_file;
