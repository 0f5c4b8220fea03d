use rcgen::{CustomExtension, PublicKeyData, SanType};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::{Ca, INTEGRATED, Key, Layer, Leaf, Log, RekorV2, Tsa, base64, bundle};

/// Fulcio's own extensions are below this.
const FULCIO: [u64; 8] = [1, 3, 6, 1, 4, 1, 57264, 1];
/// The list of signed certificate timestamps (RFC 6962, section 3.3).
const SCTS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];

/// A Sigstore of one's own: Fulcio, its log of certificates, Rekor, and a timestamp authority.
pub struct Sigstore {
    /// The anchor of its certificates.
    pub root: Ca,
    /// The authority below it, which issues them.
    pub fulcio: Ca,
    /// The key of its log of certificates.
    pub ct: Key,
    /// Its log of signatures.
    pub log: Log,
    /// Its log of signatures of version 2.
    pub rekor_v2: RekorV2,
    /// Its timestamp authority.
    pub tsa: Tsa,
}

/// What a certificate of Fulcio says; the default is a right one for a workflow of `acme/app`, valid for
/// ten minutes around [`INTEGRATED`].
#[derive(Clone)]
pub struct Workload {
    /// Whom it is for.
    pub subject: SanType,
    /// The OIDC issuer that vouched for it.
    pub issuer: Option<String>,
    /// Values of GitHub's old extensions, by their last number.
    pub github: Vec<(u64, &'static str)>,
    /// Values of today's extensions, by their last number.
    pub claims: Vec<(u64, &'static str)>,
    /// The promise that it is in a log of certificates.
    pub sct: Sct,
    /// All else that the certificate says.
    pub leaf: Leaf,
}

/// Which promise of a log of certificates a certificate has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sct {
    /// As it should be.
    Right,
    /// There is none.
    Absent,
    /// Of a log that is not in the trust root.
    Strange,
    /// Over a certificate for somebody else.
    Borrowed,
}

impl Workload {
    /// Whom the default is for.
    pub const SUBJECT: &str =
        "https://github.com/acme/app/.github/workflows/release.yaml@refs/tags/v1";
    /// Who vouched for the default.
    pub const ISSUER: &str = "https://token.actions.githubusercontent.com";

    /// A certificate for this address.
    pub fn email(address: &str) -> Self {
        Self {
            subject: SanType::Rfc822Name(address.try_into().unwrap()),
            ..Self::default()
        }
    }

    /// A certificate for this URI.
    pub fn uri(uri: &str) -> Self {
        Self {
            subject: SanType::URI(uri.try_into().unwrap()),
            ..Self::default()
        }
    }
}

impl Default for Workload {
    fn default() -> Self {
        let leaf = Leaf {
            from: INTEGRATED - 60,
            until: INTEGRATED + 540,
            ..Leaf::default()
        };
        Self {
            subject: SanType::URI(Self::SUBJECT.try_into().unwrap()),
            issuer: Some(Self::ISSUER.to_owned()),
            github: vec![(4, "release"), (5, "acme/app"), (6, "refs/tags/v1")],
            claims: vec![(12, "https://github.com/acme/app"), (14, "refs/tags/v1")],
            sct: Sct::Right,
            leaf,
        }
    }
}

impl Default for Sigstore {
    fn default() -> Self {
        Self::new()
    }
}

impl Sigstore {
    /// A Sigstore of an anchor and one authority below it.
    pub fn new() -> Self {
        let root = Ca::new("Acme Sigstore");
        let fulcio = root.intermediate("Acme Fulcio");
        Self::of(root, fulcio)
    }

    /// A Sigstore of these authorities.
    pub fn of(root: Ca, fulcio: Ca) -> Self {
        Self {
            root,
            fulcio,
            ct: Key::p256(),
            log: Log::new(),
            rekor_v2: RekorV2::new(),
            tsa: Tsa::new(),
        }
    }

    /// Its `trusted_root.json`.
    pub fn trust_root(&self) -> Value {
        let mut root: Value = serde_json::from_str(&self.log.trust_root()).unwrap();
        let certificates = [&self.fulcio, &self.root].map(|ca| {
            let der = pem::parse(&ca.pem).unwrap();
            json!({"rawBytes": base64(der.contents())})
        });
        root["certificateAuthorities"] = json!([{
            "subject": {"organization": "acme", "commonName": "Acme Fulcio"},
            "uri": "https://fulcio.example",
            "certChain": {"certificates": certificates},
            "validFor": {"start": "2020-01-01T00:00:00Z"},
        }]);
        root["ctlogs"] = json!([{
            "baseUrl": "https://ct.example",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(&self.ct.spki()),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": "2020-01-01T00:00:00Z"},
            },
            "logId": {"keyId": base64(&Sha256::digest(self.ct.spki()))},
        }]);
        let tlogs = root["tlogs"].as_array_mut().unwrap();
        tlogs.push(self.rekor_v2.trusted());
        root["timestampAuthorities"] = json!([self.tsa.trusted()]);
        root
    }

    /// A certificate, in PEM.
    pub fn certificate(&self, key: &impl PublicKeyData, workload: &Workload) -> String {
        let mut leaf = workload.leaf.clone();
        leaf.names = vec![workload.subject.clone()];
        leaf.extensions = workload.extensions();
        if let Some(sct) = self.sct(key, workload.sct, &leaf) {
            leaf.extensions.push(sct);
        }
        self.fulcio.issue(key, leaf)
    }

    /// What `cosign sign` of version 2 writes.
    pub fn layer(&self, workload: &Workload) -> Layer {
        self.layer_by(&Key::p256(), workload)
    }

    /// The same with this key.
    pub fn layer_by(&self, key: &Key, workload: &Workload) -> Layer {
        let certificate = self.certificate(key, workload);
        let layer = Layer::of(key).annotate("certificate", &certificate);
        let entry = self.log.annotation(&layer, &certificate);
        layer.annotate("bundle", entry)
    }

    /// What `cosign sign` of version 3 writes.
    pub fn bundle(&self, workload: &Workload) -> Value {
        let key = Key::p256();
        self.logged(bundle(&key), &self.certificate(&key, workload))
    }

    /// The same with a log of version 2, and a timestamp of that time.
    pub fn bundle_v2(&self, workload: &Workload, at: i64) -> Value {
        let key = Key::p256();
        let certificate = self.certificate(&key, workload);
        let bundle = self.rekor_v2.logged(bundle(&key), &certificate);
        self.tsa.stamped(&bundle, at)
    }

    /// The bundle with this certificate and a log entry.
    pub fn logged(&self, mut bundle: Value, certificate: &str) -> Value {
        let entry = self.log.entry(&bundle, certificate);
        let der = pem::parse(certificate).unwrap();
        bundle["verificationMaterial"] = json!({
            "certificate": {"rawBytes": base64(der.contents())},
            "tlogEntries": [entry],
        });
        bundle
    }

    /// What `cosign sign-blob` writes for this file, and the file's digest.
    pub fn file_bundle(&self, file: &[u8]) -> (Value, String) {
        let key = Key::p256();
        let certificate = self.certificate(&key, &Workload::default());
        let layer = Layer::over(&key, file);
        let entry = self.log.file_entry(&layer, &certificate);
        let digest = Sha256::digest(file);
        let der = pem::parse(&certificate).unwrap();
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": base64(der.contents())},
                "tlogEntries": [entry],
            },
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_256", "digest": base64(&digest)},
                "signature": layer.signature(),
            },
        });
        (bundle, format!("sha256:{digest:x}"))
    }

    /// The promise of a log of certificates for what would be this certificate (RFC 6962, section 3.2).
    fn sct(&self, key: &impl PublicKeyData, sct: Sct, leaf: &Leaf) -> Option<CustomExtension> {
        let strange = Key::p256();
        let (log, leaf) = match sct {
            Sct::Absent => return None,
            Sct::Right => (&self.ct, leaf.clone()),
            Sct::Strange => (&strange, leaf.clone()),
            Sct::Borrowed => (&self.ct, Leaf::default()),
        };
        let precertificate = pem::parse(self.fulcio.issue(key, leaf)).unwrap();
        let (_, parsed) = X509Certificate::from_der(precertificate.contents()).unwrap();
        let tbs = parsed.tbs_certificate.as_ref();
        let time = u64::try_from(INTEGRATED).unwrap() * 1000;
        let signed = [
            &[0, 0],
            &time.to_be_bytes()[..],
            &[0, 1],
            &Sha256::digest(self.fulcio.spki()),
            &u32::try_from(tbs.len()).unwrap().to_be_bytes()[1..],
            tbs,
            &[0, 0],
        ]
        .concat();
        // SHA-256 with ECDSA (RFC 5246, section 7.4.1.4.1)
        let promise = [
            &[0],
            &Sha256::digest(log.spki())[..],
            &time.to_be_bytes(),
            &[0, 0, 4, 3],
            &with_length(&log.sign(&signed)),
        ]
        .concat();
        let list = with_length(&with_length(&promise));
        Some(CustomExtension::from_oid_content(&SCTS, der(0x04, &list)))
    }
}

impl Workload {
    fn extensions(&self) -> Vec<CustomExtension> {
        let issuer = self.issuer.iter().flat_map(|issuer| {
            [
                extension(1, issuer.as_bytes().to_vec()),
                extension(8, der(0x0c, issuer.as_bytes())),
            ]
        });
        let github = self.github.iter();
        let github = github.map(|(number, text)| extension(*number, text.as_bytes().to_vec()));
        let claims = self.claims.iter();
        let claims = claims.map(|(number, text)| extension(*number, der(0x0c, text.as_bytes())));
        issuer.chain(github).chain(claims).collect()
    }
}

fn extension(number: u64, content: Vec<u8>) -> CustomExtension {
    CustomExtension::from_oid_content(&[&FULCIO[..], &[number]].concat(), content)
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

/// DER of less than 256 bytes of content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let head = match length {
        0..0x80 => vec![tag, length],
        _ => vec![tag, 0x81, length],
    };
    [&head, content].concat()
}
