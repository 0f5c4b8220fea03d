//! Looking for changed files: polling, as the events of a file system miss what Kubernetes does with
//! links, and neither a certificate nor a policy is in a hurry.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use gatehouse_sandbox::Sandbox;

use super::{
    metrics::{Loaded, SharedMetrics},
    tls::{CertificateError, CertificateKeeper},
    trust_watch::TrustWatch,
};
use crate::config::{LoadError, Snapshot, Source, Surroundings, keep_trust};

/// Keeps configuration and certificate up to date, on a thread that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Reloader {
    stop: Option<Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Keeps a configuration up to date.
#[derive(Debug)]
pub(crate) struct ConfigKeeper {
    source: Source,
    surroundings: Surroundings,
    sandbox: Sandbox,
    snapshot: Arc<ArcSwap<Snapshot>>,
    /// Of the files that were tried last, whether they could be loaded or not.
    tried: [u8; 32],
}

/// What came of looking.
#[derive(Debug, PartialEq, Eq)]
enum Change<E> {
    None,
    Loaded,
    /// What was there is used further on.
    Refused(E),
}

impl Reloader {
    /// Looks every `interval`.
    ///
    /// # Errors
    /// When the machine has no thread left.
    pub(crate) fn start(
        mut config: ConfigKeeper,
        mut certificate: CertificateReloads,
        metrics: SharedMetrics,
        interval: Duration,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name("reload".to_owned());
        let thread = thread.spawn(move || {
            let mut trust = TrustWatch::default();
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                guarded(|| certificate.look(&metrics));
                guarded(|| config.look(&metrics));
                guarded(|| trust.look(&config.snapshot.load(), SystemTime::now()));
            }
        })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl ConfigKeeper {
    /// Loads the first configuration.
    ///
    /// # Errors
    /// All its mistakes.
    pub(crate) fn new(
        source: Source,
        surroundings: Surroundings,
        sandbox: Sandbox,
    ) -> Result<Self, LoadError> {
        let tried = source.fingerprint(&surroundings);
        let first = Snapshot::load(&source, &surroundings, &sandbox)?;
        Ok(Self {
            source,
            surroundings,
            sandbox,
            snapshot: Arc::new(ArcSwap::from_pointee(first)),
            tried,
        })
    }

    /// The configuration that is kept.
    pub(crate) fn snapshot(&self) -> Arc<ArcSwap<Snapshot>> {
        self.snapshot.clone()
    }

    fn look(&mut self, metrics: &SharedMetrics) {
        match self.renew() {
            Change::None => {}
            Change::Loaded => {
                metrics.reloaded(Loaded::Configuration, true);
                tell_configuration(&self.snapshot.load(), metrics);
            }
            Change::Refused(error) => {
                metrics.reloaded(Loaded::Configuration, false);
                let errors = error.to_string();
                tracing::error!(
                    errors,
                    "the configuration changed but cannot be loaded, the last good one stays in use"
                );
            }
        }
    }

    /// Loads the files if they changed, all of them or none.
    fn renew(&mut self) -> Change<LoadError> {
        let found = self.source.fingerprint(&self.surroundings);
        if found == self.tried {
            return Change::None;
        }
        let loaded = Snapshot::load(&self.source, &self.surroundings, &self.sandbox);
        if self.source.fingerprint(&self.surroundings) != found {
            // somebody is still writing: half of a change is no configuration
            return Change::None;
        }
        self.tried = found;
        let old = self.snapshot.load();
        let kept = loaded.and_then(|new| {
            keep_trust(&old, &new, SystemTime::now())?;
            Ok(new)
        });
        match kept {
            Ok(snapshot) => {
                self.snapshot.store(Arc::new(snapshot));
                Change::Loaded
            }
            Err(error) => Change::Refused(error),
        }
    }
}

/// A certificate's keeper and what it said last, so that a mistake is told once.
#[derive(Debug)]
pub(crate) struct CertificateReloads {
    keeper: CertificateKeeper,
    told: Option<CertificateError>,
}

impl CertificateReloads {
    pub(crate) fn new(keeper: CertificateKeeper) -> Self {
        Self { keeper, told: None }
    }

    fn look(&mut self, metrics: &SharedMetrics) {
        match self.renew(SystemTime::now()) {
            Change::None => {}
            Change::Loaded => {
                metrics.reloaded(Loaded::Certificate, true);
                let not_after = self.keeper.certificates().not_after();
                metrics.set_certificate_not_after(not_after);
                tracing::info!("the serving certificate was replaced");
            }
            Change::Refused(error) => {
                metrics.reloaded(Loaded::Certificate, false);
                tracing::error!(%error, "the serving certificate changed but cannot be used, the old one is served");
            }
        }
    }

    fn renew(&mut self, now: SystemTime) -> Change<CertificateError> {
        match self.keeper.renew(now) {
            Ok(is_new) => {
                // the old certificate, put back after a broken one, is as good as a new one
                let mended = self.told.take().is_some();
                if is_new || mended {
                    Change::Loaded
                } else {
                    Change::None
                }
            }
            Err(error) if self.told.as_ref() == Some(&error) => Change::None,
            Err(error) => {
                self.told = Some(error.clone());
                Change::Refused(error)
            }
        }
    }
}

/// Tells log and metrics what requests are judged by now.
pub(crate) fn tell_configuration(snapshot: &Snapshot, metrics: &SharedMetrics) {
    let policies = snapshot.set.policies().len();
    metrics.set_policies(policies);
    let config_sha256 = &snapshot.sha256;
    if policies == 0 {
        tracing::warn!(
            config_sha256,
            "the configuration has no Policy, which means that nothing is judged"
        );
    } else {
        tracing::info!(config_sha256, policies, "the configuration is loaded");
    }
}

/// A bug in loading must not end the thread: files that change later would never be seen.
fn guarded(look: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(look));
}
