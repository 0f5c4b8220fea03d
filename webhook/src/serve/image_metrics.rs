use std::fmt;

use gatehouse_trust::ImageTrust;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// What remembering the verdicts on images was worth, read when somebody asks.
#[derive(Debug)]
pub(super) struct ImageMetrics(pub(super) ImageTrust);

impl Collector for ImageMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counts = self.0.counts();
        let help = "Questions about signatures of images that were answered from memory";
        let hits = ConstCounter::new(counts.hits);
        let to = encoder.encode_descriptor("image_cache_hits", help, None, hits.metric_type())?;
        hits.encode(to)?;
        let help = "Questions about signatures of images for which a registry was asked";
        let misses = ConstCounter::new(counts.misses);
        let to =
            encoder.encode_descriptor("image_cache_misses", help, None, misses.metric_type())?;
        misses.encode(to)?;
        let help = "Seconds for which answers had been in memory when they were used, summed up";
        let age = ConstCounter::new(counts.age_millis as f64 / 1000.0);
        let name = "image_cache_hit_age_seconds";
        let to = encoder.encode_descriptor(name, help, None, age.metric_type())?;
        age.encode(to)?;
        let help = "Images whose verdicts are in memory";
        let entries = ConstGauge::new(i64::try_from(counts.entries).unwrap_or(i64::MAX));
        let to =
            encoder.encode_descriptor("image_cache_entries", help, None, entries.metric_type())?;
        entries.encode(to)
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_trust::Lifetimes;
    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::*;

    #[test]
    fn memory_is_counted() {
        let mut registry = Registry::default();
        let images = ImageMetrics(ImageTrust::new(Lifetimes::default()));
        registry.register_collector(Box::new(images));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "image_cache_hits_total 0",
            "image_cache_misses_total 0",
            "image_cache_hit_age_seconds_total 0.0",
            "image_cache_entries 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
    }
}
