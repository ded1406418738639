//! `[webhooks]`: where webhooks may go beside the public internet.

use ipnet::IpNet;

use super::reader::Reader;
use super::setting::Setting;

/// What webhooks may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhooks {
    /// Networks that they may reach although they are not public, even without TLS: none by default.
    pub allowed_networks: Vec<IpNet>,
}

impl Webhooks {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self { allowed_networks: reader.get("webhooks.allowed_networks", Vec::new()) }
    }
}

impl Setting for IpNet {
    fn expected() -> String {
        "a network such as 10.0.0.0/8, without bits beyond its prefix".into()
    }
    fn parse(text: &str) -> Option<Self> {
        // IPv4 within IPv6 is compared as IPv4: a network that is written the other way would hold nothing.
        let is_mapped = |network: &Self| matches!(network, Self::V6(v6) if v6.addr().to_ipv4_mapped().is_some());
        text.parse().ok().filter(|network: &Self| network.trunc() == *network && !is_mapped(network))
    }
}
