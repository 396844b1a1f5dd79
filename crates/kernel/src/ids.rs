//! Identifiers: the one source of randomness for names.

use std::cell::RefCell;

/// Makes unguessable identifiers in the forms AWS uses, from the operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ids;

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl Ids {
    /// `N` random bytes. The process ends if the operating system has none to give: no identifier may be guessable.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0u8; N];
        if let Err(error) = getrandom::fill(&mut out) {
            panic!("the operating system gives no random bytes: {error}");
        }
        out
    }

    /// A random (version 4) UUID in its 36-character form.
    pub fn uuid(&self) -> String {
        let mut b = STOCK.with_borrow_mut(|stock| stock.take(*self));
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        let mut out = String::with_capacity(36);
        for (i, byte) in b.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        out
    }

    /// `len` lower-case hexadecimal digits.
    pub fn hex(&self, len: usize) -> String {
        chars_of(HEX, len)
    }

    /// `len` characters of the base-32 alphabet, the form of access key ids.
    pub fn base32(&self, len: usize) -> String {
        chars_of(BASE32, len)
    }
}

/// Random bytes for names to come: every request has one, and to ask the operating system for each takes as long as a fiftieth
/// of a short request. Keys are not made of these.
struct Stock {
    bytes: [u8; 16 * NAMES],
    taken: usize,
}

/// Names of which bytes are asked for at once.
const NAMES: usize = 32;

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; 16 * NAMES], taken: NAMES }) };
}

impl Stock {
    /// Bytes that nobody had before; nothing is left of them here.
    fn take(&mut self, ids: Ids) -> [u8; 16] {
        if self.taken == NAMES {
            (self.bytes, self.taken) = (ids.bytes(), 0);
        }
        let mut name = [0; 16];
        let begin = 16 * self.taken;
        name.swap_with_slice(&mut self.bytes[begin..begin + 16]);
        self.taken += 1;
        name
    }
}

/// Both alphabets have a length that divides 256, so taking the remainder favours no character.
fn chars_of(alphabet: &[u8], len: usize) -> String {
    let mut out = String::with_capacity(len);
    while out.len() < len {
        for byte in Ids.bytes::<32>() {
            if out.len() < len {
                out.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let id = Ids.uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_eq!(Ids.hex(33).len(), 33);
        let many: std::collections::BTreeSet<_> = (0..3 * NAMES).map(|_| Ids.uuid()).collect();
        assert_eq!((many.len(), many.contains(&id)), (3 * NAMES, false));
        assert!(Ids.base32(16).bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)));
    }
}
