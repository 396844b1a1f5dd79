//! Where things are in the repository.

use std::path::PathBuf;

/// The repository's root.
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// The reduced models.
pub fn inputs() -> PathBuf {
    root().join("models/inputs")
}

/// What the models do not say.
pub fn overlay() -> PathBuf {
    root().join("models/overlay")
}

/// Scratch space of tests and demos; git ignores it.
pub fn work() -> PathBuf {
    root().join(".work")
}
