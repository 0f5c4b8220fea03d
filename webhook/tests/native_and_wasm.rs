//! Each built-in policy says the same natively and as wasm, for every recorded review and some more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use gatehouse_abi::{Answer, tree::TreeBuf};
use gatehouse_core::{Limits, Request, Review, Workloads};
use gatehouse_sandbox::{Policy, Sandbox};
use gatehouse_sdk::{Facts, Findings, Needs, read_settings};
use serde_json::{Value, json};

/// The requests of the recorded reviews that have a well-formed object, and two pods that break all they can.
fn requests() -> Vec<Request> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/reviews");
    let mut requests: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| fs::read(path).unwrap())
        .map(|body| Review::parse(&body, &Workloads::default(), &Limits::default()).unwrap())
        .filter_map(|review| review.request.ok())
        .collect();
    assert!(requests.len() > 30, "only {} reviews", requests.len());
    requests.extend([bad_pod(), strange_pod()].map(|pod| {
        Request::to_create(pod, "shop", &Workloads::default(), &Limits::default()).unwrap()
    }));
    requests
}

/// Facts about all images of the requests, each of another kind; `shift` deals them out anew.
fn image_facts(shift: usize) -> Value {
    let digest = format!("sha256:{}", "ab".repeat(32));
    let by = |signer| json!({"verified": [{"signer": signer}]});
    let not = |reason| json!({"failed": {"reason": reason, "text": "it is so", "signedBy": ["a"]}});
    let kinds = [
        json!({"digest": digest, "authorities": {"a": by("1"), "b": by("2")}}),
        json!({"digest": digest, "authorities": {"a": by("1"), "b": by("1")}}),
        json!({"digest": digest, "authorities": {"a": by("1"), "b": not("other-digest")}}),
        json!({"digest": digest, "authorities": {"a": not("not-signed"), "b": {"unavailable": "down"}}}),
        json!({"missing": true}),
        json!({"unavailable": "registry example.com: timed out"}),
    ];
    let mut images = std::collections::BTreeSet::new();
    for request in requests() {
        collect_images(&request.node().to_value(), &mut images);
    }
    let facts = images.into_iter().enumerate();
    let facts = facts.map(|(i, image)| (image, kinds[(i + shift) % kinds.len()].clone()));
    json!({"image": facts.collect::<serde_json::Map<_, _>>()})
}

fn collect_images(value: &Value, images: &mut std::collections::BTreeSet<String>) {
    let name = |text: &str| {
        Some(
            gatehouse_reference::Reference::parse(text)
                .ok()?
                .to_string(),
        )
    };
    match value {
        Value::Object(members) => {
            for key in ["image", "reference"] {
                images.extend(members.get(key).and_then(Value::as_str).and_then(name));
            }
            members
                .values()
                .for_each(|member| collect_images(member, images));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_images(item, images)),
        _ => {}
    }
}

fn bad_pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "bad", "annotations": {
            "container.apparmor.security.beta.kubernetes.io/a": "unconfined",
        }},
        "spec": {
            "hostNetwork": true, "hostPID": true, "hostIPC": true,
            "securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}], "runAsUser": 0},
            "initContainers": [{"name": "i", "image": "UPPER:latest", "restartPolicy": "Always"}],
            "containers": [{
                "name": "a", "image": "nginx",
                "ports": [{"containerPort": 80, "hostPort": 80}],
                "securityContext": {
                    "privileged": true, "procMount": "Unmasked",
                    "capabilities": {"add": ["SYS_ADMIN", "NET_RAW"]},
                    "seLinuxOptions": {"type": "evil_t", "user": "root"},
                    "seccompProfile": {"type": "Unconfined"},
                },
            }],
            "volumes": [{"name": "h", "hostPath": {"path": "/"}}, {"name": "n", "nfs": {}}],
        },
    })
}

/// Values of types that the API refuses.
fn strange_pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": 5, "annotations": []},
        "spec": {
            "hostNetwork": "yes", "securityContext": "none", "os": 1, "volumes": {"a": 1},
            "containers": [{"name": 1, "image": {"a": 1}, "securityContext": [], "ports": "80"}, {}],
        },
    })
}

type Evaluate<S> = fn(&gatehouse_sdk::Request<'_>, &S, &Facts<'_>) -> Result<Findings, Needs>;

fn compare<S: serde::de::DeserializeOwned>(name: &str, settings: &[Value], native: Evaluate<S>) {
    let sandbox = Sandbox::new(gatehouse_sandbox::Limits::default()).unwrap();
    let module = sandbox
        .load(gatehouse_builtin::find(name).unwrap().wasm)
        .unwrap();
    let facts = json!({"namespace": {"shop": {"labels": {
        "pod-security.kubernetes.io/enforce": "restricted",
    }}}});
    let all_facts = [
        TreeBuf::from_value(&facts).unwrap(),
        TreeBuf::from_value(&json!({})).unwrap(),
        TreeBuf::from_value(&image_facts(0)).unwrap(),
        TreeBuf::from_value(&image_facts(1)).unwrap(),
    ];
    let mut answers = 0;
    for settings in settings {
        let tree = TreeBuf::from_value(settings).unwrap();
        let policy = Policy::new(module.clone(), tree.clone());
        assert_eq!(policy.configure(), Ok(Vec::new()), "{name} {settings}");
        let typed: S = read_settings(tree.root()).unwrap();
        for (request, facts) in requests()
            .iter()
            .flat_map(|r| all_facts.iter().map(move |f| (r, f)))
        {
            let view = gatehouse_sdk::Request::new(request.node());
            let expected = match native(&view, &typed, &Facts::new(facts.root())) {
                Ok(findings) if findings.is_empty() => None,
                Ok(findings) => Some(Answer::from(findings)),
                Err(needs) => Some(Answer::from(needs)),
            };
            let got = policy.evaluate(request.tree(), facts, None).unwrap();
            assert_eq!(got, expected, "{name} {settings}");
            answers += usize::from(got.is_some());
        }
    }
    assert!(answers > 0, "{name} never said anything");
}

#[test]
fn pod_security_says_the_same() {
    let settings = [
        json!({}),
        json!({"level": "baseline", "version": "v1.20"}),
        json!({"level": "restricted"}),
        json!({"level": "namespace"}),
    ];
    compare("pod-security", &settings, pod_security::evaluate);
}

#[test]
fn image_trust_says_the_same() {
    let settings = [
        json!({}),
        json!({"digest": "optional", "forbiddenTags": ["latest"], "allowedImages": ["ghcr.io/**"]}),
    ];
    compare("image-trust", &settings, image_trust::evaluate);
}

/// With every kind of fact: signed, not signed, missing, unavailable, and nothing known yet.
#[test]
fn image_trust_says_the_same_of_signatures() {
    let settings = [
        json!({"digest": "optional", "authorities": {"a": {}, "b": {}}, "signatures": [
            {"images": ["*.example.com/**"], "allOf": ["a", "b"]},
            {"images": ["docker.io/**"], "anyOf": ["a", "b"]},
        ]}),
        json!({"authorities": {"a": {}, "b": {}}, "unmatched": "allow", "signatures": [
            {"images": ["registry.example.com/**", "docker.io/**"], "atLeast": 2, "of": ["a", "b"]},
        ]}),
    ];
    compare("image-trust", &settings, image_trust::evaluate);
}

#[test]
fn what_a_module_says_of_itself_is_what_its_crate_says() {
    let sandbox = Sandbox::new(gatehouse_sandbox::Limits::default()).unwrap();
    for (name, metadata) in [
        ("pod-security", pod_security::METADATA),
        ("image-trust", image_trust::METADATA),
    ] {
        let module = sandbox
            .load(gatehouse_builtin::find(name).unwrap().wasm)
            .unwrap();
        let expected: gatehouse_abi::Metadata = serde_json::from_str(metadata).unwrap();
        assert_eq!(*module.metadata(), expected);
        assert_eq!(module.metadata().name, name);
    }
}

/// Growing memory costs 5 µs, half of an evaluation: the SDK's arena makes it needless.
#[test]
fn a_large_pod_leaves_memory_as_it_is() {
    let container = |i: usize| {
        json!({
            "name": format!("container-{i}"),
            "image": format!("ghcr.io/acme/app@sha256:{}", "ab".repeat(32)),
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
        })
    };
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "large"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": (0..70).map(container).collect::<Vec<_>>(),
        },
    });
    let request =
        Request::to_create(pod, "shop", &Workloads::default(), &Limits::default()).unwrap();
    assert!(request.tree().byte_len() > 20_000);
    for builtin in gatehouse_builtin::all() {
        let limits = gatehouse_sandbox::Limits {
            // what the module declares, so that any growth is refused
            memory: initial_memory(builtin.wasm),
            ..gatehouse_sandbox::Limits::default()
        };
        let sandbox = Sandbox::new(limits).unwrap();
        let settings = TreeBuf::from_value(&json!({})).unwrap();
        let policy = Policy::new(sandbox.load(builtin.wasm).unwrap(), settings);
        let facts = TreeBuf::from_value(&json!({})).unwrap();
        let answer = policy.evaluate(request.tree(), &facts, None);
        assert_eq!(answer, Ok(None), "{}", builtin.name);
    }
}

fn initial_memory(wasm: &[u8]) -> usize {
    let memory = wasmparser::Parser::new(0)
        .parse_all(wasm)
        .find_map(|payload| match payload.unwrap() {
            wasmparser::Payload::MemorySection(section) => section.into_iter().next(),
            _ => None,
        });
    usize::try_from(memory.unwrap().unwrap().initial).unwrap() * 65_536
}
