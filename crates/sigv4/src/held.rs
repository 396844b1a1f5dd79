//! Bytes that wait for what decides about them.

use bytes::{Bytes, BytesMut};

/// Shorter pieces are put together: a peer that sends single bytes must not make us keep a whole buffer for each.
const PIECE_LEN_MIN: usize = 4 * 1024;

/// Bytes in the order they came, long pieces not copied.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pieces: Vec<Bytes>,
    tail: BytesMut,
    len: usize,
}

impl Held {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push(&mut self, bytes: Bytes) {
        self.len += bytes.len();
        if bytes.len() < PIECE_LEN_MIN {
            self.tail.extend_from_slice(&bytes);
            return;
        }
        self.end_tail();
        self.pieces.push(bytes);
    }

    pub fn take(&mut self) -> Vec<Bytes> {
        self.end_tail();
        self.len = 0;
        std::mem::take(&mut self.pieces)
    }

    fn end_tail(&mut self) {
        if !self.tail.is_empty() {
            self.pieces.push(self.tail.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_pieces_are_joined_and_long_ones_kept() {
        let mut held = Held::default();
        let long = Bytes::from(vec![7; PIECE_LEN_MIN]);
        held.push(Bytes::from_static(b"ab"));
        held.push(Bytes::from_static(b"c"));
        held.push(long.clone());
        held.push(Bytes::from_static(b"d"));
        assert_eq!(held.len(), PIECE_LEN_MIN + 4);
        let pieces = held.take();
        assert_eq!(pieces, [Bytes::from_static(b"abc"), long.clone(), Bytes::from_static(b"d")]);
        assert_eq!(pieces[1].as_ptr(), long.as_ptr());
        assert_eq!((held.len(), held.take().len()), (0, 0));
    }
}
