//! The borrowed parse that the cost of a tree is measured by: the whole review into types that name every
//! member of it but `managedFields`, with strings that borrow from the body.
//!
//! So a webhook would read it that has its rules in Rust. It is not the cheapest parse there is: one that
//! passes over the pod costs less, but no rule could be built on it.
#![allow(
    dead_code,
    reason = "the members are there to be read, and nothing more"
)]

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;

type Text<'a> = Option<&'a str>;
type Texts<'a> = Option<Vec<&'a str>>;
type Map<'a> = Option<BTreeMap<&'a str, &'a str>>;

/// An AdmissionReview.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review<'a> {
    #[serde(borrow)]
    api_version: &'a str,
    kind: &'a str,
    request: Request<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    uid: &'a str,
    #[serde(borrow)]
    kind: Map<'a>,
    resource: Map<'a>,
    request_kind: Map<'a>,
    request_resource: Map<'a>,
    name: Text<'a>,
    namespace: Text<'a>,
    operation: &'a str,
    user_info: User<'a>,
    object: Option<Pod<'a>>,
    old_object: Option<Pod<'a>>,
    dry_run: bool,
    options: Map<'a>,
}

#[derive(Deserialize)]
struct User<'a> {
    username: &'a str,
    uid: Text<'a>,
    #[serde(borrow)]
    groups: Texts<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pod<'a> {
    #[serde(borrow)]
    api_version: Text<'a>,
    kind: Text<'a>,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    name: Text<'a>,
    namespace: Text<'a>,
    uid: Text<'a>,
    generation: Option<i64>,
    creation_timestamp: Text<'a>,
    #[serde(borrow)]
    labels: Map<'a>,
    /// What `kubectl apply` writes there has escapes, so it cannot be borrowed.
    annotations: Option<BTreeMap<&'a str, Cow<'a, str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(borrow)]
    volumes: Option<Vec<Volume<'a>>>,
    init_containers: Option<Vec<Container<'a>>>,
    containers: Vec<Container<'a>>,
    restart_policy: Text<'a>,
    termination_grace_period_seconds: Option<i64>,
    dns_policy: Text<'a>,
    service_account_name: Text<'a>,
    service_account: Text<'a>,
    automount_service_account_token: Option<bool>,
    security_context: Option<SecurityContext<'a>>,
    scheduler_name: Text<'a>,
    affinity: Option<Affinity<'a>>,
    topology_spread_constraints: Option<Vec<Spread<'a>>>,
    tolerations: Option<Vec<Toleration<'a>>>,
    priority: Option<i64>,
    enable_service_links: Option<bool>,
    preemption_policy: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Volume<'a> {
    name: &'a str,
    #[serde(borrow)]
    empty_dir: Map<'a>,
    config_map: Option<ConfigMap<'a>>,
    projected: Option<Projected<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigMap<'a> {
    name: &'a str,
    default_mode: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Projected<'a> {
    #[serde(borrow)]
    sources: Vec<Source<'a>>,
    default_mode: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow)]
    service_account_token: Option<Token<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    #[serde(borrow)]
    audience: Text<'a>,
    expiration_seconds: Option<i64>,
    path: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    name: &'a str,
    image: Text<'a>,
    #[serde(borrow)]
    ports: Option<Vec<Port<'a>>>,
    env: Option<Vec<Variable<'a>>>,
    resources: Option<Resources<'a>>,
    restart_policy: Text<'a>,
    volume_mounts: Option<Vec<Mount<'a>>>,
    liveness_probe: Option<Probe<'a>>,
    readiness_probe: Option<Probe<'a>>,
    termination_message_path: Text<'a>,
    termination_message_policy: Text<'a>,
    image_pull_policy: Text<'a>,
    security_context: Option<SecurityContext<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Port<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    container_port: i64,
    protocol: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable<'a> {
    name: &'a str,
    value: Text<'a>,
    #[serde(borrow)]
    value_from: Option<ValueFrom<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ValueFrom<'a> {
    #[serde(borrow)]
    field_ref: Map<'a>,
    secret_key_ref: Map<'a>,
}

#[derive(Deserialize)]
struct Resources<'a> {
    #[serde(borrow)]
    limits: Map<'a>,
    requests: Map<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mount<'a> {
    name: &'a str,
    read_only: Option<bool>,
    mount_path: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe<'a> {
    #[serde(borrow)]
    http_get: Option<HttpGet<'a>>,
    initial_delay_seconds: Option<i64>,
    timeout_seconds: Option<i64>,
    period_seconds: Option<i64>,
    success_threshold: Option<i64>,
    failure_threshold: Option<i64>,
}

#[derive(Deserialize)]
struct HttpGet<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    port: i64,
    scheme: Text<'a>,
}

/// Of a pod or of a container.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityContext<'a> {
    #[serde(borrow)]
    capabilities: Option<Capabilities<'a>>,
    read_only_root_filesystem: Option<bool>,
    allow_privilege_escalation: Option<bool>,
    run_as_user: Option<i64>,
    run_as_group: Option<i64>,
    run_as_non_root: Option<bool>,
    fs_group: Option<i64>,
    seccomp_profile: Map<'a>,
}

#[derive(Deserialize)]
struct Capabilities<'a> {
    #[serde(borrow)]
    add: Texts<'a>,
    drop: Texts<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Affinity<'a> {
    #[serde(borrow)]
    pod_anti_affinity: Option<PodAntiAffinity<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodAntiAffinity<'a> {
    #[serde(borrow)]
    preferred_during_scheduling_ignored_during_execution: Option<Vec<Weighted<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Weighted<'a> {
    weight: i64,
    #[serde(borrow)]
    pod_affinity_term: Term<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term<'a> {
    #[serde(borrow)]
    label_selector: Option<Selector<'a>>,
    topology_key: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selector<'a> {
    #[serde(borrow)]
    match_labels: Map<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spread<'a> {
    max_skew: i64,
    topology_key: &'a str,
    when_unsatisfiable: &'a str,
    #[serde(borrow)]
    label_selector: Option<Selector<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Toleration<'a> {
    #[serde(borrow)]
    key: Text<'a>,
    operator: Text<'a>,
    effect: Text<'a>,
    toleration_seconds: Option<i64>,
}

/// The same review, its objects passed over: what no rule can be built on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    api_version: &'a str,
    kind: &'a str,
    request: EnvelopeRequest<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeRequest<'a> {
    uid: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    kind: Map<'a>,
    object: serde::de::IgnoredAny,
}
