//! What a person reads, word for word.

use std::fmt::Write;

use super::*;

/// Everything that is said, as `check` would lay it out.
fn text(title: &str, said: &Said) -> String {
    let mut text = format!("# {title}\n");
    for finding in &said.findings {
        let _ = writeln!(text, "{}: {}", finding.code, finding.message);
        let lines = [
            ("found", &finding.found),
            ("required", &finding.required),
            ("help", &finding.help),
        ];
        for (label, line) in lines {
            let _ = writeln!(text, "  {label:<9} {}", line.as_deref().unwrap_or("-"));
        }
    }
    for line in &said.unchecked {
        let _ = writeln!(text, "policy image-trust {line}");
    }
    text
}

fn failed_as(reason: &str, text: &str, signed_by: &[&str]) -> Value {
    json!({"failed": {"reason": reason, "text": text, "signedBy": signed_by}})
}

fn of_pinned(title: &str, form: Value, verdicts: Value) -> String {
    text(title, &say_of(form, verdicts))
}

fn of_image(kind: &str, image: &str, settings: Value, fact: &Value) -> String {
    let said = say(kind, one(image), settings, &|_| fact.clone());
    text(&format!("{image} in a {kind}"), &said)
}

#[test]
fn signatures_that_are_not_enough() {
    let not_signed = || failed_as("not-signed", "", &[]);
    let by_partner = || failed_as("other-signer", "", &["partner"]);
    let by_stranger = || failed_as("other-signer", "", &[]);
    let two = || json!({"atLeast": 2, "of": ["release", "security", "partner"]});
    let texts = [
        of_pinned(
            "nobody signed; one has to",
            json!({"anyOf": ["release"]}),
            json!({"release": not_signed()}),
        ),
        of_pinned(
            "nobody signed; either may",
            json!({"anyOf": ["release", "security"]}),
            json!({"release": not_signed(), "security": not_signed()}),
        ),
        of_pinned(
            "nobody signed; both have to",
            json!({"allOf": ["release", "security"]}),
            json!({"release": not_signed(), "security": not_signed()}),
        ),
        of_pinned(
            "nobody signed; two have to",
            two(),
            json!({"release": not_signed(), "security": not_signed(), "partner": not_signed()}),
        ),
        of_pinned(
            "another signed",
            json!({"anyOf": ["release"]}),
            json!({"release": by_partner()}),
        ),
        of_pinned(
            "a stranger signed",
            json!({"anyOf": ["release"]}),
            json!({"release": by_stranger()}),
        ),
        of_pinned(
            "one of both signed",
            json!({"allOf": ["release", "security"]}),
            json!({"release": verified("r"), "security": failed_as("other-signer", "", &["release"])}),
        ),
        of_pinned(
            "one of two signed",
            two(),
            json!({"release": verified("r"), "security": by_stranger(), "partner": by_stranger()}),
        ),
        of_pinned(
            "two names, one key",
            two(),
            json!({"release": verified("k"), "security": verified("k"), "partner": by_stranger()}),
        ),
        of_pinned(
            "two names, one key, nobody left",
            json!({"atLeast": 2, "of": ["release", "security"]}),
            json!({"release": verified("k"), "security": verified("k")}),
        ),
        of_pinned(
            "a certificate that expired",
            json!({"anyOf": ["release"]}),
            json!({"release": failed_as("certificate", "its certificate expired on 2026-01-01", &[])}),
        ),
        of_pinned(
            "copied from another image; another signed",
            json!({"anyOf": ["release", "security"]}),
            json!({"release": by_partner(), "security": failed_as("other-digest", "", &[])}),
        ),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

/// Authorities that attest: `scanned` and `rescanned` scans, `built` provenance, `reviewed` a type of one's
/// own; `release` signs.
fn attesting() -> Value {
    let scan = json!({
        "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
        "conditions": [
            {"path": "metadata.scanFinishedOn", "maxAge": "72h"},
            {"path": "scanner.result.Results[*].Vulnerabilities[*].Severity", "noneOf": ["CRITICAL", "HIGH"]},
        ],
    });
    json!({
        "release": {},
        "scanned": {"attestation": scan},
        "rescanned": {"keyless": {}, "attestation": scan},
        "built": {"certificate": "file:ca.pem", "attestation": {
            "predicateType": "https://slsa.dev/provenance/v1",
            "conditions": [{"path": "runDetails.builder.id", "oneOf": ["https://a.io/1", "https://a.io/2"]}],
        }},
        "reviewed": {"attestation": {
            "predicateType": "https://acme.example/review?v=1&final",
            "conditions": [{"path": "approvals", "atLeast": 2}],
        }},
    })
}

fn of_attesting(title: &str, form: Value, verdicts: Value) -> String {
    let mut settings = rule(form);
    settings["authorities"] = attesting();
    settings["signatures"][1]["anyOf"] =
        json!(["release", "scanned", "rescanned", "built", "reviewed"]);
    let fact = json!({"digest": DIGEST, "authorities": verdicts});
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    text(title, &say("Pod", one(&image), settings, &|_| fact.clone()))
}

#[test]
fn attestations_that_are_not_enough() {
    let none = || failed_as("not-attested", "", &[]);
    let by = |names: &[&str]| failed_as("other-signer", "", names);
    let any = |name: &str| json!({"anyOf": [name]});
    let mixed = || json!({"anyOf": ["release", "scanned"]});
    let two = || json!({"atLeast": 2, "of": ["scanned", "rescanned"]});
    let good = json!({"metadata": {"scanFinishedOn": "2026-11-21T12:00:00Z"}, "scanner": {"result": {"Results": []}}});
    let good = |signer: &str| attested(signer, std::slice::from_ref(&good));
    let texts = [
        of_attesting(
            "nobody attested it",
            any("scanned"),
            json!({"scanned": none()}),
        ),
        of_attesting(
            "nobody; keyless",
            any("rescanned"),
            json!({"rescanned": none()}),
        ),
        of_attesting(
            "nobody; a certificate",
            any("built"),
            json!({"built": none()}),
        ),
        of_attesting(
            "nobody; a type of one's own",
            any("reviewed"),
            json!({"reviewed": none()}),
        ),
        of_attesting(
            "a signature is no attestation",
            json!({"allOf": ["release", "scanned"]}),
            json!({"release": verified("r"), "scanned": none()}),
        ),
        of_attesting(
            "a stranger attested it",
            any("scanned"),
            json!({"scanned": by(&[])}),
        ),
        of_attesting(
            "another attested it",
            any("scanned"),
            json!({"scanned": by(&["rescanned"])}),
        ),
        of_attesting(
            "an attestation that does not hold",
            any("scanned"),
            json!({"scanned": failed_as("certificate", "its certificate expired on 2026-01-01", &[])}),
        ),
        of_attesting(
            "one of two attested it",
            two(),
            json!({"scanned": good("s"), "rescanned": by(&["scanned"])}),
        ),
        of_attesting(
            "two names, one key",
            two(),
            json!({"scanned": good("s"), "rescanned": good("s")}),
        ),
        of_attesting(
            "neither signed nor attested",
            mixed(),
            json!({"release": failed("not-signed"), "scanned": none()}),
        ),
        of_attesting(
            "nobody did either of two things",
            json!({"atLeast": 2, "of": ["release", "built", "scanned"]}),
            json!({"release": failed("not-signed"), "built": none(), "scanned": none()}),
        ),
        of_attesting(
            "not known",
            any("scanned"),
            json!({"scanned": verified("s")}),
        ),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn conditions_that_are_not_met() {
    let scan = |time: &str, results: Value| json!({"metadata": {"scanFinishedOn": time}, "scanner": {"result": results}});
    let recent = "2026-11-21T12:00:00Z";
    let of = |title: &str, name: &str, predicates: &[Value]| {
        let verdict = attested("s", predicates);
        of_attesting(title, json!({"anyOf": [name]}), json!({name: verdict}))
    };
    let found =
        |severity: Value| json!({"Results": [{}, {"Vulnerabilities": [{"Severity": severity}]}]});
    let texts = [
        of(
            "too old",
            "scanned",
            &[scan("2026-11-18T23:59:59Z", json!({"Results": []}))],
        ),
        of(
            "in the future",
            "scanned",
            &[scan("2027-01-01T00:00:00+01:00", json!({"Results": []}))],
        ),
        of(
            "no time",
            "scanned",
            &[scan("yesterday\u{1b}[0m", json!({"Results": []}))],
        ),
        of(
            "a critical flaw",
            "scanned",
            &[scan(recent, found(json!("CRITICAL")))],
        ),
        of(
            "another kind",
            "rescanned",
            &[scan(recent, found(json!(["CRITICAL"])))],
        ),
        of(
            "another scanner's form",
            "scanned",
            &[scan(recent, json!({"matches": []}))],
        ),
        of(
            "no list",
            "scanned",
            &[scan(recent, json!({"Results": {}}))],
        ),
        of("no object", "scanned", &[json!("scan")]),
        of("nothing is met", "scanned", &[json!({})]),
        of(
            "another builder",
            "built",
            &[json!({"runDetails": {"builder": {"id": "https://b.io"}}})],
        ),
        of("too few", "reviewed", &[json!({"approvals": 1})]),
        of(
            "a text that reads like a number",
            "reviewed",
            &[json!({"approvals": "2"})],
        ),
        of_attesting(
            "beside an unsigned image",
            json!({"allOf": ["release", "reviewed"]}),
            json!({"release": failed("not-signed"), "reviewed": attested("s", &[json!({"approvals": 0})])}),
        ),
        of_attesting(
            "where another might have signed",
            json!({"anyOf": ["release", "reviewed"]}),
            json!({"release": failed("not-signed"), "reviewed": attested("s", &[json!({"approvals": 0})])}),
        ),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_names_the_image_or_its_registry() {
    let settings = || rule(json!({"allOf": ["release", "security"]}));
    let pinned = format!("ghcr.io/acme/app:1@{DIGEST}");
    let missing = json!({"missing": true});
    let unsigned = json!({"digest": DIGEST, "authorities": {
        "release": failed_as("not-signed", "", &[]), "security": verified("s"),
    }});
    let mut elsewhere = settings();
    elsewhere["allowedImages"] = json!(["quay.io/**"]);
    let texts = [
        of_image("Pod", "ghcr.io/acme/app:1", settings(), &missing),
        of_image("Pod", &pinned, settings(), &missing),
        of_image("Pod", "nginx:1", settings(), &missing),
        of_image("Pod", "GHCR.io/acme/app:1", settings(), &missing),
        of_image("Deployment", "ghcr.io/acme/app:1", elsewhere, &missing),
        of_image("Pod", "ghcr.io/acme/app:1", settings(), &unsigned),
        of_image("Deployment", "ghcr.io/acme/app:1", settings(), &unsigned),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_could_not_be_checked() {
    let form = || json!({"allOf": ["release", "security", "partner"]});
    let texts = [
        of_image("Pod", "ghcr.io/acme/app:1", rule(form()), &unavailable()),
        of_image(
            "Deployment",
            "ghcr.io/acme/app:1",
            rule(form()),
            &json!({"digest": 1}),
        ),
        of_pinned(
            "each for a reason of its own",
            form(),
            json!({"release": unavailable(), "security": unavailable()}),
        ),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_certificate_is_signed_with() {
    let mut settings = rule(json!({"anyOf": ["release"]}));
    settings["authorities"]["release"] = json!({"certificate": "file:ca.pem"});
    let unsigned =
        json!({"digest": DIGEST, "authorities": {"release": failed_as("not-signed", "", &[])}});
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    let said = say("Pod", one(&image), settings, &|_| unsigned.clone());
    assert_eq!(
        said.findings[0].help.as_deref(),
        Some(&*format!(
            "have it signed by `release`: `cosign sign --key release.key --cert release.crt --cert-chain release-chain.crt {image}`"
        ))
    );
}

#[test]
fn an_identity_signs_without_a_key() {
    let mut settings = rule(json!({"anyOf": ["release"]}));
    settings["authorities"]["release"] =
        json!({"keyless": {"issuer": "https://ci.example", "subject": "builds@acme.example"}});
    let unsigned =
        json!({"digest": DIGEST, "authorities": {"release": failed_as("not-signed", "", &[])}});
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    let said = say("Pod", one(&image), settings, &|_| unsigned.clone());
    assert_eq!(
        said.findings[0].help.as_deref(),
        Some(&*format!(
            "have it signed by `release`: `cosign sign {image}`"
        ))
    );
}

/// What is said of an image that these authorities have to sign, all of them, with these verdicts.
fn of_many(count: usize, verdict: impl Fn(usize) -> Value) -> Said {
    let names: Vec<_> = (0..count).map(|i| format!("a{i}")).collect();
    let authorities: Map<_, _> = names.iter().map(|n| (n.clone(), json!({}))).collect();
    let numbered = names.iter().cloned().zip(0..);
    let verdicts: Map<_, _> = numbered.map(|(n, i)| (n, verdict(i))).collect();
    let settings = json!({
        "authorities": authorities,
        "signatures": [{"images": ["ghcr.io/**"], "atLeast": 1, "of": names}],
    });
    let fact = json!({"digest": DIGEST, "authorities": verdicts});
    let image = format!("ghcr.io/acme/app@{DIGEST}");
    say("Pod", one(&image), settings, &|_| fact.clone())
}

#[test]
fn long_lists_are_counted() {
    let required = |count| {
        let said = of_many(count, |_| failed_as("not-signed", "", &[]));
        said.findings[0].required.clone().unwrap()
    };
    assert_eq!(required(5), "a signature of `a0`, `a1`, `a2`, `a3` or `a4`");
    assert_eq!(
        required(7),
        "a signature of `a0`, `a1`, `a2`, `a3`, `a4` or 2 more"
    );
    let unchecked = |count| {
        let said = of_many(count, |i| json!({"unavailable": format!("w{i}")}));
        said.unchecked[0].split_once("`: ").unwrap().1.to_owned()
    };
    assert_eq!(unchecked(5), "w0; w1; w2; w3; w4");
    assert_eq!(unchecked(7), "w0; w1; w2; w3; w4; 2 more");
}
