//! Versioned records: values that can be read long after their type has changed.
//!
//! A record is 2 bytes of kind, 2 bytes of version (both little-endian) and a postcard body. When a type changes, the old
//! one is kept under another name as [`Record::Previous`], with a function that turns it into the new one; old values
//! are read through that chain and written in the new form the next time.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

const HEADER: usize = 4;

/// Why a value could not be read as a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Shorter than a record's header.
    #[error("record of {0} bytes has no header")]
    Truncated(usize),
    /// The value holds a record of another kind.
    #[error("record is of kind {found}, expected {wanted}")]
    WrongKind {
        /// The kind asked for.
        wanted: u16,
        /// The kind found.
        found: u16,
    },
    /// The value was written by a later version of this program.
    #[error(
        "record of kind {kind} has version {found}, this program knows up to {known}: use a newer program"
    )]
    Newer {
        /// The kind.
        kind: u16,
        /// The version found.
        found: u16,
        /// The newest version known.
        known: u16,
    },
    /// The version is older than any that is still known.
    #[error("record of kind {kind} has version {found}, which was never written")]
    UnknownVersion {
        /// The kind.
        kind: u16,
        /// The version found.
        found: u16,
    },
    /// The body does not decode.
    #[error("record of kind {kind} version {version} does not decode: {why}")]
    Body {
        /// The kind.
        kind: u16,
        /// The version.
        version: u16,
        /// What is wrong.
        why: String,
    },
}

/// A type stored as a versioned value. Implement it with [`crate::record!`].
pub trait Record: Sized + Serialize + DeserializeOwned {
    /// What the value is; the same through all versions of it, and unique within its keyspace.
    const KIND: u16;
    /// Version of this type's form; the first is 1.
    const VERSION: u16;
    /// The form of the version before; [`Never`] for version 1.
    type Previous: Record;

    /// Turns the form before into this one.
    fn migrate(previous: Self::Previous) -> Self;

    /// The bytes to store.
    ///
    /// # Panics
    /// When the type's own `Serialize` refuses a value, which derived ones never do.
    fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(&Self::KIND.to_le_bytes());
        out.extend_from_slice(&Self::VERSION.to_le_bytes());
        match postcard::to_extend(self, out) {
            Ok(out) => out.into(),
            Err(error) => panic!("record of kind {} does not serialize: {error}", Self::KIND),
        }
    }

    /// Reads a record of this or any earlier version.
    fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        const { assert!(Self::VERSION == Self::Previous::VERSION + 1, "versions count up by one") };
        let ([k0, k1, v0, v1], body) = bytes
            .split_first_chunk::<HEADER>()
            .map(|(h, body)| (*h, body))
            .ok_or(RecordError::Truncated(bytes.len()))?;
        let (kind, version) = (u16::from_le_bytes([k0, k1]), u16::from_le_bytes([v0, v1]));
        if kind != Self::KIND {
            return Err(RecordError::WrongKind { wanted: Self::KIND, found: kind });
        }
        if version > Self::VERSION {
            return Err(RecordError::Newer { kind, found: version, known: Self::VERSION });
        }
        Self::decode_body(kind, version, body)
    }

    #[doc(hidden)]
    fn decode_body(kind: u16, version: u16, body: &[u8]) -> Result<Self, RecordError> {
        if version != Self::VERSION {
            return Self::Previous::decode_body(kind, version, body).map(Self::migrate);
        }
        let fail = |why: String| RecordError::Body { kind, version, why };
        let (value, rest) = postcard::take_from_bytes(body).map_err(|error| fail(error.to_string()))?;
        if !rest.is_empty() {
            return Err(fail(format!("{} bytes follow the body", rest.len())));
        }
        Ok(value)
    }
}

/// The form before version 1: there is none, and no value of this type exists.
#[derive(Clone, Copy, Debug)]
pub enum Never {}

impl Serialize for Never {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

impl<'de> serde::Deserialize<'de> for Never {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("no value of this type exists"))
    }
}

impl Record for Never {
    const KIND: u16 = 0;
    const VERSION: u16 = 0;
    type Previous = Never;

    fn migrate(previous: Never) -> Never {
        previous
    }

    fn decode_body(kind: u16, version: u16, _: &[u8]) -> Result<Self, RecordError> {
        Err(RecordError::UnknownVersion { kind, found: version })
    }
}

/// Implements [`Record`](crate::Record) for a type:
/// `record!(Queue, kind = 1);` for version 1, and
/// `record!(Queue, kind = 1, version = 2, previous = QueueV1, migrate = from_v1);` later.
#[macro_export]
macro_rules! record {
    ($type:ty, kind = $kind:expr $(,)?) => {
        impl $crate::Record for $type {
            const KIND: u16 = $kind;
            const VERSION: u16 = 1;
            type Previous = $crate::Never;

            fn migrate(previous: $crate::Never) -> Self {
                match previous {}
            }
        }
    };
    ($type:ty, kind = $kind:expr, version = $version:expr, previous = $previous:ty, migrate = $migrate:expr $(,)?) => {
        impl $crate::Record for $type {
            const KIND: u16 = $kind;
            const VERSION: u16 = $version;
            type Previous = $previous;

            fn migrate(previous: $previous) -> Self {
                const { assert!(<$previous as $crate::Record>::KIND == $kind, "a record keeps its kind") };
                ($migrate)(previous)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct UserV1 {
        name: String,
    }
    record!(UserV1, kind = 0x0102);

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct UserV2 {
        name: String,
        logins: u32,
    }
    record!(
        UserV2,
        kind = 0x0102,
        version = 2,
        previous = UserV1,
        migrate = |old: UserV1| UserV2 { name: old.name, logins: 0 }
    );

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct User {
        names: Vec<String>,
        logins: u64,
    }
    record!(
        User,
        kind = 0x0102,
        version = 3,
        previous = UserV2,
        migrate = |old: UserV2| User { names: vec![old.name], logins: old.logins.into() }
    );

    /// Bytes as version 1 and 2 wrote them: kept so that they stay readable.
    const FIXTURE_V1: &[u8] = b"\x02\x01\x01\x00\x03ann";
    const FIXTURE_V2: &[u8] = b"\x02\x01\x02\x00\x03ann\x07";

    #[test]
    fn old_forms_read_through_the_chain() {
        assert_eq!(User::decode(FIXTURE_V1), Ok(User { names: vec!["ann".into()], logins: 0 }));
        assert_eq!(User::decode(FIXTURE_V2), Ok(User { names: vec!["ann".into()], logins: 7 }));
    }

    #[test]
    fn fixtures_are_what_their_versions_write() {
        assert_eq!(&UserV1 { name: "ann".into() }.encode()[..], FIXTURE_V1);
        assert_eq!(&UserV2 { name: "ann".into(), logins: 7 }.encode()[..], FIXTURE_V2);
        let now = User { names: vec!["ann".into(), "bo".into()], logins: 300 };
        assert_eq!(User::decode(&now.encode()), Ok(now));
    }

    #[test]
    fn strange_bytes_are_refused_by_name() {
        assert_eq!(UserV1::decode(FIXTURE_V2), Err(RecordError::Newer { kind: 0x0102, found: 2, known: 1 }));
        assert_eq!(User::decode(b"\x02"), Err(RecordError::Truncated(1)));
        assert_eq!(
            User::decode(b"\x03\x01\x01\0"),
            Err(RecordError::WrongKind { wanted: 0x0102, found: 0x0103 })
        );
        assert_eq!(
            User::decode(b"\x02\x01\0\0\x03ann"),
            Err(RecordError::UnknownVersion { kind: 0x0102, found: 0 })
        );
        assert!(matches!(User::decode(b"\x02\x01\x01\0\x09ann"), Err(RecordError::Body { version: 1, .. })));
        assert!(matches!(User::decode(b"\x02\x01\x01\0\x03ann!"), Err(RecordError::Body { version: 1, .. })));
    }
}
