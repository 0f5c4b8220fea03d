//! What is counted, in the OpenMetrics text format. All label sets are bounded: nothing that a request
//! may choose freely becomes a label.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use gatehouse_core::Decision;
use gatehouse_trust::ImageTrust;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::Gauge,
        histogram::Histogram,
        info::Info,
    },
    registry::Registry,
};

use super::{image_metrics::ImageMetrics, queue::Queue, trust_metrics::TrustMetrics};
use crate::config::Snapshot;

/// Content type of [`Metrics::text`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Kinds that are labels; others are `other`, as custom resources are without number.
const KINDS: [&str; 10] = [
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "Namespace",
    "Pod",
    "PodTemplate",
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
];

/// Seconds; an evaluation takes microseconds, and the API server waits for 30 s at most.
const BUCKETS: [f64; 16] = [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
    5.0, 30.0,
];

/// All metrics of the server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<EndpointLabel, Histogram, fn() -> Histogram>,
    rejections: Family<RejectionLabels, Counter>,
    findings: Family<FindingLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    missing_templates: Family<EndpointLabel, Counter>,
    bugs: Counter,
    policies: Gauge,
    reloads: Family<ReloadLabels, Counter>,
    loaded_at: Family<LoadedLabel, Gauge>,
    up_to_date: Family<LoadedLabel, Gauge>,
    certificate_not_after: Gauge,
    connections: ConnectionFamilies,
    trust: TrustMetrics,
}

/// Which of the two questions was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked<'a> {
    /// `validate` or `mutate`.
    pub(crate) endpoint: &'static str,
    /// What is done with the object.
    pub(crate) operation: &'static str,
    /// The object's kind.
    pub(crate) kind: &'a str,
}

/// What is loaded again when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Loaded {
    /// Policies and exemptions.
    Configuration,
    /// The serving certificate.
    Certificate,
}

/// What one listener counts.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionMetrics {
    families: ConnectionFamilies,
    listener: &'static str,
}

/// Counts an open connection until it is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Gauge);

#[derive(Clone, Debug, Default)]
struct ConnectionFamilies {
    open: Family<ListenerLabel, Gauge>,
    accepted: Family<ListenerLabel, Counter>,
    cut: Family<CutLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    endpoint: &'static str,
    operation: &'static str,
    kind: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectionLabels {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    policy: String,
    code: String,
    effect: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    policy: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    what: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LoadedLabel {
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ListenerLabel {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CutLabels {
    listener: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LogLabel {
    log: &'static str,
}

impl Metrics {
    /// All metrics, at zero; of `logs`, given by name, the lines that they dropped, and what `images`
    /// remembers.
    pub(crate) fn new(logs: Vec<(&'static str, Queue)>, images: Option<ImageTrust>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gatehouse"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            rejections: Family::default(),
            findings: Family::default(),
            failures: Family::default(),
            missing_templates: Family::default(),
            bugs: Counter::default(),
            policies: Gauge::default(),
            reloads: Family::default(),
            loaded_at: Family::default(),
            up_to_date: Family::default(),
            certificate_not_after: Gauge::default(),
            connections: ConnectionFamilies::default(),
            trust: TrustMetrics::default(),
        };
        metrics.register_requests();
        metrics.register_loaded();
        metrics.connections.register(&mut metrics.registry);
        let logs = Box::new(DroppedLines(logs));
        metrics.registry.register_collector(logs);
        if let Some(images) = images {
            let images = Box::new(ImageMetrics(images));
            metrics.registry.register_collector(images);
        }
        let trust = Box::new(metrics.trust.clone());
        metrics.registry.register_collector(trust);
        metrics
    }

    /// A request was decided. Counts what `decision` says, and `verdict` as its end.
    pub(crate) fn decided(
        &self,
        asked: Asked<'_>,
        verdict: &'static str,
        decision: &Decision,
        took: Duration,
    ) {
        let endpoint = asked.endpoint;
        let labels = RequestLabels {
            endpoint,
            operation: asked.operation,
            kind: kind_label(asked.kind),
            verdict,
        };
        self.requests.get_or_create(&labels).inc();
        let durations = self.durations.get_or_create(&EndpointLabel { endpoint });
        durations.observe(took.as_secs_f64());
        if decision.missing_template.is_some() {
            let of_endpoint = self
                .missing_templates
                .get_or_create(&EndpointLabel { endpoint });
            of_endpoint.inc();
        }
        self.count_findings(decision);
        self.count_failures(decision);
    }

    /// A request was answered with an HTTP status other than 200.
    pub(crate) fn rejected(&self, endpoint: &'static str, status: u16) {
        let labels = RejectionLabels { endpoint, status };
        self.rejections.get_or_create(&labels).inc();
    }

    /// Gatehouse itself went wrong.
    pub(crate) fn bug(&self) {
        self.bugs.inc();
    }

    /// Requests are judged by this from now on.
    pub(crate) fn judged_by(&self, snapshot: Arc<ArcSwap<Snapshot>>) {
        self.trust.watch(snapshot);
    }

    /// So many policies are loaded.
    pub(crate) fn set_policies(&self, count: usize) {
        self.policies.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// The certificate is accepted until then.
    pub(crate) fn set_certificate_not_after(&self, at: SystemTime) {
        self.certificate_not_after.set(unix_seconds(at));
    }

    /// Something changed and was loaded, or could not be.
    pub(crate) fn reloaded(&self, what: Loaded, succeeded: bool) {
        let what = what.as_str();
        let result = if succeeded { "success" } else { "failure" };
        let reloads = ReloadLabels { what, result };
        self.reloads.get_or_create(&reloads).inc();
        self.set_up_to_date(what, succeeded);
    }

    /// Something was loaded when the server started, or is again as what is in use.
    pub(crate) fn in_use(&self, what: Loaded) {
        self.set_up_to_date(what.as_str(), true);
    }

    /// What the listener of this name counts.
    pub(crate) fn of_listener(&self, listener: &'static str) -> ConnectionMetrics {
        ConnectionMetrics {
            families: self.connections.clone(),
            listener,
        }
    }

    /// All metrics as OpenMetrics text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn set_up_to_date(&self, what: &'static str, succeeded: bool) {
        let label = LoadedLabel { what };
        self.up_to_date.get_or_create(&label).set(succeeded.into());
        if succeeded {
            let now = unix_seconds(SystemTime::now());
            self.loaded_at.get_or_create(&label).set(now);
        }
    }

    fn count_findings(&self, decision: &Decision) {
        for judgement in &decision.judgements {
            let labels = FindingLabels {
                policy: judgement.policy.clone(),
                code: judgement.finding.code.clone(),
                effect: judgement.effect.as_str(),
            };
            self.findings.get_or_create(&labels).inc();
        }
    }

    fn count_failures(&self, decision: &Decision) {
        for failed in &decision.failed {
            let labels = FailureLabels {
                policy: failed.policy.clone(),
                reason: failed.failure.reason,
            };
            self.failures.get_or_create(&labels).inc();
        }
    }

    fn register_requests(&mut self) {
        let to = &mut self.registry;
        let help = "Admission requests decided, by what became of them";
        to.register("requests", help, self.requests.clone());
        let help = "Seconds from a request's head to its answer";
        to.register("request_duration_seconds", help, self.durations.clone());
        let help = "HTTP requests that were no admission request, by HTTP status";
        to.register("rejections", help, self.rejections.clone());
        let help = "Findings of policies, by what became of them";
        to.register("findings", help, self.findings.clone());
        let help = "Evaluations that gave no answer, by policy and reason";
        to.register("policy_failures", help, self.failures.clone());
        let help =
            "Custom workloads without a pod template where the configuration says that it stands";
        let missing_templates = self.missing_templates.clone();
        to.register("missing_templates", help, missing_templates);
        let help = "Requests that a bug of Gatehouse kept from being judged";
        to.register("bugs", help, self.bugs.clone());
    }

    fn register_loaded(&mut self) {
        let to = &mut self.registry;
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        to.register("build", "The version that runs", Info::new(version));
        let help = "Policies in use; without any, nothing is judged";
        to.register("policies", help, self.policies.clone());
        let help = "Changed configurations and certificates that were loaded, or could not be";
        to.register("reloads", help, self.reloads.clone());
        let help = "Unix time at which what is in use was loaded";
        to.register("loaded_timestamp_seconds", help, self.loaded_at.clone());
        let help = "Whether what is in use is the newest: 0 while that cannot be loaded";
        to.register("up_to_date", help, self.up_to_date.clone());
        let help = "Unix time after which clients refuse the serving certificate";
        let not_after = self.certificate_not_after.clone();
        to.register("certificate_not_after_timestamp_seconds", help, not_after);
    }
}

impl ConnectionFamilies {
    fn register(&self, to: &mut Registry) {
        to.register("connections", "Open connections", self.open.clone());
        let help = "Connections accepted";
        to.register("connections_accepted", help, self.accepted.clone());
        let help = "Connections cut by an error or a limit, by reason";
        to.register("connections_cut", help, self.cut.clone());
    }
}

impl ConnectionMetrics {
    /// Counts a connection that opens.
    pub(crate) fn opened(&self) -> OpenConnection {
        let listener = self.listener;
        let label = ListenerLabel { listener };
        self.families.accepted.get_or_create(&label).inc();
        let open = self.families.open.get_or_create_owned(&label);
        open.inc();
        OpenConnection(open)
    }

    /// Counts a connection that ends before its time.
    pub(crate) fn cut(&self, reason: &'static str) {
        let listener = self.listener;
        let labels = CutLabels { listener, reason };
        self.families.cut.get_or_create(&labels).inc();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Loaded {
    fn as_str(self) -> &'static str {
        match self {
            Loaded::Configuration => "configuration",
            Loaded::Certificate => "certificate",
        }
    }
}

/// Lines that logs dropped, read when somebody asks.
#[derive(Debug)]
struct DroppedLines(Vec<(&'static str, Queue)>);

impl Collector for DroppedLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let family = Family::<LogLabel, Counter>::default();
        for (log, queue) in &self.0 {
            let counter = family.get_or_create_owned(&LogLabel { log });
            counter
                .inner()
                .store(queue.dropped(), std::sync::atomic::Ordering::Relaxed);
        }
        let help = "Lines that were dropped as a log could not be written fast enough";
        let counter = ConstCounter::new(0_u64).metric_type();
        family.encode(encoder.encode_descriptor("log_lines_dropped", help, None, counter)?)
    }
}

/// The kind as a label.
fn kind_label(kind: &str) -> &'static str {
    let known = KINDS.iter().find(|known| **known == kind);
    known.copied().unwrap_or("other")
}

pub(super) fn unix_seconds(at: SystemTime) -> i64 {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// Shared by everything that counts.
pub(crate) type SharedMetrics = Arc<Metrics>;
