//! Authorities as operators write them, and the sentences they get.

use gatehouse_abi::Path;
use gatehouse_trust::Authority;
use serde_json::{Value, json};

use crate::kit::*;

/// All mistakes in the document, one a line.
fn mistakes(document: Value) -> String {
    let errors = parse(document).unwrap_err();
    let lines = errors.iter().map(ToString::to_string);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_authority_is_one_kind() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    assert_eq!(
        mistakes(json!({})),
        "authorities.release: none of `key`, `certificate` and `keyless`: one of them is needed"
    );
    assert_eq!(
        mistakes(json!({"key": key.pem(), "certificate": ca.pem})),
        "authorities.release: both `key` and `certificate`: an authority is one of them"
    );
    assert_eq!(
        mistakes(json!("release.pub")),
        "authorities.release: expected an object with `key`, `certificate` or `keyless`"
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let document =
        json!({"key": 7, "requireTLog": true, "bindReference": "yes", "trustRoot": "{}"});
    assert_eq!(
        mistakes(document),
        "authorities.release.requireTLog: unknown field `requireTLog`: `attestation`, `bindReference`, `certificate`, \
         `identities`, `key`, `keyless`, `requireTlog`, `trustRoot` are known\n\
         authorities.release.trustRoot: is not a Sigstore `trusted_root.json`\n\
         authorities.release.key: expected text, or `file:` and a path\n\
         authorities.release.bindReference: expected true or false"
    );
}

#[test]
fn keys_that_are_none_get_their_own_sentences() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let of = |text: &str| mistakes(json!({"key": text}));
    let begins = |text: &str, start: &str| {
        let message = of(text);
        let start = format!("authorities.release.key: {start}");
        assert!(message.starts_with(&start), "{message}");
    };
    begins(&ca.pem, "is a certificate, not a public key");
    begins(&key.pem().repeat(2), "has 2 PEM blocks");
    begins("", "is not PEM");
    begins("ssh-ed25519 AAAA", "is not PEM");
    begins(
        &key.pem().replace("END PUBLIC", "END NO"),
        "is PEM that is damaged",
    );
    let block = |tag: &str, bytes: &[u8]| pem::Pem::new(tag, bytes).to_string();
    begins(
        &block("RSA PUBLIC KEY", b"x"),
        "is an RSA key in an old form",
    );
    begins(
        &block("PGP PUBLIC KEY BLOCK", b"x"),
        "is a PEM block `PGP PUBLIC KEY BLOCK`",
    );
    begins(
        &block("PUBLIC KEY", b"x"),
        "is not a public key that can be used",
    );
    for tag in [
        "PRIVATE KEY",
        "ENCRYPTED SIGSTORE PRIVATE KEY",
        "EC PRIVATE KEY",
    ] {
        let secret = block(tag, b"swordfish swordfish");
        begins(&secret, "is a private key");
        assert!(
            !of(&secret).contains(secret.lines().nth(1).unwrap()),
            "never shown"
        );
    }
}

#[test]
fn keys_of_other_kinds_and_sizes_are_refused() {
    let of =
        |spki: Vec<u8>| mistakes(json!({"key": pem::Pem::new("PUBLIC KEY", spki).to_string()}));
    let p521 = Key::of(&rcgen::PKCS_ECDSA_P521_SHA512);
    assert!(of(p521.spki()).contains("its algorithm cannot be used"));
    // a point that is not on its curve
    let mut off = Key::p256().spki();
    let last = off.len() - 1;
    off[last] ^= 1;
    assert!(of(off).contains("its bytes are damaged"));
    let mut longer = Key::p256().spki();
    longer.push(0);
    assert!(of(longer).contains("is not a public key"));
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    let of = |bits| parse(json!({"key": pem::Pem::new("PUBLIC KEY", rsa(bits)).to_string()}));
    assert!(of(2048).is_ok());
    assert!(of(8192).is_ok());
    for bits in [1024, 2047, 8193, 16384] {
        let message = of(bits).unwrap_err()[0].to_string();
        assert!(
            message.contains("an RSA key must have 2048 to 8192 bits"),
            "{message}"
        );
    }
}

/// A key that nobody has: its modulus is all ones.
fn rsa(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = 0xff >> (modulus.len() * 8 - bits);
    let positive = match modulus[0] & 0x80 {
        0 => modulus,
        _ => [vec![0], modulus].concat(),
    };
    let numbers = [der(0x02, &positive), der(0x02, &[1, 0, 1])].concat();
    let algorithm = [
        der(0x06, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
        der(0x05, &[]),
    ]
    .concat();
    let key = [&[0][..], &der(0x30, &numbers)].concat();
    der(0x30, &[der(0x30, &algorithm), der(0x03, &key)].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![tag, length[1]],
        0x80..0x100 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [&head, content].concat()
}

#[test]
fn certificates_that_are_none_of_an_authority_are_refused() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let of = |text: &str| mistakes(json!({"certificate": text}));
    let begins = |text: &str, start: &str| {
        let message = of(text);
        let start = format!("authorities.release.certificate: {start}");
        assert!(message.starts_with(&start), "{message}");
    };
    begins(
        &key.pem(),
        "has a public key where certificates are expected",
    );
    begins(&key.private_pem(), "is a private key");
    begins(
        &ca.issue(&key, Leaf::default()),
        "certificate 1 of 1 (`CN=builds`) is not that of an authority",
    );
    let damaged = pem::Pem::new("CERTIFICATE", "x").to_string();
    begins(
        &format!("{}{damaged}", ca.pem),
        "certificate 2 of 2 is damaged",
    );
}

#[test]
fn identities_are_a_list_that_is_not_empty_and_only_of_certificates() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let of = |identities: Value| mistakes(json!({"certificate": ca.pem, "identities": identities}));
    let begins = |identities: Value, start: &str| {
        let message = of(identities);
        let start = format!("authorities.release.identities: {start}");
        assert!(message.starts_with(&start), "{message}");
    };
    begins(json!([]), "an empty list accepts nobody");
    begins(json!("a@b.c"), "expected a list of identities");
    begins(json!([""]), "expected email addresses");
    begins(json!([1]), "expected email addresses");
    let with_key = mistakes(json!({"key": key.pem(), "identities": ["a@b.c"]}));
    assert_eq!(
        with_key,
        "authorities.release.identities: goes with `certificate`: a key names nobody"
    );
}

#[test]
fn files_are_read_by_the_caller() {
    let key = Key::p256();
    let files = |file: &str| match file {
        "release.pub" => Ok(key.pem()),
        _ => Err("no such file".to_owned()),
    };
    let all =
        |documents: Value| Authority::parse_all(&documents, &Path::dotted("authorities"), &files);
    let authorities = all(json!({"release": {"key": "file:release.pub"}})).unwrap();
    assert_eq!(authorities["release"].signer_ids(), [key.fingerprint()]);
    let errors = all(json!({"a": {"key": "file:x"}, "b": {"certificate": "file:y"}})).unwrap_err();
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "authorities.a.key: cannot read `x`: no such file",
            "authorities.b.certificate: cannot read `y`: no such file",
        ]
    );
    assert!(all(json!([])).is_err());
}

#[test]
fn the_id_is_the_meaning_and_not_the_name() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let id = |document: Value| authority(document).id().to_owned();
    let plain = id(json!({"key": key.pem()}));
    let same = json!({"key": format!("\n{}\n", key.pem()), "requireTlog": false});
    assert_eq!(plain, id(same));
    let below = ca.intermediate("Builds");
    let ids = [
        plain,
        id(json!({"key": Key::p256().pem()})),
        id(json!({"key": key.pem(), "requireTlog": true})),
        id(json!({"key": key.pem(), "bindReference": true})),
        id(json!({"key": key.pem(), "trustRoot": Log::new().trust_root()})),
        id(json!({"certificate": ca.pem})),
        id(json!({"certificate": format!("{}{}", ca.pem, below.pem)})),
        id(json!({"certificate": ca.pem, "identities": ["any"]})),
        id(json!({"certificate": ca.pem, "identities": ["ab", "c"]})),
        id(json!({"certificate": ca.pem, "identities": ["a", "bc"]})),
    ];
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
    let order = |a: &str, b: &str| id(json!({"certificate": ca.pem, "identities": [a, b]}));
    assert_eq!(order("a", "b"), order("b", "a"));
}

#[test]
fn two_names_of_one_key_have_one_signer() {
    let (ca, key) = (Ca::new("Acme"), Key::p256());
    let tagged = key.authority_with("bindReference", json!(true));
    assert_eq!(key.authority().signer_ids(), tagged.signer_ids());
    let plain = authority(json!({"certificate": ca.pem}));
    let named = authority(json!({"certificate": ca.pem, "identities": ["a@b.c"]}));
    assert_eq!(plain.signer_ids(), named.signer_ids());
    assert_eq!(plain.signer_ids().len(), 1);
}

/// The mistakes in what `keyless` says.
fn keyless_mistakes(keyless: Value) -> String {
    let root = Sigstore::new().trust_root().to_string();
    mistakes(json!({"keyless": keyless, "trustRoot": root}))
}

#[test]
fn keyless_needs_an_issuer_and_a_subject() {
    for (keyless, missing) in [
        (json!({"subject": "a@b.c"}), "issuer"),
        (json!({"issuer": "https://ci.example"}), "subject"),
    ] {
        let message = keyless_mistakes(keyless);
        let start = format!("authorities.release.keyless: `{missing}` is missing");
        assert!(message.starts_with(&start), "{message}");
    }
    assert_eq!(
        keyless_mistakes(json!("a@b.c")),
        "authorities.release.keyless: expected an object with `issuer` and `subject`"
    );
}

#[test]
fn mistakes_in_keyless_are_told_with_their_places() {
    let keyless = json!({
        "issuer": {"glob": "**"},
        "subject": {"regex": "acme"},
        "claims": {"repository": "", "sha": "1"},
        "identity": "a@b.c",
    });
    assert_eq!(
        keyless_mistakes(keyless),
        "authorities.release.keyless.identity: unknown field `identity`: `claims`, `issuer`, `subject` are known\n\
         authorities.release.keyless.issuer: matches anybody, `nobody` for one: name a domain, an organisation or a repository\n\
         authorities.release.keyless.subject: is not anchored: a regular expression begins with `^` and ends with `$`\n\
         authorities.release.keyless.claims.sha: unknown field `sha`: `ref`, `repository`, `workflow` are known\n\
         authorities.release.keyless.claims.repository: is empty, which matches nothing"
    );
    let claims = |claims: Value| {
        keyless_mistakes(
            json!({"issuer": "https://ci.example", "subject": "a@b.c", "claims": claims}),
        )
    };
    assert!(
        claims(json!(["main"]))
            .starts_with("authorities.release.keyless.claims: expected an object")
    );
    assert!(
        claims(json!({"ref": 7}))
            .starts_with("authorities.release.keyless.claims.ref: expected text")
    );
}

#[test]
fn keyless_needs_a_trust_root_that_issues_certificates() {
    let sigstore = Sigstore::new();
    let without = |member: &str| {
        let mut root = sigstore.trust_root();
        root[member] = json!([]);
        let keyless = json!({"issuer": "https://ci.example", "subject": "a@b.c"});
        mistakes(json!({"keyless": keyless, "trustRoot": root.to_string()}))
    };
    assert_eq!(
        without("certificateAuthorities"),
        "authorities.release.trustRoot: lacks a certificate authority (Fulcio), which `keyless` needs"
    );
    assert_eq!(
        without("ctlogs"),
        "authorities.release.trustRoot: lacks a log of certificates (certificate transparency), which `keyless` needs"
    );
}

#[test]
fn keyless_goes_with_nothing_else() {
    let (key, keyless) = (
        Key::p256(),
        json!({"issuer": "https://ci.example", "subject": "a@b.c"}),
    );
    assert_eq!(
        mistakes(json!({"key": key.pem(), "keyless": keyless})),
        "authorities.release: both `key` and `keyless`: an authority is one of them"
    );
    assert_eq!(
        mistakes(json!({"keyless": keyless, "identities": ["a@b.c"]})),
        "authorities.release.identities: goes with `certificate`: `keyless` has a `subject`"
    );
}

#[test]
fn the_id_of_keyless_is_its_meaning() {
    let id = |keyless: Value| authority(json!({"keyless": keyless})).id().to_owned();
    let with = |issuer: Value, subject: Value, claims: Value| {
        id(json!({"issuer": issuer, "subject": subject, "claims": claims}))
    };
    let plain = || with(json!("https://a"), json!("b"), json!({}));
    assert_eq!(plain(), id(json!({"issuer": "https://a", "subject": "b"})));
    let ids = [
        plain(),
        with(json!("https://ab"), json!("b"), json!({})),
        with(json!({"glob": "https://a"}), json!("b"), json!({})),
        with(json!("https://a"), json!({"glob": "b"}), json!({})),
        with(json!("https://a"), json!("b"), json!({"ref": "c"})),
        with(json!("https://a"), json!("b"), json!({"workflow": "c"})),
    ];
    let different: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(different.len(), ids.len());
}
