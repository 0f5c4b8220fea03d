use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{PublicKey, TrustRoot, key::base64};

/// What a trust root is made of, as `cosign trusted-root create` takes it.
#[derive(Default)]
pub(crate) struct RootParts {
    pub(crate) fulcio: Vec<ChainPart>,
    pub(crate) ct_logs: Vec<LogPart>,
    pub(crate) rekor: Vec<LogPart>,
    pub(crate) timestamp_authorities: Vec<ChainPart>,
}

/// A chain of certificates in DER, the root last.
pub(crate) struct ChainPart {
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) window: Window,
}

/// The key of a log.
pub(crate) struct LogPart {
    pub(crate) key: PublicKey,
    /// Its name in checkpoints, which Rekor v2 makes a part of its id.
    pub(crate) origin: Option<String>,
    pub(crate) window: Window,
}

/// When it is to be trusted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Window {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl TrustRoot {
    /// Makes the `trusted_root.json` of these parts ([format]).
    ///
    /// # Errors
    /// What is wrong with it.
    ///
    /// [format]: https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_trustroot.proto
    pub(crate) fn of_parts(parts: &RootParts) -> Result<Self, String> {
        let chains = |chains: &[ChainPart]| chains.iter().map(ChainPart::json).collect::<Value>();
        let logs = |logs: &[LogPart]| logs.iter().map(LogPart::json).collect::<Value>();
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs(&parts.rekor),
            "certificateAuthorities": chains(&parts.fulcio),
            "ctlogs": logs(&parts.ct_logs),
            "timestampAuthorities": chains(&parts.timestamp_authorities),
        });
        Self::parse(root.to_string().as_bytes())
    }
}

impl ChainPart {
    fn json(&self) -> Value {
        let certificates = self.certificates.iter();
        let certificates = certificates.map(|der| json!({"rawBytes": base64(der)}));
        json!({
            "uri": "",
            "certChain": {"certificates": certificates.collect::<Value>()},
            "validFor": self.window.json(),
        })
    }
}

impl LogPart {
    fn json(&self) -> Value {
        json!({
            "baseUrl": self.origin.as_deref().unwrap_or_default(),
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": base64(self.key.spki()),
                "keyDetails": self.key.details(),
                "validFor": self.window.json(),
            },
            "logId": {"keyId": base64(&self.id())},
        })
    }

    /// By RFC 6962, section 3.2, or that of a [signed note] where an Ed25519 key has a name.
    ///
    /// [signed note]: https://github.com/C2SP/C2SP/blob/signed-note/v1.0.0/signed-note.md
    fn id(&self) -> [u8; 32] {
        const ED25519: &[u8] = b"\n\x01";
        match (&self.origin, self.key.ed25519()) {
            (Some(origin), Some(raw)) => {
                Sha256::digest([origin.as_bytes(), ED25519, raw].concat()).into()
            }
            _ => Sha256::digest(self.key.spki()).into(),
        }
    }
}

impl Window {
    /// Reads two times by RFC 3339.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn read(start: Option<&str>, end: Option<&str>) -> Result<Self, String> {
        let read = |text: Option<&str>| text.map(str::parse::<Timestamp>).transpose();
        let (Ok(start), Ok(end)) = (read(start), read(end)) else {
            return Err("expected times as in `2026-11-22T00:00:00Z`".to_owned());
        };
        let window = Self { start, end };
        match window.start.zip(end) {
            Some((start, end)) if start > end => Err("`endTime` is before `startTime`".to_owned()),
            _ => Ok(window),
        }
    }

    fn json(&self) -> Option<Value> {
        if self.start.is_none() && self.end.is_none() {
            return None;
        }
        let start = self.start.unwrap_or(Timestamp::UNIX_EPOCH).to_string();
        Some(match self.end {
            Some(end) => json!({"start": start, "end": end.to_string()}),
            None => json!({"start": start}),
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

    use super::*;

    /// Rekor v1 with a key of ECDSA, and v2 with one of Ed25519: `cosign trusted-root create` makes the same.
    #[test]
    fn the_ids_of_logs_are_those_of_the_public_instance() {
        let root: Value = serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
        let logs = root["tlogs"].as_array().unwrap();
        let ids: Vec<bool> = logs.iter().map(is_its_id).collect();
        assert_eq!(ids, [true, true]);
    }

    fn is_its_id(log: &Value) -> bool {
        let text = |path: &str| log.pointer(path).unwrap().as_str().unwrap();
        let der = STANDARD.decode(text("/publicKey/rawBytes")).unwrap();
        let part = LogPart {
            key: PublicKey::from_spki(&der).unwrap(),
            origin: text("/baseUrl").strip_prefix("https://").map(str::to_owned),
            window: Window::default(),
        };
        assert_eq!(part.key.details(), text("/publicKey/keyDetails"));
        base64(&part.id()) == text("/logId/keyId")
    }
}
