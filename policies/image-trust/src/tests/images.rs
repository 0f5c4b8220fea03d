//! What is judged, and what is said about it.

use serde_json::json;

use super::*;

fn pinned(name: &str) -> String {
    format!("{name}@{DIGEST}")
}

fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect()
}

#[test]
fn every_image_of_a_pod_is_judged() {
    let findings = judge(
        json!({
            "initContainers": [
                {"name": "setup", "image": "a:1"},
                {"name": "proxy", "image": "b:1", "restartPolicy": "Always"},
                {"name": "fine", "image": pinned("b:1")},
            ],
            "containers": [{"name": "app", "image": "c:1"}],
            "ephemeralContainers": [{"name": "debug", "image": "d:1"}],
            "volumes": [
                {"name": "config", "configMap": {"name": "config"}},
                {"name": "model", "image": {"reference": "e:1", "pullPolicy": "Always"}},
                {"name": "fine", "image": {"reference": pinned("e:1")}},
                {"name": "unset", "image": null},
            ],
        }),
        json!({}),
    );
    assert_eq!(
        places(&findings),
        [
            "image-not-pinned spec.initContainers[name=setup].image",
            "image-not-pinned spec.initContainers[name=proxy].image",
            "image-not-pinned spec.containers[name=app].image",
            "image-not-pinned spec.ephemeralContainers[name=debug].image",
            "image-not-pinned spec.volumes[name=model].image.reference",
        ]
    );
    let containers: Vec<_> = findings.iter().map(|f| f.container.as_deref()).collect();
    assert_eq!(
        containers,
        [
            Some("setup"),
            Some("proxy"),
            Some("app"),
            Some("debug"),
            None
        ]
    );
}

#[test]
fn all_findings_of_an_image_come_at_once() {
    let settings = json!({"allowedImages": ["ghcr.io/acme/**"], "forbiddenTags": ["latest"]});
    assert_eq!(
        codes("nginx", settings.clone()),
        ["image-registry", "image-not-pinned", "image-tag"]
    );
    assert_eq!(codes(&pinned("ghcr.io/acme/app"), settings), [""; 0]);
}

#[test]
fn a_missing_image_is_found() {
    let findings = judge(
        json!({
            "containers": [{"name": "none"}, {"name": "null", "image": null}, {"name": "empty", "image": ""}, {"name": "space", "image": " "}],
            "volumes": [{"name": "v", "image": {}}],
        }),
        json!({"digest": "optional"}),
    );
    assert_eq!(
        places(&findings),
        [
            "image-reference spec.containers[name=none].image",
            "image-reference spec.containers[name=null].image",
            "image-reference spec.containers[name=empty].image",
            "image-reference spec.containers[name=space].image",
            "image-reference spec.volumes[name=v].image.reference",
        ]
    );
    let found: Vec<_> = findings.iter().filter_map(|f| f.found.as_deref()).collect();
    assert_eq!(found, ["not set", "not set", "\"\"", "\" \"", "not set"]);
    assert_eq!(findings[0].message, "no image is named");
}

#[test]
fn volumes_that_share_a_name_are_told_apart_by_index() {
    let volume = |name: &str| json!({"name": name, "image": {"reference": "a:1"}});
    let findings = judge(
        json!({"containers": [], "volumes": [volume("v"), volume("v"), volume("")]}),
        json!({}),
    );
    let paths: Vec<_> = findings.iter().map(|f| f.path.to_string()).collect();
    assert_eq!(
        paths,
        [
            "spec.volumes[0].image.reference",
            "spec.volumes[1].image.reference",
            "spec.volumes[2].image.reference"
        ]
    );
    assert_eq!(findings[0].found.as_deref(), Some("a:1"));
}

#[test]
fn an_object_without_a_pod_has_no_findings() {
    let request = TreeBuf::from_value(&json!({"operation": "DELETE", "pod": null})).unwrap();
    let findings = evaluate(
        &Request::new(request.root()),
        &crate::Settings::default(),
        &Facts::none(),
    );
    assert!(findings.unwrap().is_empty());
}

#[test]
fn a_digest_can_be_optional() {
    assert_eq!(codes("nginx:1.25", json!({"digest": "optional"})), [""; 0]);
    assert_eq!(
        codes("nginx:1.25", json!({"digest": "required"})),
        ["image-not-pinned"]
    );
}

#[test]
fn a_forbidden_tag_decides_only_without_a_digest() {
    let settings = json!({"digest": "optional", "forbiddenTags": ["latest", "dev-*"]});
    for forbidden in ["nginx", "nginx:latest", "ghcr.io/acme/app", "nginx:dev-1"] {
        assert_eq!(
            codes(forbidden, settings.clone()),
            ["image-tag"],
            "{forbidden}"
        );
    }
    for allowed in [
        "nginx:1",
        "nginx:latest-1",
        &pinned("nginx"),
        &pinned("nginx:latest"),
    ] {
        assert_eq!(codes(allowed, settings.clone()), [""; 0], "{allowed}");
    }
}

#[test]
fn findings_say_what_to_do() {
    let settings = json!({
        "allowedImages": ["ghcr.io/acme/**", "docker.io/library/redis"],
        "forbiddenTags": ["latest", "edge"],
    });
    let findings = judge_image("nginx:edge", settings);
    let said = |finding: &Finding| {
        let parts = [&finding.found, &finding.required, &finding.help];
        let parts = parts.map(|part| part.clone().unwrap_or_default());
        [std::slice::from_ref(&finding.message), &parts].concat()
    };
    assert_eq!(
        said(&findings[1]),
        [
            "the image is not pinned: the tag `edge` can come to mean another image",
            "nginx:edge",
            "nginx:edge@sha256:…",
            "only the registry knows the digest: `crane digest nginx:edge` prints it, as does `docker buildx imagetools inspect`",
        ]
    );
    assert_eq!(
        said(&findings[0]),
        [
            "images from `docker.io/library/nginx` are not allowed",
            "nginx:edge",
            "an image from ghcr.io/acme/** or docker.io/library/redis",
            "there is no fix, for another repository may hold another image: use an image of an allowed one, or have this one added to `allowedImages`",
        ]
    );
    assert_eq!(
        said(&findings[2]),
        [
            "the tag `edge` is forbidden",
            "nginx:edge",
            "a digest, or another tag than latest or edge",
            "there is no fix, for only its author knows which version is meant: `crane ls docker.io/library/nginx` prints the tags that there are",
        ]
    );
    assert!(findings.iter().all(|finding| finding.fix.is_none()));
}

#[test]
fn a_tag_that_nobody_wrote_is_explained() {
    let messages: Vec<_> = judge_image("ghcr.io/acme/latest", json!({"forbiddenTags": ["latest"]}))
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(
        messages,
        [
            "the image is not pinned: without a tag it is `latest`, which can come to mean another image",
            "without a tag it is `latest`, which is forbidden",
        ]
    );
}

#[test]
fn a_long_list_is_counted() {
    let patterns: Vec<_> = (0..8).map(|i| format!("r{i}.io/**")).collect();
    let findings = judge_image(
        "nginx",
        json!({"digest": "optional", "allowedImages": patterns}),
    );
    assert_eq!(
        findings[0].required.as_deref(),
        Some("an image from r0.io/**, r1.io/**, r2.io/**, r3.io/**, r4.io/** or 3 more")
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let findings = judge_image("ghcr.io/Acme/app:1", json!({}));
    assert_eq!(
        findings[0].message,
        "the image's reference cannot be read: the repository `Acme/app` has upper-case letters: write it in lower case"
    );
    assert_eq!(findings.len(), 1);
}
