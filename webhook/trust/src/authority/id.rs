use sha2::{Digest, Sha256};

use super::{Signers, document::Parts};
use crate::sigstore::TrustRoot;

/// Changes with whatever a verdict depends on that is not written here, such as the rules of this crate.
const VERSION: &[u8] = b"gatehouse authority 1";

/// A digest of all that the authority means, but for its trust root, which may be another one tomorrow.
pub(super) fn of(parts: &Parts) -> [u8; 32] {
    let mut meaning = Meaning(Sha256::new());
    meaning.add(VERSION);
    meaning.add(&[u8::from(parts.require_tlog), u8::from(parts.bind_reference)]);
    if let Some(attestation) = &parts.attestation {
        meaning.add(b"attestation");
        meaning.add(attestation.predicate_type().as_bytes());
        // what is kept of predicates
        let paths = attestation.paths();
        meaning.add(&paths.len().to_be_bytes());
        for path in paths {
            meaning.add(path.to_string().as_bytes());
        }
    }
    match &parts.signers {
        Signers::Key(key) => {
            meaning.add(b"key");
            meaning.add(key.spki());
        }
        Signers::Certificate(authority) => {
            meaning.add(b"certificate");
            authority.anchors_der().for_each(|der| meaning.add(der));
            meaning.add(b"intermediates");
            authority
                .intermediates_der()
                .for_each(|der| meaning.add(der));
            meaning.add(b"identities");
            match authority.identities() {
                None => meaning.add(b"any"),
                Some(identities) => {
                    meaning.add(b"of");
                    identities.iter().for_each(|i| meaning.add(i.as_bytes()));
                }
            }
        }
        Signers::Keyless(keyless) => {
            meaning.add(b"keyless");
            for pattern in [keyless.issuer(), keyless.subject()] {
                let [kind, text] = pattern.meaning();
                meaning.add(kind.as_bytes());
                meaning.add(text.as_bytes());
            }
            for (claim, wanted) in keyless.claims() {
                meaning.add(claim.as_str().as_bytes());
                meaning.add(wanted.as_bytes());
            }
        }
    }
    meaning.0.finalize().into()
}

/// `sha256:` and a digest of all that the authority means with this trust root.
pub(super) fn with_root(meaning: &[u8; 32], root: &TrustRoot) -> String {
    let mut whole = Meaning(Sha256::new());
    whole.add(meaning);
    whole.add(&root.digest());
    format!("sha256:{:x}", whole.0.finalize())
}

/// Parts of which none can be taken for the end of another.
struct Meaning(Sha256);

impl Meaning {
    fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
}
