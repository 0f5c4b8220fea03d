//! Certificates and keys in files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::authority::OwnCertificate;
use crate::error::quoted_up_to;
use crate::key::Key;
use crate::serving::Chain;
use crate::{CertificateAuthority, Error, MAX_PEM_BYTES, ServingCertificate};

/// The most characters of a path that a message repeats; Linux has none longer.
const MAX_PATH_CHARS: usize = 4096;

/// Reads a serving certificate, with its chain, and its key from two files.
///
/// At most [`MAX_PEM_BYTES`] are read of each. The files are read one after the other: while
/// Kubernetes swaps a mounted Secret, the pair may be of two generations, which is a
/// [`LoadError::Pair`]; a caller that watches the files keeps what it has and tries again.
///
/// # Errors
///
/// A [`LoadError`] that names the file at fault.
pub fn load_pair(
    certificate: impl AsRef<Path>,
    key: impl AsRef<Path>,
) -> Result<ServingCertificate, LoadError> {
    let now = SystemTime::now();
    let (certificate, key) = (certificate.as_ref(), key.as_ref());
    let chain = parse_file(certificate, |pem| Chain::parse(pem, now))?;
    chain
        .with_key(parse_file(key, Key::parse)?)
        .map_err(|error| LoadError::pair(certificate, key, error))
}

/// Reads a certificate authority's own certificate and its key from two files.
///
/// At most [`MAX_PEM_BYTES`] are read of each.
///
/// # Errors
///
/// A [`LoadError`] that names the file at fault.
pub fn load_authority(
    certificate: impl AsRef<Path>,
    key: impl AsRef<Path>,
) -> Result<CertificateAuthority, LoadError> {
    let now = SystemTime::now();
    let (certificate, key) = (certificate.as_ref(), key.as_ref());
    let own = parse_file(certificate, |pem| OwnCertificate::parse(pem, now))?;
    own.with_key(parse_file(key, Key::parse)?)
        .map_err(|error| LoadError::pair(certificate, key, error))
}

/// Why a file could not be used.
///
/// The whole sentence is in the message, so there is no source to print after it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file could not be read.
    #[error("{} cannot be read: {}", shown(path), reason(*kind))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// The file is not UTF-8 text, so it is not PEM.
    #[error(
        "{} is not PEM text: convert it from DER with `openssl x509` or `openssl pkey`",
        shown(path)
    )]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// What the file holds cannot be used.
    #[error("{}: {error}", shown(path))]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Error,
    },
    /// Each file can be used, but not together.
    #[error("{} and {}: {error}", shown(certificate), shown(key))]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        error: Error,
    },
}

impl LoadError {
    fn pair(certificate: &Path, key: &Path, error: Error) -> Self {
        Self::Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            error,
        }
    }
}

fn parse_file<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, Error>,
) -> Result<T, LoadError> {
    let path = path.to_owned();
    let bytes = match read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let kind = error.kind();
            return Err(LoadError::Unreadable { path, kind });
        }
    };
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text).map_err(|error| LoadError::File { path, error }),
        Err(_) => Err(LoadError::NotText { path }),
    }
}

/// Reads one byte more than the limit, so that the parser sees when the limit is crossed.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_PEM_BYTES as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    quoted_up_to(&path.to_string_lossy(), MAX_PATH_CHARS)
}

fn reason(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, name the file in it".to_owned(),
        other => other.to_string(),
    }
}
