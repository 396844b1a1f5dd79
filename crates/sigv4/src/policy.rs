//! What differs between services in how a signature is made and checked.

/// How a service wants its requests signed. Start from [`Policy::DEFAULT`], [`Policy::STS`] or [`Policy::S3`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The path is percent-encoded once more for the canonical request (all services but S3).
    pub double_encode_path: bool,
    /// `.`, `..` and empty path segments are resolved for the canonical request (all services but S3).
    pub normalize_path: bool,
    /// How far the request time may lie from the server's, in seconds, either way.
    pub max_skew_s: i64,
    /// Longest `X-Amz-Expires` of a presigned request, in seconds.
    pub presigned_max_s: i64,
    /// A presigned request lives at least this long, whatever `X-Amz-Expires` says, in seconds.
    pub presigned_floor_s: i64,
    /// A presigned request must carry `X-Amz-Expires`; otherwise its absence means [`Policy::max_skew_s`].
    pub expires_required: bool,
    /// `x-amz-content-sha256` decides about the body: required with header signatures, `UNSIGNED-PAYLOAD` and
    /// the streaming forms allowed. Otherwise the hash of the body itself is what was signed.
    pub content_sha256: bool,
    /// `UNSIGNED-PAYLOAD` is allowed in `x-amz-content-sha256` although [`Policy::content_sha256`] is not set
    /// (operations with the unsigned payload trait).
    pub unsigned_payload: bool,
    /// Every `x-amz-*` header present must be signed. Otherwise only those that choose the operation and the
    /// time: `x-amz-date` and `x-amz-target`.
    pub sign_all_amz_headers: bool,
    /// Signatures of version 2 are known: those of links are taken, and those in the header (`AWS key:signature`) are told
    /// apart from other schemes and refused by name.
    pub knows_signature_v2: bool,
}

/// Fifteen minutes: the documented tolerance of every service.
const SKEW_S: i64 = 15 * 60;
/// Seven days: the documented longest life of a presigned request.
const PRESIGNED_S: i64 = 7 * 24 * 60 * 60;

impl Policy {
    /// The policy of the service whose signatures are scoped to this name.
    pub fn of(signing_name: &str) -> &'static Policy {
        match signing_name {
            "s3" => &Policy::S3,
            "sts" => &Policy::STS,
            _ => &Policy::DEFAULT,
        }
    }

    /// Every service but those below.
    pub const DEFAULT: Policy = Policy {
        double_encode_path: true,
        normalize_path: true,
        max_skew_s: SKEW_S,
        presigned_max_s: PRESIGNED_S,
        presigned_floor_s: 0,
        expires_required: false,
        content_sha256: false,
        unsigned_payload: false,
        sign_all_amz_headers: false,
        knows_signature_v2: false,
    };

    /// STS: presigned requests (the tokens of Kubernetes clusters) are good for fifteen minutes although they
    /// say sixty seconds.
    pub const STS: Policy = Policy { presigned_floor_s: SKEW_S, ..Policy::DEFAULT };

    /// S3.
    pub const S3: Policy = Policy {
        double_encode_path: false,
        normalize_path: false,
        expires_required: true,
        content_sha256: true,
        unsigned_payload: true,
        sign_all_amz_headers: true,
        knows_signature_v2: true,
        ..Policy::DEFAULT
    };
}
