//! What a service may say of a failure beneath it.

/// An error of the platform: of the store, of object bytes, of deliveries. Services pass it on with `?`; the
/// caller learns only whether to try again, the log learns everything.
pub trait PlatformError: std::error::Error {
    /// What to tell the caller when trying again later can help; `None` when something is broken.
    fn try_later(&self) -> Option<&'static str>;
}
