use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use cms::{
    cert::{CertificateChoices, IssuerAndSerialNumber},
    content_info::{CmsVersion, ContentInfo},
    signed_data::{
        CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo,
        SignerInfos,
    },
};
use der::{
    Any, Decode, Encode, Sequence,
    asn1::{GeneralizedTime, Int, ObjectIdentifier, OctetString, SetOfVec, UtcTime},
};
use rcgen::CustomExtension;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_cert::{
    Certificate,
    attr::{Attribute, Attributes},
    spki::AlgorithmIdentifierOwned,
};

use crate::{Ca, Key, Layer, Leaf, base64};

const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
/// RFC 5816
const SIGNING_CERTIFICATE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
/// A policy of nobody's.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2");

/// A timestamp authority (RFC 3161).
pub struct Tsa {
    /// The anchor of its certificate.
    pub root: Ca,
    key: Key,
    /// Its certificate in DER.
    certificate: Vec<u8>,
}

/// What a timestamp says.
#[derive(Clone)]
pub struct Stamp {
    /// What it is over.
    imprint: MessageImprint,
    /// The time that it proves, in seconds since 1970.
    pub at: i64,
    /// Whether the authority's certificate is in it.
    pub has_certificate: bool,
    /// What the request told it by.
    nonce: Option<Int>,
}

impl Default for Tsa {
    fn default() -> Self {
        Self::new()
    }
}

impl Tsa {
    /// An authority that is valid from 1970 to 2096.
    pub fn new() -> Self {
        Self::of(
            Ca::new("Acme Timestamps"),
            Self::certified(0, 4_000_000_000),
        )
    }

    /// An authority with this certificate of that anchor.
    pub fn of(root: Ca, leaf: Leaf) -> Self {
        let key = Key::p256();
        let pem = pem::parse(root.issue(&key, leaf)).unwrap();
        Self {
            root,
            key,
            certificate: pem.into_contents(),
        }
    }

    /// What the certificate of an authority says that is valid for these seconds: that it is for timestamps,
    /// and for nothing else (RFC 3161, section 2.3).
    pub fn certified(from: i64, until: i64) -> Leaf {
        // a list of one purpose, id-kp-timeStamping
        let usage = vec![0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
        let mut usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
        usage.set_criticality(true);
        Leaf {
            names: Vec::new(),
            usages: Vec::new(),
            from,
            until,
            extensions: vec![usage],
            ..Leaf::default()
        }
    }

    /// What a `trusted_root.json` says of it.
    pub fn trusted(&self) -> Value {
        let root = pem::parse(&self.root.pem).unwrap();
        json!({
            "subject": {"organization": "acme", "commonName": "Acme Timestamps"},
            "uri": "https://timestamp.example",
            "certChain": {"certificates": [
                {"rawBytes": base64(&self.certificate)},
                {"rawBytes": base64(root.contents())},
            ]},
            "validFor": {"start": "2020-01-01T00:00:00Z"},
        })
    }

    /// The bundle with one more timestamp, over its signature.
    pub fn stamped(&self, bundle: &Value, at: i64) -> Value {
        self.with(bundle, &Stamp::over(&signature(bundle), at))
    }

    /// The bundle with one more timestamp.
    pub fn with(&self, bundle: &Value, stamp: &Stamp) -> Value {
        let mut bundle = bundle.clone();
        let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
        let timestamp = json!({"signedTimestamp": base64(&self.response(stamp))});
        match data["rfc3161Timestamps"].as_array_mut() {
            Some(timestamps) => timestamps.push(timestamp),
            None => *data = json!({"rfc3161Timestamps": [timestamp]}),
        }
        bundle
    }

    /// The annotation that cosign 2 writes for a timestamp over the layer's signature.
    pub fn annotation(&self, layer: &Layer, at: i64) -> String {
        let signature = STANDARD.decode(layer.signature()).unwrap();
        let response = self.response(&Stamp::over(&signature, at));
        json!({"SignedRFC3161Timestamp": base64(&response)}).to_string()
    }

    /// A response in DER (RFC 3161, section 2.4.2).
    pub fn response(&self, stamp: &Stamp) -> Vec<u8> {
        let info = TstInfo {
            version: 1,
            policy: POLICY,
            imprint: stamp.imprint.clone(),
            serial: 1,
            at: GeneralizedTime::from_unix_duration(seconds(stamp.at)).unwrap(),
            nonce: stamp.nonce.clone(),
        };
        let response = Response {
            status: Status { granted: 0 },
            token: ContentInfo {
                content_type: SIGNED_DATA,
                content: any(&self.signed(&info.to_der().unwrap(), stamp)),
            },
        };
        response.to_der().unwrap()
    }

    fn signed(&self, info: &[u8], stamp: &Stamp) -> SignedData {
        let certificate = Certificate::from_der(&self.certificate).unwrap();
        let content = OctetString::new(info).unwrap();
        let signer = self.signer(info, stamp, &certificate);
        let certificates = stamp.has_certificate.then(|| {
            let certificates = vec![CertificateChoices::Certificate(certificate)];
            CertificateSet(SetOfVec::try_from(certificates).unwrap())
        });
        SignedData {
            version: CmsVersion::V3,
            digest_algorithms: SetOfVec::try_from(vec![algorithm(SHA_256)]).unwrap(),
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: TST_INFO,
                econtent: Some(any(&content)),
            },
            certificates,
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer]).unwrap()),
        }
    }

    fn signer(&self, info: &[u8], stamp: &Stamp, certificate: &Certificate) -> SignerInfo {
        let attributes = self.attributes(info, stamp);
        let signature = self.key.sign(&attributes.to_der().unwrap());
        let names = &certificate.tbs_certificate;
        SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: names.issuer.clone(),
                serial_number: names.serial_number.clone(),
            }),
            digest_alg: algorithm(SHA_256),
            signed_attrs: Some(attributes),
            signature_algorithm: algorithm(ECDSA_SHA_256),
            signature: OctetString::new(signature).unwrap(),
            unsigned_attrs: None,
        }
    }

    /// What the signature is over (RFC 5652, section 5.4; RFC 3161, section 2.4.2).
    fn attributes(&self, info: &[u8], stamp: &Stamp) -> Attributes {
        let digest = |bytes: &[u8]| OctetString::new(Sha256::digest(bytes).as_slice()).unwrap();
        // a list of one certificate, of which only the digest is told
        let certificates = vec![vec![vec![digest(&self.certificate)]]];
        let time = UtcTime::from_unix_duration(seconds(stamp.at)).unwrap();
        let attributes = vec![
            attribute(CONTENT_TYPE, &TST_INFO),
            attribute(MESSAGE_DIGEST, &digest(info)),
            attribute(SIGNING_TIME, &time),
            attribute(SIGNING_CERTIFICATE, &certificates),
        ];
        SetOfVec::try_from(attributes).unwrap()
    }
}

impl Stamp {
    /// A timestamp over this signature.
    pub fn over(signature: &[u8], at: i64) -> Self {
        Self {
            imprint: MessageImprint {
                algorithm: algorithm(SHA_256),
                digest: OctetString::new(Sha256::digest(signature).as_slice()).unwrap(),
            },
            at,
            has_certificate: true,
            nonce: None,
        }
    }

    /// The timestamp that a request in DER asks for (RFC 3161, section 2.4.1); `None` where it is none.
    pub fn requested(request: &[u8], at: i64) -> Option<Self> {
        let request = Request::from_der(request).ok()?;
        Some(Self {
            imprint: request.imprint,
            at,
            has_certificate: request.wants_certificate,
            nonce: request.nonce,
        })
    }
}

#[derive(Sequence)]
struct Request {
    _version: u8,
    imprint: MessageImprint,
    #[asn1(optional = "true")]
    _policy: Option<ObjectIdentifier>,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
    #[asn1(default = "Default::default")]
    wants_certificate: bool,
}

#[derive(Sequence)]
struct Response {
    status: Status,
    token: ContentInfo,
}

#[derive(Sequence)]
struct Status {
    granted: u8,
}

#[derive(Sequence)]
struct TstInfo {
    version: u8,
    policy: ObjectIdentifier,
    imprint: MessageImprint,
    serial: u64,
    at: GeneralizedTime,
    #[asn1(optional = "true")]
    nonce: Option<Int>,
}

#[derive(Clone, Sequence)]
struct MessageImprint {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// The signature of a bundle.
pub(crate) fn signature(bundle: &Value) -> Vec<u8> {
    let text = match &bundle["messageSignature"]["signature"] {
        Value::Null => &bundle["dsseEnvelope"]["signatures"][0]["sig"],
        text => text,
    };
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn algorithm(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> Attribute {
    let values = SetOfVec::try_from(vec![any(value)]).unwrap();
    Attribute { oid, values }
}

fn any(value: &impl Encode) -> Any {
    Any::from_der(&value.to_der().unwrap()).unwrap()
}

fn seconds(at: i64) -> Duration {
    Duration::from_secs(at.try_into().unwrap())
}
