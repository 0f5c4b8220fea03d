use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    digest::OwnedDigest,
    few::{Few, FewPairs},
};

/// The media type of an index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What an index says of one manifest. Unsigned: anyone who may push can have it say anything, except that
/// the manifest's bytes must have the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The manifest's digest.
    pub digest: OwnedDigest,
    /// The type that the manifest is said to have; empty where nothing is said.
    pub media_type: String,
    /// The length that it is said to have, in bytes.
    pub size: u64,
    /// What it is said to be.
    pub artifact_type: Option<String>,
    /// Further claims, the first 32 of them.
    pub annotations: BTreeMap<String, String>,
}

/// How many entries of one index are read.
pub(super) const ENTRIES_MAX: usize = 1000;
/// How many annotations of one entry are read.
const ANNOTATIONS_MAX: usize = 32;

/// The entries of an index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) entries: Vec<Descriptor>,
    /// Whether there were more than [`ENTRIES_MAX`].
    pub(super) truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawIndex {
    media_type: Option<String>,
    manifests: Few<RawDescriptor, ENTRIES_MAX>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    artifact_type: Option<String>,
    annotations: Option<FewPairs<String, ANNOTATIONS_MAX>>,
}

/// Reads an [image index]. `None` where the bytes are none. An entry whose digest is none is left out:
/// nothing can be fetched by it.
///
/// [image index]: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
pub(super) fn index(bytes: &[u8]) -> Option<Index> {
    let raw: RawIndex = serde_json::from_slice(bytes).ok()?;
    if raw.media_type.is_some_and(|media_type| media_type != INDEX) {
        return None;
    }
    let entries = raw.manifests.items.into_iter();
    Some(Index {
        entries: entries.filter_map(descriptor).collect(),
        truncated: raw.manifests.left_out > 0,
    })
}

fn descriptor(raw: RawDescriptor) -> Option<Descriptor> {
    let annotations = raw.annotations.map(|annotations| annotations.pairs);
    Some(Descriptor {
        digest: OwnedDigest::parse(&raw.digest).ok()?,
        media_type: raw.media_type,
        size: raw.size,
        artifact_type: raw.artifact_type,
        annotations: annotations.unwrap_or_default().into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn an_index_is_read() {
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[
                {{"mediaType":"m","digest":"{EMPTY}","size":7,"artifactType":"t","annotations":{{"a":"b"}}}},
                {{"digest":"{EMPTY}","annotations":null}},
                {{"digest":"sha256:../../x"}}]}}"#
        );
        let found = super::index(index.as_bytes()).unwrap().entries;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].digest.to_string(), EMPTY);
        assert_eq!((found[0].media_type.as_str(), found[0].size), ("m", 7));
        assert_eq!(found[0].artifact_type.as_deref(), Some("t"));
        assert_eq!(found[0].annotations["a"], "b");
        assert!(found[1].annotations.is_empty());
    }

    #[test]
    fn other_documents_are_no_index() {
        let wrong = r#"{"mediaType":"x","manifests":[]}"#;
        for text in [
            "",
            "<html>",
            "[]",
            "{}",
            wrong,
            r#"{"manifests":{}}"#,
            r#"{"manifests":[7]}"#,
        ] {
            assert_eq!(index(text.as_bytes()), None, "{text}");
        }
        assert!(index(br#"{"manifests":[]}"#).unwrap().entries.is_empty());
    }

    #[test]
    fn entries_and_annotations_are_counted() {
        let entry = |annotations: usize| {
            let annotations: Vec<_> = (0..annotations).map(|n| format!(r#""{n}":"""#)).collect();
            format!(
                r#"{{"digest":"{EMPTY}","annotations":{{{}}}}}"#,
                annotations.join(",")
            )
        };
        let read = |entries: usize, annotations: usize| {
            let entries = vec![entry(annotations); entries].join(",");
            index(format!(r#"{{"manifests":[{entries}]}}"#).as_bytes()).unwrap()
        };
        for (entries, truncated) in [(ENTRIES_MAX, false), (ENTRIES_MAX + 1, true)] {
            let index = read(entries, 0);
            assert_eq!(
                (index.entries.len(), index.truncated),
                (ENTRIES_MAX, truncated)
            );
        }
        for annotations in [ANNOTATIONS_MAX, ANNOTATIONS_MAX + 1] {
            let index = read(1, annotations);
            assert_eq!(index.entries[0].annotations.len(), ANNOTATIONS_MAX);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            index(&bytes);
        }
    }
}
