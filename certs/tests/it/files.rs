//! Certificates and keys in files, and messages that name the file at fault.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use gatehouse_certs::{Error, LoadError, MAX_PEM_BYTES, load_authority, load_pair};

use crate::support::{authority, serving};

/// A folder of the test's own, in cargo's folder for that, with the given files.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

#[test]
fn a_pair_is_read() {
    let made = serving();
    let folder = Folder::new("a_pair_is_read");
    let certificate = folder.file("tls.crt", made.chain_pem());
    let key = folder.file("tls.key", made.key_pem());
    let read = load_pair(certificate, key).unwrap();
    assert_eq!(read.chain_pem(), made.chain_pem());
    assert_eq!(read.key_pem(), made.key_pem());
}

#[test]
fn an_authority_is_read() {
    let made = authority();
    let folder = Folder::new("an_authority_is_read");
    let certificate = folder.file("ca.crt", made.certificate_pem());
    let key = folder.file("ca.key", made.key_pem());
    let read = load_authority(certificate, key).unwrap();
    assert_eq!(read.certificate_pem(), made.certificate_pem());
}

#[test]
fn a_fault_in_one_file_names_that_file() {
    let made = serving();
    let folder = Folder::new("a_fault_in_one_file_names_that_file");
    let certificate = folder.file("tls.crt", made.chain_pem());
    let key = folder.file("tls.key", made.key_pem());
    assert_eq!(
        load_pair(&key, &key).unwrap_err().to_string(),
        format!(
            "`{}`: no certificate found: \
             expected a block that starts with `-----BEGIN CERTIFICATE-----`",
            key.display()
        )
    );
    let expected = LoadError::File {
        path: certificate.clone(),
        error: Error::NoKey,
    };
    assert_eq!(load_pair(&certificate, &certificate).unwrap_err(), expected);
    assert_eq!(
        load_authority(&certificate, &key).unwrap_err().to_string(),
        format!(
            "`{}`: the certificate is not one of a certificate authority: \
             make it with the basic constraint `CA:TRUE`",
            certificate.display()
        )
    );
}

#[test]
fn files_that_do_not_belong_together_are_both_named() {
    let folder = Folder::new("files_that_do_not_belong_together_are_both_named");
    let certificate = folder.file("tls.crt", serving().chain_pem());
    let key = folder.file("tls.key", serving().key_pem());
    assert_eq!(
        load_pair(&certificate, &key).unwrap_err().to_string(),
        format!(
            "`{}` and `{}`: the private key does not belong to the certificate: \
             give the key that the first certificate in the file was made for",
            certificate.display(),
            key.display()
        )
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = Folder::new("files_that_cannot_be_read_are_named");
    let certificate = folder.file("tls.crt", serving().chain_pem());
    let missing = folder.0.join("missing.key");
    assert_eq!(
        load_pair(&certificate, &missing).unwrap_err().to_string(),
        format!(
            "`{}` cannot be read: there is no such file",
            missing.display()
        )
    );
    assert_eq!(
        load_pair(&folder.0, &missing).unwrap_err().to_string(),
        format!(
            "`{}` cannot be read: it is a folder, name the file in it",
            folder.0.display()
        )
    );
}

#[test]
fn what_the_system_says_is_put_in_words() {
    let message = |kind| {
        let path = PathBuf::from("/tls/\u{1b}tls.key");
        LoadError::Unreadable { path, kind }.to_string()
    };
    assert_eq!(
        message(ErrorKind::PermissionDenied),
        "`/tls/\u{fffd}tls.key` cannot be read: this user may not read it"
    );
    assert_eq!(
        message(ErrorKind::TimedOut),
        "`/tls/\u{fffd}tls.key` cannot be read: timed out"
    );
}

#[test]
fn a_file_in_der_is_told_apart() {
    let folder = Folder::new("a_file_in_der_is_told_apart");
    let der = folder.file("tls.der", [0x30, 0x82, 0xff]);
    assert_eq!(
        load_pair(&der, &der).unwrap_err().to_string(),
        format!(
            "`{}` is not PEM text: convert it from DER with `openssl x509` or `openssl pkey`",
            der.display()
        )
    );
}

#[test]
fn a_file_has_a_limit() {
    let made = serving();
    let folder = Folder::new("a_file_has_a_limit");
    let key = folder.file("tls.key", made.key_pem());
    let filled = made.chain_pem() + &"\n".repeat(MAX_PEM_BYTES - made.chain_pem().len());
    let certificate = folder.file("tls.crt", &filled);
    assert!(load_pair(&certificate, &key).is_ok());
    folder.file("tls.crt", filled + "\n");
    assert_eq!(
        load_pair(&certificate, &key).unwrap_err().to_string(),
        format!(
            "`{}`: the certificate is larger than 1048576 bytes: is it the right file?",
            certificate.display()
        )
    );
}

#[test]
fn files_are_followed_through_the_links_of_a_mounted_secret() {
    let made = serving();
    let folder = Folder::new("files_are_followed_through_the_links_of_a_mounted_secret");
    fs::create_dir_all(folder.0.join("..1")).unwrap();
    folder.file("..1/tls.crt", made.chain_pem());
    folder.file("..1/tls.key", made.key_pem());
    let link = |target: &str, name: &str| {
        let path = folder.0.join(name);
        let _ = fs::remove_file(&path);
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    };
    link("..1", "..data");
    let certificate = link("..data/tls.crt", "tls.crt");
    let key = link("..data/tls.key", "tls.key");
    assert!(load_pair(certificate, key).is_ok());
}
