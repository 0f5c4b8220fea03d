mod images;
mod metadata;
mod tricks;

use gatehouse_sdk::{Facts, Finding, Request, read_settings, testing, tree::TreeBuf};
use serde_json::{Value, json};

use crate::{configure, evaluate};

const DIGEST: &str = "sha256:86e0e091d0da6bde2456dbb48306f3956bbeb2eae1b5b9a43045843f69fe4aaa";

/// What the policy finds in a pod with this spec.
fn judge(spec: Value, settings: Value) -> Vec<Finding> {
    let settings = TreeBuf::from_value(&settings).unwrap();
    let settings = read_settings(settings.root()).unwrap();
    assert_eq!(configure(&settings), []);
    let request = testing::request(json!({"spec": spec}));
    let findings = evaluate(&Request::new(request.root()), &settings, &Facts::none());
    let findings = findings.unwrap().into_vec();
    let declared = metadata::metadata().codes;
    assert!(
        findings
            .iter()
            .all(|finding| declared.contains_key(&finding.code))
    );
    findings
}

/// What it finds in a pod with one container of this image.
fn judge_image(image: &str, settings: Value) -> Vec<Finding> {
    judge(
        json!({"containers": [{"name": "app", "image": image}]}),
        settings,
    )
}

/// The codes of that.
fn codes(image: &str, settings: Value) -> Vec<String> {
    let findings = judge_image(image, settings);
    findings.into_iter().map(|finding| finding.code).collect()
}

/// Settings under which an allowed list alone decides.
fn allowing(patterns: &[&str]) -> Value {
    json!({"digest": "optional", "allowedImages": patterns})
}
