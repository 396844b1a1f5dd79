//! Ids of access keys. As with the ids that AWS issues today, the account can be read off them.

use kernel::Ids;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Characters after the prefix of four: ten bytes in base 32.
const CHARS: usize = 16;
/// Set in ids that hold an account; those issued before are without.
const HOLDS_ACCOUNT: u128 = 1 << 79;
/// Bits of an account's number, from bit 39 on; the 39 below are random.
const ACCOUNT_BITS: u32 = 40;
const ACCOUNT_AT: u32 = 39;
/// The largest account.
const ACCOUNT_MAX: u64 = 999_999_999_999;

/// A new id: `prefix` of four letters (`AKIA`, `ASIA`), and sixteen characters that hold the account. An id is no secret;
/// its 39 random bits keep apart the keys of one account.
pub fn new_key_id(ids: Ids, prefix: &str, account: &str) -> String {
    let mut bits = u128::from_be_bytes(ids.bytes::<16>());
    if let Some(number) = account.parse::<u64>().ok().filter(|number| *number <= ACCOUNT_MAX) {
        bits &= (1 << ACCOUNT_AT) - 1;
        bits |= HOLDS_ACCOUNT | u128::from(number) << ACCOUNT_AT;
    }
    let digit = |at: usize| char::from(BASE32[(bits >> (5 * (CHARS - 1 - at))) as usize & 31]);
    prefix.chars().chain((0..CHARS).map(digit)).collect()
}

/// The account that an id holds: 12 digits. Says nothing of whether the id was ever issued.
pub fn account_of(access_key_id: &str) -> Option<String> {
    let (_, rest) = access_key_id.split_at_checked(4)?;
    if rest.len() != CHARS {
        return None;
    }
    let mut bits = 0u128;
    for byte in rest.bytes() {
        bits = bits << 5 | BASE32.iter().position(|letter| *letter == byte)? as u128;
    }
    let number = (bits >> ACCOUNT_AT) as u64 & ((1 << ACCOUNT_BITS) - 1);
    (bits & HOLDS_ACCOUNT != 0 && number <= ACCOUNT_MAX).then(|| format!("{number:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_can_be_read_off() {
        for account in ["000000000000", "000000000001", "123456789012", "999999999999"] {
            let id = new_key_id(Ids, "ASIA", account);
            assert_eq!((id.len(), &id[..4]), (20, "ASIA"));
            assert_eq!(account_of(&id).as_deref(), Some(account));
            assert_ne!(new_key_id(Ids, "ASIA", account), id);
        }
        // A pair from public write-ups of the form.
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        assert_eq!(account_of("AKIAIOSFODNN7EXAMPLE"), None);
    }

    #[test]
    fn ids_without_an_account() {
        for id in [
            "",
            "ASIA",
            "ASIAQ",
            "ASIA1111111111111111",
            "ASIAéééééééé",
            "ASIA7777777777777777",
            "ASIAqqqqqqqqqqqqqqqq",
        ] {
            assert_eq!(account_of(id), None, "{id}");
        }
    }
}
