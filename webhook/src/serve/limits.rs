use std::time::Duration;

/// The bounds of the server. Each has a name, which stands in what the server says when it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServeLimits {
    /// Bytes of one request's body. Default: 8 MiB, as the API server takes objects of up to 3 MiB and
    /// the review of an update holds two.
    pub(crate) body_bytes: usize,
    /// Bytes of all bodies that are held at the same time; further requests wait. Default: 256 MiB.
    pub(crate) held_bytes: usize,
    /// Time for a request that asks for none. Default: 10 s, as the API server's.
    pub(crate) request_time: Duration,
    /// Most time that a request may ask for. Default: 30 s, the most that Kubernetes allows a webhook.
    pub(crate) max_request_time: Duration,
    /// Most time kept back from a request, so that its answer arrives before the caller gives up; a
    /// tenth of the request's time where that is less. Default: 500 ms.
    pub(crate) answer_time: Duration,
    /// Time in which a request's head must arrive. Default: 10 s.
    pub(crate) head_time: Duration,
    /// Bytes of a request's head. Default: 16 KiB.
    pub(crate) head_bytes: usize,
    /// Fields of a request's head. Default: 64.
    pub(crate) head_fields: usize,
    /// Time for a TLS handshake. Default: 10 s.
    pub(crate) handshake_time: Duration,
    /// How long a connection may wait for its next request. Default: 120 s. The API server gives a
    /// connection up after 90 s; were the server first, a request could run into the closing.
    pub(crate) idle_time: Duration,
    /// Age past which a connection is closed with its next answer, so that API servers, which stick to
    /// open connections, find new replicas. Default: 5 min.
    pub(crate) connection_age: Duration,
    /// Connections at the same time; further ones wait to be accepted. Default: 512.
    pub(crate) connections: u32,
    /// Connections to health and metrics at the same time. Default: 32.
    pub(crate) admin_connections: u32,
    /// How long requests in flight are waited for when the server stops. Default: 25 s, less than the
    /// 30 s after which Kubernetes kills.
    pub(crate) drain_time: Duration,
    /// Lines that wait to be written, in each of the two logs; further ones are dropped and counted.
    /// Default: 8,192.
    pub(crate) log_lines: usize,
    /// Bytes of the lines that wait to be written, in each of the two logs. Default: 16 MiB.
    pub(crate) log_bytes: usize,
    /// Findings listed in one line of the decision log; `findings_total` counts them all. Default: 100.
    pub(crate) logged_findings: usize,
    /// How often files of the configuration and the certificate are looked at. Default: 2 s.
    pub(crate) poll_interval: Duration,
    /// How long the workers may stand still before `/healthz` says so. Default: 60 s.
    pub(crate) standstill: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            held_bytes: 256 << 20,
            request_time: Duration::from_secs(10),
            max_request_time: Duration::from_secs(30),
            answer_time: Duration::from_millis(500),
            head_time: Duration::from_secs(10),
            head_bytes: 16 << 10,
            head_fields: 64,
            handshake_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(120),
            connection_age: Duration::from_secs(300),
            connections: 512,
            admin_connections: 32,
            drain_time: Duration::from_secs(25),
            log_lines: 8192,
            log_bytes: 16 << 20,
            logged_findings: 100,
            poll_interval: Duration::from_secs(2),
            standstill: Duration::from_secs(60),
        }
    }
}

impl ServeLimits {
    /// How long a request may take that asks for `timeout`: less what sending the answer may take.
    pub(crate) fn budget(&self, timeout: Option<Duration>) -> Duration {
        let asked = timeout.filter(|timeout| !timeout.is_zero());
        let whole = asked.unwrap_or(self.request_time);
        let whole = whole.min(self.max_request_time);
        whole - self.answer_time.min(whole / 10)
    }

    /// How long a request may occupy its connection, until its answer is taken.
    pub(crate) fn exchange_time(&self) -> Duration {
        self.max_request_time + self.head_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_the_callers_time_less_a_margin() {
        let limits = ServeLimits::default();
        let budget = |ms| limits.budget(Some(Duration::from_millis(ms))).as_millis();
        assert_eq!(budget(10_000), 9_500);
        assert_eq!(budget(5_000), 4_500);
        assert_eq!(budget(1_000), 900);
        assert_eq!(budget(10), 9);
    }

    #[test]
    fn no_time_is_the_default_and_too_much_is_cut() {
        let limits = ServeLimits::default();
        let seconds = |s| Some(Duration::from_secs(s));
        let default = Duration::from_millis(9_500);
        assert_eq!(limits.budget(None), default);
        assert_eq!(limits.budget(seconds(0)), default);
        assert_eq!(limits.budget(seconds(30)), Duration::from_millis(29_500));
        assert_eq!(limits.budget(seconds(31)), Duration::from_millis(29_500));
        assert_eq!(
            limits.budget(Some(Duration::MAX)),
            Duration::from_millis(29_500)
        );
    }
}
