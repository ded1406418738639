//! `[[oidc]]`: the providers (`OpenID` Connect) people sign in with.

use super::reader::Reader;
use super::setting::Setting;
use crate::base::secret::Secret;

/// What the preset `google` stands for.
pub const GOOGLE_ISSUER: &str = "https://accounts.google.com";

/// One provider.
#[derive(Debug)]
pub struct Oidc {
    /// Its name in paths, such as `google` in `/auth/login/google`.
    pub name: String,
    /// What the sign-in button says; the name unless set.
    pub display_name: String,
    /// The issuer; discovery starts here.
    pub issuer: String,
    /// This server's id at the provider.
    pub client_id: String,
    /// This server's secret at the provider, from the variable that `client_secret_env` names; a public client has none.
    pub client_secret: Option<Secret<String>>,
    /// E-mail domains whose people may join without an invitation; empty: nobody may.
    pub allowed_domains: Vec<Domain>,
}

/// A domain name in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for Domain {
    fn expected() -> String {
        "a domain such as example.org".into()
    }
    fn parse(text: &str) -> Option<Self> {
        let good = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
        (text.contains('.') && text.split('.').all(good)).then(|| Self(text.to_lowercase()))
    }
}

/// A provider's name: it stands in paths.
struct Name(String);

impl Setting for Name {
    fn expected() -> String {
        "1 to 32 small letters, digits or hyphens".into()
    }
    fn parse(text: &str) -> Option<Self> {
        let good = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (good && (1..=32).contains(&text.len())).then(|| Self(text.to_owned()))
    }
}

/// An issuer: https, or plain http on this machine for trying things out.
struct Issuer(String);

impl Setting for Issuer {
    fn expected() -> String {
        "an issuer such as https://login.example.org".into()
    }
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let host = rest.split(['/', ':']).next()?;
        let allowed = scheme == "https" || scheme == "http" && matches!(host, "localhost" | "127.0.0.1");
        let plain = !rest.contains(['?', '#', '@', ' ']);
        (allowed && plain && !host.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl Oidc {
    pub(super) fn read_all(reader: &mut Reader<'_>) -> Vec<Self> {
        let mut providers: Vec<Self> = Vec::new();
        for table in reader.tables("oidc") {
            let provider = Self::read(reader, &table);
            if providers.iter().any(|other| other.name == provider.name) {
                reader.refuse(&format!("{table}.name"), "stands for another provider already");
            }
            providers.push(provider);
        }
        providers
    }

    fn read(reader: &mut Reader<'_>, table: &str) -> Self {
        let key = |name: &str| format!("{table}.{name}");
        let preset = reader.choice(&key("preset"), &[("google", Some(GOOGLE_ISSUER))], None);
        let issuer = reader.find::<Issuer>(&key("issuer")).map(|issuer| issuer.0);
        if preset.is_some() == issuer.is_some() {
            reader.refuse(&key("issuer"), "or preset is needed, one of them");
        }
        let name = reader.find::<Name>(&key("name")).map(|name| name.0);
        let display_name = reader.find::<String>(&key("display_name")).or(preset.map(|_| "Google".to_owned()));
        let client_id = reader.find::<String>(&key("client_id"));
        for (missing, what) in [(name.is_none(), "name"), (client_id.is_none(), "client_id")] {
            if missing {
                reader.refuse(&key(what), "is needed");
            }
        }
        Self {
            display_name: display_name.or(name.clone()).unwrap_or_default(),
            name: name.unwrap_or_default(),
            issuer: issuer.or(preset.map(str::to_owned)).unwrap_or_default(),
            client_id: client_id.unwrap_or_default(),
            client_secret: Self::secret(reader, &key("client_secret_env")),
            allowed_domains: reader.get(&key("allowed_domains"), Vec::new()),
        }
    }

    fn secret(reader: &mut Reader<'_>, key: &str) -> Option<Secret<String>> {
        let variable = reader.find::<String>(key)?;
        let secret = reader.variable(&variable).map(|secret| Secret::new(secret.to_owned()));
        if secret.is_none() {
            // The name is not repeated: it may be the secret itself, put here by mistake.
            reader.refuse(key, "must name an environment variable that is set and holds the secret");
        }
        secret
    }
}
