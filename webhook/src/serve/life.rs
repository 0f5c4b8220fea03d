//! How far the server is in its life, and what it says of its health.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::watch;

use super::{pulse::Pulse, tls::Certificates};

/// How far the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Configuration and certificate are being loaded.
    Starting,
    /// Requests are served.
    Serving,
    /// Requests are served, but no more should come: each connection is closed with its next answer.
    Draining,
    /// Only requests in flight are served.
    Stopping,
}

/// Waits until the server stops.
pub(crate) async fn stopping(phase: &mut watch::Receiver<Phase>) {
    // without a sender nothing is left to serve for
    let _ = phase.wait_for(|phase| *phase >= Phase::Stopping).await;
}

/// What `/healthz` and `/readyz` are asked.
#[derive(Debug)]
pub(crate) struct Health {
    phase: watch::Receiver<Phase>,
    pulse: Arc<Pulse>,
    standstill: Duration,
    certificates: Arc<Certificates>,
}

impl Health {
    /// The health of a server that serves `certificates` and whose workers beat `pulse`; they stand
    /// still if they did not for `standstill`.
    pub(crate) fn new(
        phase: watch::Receiver<Phase>,
        pulse: Arc<Pulse>,
        standstill: Duration,
        certificates: Arc<Certificates>,
    ) -> Self {
        Self {
            phase,
            pulse,
            standstill,
            certificates,
        }
    }

    /// Whether the process works.
    ///
    /// # Errors
    /// Why it should be started anew.
    pub(crate) fn live(&self) -> Result<(), String> {
        let starting = *self.phase.borrow() == Phase::Starting;
        let silent = self.pulse.silent_for();
        if starting || silent < self.standstill {
            return Ok(());
        }
        Err(format!(
            "the workers stand still for {} s",
            silent.as_secs()
        ))
    }

    /// Whether requests should come.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn ready(&self) -> Result<(), String> {
        match *self.phase.borrow() {
            Phase::Starting => Err("configuration and certificate are being loaded".to_owned()),
            Phase::Draining | Phase::Stopping => Err("the server is draining".to_owned()),
            Phase::Serving if self.certificates.have_expired(SystemTime::now()) => {
                Err("the serving certificate has expired".to_owned())
            }
            Phase::Serving => self.live(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::tls::tests::{certificates, expired_certificates};

    fn health(standstill: Duration) -> (watch::Sender<Phase>, Health) {
        let (sender, phase) = watch::channel(Phase::Starting);
        let health = Health::new(phase, Arc::new(Pulse::new()), standstill, certificates());
        (sender, health)
    }

    #[test]
    fn ready_is_only_who_serves() {
        let (phase, health) = health(Duration::from_secs(60));
        let reason = || health.ready().unwrap_err();
        assert_eq!(reason(), "configuration and certificate are being loaded");
        phase.send_replace(Phase::Serving);
        assert_eq!(health.ready(), Ok(()));
        phase.send_replace(Phase::Draining);
        assert_eq!(reason(), "the server is draining");
        phase.send_replace(Phase::Stopping);
        assert_eq!(reason(), "the server is draining");
        assert_eq!(health.live(), Ok(()));
    }

    #[test]
    fn workers_that_stand_still_are_neither_live_nor_ready() {
        let (phase, health) = health(Duration::ZERO);
        assert_eq!(health.live(), Ok(()), "nothing runs yet");
        phase.send_replace(Phase::Serving);
        let reason = health.live().unwrap_err();
        assert!(
            reason.starts_with("the workers stand still for "),
            "{reason}"
        );
        assert!(health.ready().is_err());
    }

    #[test]
    fn nobody_could_connect_with_an_expired_certificate() {
        let (_phase, receiver) = watch::channel(Phase::Serving);
        let pulse = Arc::new(Pulse::new());
        let certificates = expired_certificates();
        let health = Health::new(receiver, pulse, Duration::from_secs(60), certificates);
        let reason = health.ready().unwrap_err();
        assert_eq!(reason, "the serving certificate has expired");
        assert_eq!(health.live(), Ok(()), "starting anew would mend nothing");
    }
}
