use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{Key, Layer, NOW, base64, bundle};

/// A day in seconds.
const DAY: i64 = 86_400;

/// A certificate authority.
pub struct Ca {
    params: CertificateParams,
    key: KeyPair,
    /// Its certificate.
    pub pem: String,
}

/// What a certificate says; the default is a right one for `builds@acme.example`, valid for two days
/// around [`NOW`].
#[derive(Clone)]
pub struct Leaf {
    /// Its subject alternative names.
    pub names: Vec<SanType>,
    /// What its key may be used for.
    pub usages: Vec<ExtendedKeyUsagePurpose>,
    /// The second since 1970 from which it is valid.
    pub from: i64,
    /// Its last second since 1970.
    pub until: i64,
    /// Whether it says that it is an authority's.
    pub is_ca: IsCa,
    /// More extensions.
    pub extensions: Vec<CustomExtension>,
}

impl Default for Leaf {
    fn default() -> Self {
        Self {
            names: vec![SanType::Rfc822Name(
                "builds@acme.example".try_into().unwrap(),
            )],
            usages: vec![ExtendedKeyUsagePurpose::CodeSigning],
            from: NOW - DAY,
            until: NOW + DAY,
            is_ca: IsCa::ExplicitNoCa,
            extensions: Vec::new(),
        }
    }
}

impl Ca {
    /// A self-signed authority that is valid from 1970 to 2096.
    pub fn new(name: &str) -> Self {
        Self::valid(name, 0, 4_000_000_000)
    }

    /// A self-signed authority that is valid for these seconds.
    pub fn valid(name: &str, from: i64, until: i64) -> Self {
        let params = ca_params(name, from, until);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { params, key, pem }
    }

    /// An authority below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        self.intermediate_valid(name, 0, 4_000_000_000)
    }

    /// An authority below this one that is valid for these seconds.
    pub fn intermediate_valid(&self, name: &str, from: i64, until: i64) -> Self {
        self.below(ca_params(name, from, until))
    }

    /// An authority below this one whose certificates are for these purposes only.
    pub fn intermediate_for(&self, name: &str, usages: Vec<ExtendedKeyUsagePurpose>) -> Self {
        let mut params = ca_params(name, 0, 4_000_000_000);
        params.extended_key_usages = usages;
        self.below(params)
    }

    /// The same authority below this one, with a certificate that is valid for these seconds.
    pub fn reissued(&self, below: Self, from: i64, until: i64) -> Self {
        let mut params = below.params;
        (params.not_before, params.not_after) = (moment(from), moment(until));
        self.below(params)
    }

    fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer()).unwrap().pem();
        Self { params, key, pem }
    }

    /// A certificate for this key, in PEM.
    pub fn issue(&self, key: &impl PublicKeyData, leaf: Leaf) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "builds");
        params.subject_alt_names = leaf.names;
        params.extended_key_usages = leaf.usages;
        params.is_ca = leaf.is_ca;
        params.custom_extensions = leaf.extensions;
        params.not_before = moment(leaf.from);
        params.not_after = moment(leaf.until);
        params.signed_by(key, &self.issuer()).unwrap().pem()
    }

    /// What cosign 2 signs with a certificate of this authority.
    pub fn layer(&self, key: &Key, leaf: Leaf) -> Layer {
        Layer::of(key).annotate("certificate", self.issue(key, leaf))
    }

    /// What cosign 3 signs with a certificate of this authority.
    pub fn bundle(&self, key: &Key, leaf: Leaf) -> Value {
        let pem = pem::parse(self.issue(key, leaf)).unwrap();
        let mut signed = bundle(key);
        signed["verificationMaterial"] =
            json!({"certificate": {"rawBytes": base64(pem.contents())}});
        signed
    }

    /// Its public key (SubjectPublicKeyInfo) in DER.
    pub fn spki(&self) -> Vec<u8> {
        self.key.subject_public_key_info()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

fn ca_params(name: &str, from: i64, until: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = moment(from);
    params.not_after = moment(until);
    params
}

fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}
