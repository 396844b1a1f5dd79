//! Pictures that authenticator apps read.

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, QrCode};

/// Pixels of a module's side: large enough for a camera.
const SCALE: usize = 5;
/// Modules of white around (ISO/IEC 18004).
const QUIET: usize = 4;

/// A text as a QR code in PNG; `None` if it is too long for one.
pub fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::new(text).ok()?;
    let modules = code.width();
    let side = (modules + 2 * QUIET) * SCALE;
    let is_dark = |x: usize, y: usize| {
        let (x, y) = ((x / SCALE).wrapping_sub(QUIET), (y / SCALE).wrapping_sub(QUIET));
        x < modules && y < modules && code[(x, y)] == Color::Dark
    };
    let mut pixels = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        for first in (0..side).step_by(8) {
            let bits = (first..first + 8).map(|x| u8::from(x < side && !is_dark(x, y)));
            pixels.push(bits.fold(0, |byte, bit| byte << 1 | bit));
        }
    }
    let side = u32::try_from(side).ok()?;
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, side, side);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_with_the_corner_marks() {
        let picture = png("otpauth://totp/a@b?secret=ABCD").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let at = |x: usize, y: usize| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1;
        let middle = |module: usize| (QUIET + module) * SCALE + SCALE / 2;
        // A finder pattern: dark ring, light ring, dark square.
        assert_eq!([0, 1, 2, 3].map(|module| at(middle(module), middle(3))), [0, 1, 0, 0]);
        assert_eq!((at(0, 0), info.width, info.height % 5), (1, info.height, 0));
        assert!(super::png(&"x".repeat(5000)).is_none());
    }
}
