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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn made_for_its_owner_only_and_once() {
        let folder = folder();
        let path = folder.path().join("deeper/key");
        let key = make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().id(), key.id());
        assert!(!next(&path).exists());
        assert_eq!(make(&path).unwrap().id(), key.id(), "what is there is kept");
    }

    #[test]
    fn what_others_may_use_is_refused() {
        let folder = folder();
        let path = folder.path().join("key");
        make(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o666, 0o777] {
            chmod(&path, mode);
            let error = read(&path).unwrap_err();
            assert!(matches!(error, Error::Open { mode: found, .. } if found == mode), "{error}");
            assert!(error.to_string().contains(&format!("{mode:04o}")), "{error}");
        }
        for mode in [0o600, 0o400] {
            chmod(&path, mode);
            assert!(read(&path).unwrap().is_some());
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = folder();
        let path = folder.path().join("key");
        assert!(read(&path).unwrap().is_none());
        let key = RootKey::generate().to_base64();
        let long = format!("{}{}", *key, " ".repeat(BYTES_MAX));
        for text in ["", "key", &key[..43], &long, &format!("{}{}", *key, *key)] {
            fs::write(&path, text).unwrap();
            chmod(&path, 0o600);
            let read = read(&path);
            // White space beyond what is read does not matter: what was read is a key.
            if text == long {
                assert!(read.unwrap().is_some());
            } else {
                let error = read.unwrap_err();
                assert!(matches!(error, Error::Malformed(_)), "{error}");
                assert!(!error.to_string().contains(&key[..8]), "{error}");
            }
        }
        assert!(matches!(read(folder.path()), Err(Error::NotAFile(_))));
    }

    #[test]
    fn not_in_the_data_directory() {
        let folder = folder();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        refuse_inside(&folder.path().join("data.root-key"), &data).unwrap();
        refuse_inside(&folder.path().join("data/../key"), &data).unwrap();
        refuse_inside(&folder.path().join("other/key"), &data).unwrap();
        refuse_inside(&data.join("key"), &folder.path().join("not-there")).unwrap();
        for inside in ["data/key", "data/../data/key"] {
            assert!(refuse_inside(&folder.path().join(inside), &data).is_err(), "{inside}");
        }
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        assert!(refuse_inside(&link.join("key"), &data).is_err());
        fs::write(data.join("key"), "").unwrap();
        let to_file = folder.path().join("key");
        std::os::unix::fs::symlink(data.join("key"), &to_file).unwrap();
        assert!(refuse_inside(&to_file, &data).is_err());
    }
}
