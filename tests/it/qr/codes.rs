//! The codes themselves: drawn, and read back by a decoder that knows nothing of how they were made.

use milton::base::qr::QrCode;

use super::NewDevice;
use crate::world::{URL, World};

/// A picture of dark and light squares.
struct Picture(Vec<Vec<bool>>);

impl Picture {
    /// What stands in the one code on it.
    fn read(&self) -> String {
        let Self(rows) = self;
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(rows[0].len(), rows.len(), |x, y| u8::from(!rows[y][x]) * 255);
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1, "one code");
        codes[0].decode().unwrap().1
    }

    /// Draws the path of an SVG image, which consists of rectangles `M<x> <y>h<width>v<height>H<x>V<y>`.
    fn of_svg(svg: &str) -> Self {
        let size = |name: &str| attribute(svg, name).parse::<usize>().unwrap();
        let mut rows = vec![vec![false; size("width")]; size("height")];
        for rectangle in attribute(svg, "d").split('M').skip(1) {
            let numbers: Vec<usize> = rectangle
                .split(|c: char| !c.is_ascii_digit())
                .filter(|digits| !digits.is_empty())
                .map(|digits| digits.parse().unwrap())
                .collect();
            let [left, top, width, height, ..] = numbers[..] else { panic!("{rectangle}") };
            for row in &mut rows[top..top + height] {
                row[left..left + width].fill(true);
            }
        }
        Self(rows)
    }

    /// Draws half blocks, as a terminal with dark letters on a light ground would: each half four dots high and wide.
    fn of_text(text: &str) -> Self {
        let half = |line: &str, dark: [char; 2]| {
            let dots: Vec<bool> = line.chars().flat_map(|c| [dark.contains(&c); 4]).collect();
            vec![dots; 4]
        };
        assert!(text.chars().all(|c| " ▀▄█\n".contains(c)), "{text}");
        Self(text.lines().flat_map(|line| [half(line, ['▀', '█']), half(line, ['▄', '█'])].concat()).collect())
    }
}

/// What the code in an SVG image says.
pub fn read_svg(svg: &str) -> String {
    Picture::of_svg(svg).read()
}

fn attribute<'a>(svg: &'a str, name: &str) -> &'a str {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn image_and_text_say_the_address_and_nothing_of_the_devices_own_secret() {
    let world = World::unclaimed();
    let device = NewDevice::begin(world.stranger()).await;
    let url = device.begun.text("/scan_url");
    assert_eq!(url, format!("{URL}/qr#{}.{}", device.id, device.scan_secret));
    for picture in [Picture::of_svg(&device.begun.text("/svg")), Picture::of_text(&device.begun.text("/text"))] {
        let said = picture.read();
        assert_eq!(said, url);
        assert!(!said.contains(&device.poll_secret));
    }
    assert!(device.poll_secret.len() == 43 && device.scan_secret.len() == 43, "256 bits each");
    assert_ne!(device.poll_secret, device.scan_secret);
    let lines: Vec<_> = device.begun.text("/text").lines().map(|line| line.chars().count()).collect();
    assert!(lines.len() <= 28 && lines.iter().all(|width| *width <= 80), "it fits a terminal: {lines:?}");
}

#[test]
fn addresses_of_any_length_can_be_read() {
    for length in [20, 60, 110, 190, 400] {
        let text = format!("https://{}.example/qr", "a".repeat(length));
        let code = QrCode::of(&text).unwrap();
        assert_eq!(Picture::of_svg(&code.svg()).read(), text);
        assert_eq!(Picture::of_text(&code.text()).read(), text);
    }
    assert!(QrCode::of(&"a".repeat(2_953)).is_some() && QrCode::of(&"a".repeat(2_954)).is_none());
}
