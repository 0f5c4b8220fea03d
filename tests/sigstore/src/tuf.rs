use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Key, log::hex};

const ROLES: [&str; 4] = ["root", "snapshot", "targets", "timestamp"];
/// The year 2096.
const FAR: &str = "2096-10-02T07:06:40Z";

/// A TUF repository that is signed in the test ([format]): change what you like, then ask for its files.
///
/// [format]: https://theupdateframework.github.io/specification/v1.0.34/
pub struct TufRepository {
    /// The keys of each role.
    pub keys: BTreeMap<&'static str, Vec<Key>>,
    /// How many of them have to sign.
    pub thresholds: BTreeMap<&'static str, usize>,
    /// The version of each role.
    pub versions: BTreeMap<&'static str, u64>,
    /// When the metadata of each role end.
    pub ends: BTreeMap<&'static str, String>,
    /// The file that is its target.
    pub trusted_root: Vec<u8>,
    /// Its earlier roots: versions and files.
    roots: BTreeMap<String, Vec<u8>>,
}

impl TufRepository {
    /// A repository with this target, and a key for each role.
    pub fn of(trusted_root: &Value) -> Self {
        Self {
            keys: ROLES.map(|role| (role, vec![Key::p256()])).into(),
            thresholds: ROLES.map(|role| (role, 1)).into(),
            versions: ROLES.map(|role| (role, 1)).into(),
            ends: ROLES.map(|role| (role, FAR.to_owned())).into(),
            trusted_root: trusted_root.to_string().into_bytes(),
            roots: BTreeMap::new(),
        }
    }

    /// All files as they are now.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let digest = format!("{:x}", Sha256::digest(&self.trusted_root));
        let targets = self.targets(&digest, self.trusted_root.len());
        let mut files = self.files_with(targets);
        let target = format!("targets/{digest}.trusted_root.json");
        files.insert(target, self.trusted_root.clone());
        files
    }

    /// The same with these targets.
    pub fn files_with(&self, targets: Value) -> BTreeMap<String, Vec<u8>> {
        let version = |role: &str| self.versions[role];
        let snapshot = json!({"meta": {"targets.json": {"version": version("targets")}}});
        let timestamp = json!({"meta": {"snapshot.json": {"version": version("snapshot")}}});
        let mut files = self.roots.clone();
        files.insert(format!("{}.root.json", version("root")), self.root());
        files.insert(
            "timestamp.json".to_owned(),
            self.signed("timestamp", timestamp),
        );
        let name = format!("{}.snapshot.json", version("snapshot"));
        files.insert(name, self.signed("snapshot", snapshot));
        let name = format!("{}.targets.json", version("targets"));
        files.insert(name, self.signed("targets", targets));
        files
    }

    /// The trust root has this digest and length.
    pub fn targets(&self, sha256: &str, length: usize) -> Value {
        let target = json!({"length": length, "hashes": {"sha256": sha256}});
        json!({"targets": {"trusted_root.json": target}})
    }

    /// Its `root.json`.
    pub fn root(&self) -> Vec<u8> {
        self.signed("root", self.root_content())
    }

    /// A new version of all but the root, with this target.
    pub fn publish(&mut self, trusted_root: &Value) {
        self.trusted_root = trusted_root.to_string().into_bytes();
        for role in ["snapshot", "targets", "timestamp"] {
            *self.versions.get_mut(role).unwrap() += 1;
        }
    }

    /// A new root with new keys for all roles, signed by the old ones too if `by_old`.
    pub fn rotate(&mut self, by_old: bool) {
        let name = format!("{}.root.json", self.versions["root"]);
        self.roots.insert(name, self.root());
        let new = ROLES.map(|role| (role, vec![Key::p256()])).into();
        let old = std::mem::replace(&mut self.keys, new);
        *self.versions.get_mut("root").unwrap() += 1;
        let old = old
            .into_iter()
            .filter(|(role, _)| by_old && *role == "root");
        let mut signers: Vec<&Key> = Vec::new();
        let old: Vec<Key> = old.flat_map(|(_, keys)| keys).collect();
        signers.extend(&old);
        signers.extend(&self.keys["root"]);
        let name = format!("{}.root.json", self.versions["root"]);
        let root = self.signed_by("root", self.root_content(), &signers);
        self.roots.insert(name, root);
    }

    /// The files with this root in place of what [`Self::root`] makes.
    pub fn rotated_files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files();
        files.extend(self.roots.clone());
        files
    }

    /// What the role says, signed by its keys.
    pub fn signed(&self, role: &'static str, content: Value) -> Vec<u8> {
        let keys: Vec<&Key> = self.keys[role].iter().collect();
        self.signed_by(role, content, &keys)
    }

    /// What the role says, signed by these.
    pub fn signed_by(&self, role: &'static str, mut content: Value, keys: &[&Key]) -> Vec<u8> {
        content["_type"] = json!(role);
        content["spec_version"] = json!("1.0.31");
        content["version"] = json!(self.versions[role]);
        content["expires"] = json!(self.ends[role]);
        let canonical = canonical(&content);
        let signature = |key: &&Key| {
            let signature = key.sign(canonical.as_bytes());
            json!({"keyid": id(key), "sig": hex(&signature)})
        };
        let signatures: Vec<Value> = keys.iter().map(signature).collect();
        json!({"signed": content, "signatures": signatures})
            .to_string()
            .into_bytes()
    }

    fn root_content(&self) -> Value {
        let roles = ROLES.map(|role| {
            let ids: Vec<String> = self.keys[role].iter().map(id).collect();
            (
                role,
                json!({"keyids": ids, "threshold": self.thresholds[role]}),
            )
        });
        let keys = self.keys.values().flatten().map(|key| {
            let public = json!({"public": key.pem()});
            let scheme = "ecdsa-sha2-nistp256";
            (
                id(key),
                json!({"keytype": "ecdsa", "scheme": scheme, "keyval": public}),
            )
        });
        json!({
            "consistent_snapshot": true,
            "roles": BTreeMap::from(roles),
            "keys": keys.collect::<BTreeMap<_, _>>(),
        })
    }
}

/// OLPC's canonical JSON: sorted, compact, and line feeds as they are.
fn canonical(content: &Value) -> String {
    content.to_string().replace("\\n", "\n")
}

fn id(key: &Key) -> String {
    hex(&Sha256::digest(key.spki()))
}
