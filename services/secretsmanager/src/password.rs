//! Random passwords.

use kernel::Ids;
use model_secretsmanager::Error;
use zeroize::Zeroizing;

use crate::error::invalid;

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// What a password is made of.
pub struct Recipe {
    pub length: usize,
    pub excluded: String,
    pub numbers: bool,
    pub punctuation: bool,
    pub uppercase: bool,
    pub lowercase: bool,
    pub space: bool,
    /// At least one of every kind.
    pub each: bool,
}

impl Recipe {
    /// Makes one. All passwords that fit the recipe's kinds are as likely, but for those that `each` leaves out.
    pub fn make(&self, ids: Ids) -> Result<String, Error> {
        let kinds = self.kinds();
        let all: Vec<char> = kinds.iter().flatten().copied().collect();
        if all.is_empty() {
            return Err(invalid("All possible characters are excluded from the password."));
        }
        if self.each && kinds.len() > self.length {
            return Err(invalid("Password length is too short based on the required types."));
        }
        let mut random = Random::new(ids);
        let mut password: Vec<char> = Vec::with_capacity(self.length);
        if self.each {
            password.extend(kinds.iter().map(|kind| kind[random.below(kind.len())]));
        }
        while password.len() < self.length {
            password.push(all[random.below(all.len())]);
        }
        // So that the required ones can stand anywhere.
        for at in (1..password.len()).rev() {
            password.swap(at, random.below(at + 1));
        }
        Ok(password.into_iter().collect())
    }

    /// The characters of each kind that is in, without the excluded ones.
    fn kinds(&self) -> Vec<Vec<char>> {
        let kinds: [(bool, &mut dyn Iterator<Item = char>); 5] = [
            (self.lowercase, &mut ('a'..='z')),
            (self.uppercase, &mut ('A'..='Z')),
            (self.numbers, &mut ('0'..='9')),
            (self.punctuation, &mut PUNCTUATION.chars()),
            (self.space, &mut std::iter::once(' ')),
        ];
        let kinds = kinds.into_iter().filter(|(included, _)| *included);
        let kinds = kinds.map(|(_, all)| all.filter(|c| !self.excluded.contains(*c)).collect());
        kinds.filter(|kind: &Vec<char>| !kind.is_empty()).collect()
    }
}

/// Random numbers, some bytes at a time.
struct Random {
    ids: Ids,
    bytes: Zeroizing<[u8; 256]>,
    used: usize,
}

impl Random {
    fn new(ids: Ids) -> Self {
        Self { ids, bytes: Zeroizing::new([0; 256]), used: 256 }
    }

    fn two_bytes(&mut self) -> usize {
        if self.used + 2 > self.bytes.len() {
            *self.bytes = self.ids.bytes();
            self.used = 0;
        }
        let pair = [self.bytes[self.used], self.bytes[self.used + 1]];
        self.used += 2;
        usize::from(u16::from_be_bytes(pair))
    }

    /// A number below `n`, which is from 1 to 65,536. What lies above the greatest multiple of `n` is drawn again, so
    /// that none comes more often.
    fn below(&mut self, n: usize) -> usize {
        let most = 65_536 / n * n;
        loop {
            let drawn = self.two_bytes();
            if drawn < most {
                return drawn % n;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            length: 32,
            excluded: String::new(),
            numbers: true,
            punctuation: true,
            uppercase: true,
            lowercase: true,
            space: false,
            each: true,
        }
    }

    #[test]
    fn every_kind_is_in_however_short() {
        for _ in 0..200 {
            let password = Recipe { length: 5, space: true, ..recipe() }.make(Ids).unwrap();
            assert_eq!(password.chars().count(), 5);
            let has = |f: fn(char) -> bool| password.chars().any(f);
            assert!(has(|c| c.is_ascii_lowercase()) && has(|c| c.is_ascii_uppercase()), "{password}");
            assert!(has(|c| c.is_ascii_digit()) && has(|c| c.is_ascii_punctuation()) && has(|c| c == ' '));
        }
        assert!(Recipe { length: 3, ..recipe() }.make(Ids).is_err());
        assert_eq!(Recipe { length: 3, each: false, ..recipe() }.make(Ids).unwrap().len(), 3);
        assert_eq!(PUNCTUATION.len(), 32);
    }

    #[test]
    fn what_is_excluded_is_out() {
        let only_digits = Recipe {
            length: 4096,
            punctuation: false,
            uppercase: false,
            lowercase: false,
            excluded: "01234".into(),
            ..recipe()
        };
        let password = only_digits.make(Ids).unwrap();
        assert!(password.chars().all(|c| ('5'..='9').contains(&c)));
        for digit in '5'..='9' {
            let count = password.chars().filter(|c| *c == digit).count();
            // Expected 819; thirteen standard deviations to either side.
            assert!((480..1160).contains(&count), "{digit}: {count}");
        }
        let nothing =
            Recipe { numbers: false, punctuation: false, uppercase: false, lowercase: false, ..recipe() };
        assert!(nothing.make(Ids).is_err());
        // A kind of which all is excluded is not asked for.
        let password = Recipe { length: 4, excluded: "0123456789".into(), ..recipe() }.make(Ids).unwrap();
        assert!(!password.contains(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn numbers_stay_below() {
        let mut random = Random::new(Ids);
        for n in [1, 2, 3, 94, 65_535, 65_536] {
            assert!((0..300).all(|_| random.below(n) < n), "{n}");
        }
    }
}
