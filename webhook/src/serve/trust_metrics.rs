use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use arc_swap::ArcSwap;
use gatehouse_trust::Authority;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::metrics::unix_seconds;
use crate::config::Snapshot;

/// Whether trust roots can be used and for how long, read when somebody asks.
#[derive(Clone, Debug, Default)]
pub(super) struct TrustMetrics(Arc<OnceLock<Arc<ArcSwap<Snapshot>>>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AuthorityLabels {
    policy: String,
    authority: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefreshLabels {
    mirror: String,
    result: &'static str,
}

impl TrustMetrics {
    /// Looks at whatever configuration is in use from now on.
    pub(super) fn watch(&self, snapshot: Arc<ArcSwap<Snapshot>>) {
        // a server has one configuration for its life
        let _ = self.0.set(snapshot);
    }
}

impl Collector for TrustMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(snapshot) = self.0.get().map(|snapshot| snapshot.load()) else {
            return Ok(());
        };
        let (usable, ends) = gauges(&snapshot, SystemTime::now());
        let help = "Whether signatures can be verified with an authority's trust root: 0 where it cannot be read, was not fetched, or is over";
        encode(&mut encoder, "trust_root_usable", help, &usable)?;
        let help =
            "Unix time after which an authority's trust root cannot be used, where an end is known";
        encode(
            &mut encoder,
            "trust_root_expires_timestamp_seconds",
            help,
            &ends,
        )?;
        let help = "Trust roots that mirrors (TUF) were asked for";
        encode(
            &mut encoder,
            "trust_root_refreshes",
            help,
            &refreshes(&snapshot),
        )
    }
}

type Gauges = Family<AuthorityLabels, Gauge>;

fn gauges(snapshot: &Snapshot, now: SystemTime) -> (Gauges, Gauges) {
    let (usable, ends) = (Gauges::default(), Gauges::default());
    for (policy, runner) in snapshot.set.policies().iter().zip(&snapshot.policies) {
        let authorities = runner.authorities.current();
        for authority in authorities.iter().filter(|a| a.uses_trust_root()) {
            let labels = AuthorityLabels {
                policy: policy.name.clone(),
                authority: authority.name().to_owned(),
            };
            let fault = authority.trust_root_fault(now);
            usable.get_or_create(&labels).set(fault.is_none().into());
            if let Some(end) = end(authority) {
                ends.get_or_create(&labels).set(unix_seconds(end));
            }
        }
    }
    (usable, ends)
}

fn end(authority: &Authority) -> Option<SystemTime> {
    let ends = [
        authority.trust_root_end(),
        authority.trust_root_metadata_end(),
    ];
    ends.into_iter().flatten().min()
}

fn refreshes(snapshot: &Snapshot) -> Family<RefreshLabels, Counter> {
    let family = Family::<RefreshLabels, Counter>::default();
    for status in snapshot.trust_roots.statuses() {
        for (result, count) in [("success", status.succeeded), ("failure", status.failed)] {
            let mirror = status.mirror.clone();
            family
                .get_or_create(&RefreshLabels { mirror, result })
                .inc_by(count);
        }
    }
    family
}

fn encode(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    family: &impl EncodeMetric,
) -> fmt::Result {
    family.encode(encoder.encode_descriptor(name, help, None, family.metric_type())?)
}
