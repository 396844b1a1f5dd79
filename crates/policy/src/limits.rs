//! Sizes: the documented quotas as data for the services that store policies, and the parser's own caps.

/// The longest document the parser reads, in bytes. The largest documented policy is a resource policy of
/// 100 KB; the largest published managed policies stay below 256 KiB with their white space.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// How deep a document may nest. The deepest correct place is a value in a condition's list: document,
/// statements, statement, condition, operator, list. Two more leave room for a clear message.
pub const MAX_DEPTH: usize = 8;

/// Characters of a managed policy (IAM quotas), as counted by [`counted_size`].
pub const MANAGED_POLICY: usize = 6_144;
/// Characters of all inline policies of a user together (IAM quotas).
pub const INLINE_USER: usize = 2_048;
/// Characters of all inline policies of a group together (IAM quotas).
pub const INLINE_GROUP: usize = 5_120;
/// Characters of all inline policies of a role together (IAM quotas).
pub const INLINE_ROLE: usize = 10_240;
/// Characters of a role's trust policy before an increase is asked for (IAM quotas).
pub const TRUST_POLICY: usize = 2_048;
/// Characters of a session policy given inline (STS API reference).
pub const SESSION_POLICY: usize = 2_048;
/// Characters of a service control policy (Organizations quotas).
pub const SERVICE_CONTROL_POLICY: usize = 5_120;

/// A document's size as IAM counts it: characters, white space left out.
pub fn counted_size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(counted_size("{ \"a\":\n\t\"b c\" }"), "{\"a\":\"bc\"}".len());
        assert_eq!(counted_size("\"é\""), 3);
    }
}
