//! A manifest and what the API server makes of it get the same words.

use gatehouse_sdk::Finding;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    pods,
    support::{LEVELS, level, run},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn defaulted_pods_read_like_their_manifests(manifest in pods::pod()) {
        let defaulted = defaulted(manifest.clone());
        for level_name in LEVELS {
            let settings = level(level_name, 37);
            prop_assert_eq!(words(&manifest, &settings), words(&defaulted, &settings), "{}", manifest);
        }
    }
}

/// Everything about the findings that a person reads.
fn words(pod: &Value, settings: &pod_security::Settings) -> Vec<Value> {
    let shown = |finding: &Finding| {
        json!([
            finding.code,
            finding.path.to_string(),
            finding.message,
            finding.found,
            finding.required,
            finding.help,
            finding.fix.as_ref().map(|fix| &fix.risk),
        ])
    };
    let mut words: Vec<_> = run(pod, settings).iter().map(shown).collect();
    words.sort_by_key(Value::to_string);
    words
}

/// What a kube-apiserver 1.30 or newer does to a pod, as far as the policy looks at it.
fn defaulted(mut pod: Value) -> Value {
    let on_node = pod["spec"]["hostNetwork"] == true;
    for volume in items(&mut pod["spec"]["volumes"]) {
        match volume {
            Value::Object(members) if members.len() == 1 => volume["emptyDir"] = json!({}),
            _ if !volume["hostPath"].is_null() => volume["hostPath"]["type"] = json!(""),
            _ => {}
        }
    }
    for list in ["initContainers", "containers"] {
        for container in items(&mut pod["spec"][list]) {
            for port in items(&mut container["ports"]) {
                let unset = port["hostPort"].as_i64().unwrap_or_default() == 0;
                port["protocol"] = json!("TCP");
                if on_node && unset {
                    port["hostPort"] = port["containerPort"].clone();
                }
            }
        }
    }
    sync_apparmor(&mut pod);
    pod
}

/// Since 1.30 the API server copies AppArmor profiles between annotation and field on creation.
fn sync_apparmor(pod: &mut Value) {
    if pod["spec"]["os"]["name"] == "windows" {
        return;
    }
    let of_pod = pod["spec"]["securityContext"]["appArmorProfile"].clone();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let mut containers = pod["spec"][list].take();
        for container in items(&mut containers) {
            let name = container["name"].as_str().unwrap();
            let key = format!("container.apparmor.security.beta.kubernetes.io/{name}");
            let annotation = pod["metadata"]["annotations"]
                .get(&key)
                .and_then(Value::as_str);
            let field = &container["securityContext"]["appArmorProfile"];
            let profile = if field.is_null() { &of_pod } else { field };
            match annotation.map(field_of) {
                None => {
                    if let Some(text) = annotation_of(profile) {
                        pod["metadata"]["annotations"][&key] = json!(text);
                    }
                }
                Some(Some(new)) if field.is_null() && new != of_pod => {
                    container["securityContext"]["appArmorProfile"] = new;
                }
                Some(_) => {}
            }
        }
        pod["spec"][list] = containers;
    }
}

fn annotation_of(profile: &Value) -> Option<String> {
    match profile["type"].as_str()? {
        "RuntimeDefault" => Some("runtime/default".to_owned()),
        "Unconfined" => Some("unconfined".to_owned()),
        _ => Some(format!(
            "localhost/{}",
            profile["localhostProfile"].as_str()?
        )),
    }
}

fn field_of(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        _ => {
            let file = annotation.strip_prefix("localhost/")?;
            Some(json!({"type": "Localhost", "localhostProfile": file}))
        }
    }
}

fn items(list: &mut Value) -> impl Iterator<Item = &mut Value> {
    list.as_array_mut().into_iter().flatten()
}
