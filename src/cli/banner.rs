//! Links for people: as text, and as a QR code on a terminal.

use std::io::IsTerminal;

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// A link on a line of its own; on a terminal its QR code follows.
pub fn link(url: &str) -> String {
    let code = if std::io::stdout().is_terminal() { qr(url) } else { None };
    code.map_or_else(|| format!("  {url}"), |code| format!("  {url}\n\n{code}"))
}

/// The QR code in half blocks, two modules to a character. It brings its own colours: on a terminal with a dark
/// background it would be inverted otherwise, and some cameras do not read that.
fn qr(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, qrcode::EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().build();
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
