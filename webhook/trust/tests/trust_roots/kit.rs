//! What the tests have in common.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatehouse_abi::Path;
use gatehouse_reference::{Digest, Reference};
use gatehouse_test_sigstore::{DIGEST, REFERENCE, Sigstore, Workload};
use gatehouse_trust::{
    Authorities, Authority, AuthorityError,
    signature::{Evidence, Rejection, SignedImage, Signer, verify},
};
use serde_json::{Value, json};

/// Files that documents may name.
pub(crate) type Folder = BTreeMap<&'static str, String>;

pub(crate) fn parse(document: &Value, folder: &Folder) -> Result<Authority, Vec<AuthorityError>> {
    Authority::parse("ci", document, &Path::dotted("authorities.ci"), &|file| {
        let text = folder.get(file).cloned();
        text.ok_or_else(|| "there is no such file".to_owned())
    })
}

pub(crate) fn authority(document: &Value) -> Authority {
    parse(document, &Folder::new()).unwrap()
}

/// All mistakes of a document, a line each.
pub(crate) fn mistakes(document: &Value) -> String {
    mistakes_with(document, &Folder::new())
}

pub(crate) fn mistakes_with(document: &Value, folder: &Folder) -> String {
    let errors = parse(document, folder).unwrap_err();
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

pub(crate) fn authorities(documents: &Value) -> Authorities {
    let files = |file: &str| Err(format!("no file {file} in this test"));
    Authorities::parse(documents, &Path::dotted("authorities"), &files).unwrap()
}

/// The authority that wants what [`Workload::default`] is.
pub(crate) fn keyless(trust_root: Value) -> Value {
    json!({
        "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
        "trustRoot": trust_root,
    })
}

pub(crate) fn at(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap())
}

/// What the authority makes of a signature of the default workload by this Sigstore.
pub(crate) fn judge(authority: &Authority, signer: &Sigstore) -> Result<Signer, Rejection> {
    let bundle = signer.bundle(&Workload::default()).to_string();
    let image = Reference::parse(REFERENCE).unwrap();
    let repository = image.repository();
    let image = SignedImage {
        digest: Digest::parse(DIGEST).unwrap(),
        registry: image.registry(),
        repository: &repository,
    };
    let evidence = Evidence::Bundle(bundle.as_bytes());
    verify(authority, &image, &evidence, SystemTime::now()).map(|verified| verified.signer)
}

/// The only authority of a set.
pub(crate) fn only(authorities: &Arc<Authorities>) -> &Authority {
    authorities.iter().next().unwrap()
}
