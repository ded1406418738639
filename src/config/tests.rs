//! The layers, and what is said about mistakes in them.

use std::path::Path;

use super::*;

fn sources(file: &str) -> Sources {
    Sources {
        file: Some(file.to_owned()),
        name: "milton.toml".into(),
        folder: "/etc/milton".into(),
        ..Sources::default()
    }
}

fn mistakes(file: &str) -> Vec<String> {
    Config::load(&sources(file)).unwrap_err().lines().to_vec()
}

#[test]
fn defaults_need_no_source() {
    let config = Config::load(&sources("")).unwrap();
    assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 8443));
    assert_eq!(config.http.origin(8443).as_str(), "https://localhost:8443");
    assert_eq!(config.storage.data, Path::new("/etc/milton"));
    assert_eq!(config.tls, Tls::LocalCa);
    assert_eq!(config.limits.delegations_per_hour, 20);
    assert!(config.oidc.is_empty() && config.keys.root_key_file.is_none());
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let mut sources = sources("[http]\nport = 1\nhost = \"::1\"\n[log]\nlevel = \"warn\"");
    sources.env = Env::from([("MILTON_HTTP__PORT", "2"), ("MILTON_LOG__LEVEL", "debug")]);
    sources.flags = vec![("http.port", "3".into())];
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.http.port, config.log.level, config.http.host.to_string().as_str()), (3, Level::Debug, "::1"));
}

#[test]
fn paths_in_the_file_start_at_its_folder() {
    let mut sources = sources("[keys]\nroot_key_file = \"root.key\"\n[storage]\ndata = \"/srv/milton\"");
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.keys.root_key_file.as_deref(), Some(Path::new("/etc/milton/root.key")));
    assert_eq!(config.storage.data, Path::new("/srv/milton"));
    sources.env = Env::from([("MILTON_STORAGE__DATA", "here")]);
    assert_eq!(Config::load(&sources).unwrap().storage.data, Path::new("here"));
}

#[test]
fn unknown_keys_are_named_with_their_place_and_the_nearest_name() {
    assert_eq!(
        mistakes("\n[http]\nprot = 1"),
        ["milton.toml, line 3: unknown key http.prot — did you mean http.port?"]
    );
    assert_eq!(mistakes("[htpp]\nport = 1"), ["milton.toml, line 2: unknown key htpp.port — did you mean http.port?"]);
    assert_eq!(mistakes("zebra = 1"), ["milton.toml, line 1: unknown key zebra"]);
    assert_eq!(mistakes("[htpp]")[0], "milton.toml, line 1: unknown key htpp");
    assert!(Config::load(&sources("[http]\n[tls]")).is_ok());
}

#[test]
fn unknown_variables_are_named() {
    let mut sources = sources("");
    sources.env =
        Env::from([("MILTON_HTTP__PROT", "1"), ("MILTON_HTTP_HOST", "::"), ("MILTON_PORT", "tcp://10.0.0.1:80")]);
    let problems = Config::load(&sources).unwrap_err();
    assert_eq!(
        problems.lines(),
        [
            "MILTON_HTTP__PROT: unknown key http.prot — did you mean http.port?",
            "MILTON_HTTP_HOST: not a setting — did you mean MILTON_HTTP__HOST?",
        ]
    );
}

#[test]
fn wrong_types_and_figures_are_all_listed_at_once() {
    let text = "[http]\nport = \"x\"\nhost = 5\nallowed_origins = \"https://a.example\"\n[limits]\ndelegations_per_hour = 0\n[tls]\nmode = \"off\"";
    assert_eq!(
        mistakes(text),
        [
            "milton.toml, line 3: http.host must be an IP address such as 0.0.0.0 or ::1, found number",
            "milton.toml, line 2: http.port must be a whole number from 0 to 65535, found text",
            "milton.toml, line 4: http.allowed_origins must be a list, each item an origin without a path, such as https://milton.example.org, found text",
            "milton.toml, line 8: tls.mode must be \"local-ca\" or \"pem\", found text",
            "milton.toml, line 6: limits.delegations_per_hour must be a whole number from 1 to 200, found number",
        ]
    );
}

#[test]
fn broken_toml_names_the_line() {
    let lines = mistakes("[http]\nport = = 1");
    assert!(lines[0].starts_with("milton.toml, line 2: "), "{lines:?}");
}

#[test]
fn pem_wants_both_files_and_local_ca_neither() {
    let config = Config::load(&sources("[tls]\nmode = \"pem\"\ncert = \"c.pem\"\nkey = \"/k.pem\"")).unwrap();
    assert_eq!(config.tls, Tls::Pem { cert: "/etc/milton/c.pem".into(), key: "/k.pem".into() });
    assert_eq!(mistakes("[tls]\nmode = \"pem\"").len(), 2);
    assert_eq!(
        mistakes("[tls]\ncert = \"c.pem\""),
        ["milton.toml, line 2: tls.cert does nothing unless tls.mode is \"pem\""]
    );
}

#[test]
fn providers_take_their_secret_from_a_variable() {
    let mut sources = sources(
        "[[oidc]]\nname = \"google\"\npreset = \"google\"\nclient_id = \"c\"\nclient_secret_env = \"MILTON_OIDC__SECRET\"\nallowed_domains = [\"Example.org\"]\n[[oidc]]\nname = \"dex\"\nissuer = \"https://dex.example\"\nclient_id = \"d\"",
    );
    assert_eq!(Config::load(&sources).unwrap_err().lines().len(), 1, "the variable is not set");
    sources.env = Env::from([("MILTON_OIDC__SECRET", "hunter2"), ("MILTON_OIDC__1__CLIENT_ID", "e")]);
    let config = Config::load(&sources).unwrap();
    let [google, dex] = config.oidc.as_slice() else { panic!("two providers") };
    assert_eq!((google.issuer.as_str(), google.allowed_domains[0].as_str()), (GOOGLE_ISSUER, "example.org"));
    assert_eq!(google.client_secret.as_ref().unwrap().expose(), "hunter2");
    assert_eq!((dex.client_id.as_str(), dex.client_secret.is_none()), ("e", true));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn providers_with_mistakes() {
    assert_eq!(
        mistakes("[oidc]\nname = \"x\""),
        ["milton.toml, line 2: write [[oidc]], with two brackets on each side"]
    );
    let both = "[[oidc]]\nname = \"x\"\npreset = \"google\"\nissuer = \"https://a\"\nclient_id = \"c\"";
    assert_eq!(mistakes(both), ["milton.toml, line 4: oidc.0.issuer or preset is needed, one of them"]);
    let twice = "[[oidc]]\nname = \"x\"\npreset = \"google\"\nclient_id = \"c\"\n".repeat(2);
    assert_eq!(mistakes(&twice), ["milton.toml, line 6: oidc.1.name stands for another provider already"]);
    let plain = "[[oidc]]\nname = \"x\"\nissuer = \"http://a.example\"\nclient_id = \"c\"";
    assert!(mistakes(plain)[0].contains("oidc.0.issuer must be an issuer such as https://login.example.org"));
}

#[test]
fn the_template_shows_every_setting_and_its_default() {
    let lone = Config::load(&sources(&template(false))).unwrap();
    assert!(lone.keys.root_key_file.is_none());
    assert!(Config::load(&sources(&template(true))).unwrap().keys.root_key_file.is_some());

    let shown = |line| str::strip_prefix(line, '#').filter(|option| !option.starts_with(' ')).unwrap_or(line);
    let text = template(true).lines().map(shown).collect::<Vec<_>>().join(
        "
",
    );
    let mut sources = sources(&text.replace("\"local-ca\"", "\"pem\""));
    sources.env = Env::from([("GOOGLE_CLIENT_SECRET", "a"), ("KEYCLOAK_CLIENT_SECRET", "b")]);
    let config = Config::load(&sources).unwrap();
    let defaults = Config::load(&Sources { folder: "/etc/milton".into(), ..Sources::default() }).unwrap();
    assert_eq!((config.limits, config.webhooks, config.log), (defaults.limits, defaults.webhooks, defaults.log));
    assert_eq!((config.http.host, config.http.port), (defaults.http.host, defaults.http.port));
}

#[test]
fn webhooks_reach_private_networks_only_by_name() {
    assert!(Config::load(&sources("")).unwrap().webhooks.allowed_networks.is_empty());
    let mut some = sources("[webhooks]\nallowed_networks = [\"10.0.0.0/8\", \"fd00::/8\"]");
    let names = |some: &Sources| {
        let networks = Config::load(some).unwrap().webhooks.allowed_networks;
        networks.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(names(&some), ["10.0.0.0/8", "fd00::/8"]);
    some.env = Env::from([("MILTON_WEBHOOKS__ALLOWED_NETWORKS", "192.168.7.0/24")]);
    assert_eq!(names(&some), ["192.168.7.0/24"]);
    for bad in ["10.0.0.1/8", "10.0.0.1", "example.org", "10.0.0.0/33", "::ffff:10.0.0.0/104"] {
        let lines = mistakes(&format!("[webhooks]\nallowed_networks = [\"{bad}\"]"));
        assert!(lines[0].contains("each item a network such as 10.0.0.0/8"), "{bad}: {lines:?}");
    }
}
