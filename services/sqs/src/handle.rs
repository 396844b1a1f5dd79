//! Receipt handles: what a receive gives and a deletion takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model_sqs::Error;
use sha2::{Digest as _, Sha256};
use store::Stamp;

use crate::keys::Place;

/// One receive of one message. It holds a random number that only that receive knows, so it cannot be guessed; its
/// checksum tells a handle from other text. Nothing of it is kept in memory, so handles outlive restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    pub queue_id: u64,
    pub epoch: u32,
    /// Where the message is.
    pub place: Place,
    pub nonce: u64,
}

/// The form of the bytes that follow; a later form gets another.
const FORM: [u8; 3] = [1, 1, 1];
const LEN: usize = 3 + 8 + 4 + 8 + Stamp::LEN + 8;
const CHECK: usize = 6;

impl Handle {
    pub fn encode(&self) -> String {
        let mut out = Vec::with_capacity(LEN + CHECK);
        out.extend_from_slice(&FORM);
        out.extend_from_slice(&self.nonce.to_be_bytes());
        out.extend_from_slice(&self.queue_id.to_be_bytes());
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.place.0.to_be_bytes());
        out.extend_from_slice(&self.place.1.to_bytes());
        out.extend_from_slice(&Sha256::digest(&out)[..CHECK]);
        STANDARD.encode(out)
    }

    pub fn decode(text: &str) -> Option<Self> {
        // A handle has one form and one length: no other text is worth decoding.
        if text.len() != (LEN + CHECK).div_ceil(3) * 4 {
            return None;
        }
        let bytes = STANDARD.decode(text).ok()?;
        let (body, check) = bytes.split_at_checked(LEN)?;
        if Sha256::digest(body)[..CHECK] != *check {
            return None;
        }
        let body = body.strip_prefix(&FORM)?;
        let (nonce, body) = body.split_first_chunk()?;
        let (queue_id, body) = body.split_first_chunk()?;
        let (epoch, body) = body.split_first_chunk()?;
        let (enqueued_ms, body) = body.split_first_chunk()?;
        let (stamp, _) = body.split_first_chunk()?;
        Some(Self {
            queue_id: u64::from_be_bytes(*queue_id),
            epoch: u32::from_be_bytes(*epoch),
            place: (i64::from_be_bytes(*enqueued_ms), Stamp::from_bytes(*stamp)),
            nonce: u64::from_be_bytes(*nonce),
        })
    }

    /// The handle in a request to the queue with this id.
    pub fn of_queue(text: &str, queue_id: u64) -> Result<Self, Error> {
        Self::decode(text).filter(|handle| handle.queue_id == queue_id).ok_or_else(|| {
            Error::receipt_handle_is_invalid(format!(
                "The input receipt handle \"{text}\" is not a valid receipt handle."
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDLE: Handle =
        Handle { queue_id: 7, epoch: 1, place: (1_700_000_000_000, Stamp::new(9, 2)), nonce: u64::MAX - 1 };

    #[test]
    fn round_trip() {
        let text = HANDLE.encode();
        assert!(text.starts_with("AQEB"), "{text}");
        assert_eq!(Handle::decode(&text), Some(HANDLE));
        assert_eq!(Handle::of_queue(&text, 7).unwrap(), HANDLE);
        assert!(Handle::of_queue(&text, 8).is_err());
    }

    #[test]
    fn any_change_is_noticed() {
        let text = HANDLE.encode();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Handle::decode(std::str::from_utf8(&bytes).unwrap()), None, "{at}");
        }
        for text in ["", "garbage", &text[1..], &format!("{text}A"), &"é".repeat(text.len() / 2)] {
            assert_eq!(Handle::decode(text), None);
        }
    }
}
