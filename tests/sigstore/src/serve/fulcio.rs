//! What cosign asks of Fulcio.

use std::{collections::BTreeMap, sync::Mutex};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::SubjectPublicKeyInfo;
use serde_json::{Value, json};

use super::{Answer, Request, Shared, now};
use crate::{Leaf, Workload};

/// How long a certificate is valid, in seconds, as Fulcio has it.
const VALIDITY: i64 = 600;

/// The identity tokens that were issued, with whom each is for.
#[derive(Default)]
pub(super) struct Tokens(Mutex<BTreeMap<String, Workload>>);

impl Tokens {
    /// A JSON web token, in the shape that cosign reads. Nobody but Fulcio has to believe it, and Fulcio knows
    /// its own: the signature is none.
    pub(super) fn issue(&self, workload: &Workload) -> String {
        let mut tokens = self.0.lock().unwrap();
        let claims = json!({
            "iss": workload.issuer,
            "sub": format!("workload-{}", tokens.len()),
            "aud": "sigstore",
            "iat": now(),
            "exp": now() + VALIDITY,
        });
        let head = json!({"alg": "ES256", "typ": "JWT"});
        let [head, claims] = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let token = format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64]));
        tokens.insert(token.clone(), workload.clone());
        token
    }

    fn workload(&self, token: &str) -> Option<Workload> {
        self.0.lock().unwrap().get(token).cloned()
    }
}

/// The chain is PEM; the key comes as PEM in base64.
pub(super) fn version_1(shared: &Shared, request: &Request) -> Answer {
    let key = &request.json()["publicKey"]["content"];
    let pem = key.as_str().and_then(|key| STANDARD.decode(key).ok());
    let pem = pem.and_then(|pem| String::from_utf8(pem).ok());
    match chain(shared, request, pem.as_deref()) {
        Ok(chain) => Answer::pem(201, chain.concat()),
        Err(refusal) => refusal,
    }
}

/// The chain is JSON; the key comes as PEM.
pub(super) fn version_2(shared: &Shared, request: &Request) -> Answer {
    let key = &request.json()["publicKeyRequest"]["publicKey"]["content"];
    match chain(shared, request, key.as_str()) {
        Ok(chain) => Answer::json(200, &with_embedded_sct(&chain)),
        Err(refusal) => refusal,
    }
}

fn with_embedded_sct(chain: &[String]) -> Value {
    json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})
}

/// A certificate and those above it. Whether the client has the key is not asked.
fn chain(shared: &Shared, request: &Request, key: Option<&str>) -> Result<[String; 3], Answer> {
    let token = request.token.as_deref();
    let workload = token.and_then(|token| shared.tokens.workload(token));
    let workload = workload.ok_or_else(|| Answer::refusal(401, "the identity token is unknown"))?;
    let key = key.and_then(|pem| SubjectPublicKeyInfo::from_pem(pem).ok());
    let key = key.ok_or_else(|| Answer::refusal(400, "there is no public key"))?;
    let sigstore = &shared.sigstore;
    Ok([
        sigstore.certificate(&key, &valid_now(workload)),
        sigstore.fulcio.pem.clone(),
        sigstore.root.pem.clone(),
    ])
}

fn valid_now(workload: Workload) -> Workload {
    let leaf = Leaf {
        from: now(),
        until: now() + VALIDITY,
        ..workload.leaf
    };
    Workload { leaf, ..workload }
}
