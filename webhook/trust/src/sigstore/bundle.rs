use sigstore_verify::types::{
    self, SignatureContent,
    bundle::{MediaType, VerificationMaterialContent},
};

/// A bundle as Sigstore's types hold it.
pub(crate) struct Bundle(pub(super) types::Bundle);

/// What a bundle says it was signed with.
pub(crate) enum Material<'a> {
    /// A key, named by a hint that anyone may write.
    Key { hint: &'a str },
    /// A certificate in DER.
    Certificate(&'a [u8]),
}

/// A signed envelope (DSSE, version 1) with its only signature.
pub(crate) struct Envelope<'a> {
    pub(crate) payload_type: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// What the signature is over.
    pub(crate) signed: Vec<u8>,
}

impl Bundle {
    /// Reads the JSON of a bundle of any version.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        types::Bundle::from_json(json).ok().map(Self)
    }

    pub(crate) fn is_v0_3(&self) -> bool {
        self.0.media_type() == MediaType::Bundle0_3
    }

    /// The envelope; `None` where the bundle signs a file instead.
    pub(crate) fn envelope(&self) -> Option<Envelope<'_>> {
        match &self.0.content {
            SignatureContent::DsseEnvelope(envelope) => Some(Envelope {
                payload_type: &envelope.payload_type,
                payload: envelope.payload.as_bytes(),
                signature: envelope.signature.sig.as_bytes(),
                signed: envelope.pae(),
            }),
            _ => None,
        }
    }

    /// What it was signed with; `None` for a chain, which version 0.3 has no place for.
    pub(crate) fn material(&self) -> Option<Material<'_>> {
        match &self.0.verification_material.content {
            VerificationMaterialContent::PublicKey(key) => Some(Material::Key { hint: &key.hint }),
            VerificationMaterialContent::Certificate(certificate) => {
                Some(Material::Certificate(certificate.raw_bytes.as_bytes()))
            }
            _ => None,
        }
    }

    /// The certificate that it was signed with and, in versions before 0.3, what stands beside it; in DER.
    pub(super) fn certificates(&self) -> Option<(&[u8], Vec<&[u8]>)> {
        let chain = match &self.0.verification_material.content {
            VerificationMaterialContent::X509CertificateChain { certificates } => certificates,
            _ => return Some((self.0.signing_certificate()?.as_bytes(), Vec::new())),
        };
        let (leaf, others) = chain.split_first()?;
        let others = others.iter().map(|other| other.raw_bytes.as_bytes());
        Some((leaf.raw_bytes.as_bytes(), others.collect()))
    }

    pub(crate) fn has_log_entry(&self) -> bool {
        !self.0.verification_material.tlog_entries.is_empty()
    }

    pub(crate) fn has_timestamp(&self) -> bool {
        let data = &self.0.verification_material.timestamp_verification_data;
        !data.rfc3161_timestamps.is_empty()
    }
}
