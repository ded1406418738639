//! What is said once the server listens.

use std::path::PathBuf;

use serde_json::json;

use super::banner;
use super::output::Output;
use super::place::Settings;
use super::server::Mode;

/// All that somebody needs to go on.
pub struct Greeting<'a> {
    /// `dev` says more than `serve`.
    pub mode: Mode,
    /// Where the server is.
    pub url: &'a str,
    /// The link that makes its opener the owner, while there is none.
    pub claim: Option<&'a str>,
    /// The local authority to trust, if the certificate comes from it.
    pub ca: Option<PathBuf>,
    /// Whose server it is.
    pub settings: &'a Settings,
}

impl Greeting<'_> {
    /// Says it: as text, or as the one line that programs wait for.
    pub fn say(&self, output: Output) {
        let mut line = json!({"event": "listening", "url": self.url});
        if let Some(ca) = &self.ca {
            line["ca_file"] = json!(ca);
        }
        if let Some(claim) = self.claim {
            line["claim_url"] = json!(claim);
        }
        output.say(&self.text(), &line);
    }

    fn text(&self) -> String {
        let http = &self.settings.config.http;
        let mut parts = vec![match self.mode {
            Mode::Dev => format!("Milton listens on {}", self.url),
            Mode::Production => {
                format!("Milton listens on {}, port {}; browsers call it {}", http.host, http.port, self.url)
            }
        }];
        if self.mode == Mode::Dev {
            parts[0].push_str("  (Ctrl-C stops it)");
            parts.extend(self.trust());
        }
        parts.extend(self.ownership());
        parts.join("\n\n")
    }

    fn trust(&self) -> Option<String> {
        let ca = self.ca.as_ref()?;
        Some(format!(
            "Your browser does not know its certificate yet: `sudo milton dev trust{}` adds the authority to the\n\
             system's store and says how to take it out again; or import {} by hand.",
            self.data_flag(),
            ca.display()
        ))
    }

    fn ownership(&self) -> Option<String> {
        Some(format!(
            "It has no owner yet. Open this link to become the owner; it works once, for 10 minutes\n\
             (`milton owner claim{}` makes another):\n\n{}",
            self.data_flag(),
            banner::link(self.claim?)
        ))
    }

    /// How other commands find this server, when it is not where they look by default.
    fn data_flag(&self) -> String {
        let folder = self.settings.layout.folder();
        let default = folder == std::path::Path::new(super::layout::DEFAULT_FOLDER);
        if default { String::new() } else { format!(" --data {}", folder.display()) }
    }
}
