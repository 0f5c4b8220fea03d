//! Images that need a signature and have no digest: refused and repaired at Pods, provisional elsewhere.

use gatehouse_sdk::{Edit, Fix, Path};

use super::*;

fn signed_by_anyone() -> Value {
    rule(json!({"anyOf": ["release"]}))
}

fn pinned(path: &str, text: &str) -> Fix {
    Fix {
        edits: vec![Edit::Set {
            path: path.parse::<Path>().unwrap(),
            value: json!(format!("{text}@{DIGEST}")),
        }],
        risk: None,
    }
}

#[test]
fn a_pod_names_its_signed_image_by_digest() {
    let said = say(
        "Pod",
        one("ghcr.io/acme/app:1"),
        signed_by_anyone(),
        &all_signed,
    );
    assert_eq!(said.codes(), ["image-not-pinned"]);
    let finding = &said.findings[0];
    assert_eq!(
        finding.fix,
        Some(pinned(
            "spec.containers[name=app].image",
            "ghcr.io/acme/app:1"
        ))
    );
    assert_eq!(
        finding.required.as_deref(),
        Some(&*format!("ghcr.io/acme/app:1@{DIGEST}"))
    );
    let fixed = format!("ghcr.io/acme/app:1@{DIGEST}");
    assert!(say("Pod", one(&fixed), signed_by_anyone(), &all_signed).is_silent());
}

#[test]
fn the_fix_keeps_what_the_author_wrote() {
    let spec = json!({
        "initContainers": [{"name": "i", "image": "nginx"}],
        "containers": [{"image": "index.docker.io/nginx:1"}],
        "volumes": [{"name": "v", "image": {"reference": "nginx:1"}}],
    });
    let mut settings = signed_by_anyone();
    settings["signatures"][0]["images"] = json!(["docker.io/library/*"]);
    let said = say("Pod", spec, settings, &all_signed);
    let fixes: Vec<_> = said.findings.into_iter().filter_map(|f| f.fix).collect();
    assert_eq!(
        fixes,
        [
            pinned("spec.initContainers[name=i].image", "nginx"),
            pinned("spec.containers[0].image", "index.docker.io/nginx:1"),
            pinned("spec.volumes[name=v].image.reference", "nginx:1"),
        ]
    );
}

#[test]
fn a_workload_is_judged_by_what_its_tag_names_now() {
    let said = say(
        "Deployment",
        one("ghcr.io/acme/app:1"),
        signed_by_anyone(),
        &all_signed,
    );
    assert!(said.is_silent());
    let unsigned =
        |_: &Need| json!({"digest": DIGEST, "authorities": {"release": failed("not-signed")}});
    let said = say(
        "Deployment",
        one("ghcr.io/acme/app:1"),
        signed_by_anyone(),
        &unsigned,
    );
    assert_eq!(said.codes(), ["image-not-signed"]);
    let provisional = "; judged by the digest that the tag names now, and again when a pod starts";
    let help = |said: &Said| said.findings[0].help.clone().unwrap_or_default();
    assert!(help(&said).ends_with(provisional));
    assert_eq!(
        said.findings[0].path.to_string(),
        "spec.template.spec.containers[name=app].image"
    );
    let image = format!("ghcr.io/acme/app:1@{DIGEST}");
    let said = say("Deployment", one(&image), signed_by_anyone(), &unsigned);
    assert!(!help(&said).ends_with(provisional));
    let said = say(
        "Pod",
        one("ghcr.io/acme/app:1"),
        signed_by_anyone(),
        &unsigned,
    );
    assert!(
        !said.findings[1]
            .help
            .as_deref()
            .unwrap()
            .ends_with(provisional)
    );
}

#[test]
fn a_required_digest_is_required_of_all_and_repaired_where_it_is_known() {
    let mut settings = signed_by_anyone();
    settings["digest"] = json!("required");
    let said = say(
        "Deployment",
        one("ghcr.io/acme/app:1"),
        settings.clone(),
        &all_signed,
    );
    assert_eq!(said.codes(), ["image-not-pinned"]);
    assert!(said.findings[0].fix.as_ref().is_some_and(Fix::is_safe));
    settings["unmatched"] = json!("allow");
    let said = say("Pod", one("nginx:1"), settings, &all_signed);
    assert_eq!(said.codes(), ["image-not-pinned"]);
    assert_eq!((&said.findings[0].fix, said.needs), (&None, vec![]));
}

#[test]
fn a_digest_that_nobody_told_is_no_fix() {
    let image = "ghcr.io/acme/app:1";
    for fact in [
        unavailable(),
        json!({"missing": true}),
        json!({"digest": "sha256:1"}),
    ] {
        let said = say("Pod", one(image), signed_by_anyone(), &|_| fact.clone());
        assert_eq!(said.codes()[0], "image-not-pinned");
        assert_eq!(said.findings[0].fix, None);
    }
}

#[test]
fn what_needs_no_signature_needs_no_digest() {
    let settings = rule(json!({"unsigned": "allow"}));
    let said = say("Pod", one("ghcr.io/acme/app:1"), settings, &all_signed);
    assert!(said.is_silent());
    assert_eq!(said.needs, []);
}
