//! The head of a symmetric ciphertext: which key made it, so that Decrypt needs no key id.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | form, 1 |
//! | 1 | 0: the id is a UUID; 1: it is `mrk-` and 32 digits |
//! | 8 | account, big-endian |
//! | 16 | the id's digits |
//! | 4 | version of the material, big-endian |

/// The form's number.
const FORM: u8 = 1;
/// Bytes of it all.
const LEN: usize = 30;
/// Where the hyphens of a UUID are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// What a blob says of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub account: u64,
    pub id: String,
    pub version: u32,
}

impl Header {
    /// The bytes. Ids that no key has come out as zeros, which no key has either.
    pub fn encode(&self) -> Vec<u8> {
        let multi_region = self.id.starts_with("mrk-");
        let mut out = Vec::with_capacity(LEN);
        out.push(FORM);
        out.push(u8::from(multi_region));
        out.extend_from_slice(&self.account.to_be_bytes());
        let digits = self.id.strip_prefix("mrk-").unwrap_or(&self.id).replace('-', "");
        let id = u128::from_str_radix(&digits, 16).unwrap_or(0);
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&self.version.to_be_bytes());
        out
    }

    /// Reads a blob's head, and gives what follows.
    pub fn parse(blob: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = blob.split_at_checked(LEN)?;
        let (&[form, kind], head) = head.split_first_chunk()?;
        let (account, head) = head.split_first_chunk()?;
        let (id, version) = head.split_first_chunk()?;
        if form != FORM || kind > 1 {
            return None;
        }
        let digits = format!("{:032x}", u128::from_be_bytes(*id));
        let id = if kind == 1 { format!("mrk-{digits}") } else { uuid(&digits) };
        let header = Self {
            account: u64::from_be_bytes(*account),
            id,
            version: u32::from_be_bytes(version.try_into().ok()?),
        };
        Some((header, rest))
    }

    /// The account as policies name it.
    pub fn account(&self) -> String {
        format!("{:012}", self.account)
    }
}

fn uuid(digits: &str) -> String {
    let mut out = digits.to_owned();
    HYPHENS.iter().for_each(|at| out.insert(*at, '-'));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_ids() {
        for id in ["1234abcd-12ab-34cd-56ef-0234567890ab", "mrk-00000000000000000000000000000abc"] {
            let header = Header { account: 7, id: id.into(), version: 9 };
            let mut blob = header.encode();
            assert_eq!(blob.len(), LEN);
            blob.push(5);
            assert_eq!(Header::parse(&blob), Some((header.clone(), &[5][..])));
            assert_eq!(header.account(), "000000000007");
            assert_eq!(Header::parse(&blob[..LEN - 1]), None);
            blob[0] = 2;
            assert_eq!(Header::parse(&blob), None);
        }
    }
}
