//! PEM text in and out.
//!
//! What goes out is written anew from what was understood, so a key or a comment that stood in a
//! certificate's file never ends up in a `caBundle`.

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::{Error, Item, PemFault};

/// The most bytes of PEM that are read from a text or a file: 1 MiB.
///
/// The largest object that etcd stores by default has 1.5 MiB, so no Secret holds much more.
pub const MAX_PEM_BYTES: usize = 1024 * 1024;

/// All certificates in the text, at least one; other blocks are passed over.
pub(crate) fn certificates(pem: &str, item: Item) -> Result<Vec<CertificateDer<'static>>, Error> {
    check_size(pem, item)?;
    let found = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(&error, item))?;
    if found.is_empty() {
        return Err(Error::NoCertificate);
    }
    Ok(found)
}

/// The first private key in the text; other blocks are passed over.
pub(crate) fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, Error> {
    check_size(pem, Item::Key)?;
    if is_encrypted(pem) {
        return Err(Error::EncryptedKey);
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|error| match error {
        PemError::NoItemsFound => Error::NoKey,
        damage => broken(&damage, Item::Key),
    })
}

/// The certificates as PEM, in order, each ending with a line break.
pub(crate) fn encode_certificates<'a>(
    certificates: impl Iterator<Item = &'a CertificateDer<'static>>,
) -> String {
    certificates
        .map(|certificate| encode("CERTIFICATE", certificate))
        .collect()
}

/// The key as PEM, in the format that it came in.
pub(crate) fn encode_key(key: &PrivateKeyDer<'static>) -> String {
    let label = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    encode(label, key.secret_der())
}

fn encode(label: &str, der: &[u8]) -> String {
    let block = Pem::new(label, der);
    pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF))
}

fn check_size(pem: &str, item: Item) -> Result<(), Error> {
    if pem.len() > MAX_PEM_BYTES {
        return Err(Error::TooLarge { item });
    }
    Ok(())
}

/// Both ways to encrypt a PEM key: PKCS #8 (RFC 5958) and the header of RFC 1421.
fn is_encrypted(pem: &str) -> bool {
    pem.lines().any(|line| {
        line.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || line.starts_with("Proc-Type: 4,ENCRYPTED")
    })
}

fn broken(error: &PemError, item: Item) -> Error {
    let fault = match error {
        PemError::MissingSectionEnd { .. } => PemFault::NoEnd,
        PemError::IllegalSectionStart { .. } => PemFault::BrokenBegin,
        _ => PemFault::NotBase64,
    };
    Error::BrokenPem { item, fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn certificate_refusal(pem: &str) -> String {
        let refused = certificates(pem, Item::Certificate).unwrap_err();
        refused.to_string()
    }

    #[test]
    fn certificates_are_found_among_other_blocks() {
        let text = [
            "subject=x\n",
            &block("PRIVATE KEY", "AAAA"),
            &block("CERTIFICATE", "AQID"),
        ];
        let found = certificates(&text.concat(), Item::Bundle).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            encode_certificates(found.iter()),
            block("CERTIFICATE", "AQID")
        );
    }

    #[test]
    fn a_key_keeps_its_format() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let text = block("EC PARAMETERS", "AAAA") + &block(label, "AQID");
            let key = private_key(&text).unwrap();
            assert_eq!(encode_key(&key), block(label, "AQID"));
        }
    }

    #[test]
    fn windows_line_ends_are_read() {
        let text = block("CERTIFICATE", "AQID").replace('\n', "\r\n");
        let found = certificates(&text, Item::Certificate).unwrap();
        assert_eq!(
            encode_certificates(found.iter()),
            block("CERTIFICATE", "AQID")
        );
    }

    #[test]
    fn text_without_what_is_wanted_says_so() {
        let expected = "no certificate found: \
                        expected a block that starts with `-----BEGIN CERTIFICATE-----`";
        for text in ["", "hello", &block("PRIVATE KEY", "AAAA")] {
            assert_eq!(certificate_refusal(text), expected);
        }
        assert_eq!(
            private_key(&block("CERTIFICATE", "AQID"))
                .unwrap_err()
                .to_string(),
            "no private key found: expected a block that starts with `-----BEGIN PRIVATE KEY-----`"
        );
    }

    #[test]
    fn encrypted_keys_are_recognised() {
        let old = block(
            "RSA PRIVATE KEY",
            "Proc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAAAA",
        );
        for text in [block("ENCRYPTED PRIVATE KEY", "AAAA"), old] {
            assert_eq!(
                private_key(&text).unwrap_err().to_string(),
                "the private key is encrypted and nobody is there to type the passphrase: \
                 store it decrypted, as `openssl pkey` writes it"
            );
        }
    }

    #[test]
    fn damaged_text_says_how() {
        let whole = block("CERTIFICATE", "AQID");
        let cut_off = whole.replace("-----END CERTIFICATE-----\n", "");
        for text in [cut_off, whole.replace('\n', "")] {
            assert_eq!(
                certificate_refusal(&text),
                "the certificate cannot be read: \
                 a block has no `-----END` line, is it cut off or were line breaks lost?"
            );
        }
        assert_eq!(
            certificate_refusal(&whole.replace('\n', "\\n")),
            "the certificate cannot be read: \
             a `-----BEGIN` line does not end in five dashes, were line breaks lost?"
        );
        assert_eq!(
            certificate_refusal(&block("CERTIFICATE", "A!ID")),
            "the certificate cannot be read: a block holds characters that are not base64"
        );
        assert_eq!(
            private_key(&block("PRIVATE KEY", "A!ID"))
                .unwrap_err()
                .to_string(),
            "the private key cannot be read: a block holds characters that are not base64"
        );
    }

    #[test]
    fn more_than_the_limit_is_not_read() {
        let text = block("CERTIFICATE", "AQID");
        let filled = " ".repeat(MAX_PEM_BYTES - text.len() - 1) + "\n" + &text;
        assert!(certificates(&filled, Item::Bundle).is_ok());
        assert_eq!(
            certificates(&(filled.clone() + "\n"), Item::Bundle)
                .unwrap_err()
                .to_string(),
            "the bundle of certificate authorities is larger than 1048576 bytes: \
             is it the right file?"
        );
        assert_eq!(
            private_key(&(filled + "\n")).unwrap_err().to_string(),
            "the private key is larger than 1048576 bytes: is it the right file?"
        );
    }
}
