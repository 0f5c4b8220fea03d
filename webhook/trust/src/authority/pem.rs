use pem::Pem;

use crate::sigstore::PublicKey;

/// The longest PEM that is read, in bytes.
pub const PEM_BYTES: usize = 256 * 1024;

/// The one public key in a PEM.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, String> {
    key(
        text,
        "an authority has one public key: name several authorities for several keys",
        ": `certificate` takes those of a certificate authority",
    )
}

/// The public key of a log in a PEM.
pub(super) fn log_key(text: &str) -> Result<PublicKey, String> {
    key(text, "a log has one public key: list several logs", "")
}

/// All certificates in a PEM, in DER.
pub(crate) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, String> {
    certificates_or(text, ": `key` takes a public key")
}

/// The same where no public key could stand.
pub(super) fn chain(text: &str) -> Result<Vec<Vec<u8>>, String> {
    certificates_or(text, "")
}

fn key(text: &str, of_several: &str, of_certificates: &str) -> Result<PublicKey, String> {
    let blocks = blocks(text)?;
    let [block] = blocks.as_slice() else {
        return Err(format!("has {} PEM blocks; {of_several}", blocks.len()));
    };
    match block.tag() {
        "PUBLIC KEY" => PublicKey::from_spki(block.contents())
            .map_err(|mistake| format!("is not a public key that can be used: {mistake}")),
        "CERTIFICATE" => Err(format!(
            "is a certificate, not a public key{of_certificates}"
        )),
        "RSA PUBLIC KEY" => Err(
            "is an RSA key in an old form; `openssl rsa -RSAPublicKey_in -pubout` converts it to `PUBLIC KEY`"
                .to_owned(),
        ),
        other => Err(wrong_tag(other, "PUBLIC KEY")),
    }
}

fn certificates_or(text: &str, of_keys: &str) -> Result<Vec<Vec<u8>>, String> {
    let take = |block: Pem| match block.tag() {
        "CERTIFICATE" => Ok(block.into_contents()),
        "PUBLIC KEY" => Err(format!(
            "has a public key where certificates are expected{of_keys}"
        )),
        other => Err(wrong_tag(other, "CERTIFICATE")),
    };
    blocks(text)?.into_iter().map(take).collect()
}

fn blocks(text: &str) -> Result<Vec<Pem>, String> {
    if text.len() > PEM_BYTES {
        return Err(format!("is longer than {PEM_BYTES} bytes"));
    }
    match pem::parse_many(text) {
        Ok(blocks) if !blocks.is_empty() => Ok(blocks),
        Ok(_) => Err("is not PEM: a line `-----BEGIN …-----` is expected".to_owned()),
        Err(_) => Err("is PEM that is damaged".to_owned()),
    }
}

/// Never shows what stands in the block: it may be a secret.
fn wrong_tag(tag: &str, wanted: &str) -> String {
    if tag.contains("PRIVATE KEY") {
        return "is a private key, which verifies nothing and must stay secret: take it out, replace it if others may have read it, and give the public key (`cosign public-key --key …`)"
            .to_owned();
    }
    let tag = crate::text::excerpt(tag);
    format!("is a PEM block `{tag}`; `{wanted}` is expected")
}
