//! The field `trustRoot`.

use gatehouse_abi::Path;
use serde_json::{Map, Value};

use super::{AuthorityError, Files, content, quoted, trust_root_parts, unknown_fields};
use crate::{
    sigstore::TrustRoot,
    trust_root::{MirrorAddress, TrustRootSource},
};

const TUF: [&str; 2] = ["mirror", "root"];

/// Reads what stands at `at`. What is wrong with the document is a mistake. What is wrong with a file that it
/// names, which may be mended or broken any day, leaves a source that gives nothing and says why.
pub(super) fn read(
    document: &Value,
    at: &Path,
    files: &Files<'_>,
) -> Result<TrustRootSource, Vec<AuthorityError>> {
    let one = |mistake: String| vec![AuthorityError::new(at.clone(), mistake)];
    match document {
        Value::String(text) => of_text(text, files).map_err(one),
        Value::Object(members) if members.contains_key("tuf") => {
            let unknown = unknown_fields(members, &["tuf"], at);
            if !unknown.is_empty() {
                return Err(unknown);
            }
            of_mirror(&members["tuf"], &at.clone().key("tuf"), files)
        }
        Value::Object(members) => trust_root_parts::read(members, at, files),
        _ => Err(one(
            "expected `file:` and the path of a `trusted_root.json`, its parts, or `tuf`"
                .to_owned(),
        )),
    }
}

fn of_text(text: &str, files: &Files<'_>) -> Result<TrustRootSource, String> {
    let root = content::read(text, files, |json| TrustRoot::parse(json.as_bytes()));
    match content::names_file(text) {
        true => Ok(TrustRootSource::from_file(root)),
        false => root.map(TrustRootSource::written),
    }
}

fn of_mirror(
    document: &Value,
    at: &Path,
    files: &Files<'_>,
) -> Result<TrustRootSource, Vec<AuthorityError>> {
    let wrong = |field: Option<&str>, mistake: String| {
        let at = field.map_or(at.clone(), |field| at.clone().key(field));
        vec![AuthorityError::new(at, mistake)]
    };
    let Value::Object(members) = document else {
        let message = format!("expected an object with {}", quoted(&TUF));
        return Err(wrong(None, message));
    };
    let unknown = unknown_fields(members, &TUF, at);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mirror = text(members, "mirror").map_err(|mistake| wrong(Some("mirror"), mistake))?;
    let root = text(members, "root").map_err(|mistake| wrong(Some("root"), mistake))?;
    let url = MirrorAddress::check_url(mirror).map_err(|mistake| wrong(Some("mirror"), mistake))?;
    let address = content::read(root, files, |json| {
        MirrorAddress::new(url, json.into_bytes())
    });
    match address {
        Ok(address) => Ok(TrustRootSource::Mirror(address)),
        Err(mistake) if content::names_file(root) => Ok(TrustRootSource::from_file(Err(mistake))),
        Err(mistake) => Err(wrong(Some("root"), mistake)),
    }
}

fn text<'m>(members: &'m Map<String, Value>, field: &str) -> Result<&'m str, String> {
    match members.get(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err("expected text".to_owned()),
        None => Err("is missing".to_owned()),
    }
}
