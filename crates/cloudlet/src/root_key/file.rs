//! The file of a root key: one line of base64 that nobody else may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use vault::{MalformedRootKey, RootKey};
use zeroize::Zeroizing;

/// Why a file gives no root key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is a directory, a pipe or the like.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// Others may read or write it.
    #[error("others may use {path}, whose mode is {mode:04o}: make it 0600 (chmod 600 {path})", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("{path} belongs to user {owner}, neither to the one who runs this nor to root", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// It holds something else.
    #[error("{} does not hold a root key: {MalformedRootKey}", .0.display())]
    Malformed(PathBuf),
    /// The system refused.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

/// More than a root key with white space around it.
const BYTES_MAX: usize = 128;

/// The file of the key that is about to replace the one in `path`.
pub fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Refuses a root key in the data directory: whoever copies the one has the other.
pub fn refuse_inside(path: &Path, data: &Path) -> Result<()> {
    let Ok(data) = data.canonicalize() else { return Ok(()) };
    let found = path.canonicalize().ok().or_else(|| path.parent()?.canonicalize().ok());
    ensure!(
        !found.is_some_and(|found| found.starts_with(&data)),
        "the root key {} must not lie in the data directory {}: a copy of the one would hold the other",
        path.display(),
        data.display()
    );
    Ok(())
}

/// Reads a root key. `None`: there is no such file.
pub fn read(path: &Path) -> Result<Option<RootKey>, Error> {
    // Before it is opened, because opening a pipe would wait for its other end.
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("examine", path)(error)),
        Ok(meta) if !meta.is_file() => return Err(Error::NotAFile(path.to_owned())),
        Ok(_) => {}
    }
    let mut file = File::open(path).map_err(io_error("open", path))?;
    let meta = file.metadata().map_err(io_error("examine", path))?;
    let (mode, owner) = (meta.mode() & 0o7777, meta.uid());
    if mode & 0o077 != 0 {
        return Err(Error::Open { path: path.to_owned(), mode });
    }
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(Error::Foreign { path: path.to_owned(), owner });
    }
    let mut bytes = Zeroizing::new([0; BYTES_MAX]);
    let mut length = 0;
    while length < BYTES_MAX {
        match file.read(&mut bytes[length..]).map_err(io_error("read", path))? {
            0 => break,
            count => length += count,
        }
    }
    RootKey::from_base64(&bytes[..length]).map(Some).map_err(|_| Error::Malformed(path.to_owned()))
}

/// Makes a root key and its file. When another process was faster, its key is taken.
pub fn make(path: &Path) -> Result<RootKey, Error> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    }
    let key = RootKey::generate();
    write_next(path, &key)?;
    // A link appears whole or not at all and replaces nothing; where the file system has none, a new name does.
    match fs::hard_link(next(path), path) {
        Ok(()) => forget_next(path)?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            forget_next(path)?;
            let gone = || io_error("open", path)(ErrorKind::NotFound.into());
            return read(path)?.ok_or_else(gone);
        }
        Err(_) => replace(path)?,
    }
    Ok(key)
}

/// Writes the key that is about to replace the one in `path` beside it. It is on the disk when this returns.
pub fn write_next(path: &Path, key: &RootKey) -> Result<(), Error> {
    let next = next(path);
    forget_next(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&next)
        .map_err(io_error("create", &next))?;
    file.write_all(key.to_base64().as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(io_error("write", &next))?;
    sync_folder(path)
}

/// Puts the new key in the old one's place. That is on the disk when this returns.
pub fn replace(path: &Path) -> Result<(), Error> {
    fs::rename(next(path), path).map_err(io_error("replace", path))?;
    sync_folder(path)
}

/// Removes the new key, if there is one.
pub fn forget_next(path: &Path) -> Result<(), Error> {
    let next = next(path);
    match fs::remove_file(&next) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("remove", &next)(error)),
    }
}

fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("sync", folder))
}
