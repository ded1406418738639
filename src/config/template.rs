//! The commented `milton.toml` that `milton init` writes.

const TEMPLATE: &str = include_str!("template.toml");
const KEY_LINE: &str = "root_key_file = \"root.key\"";

/// The file's text. `own_key`: the root key lies in `root.key` beside the file, otherwise the environment names it.
pub fn template(own_key: bool) -> String {
    if own_key { TEMPLATE.to_owned() } else { TEMPLATE.replace(KEY_LINE, &format!("#{KEY_LINE}")) }
}
