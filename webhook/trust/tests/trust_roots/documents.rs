//! `trustRoot` as operators write it. What is wrong in the document is a mistake there; what is wrong in a
//! file that it names is "could not check", as the gate must come up.

use std::time::SystemTime;

use gatehouse_test_sigstore::{Ca, Key, Log, Sigstore};
use serde_json::{Value, json};

use crate::kit::{Folder, authority, judge, keyless, mistakes, mistakes_with, parse};

fn fault(document: &Value, folder: &Folder) -> Option<String> {
    let authority = parse(document, folder).unwrap();
    authority.trust_root_fault(SystemTime::now())
}

#[test]
fn a_file_that_cannot_be_used_leaves_an_authority_that_says_so() {
    let sigstore = Sigstore::new();
    let mut lacking = sigstore.trust_root();
    lacking["ctlogs"] = json!([]);
    let mut damaged = sigstore.trust_root();
    damaged["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] =
        json!("AAAA");
    let folder = Folder::from([
        ("none", "{}".to_owned()),
        ("lacking", lacking.to_string()),
        ("damaged", damaged.to_string()),
    ]);
    let cases = [
        (
            "file:absent",
            "the trust root cannot be used: cannot read `absent`: there is no such file",
        ),
        (
            "file:none",
            "the trust root cannot be used: `none` is not a Sigstore `trusted_root.json`",
        ),
        (
            "file:lacking",
            "the trust root lacks a log of certificates (certificate transparency), which `keyless` needs",
        ),
        (
            "file:damaged",
            "the trust root cannot be used: `damaged` has a key, a certificate or a validity that cannot be used",
        ),
    ];
    for (file, said) in cases {
        let document = keyless(json!(file));
        assert_eq!(fault(&document, &folder).as_deref(), Some(said), "{file}");
        let verdict = judge(&parse(&document, &folder).unwrap(), &sigstore);
        assert!(verdict.is_err(), "{file} verifies {verdict:?}");
    }
}

#[test]
fn a_file_that_can_be_used_is_used() {
    let sigstore = Sigstore::new();
    let folder = Folder::from([("root.json", sigstore.trust_root().to_string())]);
    let document = keyless(json!("file:root.json"));
    assert_eq!(fault(&document, &folder), None);
    judge(&parse(&document, &folder).unwrap(), &sigstore).unwrap();
}

#[test]
fn the_same_in_the_document_itself_is_a_mistake() {
    let at = "authorities.ci.trustRoot";
    assert_eq!(
        mistakes(&keyless(json!("{}"))),
        format!("{at}: is not a Sigstore `trusted_root.json`")
    );
    assert_eq!(
        mistakes(&keyless(json!(Log::new().trust_root()))),
        format!("{at}: lacks a certificate authority (Fulcio), which `keyless` needs")
    );
    let no_log = r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    let logged = json!({"key": Key::p256().pem(), "requireTlog": true, "trustRoot": no_log});
    assert_eq!(
        mistakes(&logged),
        format!("{at}: lacks a transparency log (Rekor), which `requireTlog` needs")
    );
    for other in [json!(7), json!(["file:root.json"]), json!(null)] {
        assert_eq!(
            mistakes(&keyless(other)),
            format!(
                "{at}: expected `file:` and the path of a `trusted_root.json`, its parts, or `tuf`"
            )
        );
    }
}

#[test]
fn who_needs_no_trust_root_does_without() {
    let folder = Folder::new();
    let key = json!({"key": Key::p256().pem(), "trustRoot": "file:absent"});
    assert_eq!(fault(&key, &folder), None);
    let mut logged = key.clone();
    logged["requireTlog"] = json!(true);
    assert!(fault(&logged, &folder).is_some());
    // a log or a timestamp may prove when it signed, or that it did so too late
    let certificate = json!({"certificate": Ca::new("Acme").pem, "trustRoot": "file:absent"});
    assert!(fault(&certificate, &folder).is_some());
}

#[test]
fn the_id_is_that_of_the_trust_root_too() {
    let sigstore = Sigstore::new();
    let folder = Folder::from([("root.json", sigstore.trust_root().to_string())]);
    let id = |root: Value| parse(&keyless(root), &folder).unwrap().id().to_owned();
    assert_eq!(
        id(json!("file:root.json")),
        id(json!(sigstore.trust_root().to_string()))
    );
    assert_ne!(id(json!("file:root.json")), id(json!("file:absent")));
    let public = json!({"key": Key::p256().pem()});
    assert!(
        authority(&public)
            .trust_root_fault(SystemTime::now())
            .is_none()
    );
}

#[test]
fn mirrors_are_checked_where_they_stand() {
    let tuf = |tuf: Value| mistakes(&keyless(json!({"tuf": tuf})));
    let at = "authorities.ci.trustRoot.tuf";
    assert_eq!(
        tuf(json!("https://tuf.example")),
        format!("{at}: expected an object with `mirror`, `root`")
    );
    assert_eq!(
        tuf(json!({"root": "{}"})),
        format!("{at}.mirror: is missing")
    );
    assert_eq!(
        tuf(json!({"mirror": "https://tuf.example"})),
        format!("{at}.root: is missing")
    );
    assert_eq!(
        tuf(json!({"mirror": "https://tuf.example", "root": "{}", "target": "x"})),
        format!("{at}.target: unknown field `target`: `mirror`, `root` are known")
    );
    assert_eq!(
        tuf(json!({"mirror": "https://tuf.example", "root": "{}"})),
        format!("{at}.root: is not a TUF `root.json`: malformed metadata: missing `signed`")
    );
    for url in [
        "tuf.example",
        "ftp://tuf.example",
        "https://",
        "https://me@tuf.example",
        "https://tuf.example/?x=1",
        "https://tuf.example/#x",
        "https://0x7f.1/",
        "",
    ] {
        let said = tuf(json!({"mirror": url, "root": "{}"}));
        assert!(
            said.starts_with(&format!("{at}.mirror: expected the address")),
            "{url}: {said}"
        );
    }
    let both = keyless(json!({"tuf": {}, "rekor": []}));
    assert_eq!(
        mistakes(&both),
        "authorities.ci.trustRoot.rekor: unknown field `rekor`: `tuf` are known"
    );
}

#[test]
fn a_first_root_in_a_file_that_cannot_be_used_is_said_too() {
    let document =
        keyless(json!({"tuf": {"mirror": "https://tuf.example", "root": "file:root.json"}}));
    let folder = Folder::from([("root.json", "{}".to_owned())]);
    assert_eq!(
        fault(&document, &folder).unwrap(),
        "the trust root cannot be used: `root.json` is not a TUF `root.json`: malformed metadata: missing `signed`"
    );
    assert_eq!(
        fault(&document, &Folder::new()).unwrap(),
        "the trust root cannot be used: cannot read `root.json`: there is no such file"
    );
    assert!(
        mistakes_with(
            &keyless(json!({"tuf": {"mirror": "x", "root": "file:y"}})),
            &folder
        )
        .contains("mirror")
    );
}
