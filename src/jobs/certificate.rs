//! Looks once a minute whether the certificate in use should be another one.

use std::time::Duration;

use super::Job;
use crate::domain::Error;

/// The timer over whatever knows where certificates come from.
pub struct CertificateRenewal<F>(pub F);

impl<F: Fn() -> Result<(), Error> + Send + Sync + 'static> Job for CertificateRenewal<F> {
    const NAME: &'static str = "certificate";
    const EVERY: Duration = Duration::from_mins(1);

    async fn run(&self) -> Result<(), Error> {
        self.0()
    }
}
