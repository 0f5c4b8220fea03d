//! Whose signatures images need: mistakes in the configuration, and verdicts by recorded facts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Folder, Run};

const KEY: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+mbbN2MT7RJb5seIF7nulLQ5Q2lq
HHx1bq1HpNJTRVLYVTFapFvEo6vVXaD+v7gPZaRfFJAeP6656T2yaFJkmw==
-----END PUBLIC KEY-----
";

const POLICY: &str = "\
apiVersion: gatehouse.dev/v1alpha1
kind: Policy
metadata: {name: images}
spec:
  module: builtin:image-trust
  mode: MODE
  facts: [image]
  settings:
    authorities:
      release: {key: 'file:release.pub'}
    signatures:
    - images: ['ghcr.io/acme/**']
      anyOf: [release]
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: app
    image: ghcr.io/acme/app:1
";

const DIGEST: &str = "sha256:4c1d3d2f6b4f6e2a7c7b1f4b8a0e3d5c6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c";

/// Judges the pod by a record in which its image has this value, and asks nobody.
fn judged(mode: &str, references: &[&str], value: &Value) -> Run {
    let facts = references.iter().map(|reference| {
        json!({
            "policy": "images", "fact": "image", "key": reference, "authorities": ["release"],
            "value": value,
        })
    });
    let record = json!({"version": 1, "facts": facts.collect::<Vec<_>>()});
    let folder = Folder::with(&[
        ("policy.yaml", &POLICY.replace("MODE", mode)),
        ("release.pub", KEY),
        ("pod.yaml", POD),
        ("facts.json", &record.to_string()),
    ]);
    folder.run(&[
        "check",
        "--config",
        "policy.yaml",
        "--facts",
        "facts.json",
        "--offline",
        "pod.yaml",
    ])
}

fn found(verdict: Value) -> Value {
    json!({"digest": DIGEST, "authorities": {"release": verdict}})
}

/// What is wrong with a configuration of these documents.
fn mistakes(documents: &str) -> String {
    let folder = Folder::with(&[
        ("config.yaml", documents),
        ("release.pub", KEY),
        ("pod.yaml", POD),
    ]);
    let run = folder.run(&["check", "--config", "config.yaml", "--offline", "pod.yaml"]);
    assert_eq!(run.code(), 2, "{}{}", run.out(), run.err());
    run.err().to_owned()
}

fn registry(spec: &str) -> String {
    mistakes(&format!(
        "apiVersion: gatehouse.dev/v1alpha1\nkind: Registry\nmetadata: {{name: r}}\nspec: {spec}\n"
    ))
}

fn authority(document: &str) -> String {
    mistakes(
        &POLICY
            .replace("MODE", "deny")
            .replace("{key: 'file:release.pub'}", document),
    )
}

#[test]
fn a_signed_image_by_its_tag_is_fixed_and_otherwise_refused() {
    let signed = found(json!({"verified": [{"signer": "sha256:aa"}]}));
    let pinned = format!("ghcr.io/acme/app@{DIGEST}");
    let run = judged("fix", &["ghcr.io/acme/app:1", &pinned], &signed);
    assert_eq!(run.code(), 0, "{}", run.out());
    let run = judged("deny", &["ghcr.io/acme/app:1"], &signed);
    assert_eq!(run.code(), 1, "{}", run.out());
    assert!(
        run.out().contains("1 problem: image-not-pinned"),
        "{}",
        run.out()
    );
    let fix = format!("- name: app\n                image: ghcr.io/acme/app:1@{DIGEST}");
    assert!(run.out().contains(&fix), "{}", run.out());
}

#[test]
fn an_image_that_nobody_signed_is_refused_with_the_line_that_signs_it() {
    let unsigned = found(json!({"failed": {"reason": "not-signed", "text": "", "signedBy": []}}));
    let run = judged("fix", &["ghcr.io/acme/app:1"], &unsigned);
    assert_eq!(
        run.code(),
        3,
        "the pinned image is not in the record: {}",
        run.out()
    );
    let pinned = format!("ghcr.io/acme/app@{DIGEST}");
    let run = judged("fix", &["ghcr.io/acme/app:1", &pinned], &unsigned);
    assert_eq!(run.code(), 1, "{}", run.out());
    let line = format!("cosign sign --key release.key ghcr.io/acme/app@{DIGEST}");
    assert!(run.out().contains(&line), "{}", run.out());
}

#[test]
fn what_is_not_recorded_could_not_be_checked_offline() {
    let run = judged("deny", &[], &Value::Null);
    assert_eq!(run.code(), 3, "{}", run.out());
    let said = "could not verify `ghcr.io/acme/app:1`: it is not in the record, and nobody is asked: write it with `gatehouse check --record`";
    assert!(run.out().contains(said), "{}", run.out());
}

#[test]
fn a_record_that_lies_about_its_form_verifies_nothing() {
    for value in [
        json!({}),
        json!(null),
        json!({"authorities": {"release": {"verified": []}}}),
    ] {
        let run = judged("deny", &["ghcr.io/acme/app:1"], &value);
        assert_eq!(run.code(), 3, "{value}: {}", run.out());
    }
}

#[test]
fn mistakes_in_authorities_are_located() {
    insta::assert_snapshot!(authority("{key: 'file:none.pub'}"), @"error: config.yaml:10:17: spec.settings.authorities.release.key: cannot read `none.pub`: there is no such file");
    insta::assert_snapshot!(authority("{key: nonsense}"), @"error: config.yaml:10:17: spec.settings.authorities.release.key: is not PEM: a line `-----BEGIN …-----` is expected");
    insta::assert_snapshot!(authority("{}"), @"error: config.yaml:10:7: spec.settings.authorities.release: none of `key`, `certificate` and `keyless`: one of them is needed");
    insta::assert_snapshot!(authority("{key: 'file:release.pub', requireTLog: true}"), @"error: config.yaml:10:7: spec.settings.authorities.release: unknown field `requireTLog`");
    insta::assert_snapshot!(authority("{key: 'file:release.pub'}\n      spare: {key: 'file:release.pub'}"), @"error: config.yaml:11:7: spec.settings.authorities.spare: no rule of `signatures` names `spare`, so it decides nothing: name it in one, or remove it");
}

#[test]
fn mistakes_in_registries_are_located() {
    insta::assert_snapshot!(registry("{}"), @"error: config.yaml:4:1: spec: missing field `host`");
    insta::assert_snapshot!(registry("{host: 'https://ghcr.io'}"), @"error: config.yaml:4:8: spec.host: `https://ghcr.io` is not a host: write `HOST` or `HOST:PORT`, without a scheme");
    insta::assert_snapshot!(registry("{host: ghcr.io, ca: 'file:none.pem'}"), @"error: config.yaml:4:23: spec.ca: `file:none.pem`: there is no such file");
    insta::assert_snapshot!(registry("{host: ghcr.io, ca: nonsense}"), @"error: config.yaml:4:23: spec.ca: the certificate authorities of `ghcr.io` cannot be read: give one or more certificates in PEM form");
    insta::assert_snapshot!(registry("{host: ghcr.io, mirrors: [mirror.gcr.io, 'a b']}"), @"error: config.yaml:4:48: spec.mirrors[1]: `a b` is not a host: write `HOST` or `HOST:PORT`, without a scheme");
    insta::assert_snapshot!(registry("{host: ghcr.io, addresses: [localhost]}"), @"error: config.yaml:4:35: spec.addresses[0]: `localhost` is not a range of addresses: write one as in `10.0.0.0/8` or `fd00::/8`");
    insta::assert_snapshot!(registry("{host: ghcr.io, plainHTTP: true}"), @"error: config.yaml:4:23: spec.plainHTTP: unknown field `plainHTTP`, expected one of `host`, `plainHttp`, `ca`, `mirrors`, `addresses`, `tokenRealms`");
    let one = "apiVersion: gatehouse.dev/v1alpha1\nkind: Registry\nmetadata: {name: r}\nspec: {host: ghcr.io}\n";
    insta::assert_snapshot!(mistakes(&format!("{one}---\n{one}")), @"error: config.yaml:9:8: spec.host: another document is about `ghcr.io`, too");
}

#[test]
fn a_configuration_without_rules_about_images_explains_none() {
    let folder = Folder::with(&[(
        "policy.yaml",
        "apiVersion: gatehouse.dev/v1alpha1\nkind: Policy\nmetadata: {name: p}\n\
         spec: {module: 'builtin:pod-security', facts: [namespace]}\n",
    )]);
    let run = folder.run(&[
        "trust",
        "verify",
        "ghcr.io/acme/app:1",
        "--config",
        "policy.yaml",
    ]);
    assert_eq!(run.code(), 2);
    let said = "error: no policy of this configuration judges who signed images\n";
    assert_eq!(run.err(), said);
}

#[test]
fn a_reference_that_cannot_be_read_is_refused_without_asking_anyone() {
    let folder = Folder::with(&[
        ("policy.yaml", &POLICY.replace("MODE", "deny")),
        ("release.pub", KEY),
    ]);
    let run = folder.run(&[
        "trust",
        "verify",
        "ghcr.io/Acme/app",
        "--config",
        "policy.yaml",
    ]);
    assert_eq!(run.code(), 1, "{}", run.err());
    insta::assert_snapshot!(run.out(), @"
    image ghcr.io/Acme/app

    policy images
      could not be looked at: the repository `Acme/app` has upper-case letters: write it in lower case

      image-reference: the image's reference cannot be read: the repository `Acme/app` has upper-case letters: write it in lower case
        at        spec.containers[image].image
        found     ghcr.io/Acme/app
        required  a registry, a repository and a tag or digest, such as ghcr.io/acme/app:1.25
        help      there is no fix: only its author knows which image is meant
        more      gatehouse explain image-reference

    a Pod with this image is refused
    ");
}
