//! Links for people: as text, and as a QR code on a terminal.

use std::io::IsTerminal;

use crate::base::qr::QrCode;

/// A link on a line of its own; on a terminal its QR code follows.
pub fn link(url: &str) -> String {
    let code = if std::io::stdout().is_terminal() { qr(url) } else { None };
    code.map_or_else(|| format!("  {url}"), |code| format!("  {url}\n\n{code}"))
}

/// The QR code. It brings its own colours: on a terminal with a dark background it would be inverted otherwise.
fn qr(text: &str) -> Option<String> {
    let drawn = QrCode::of(text)?.text();
    Some(drawn.lines().map(|line| format!("  \x1b[30;107m{line}\x1b[0m")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_fits_an_ordinary_terminal() {
        let url = format!("https://localhost:8443/claim#mlt_l_{}", "x".repeat(70));
        let code = qr(&url).unwrap();
        assert!(code.lines().count() <= 28, "{}", code.lines().count());
        assert!(code.lines().all(|line| line.starts_with("  \x1b[30;107m") && line.ends_with("\x1b[0m")));
    }
}
