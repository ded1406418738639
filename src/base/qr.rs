//! QR codes: one text, as an image for a page and in characters for a terminal.

use qrcode::EcLevel;
use qrcode::render::svg::Color;
use qrcode::render::unicode::Dense1x2;

/// A QR code (ISO/IEC 18004) of the lowest error correction: a screen has no scratches, and larger modules are read from
/// further away.
pub struct QrCode(qrcode::QrCode);

impl QrCode {
    /// The code that says `text`; `None` when it is longer than a code can hold, 2,953 bytes.
    pub fn of(text: &str) -> Option<Self> {
        qrcode::QrCode::with_error_correction_level(text, EcLevel::L).ok().map(Self)
    }

    /// An SVG image, black on white, with its quiet zone.
    pub fn svg(&self) -> String {
        self.0.render::<Color<'_>>().build()
    }

    /// Half blocks, two modules to a character, with the quiet zone. What is drawn is dark: it is to be shown dark on
    /// light, because some cameras do not read it inverted.
    pub fn text(&self) -> String {
        self.0.render::<Dense1x2>().build()
    }
}
