use std::time::{Instant, SystemTime};

use gatehouse_core::Asked;
use gatehouse_trust::{ImageFact, ImageTrust, Question, registry::Access};
use serde_json::Value;
use tokio::time::timeout_at;

use super::{Asking, FactRecord, PullSecrets};
use crate::config::Snapshot;

/// Where facts about images come from: first from a record, then from registries.
#[derive(Clone, Debug, Default)]
pub struct ImageSource {
    /// What was recorded before.
    pub known: Option<FactRecord>,
    /// Asks registries; without it nobody is asked.
    pub trust: Option<ImageTrust>,
    /// Where what registries said is recorded.
    pub record: Option<FactRecord>,
    /// The credentials of pods; without it only Gatehouse's own are used.
    pub pull_secrets: Option<PullSecrets>,
}

impl ImageSource {
    /// What is known of an image: in the fact itself it says what could not be had, so that a policy can say
    /// all the rest.
    pub(super) async fn fetch(
        &self,
        asked: &Asked,
        asking: Asking<'_>,
        deadline: Instant,
    ) -> Value {
        let policy = policy_name(asked, asking.snapshot);
        let known = self.known.as_ref();
        if let Some(value) = known.and_then(|known| known.get(policy, &asked.need)) {
            return value;
        }
        let fact = match &self.trust {
            Some(trust) => self.ask(trust, asked, asking, deadline).await,
            None => ImageFact::Unavailable(
                "it is not in the record, and nobody is asked: write it with `gatehouse check --record`"
                    .into(),
            ),
        };
        let value = fact.to_value(SystemTime::now());
        if let Some(record) = self.record.as_ref().filter(|_| fact.is_known()) {
            record.add(policy, &asked.need, value.clone());
        }
        value
    }

    async fn ask(
        &self,
        trust: &ImageTrust,
        asked: &Asked,
        asking: Asking<'_>,
        deadline: Instant,
    ) -> ImageFact {
        let registries = &asking.snapshot.registries;
        let client = match registries.client() {
            Ok(client) => client,
            Err(error) => return ImageFact::Unavailable(error.to_string()),
        };
        let policies = &asking.snapshot.policies;
        let runner = asked.policy.and_then(|policy| policies.get(policy));
        let authorities = runner.map(|runner| runner.authorities.current());
        let access = asking.access.get_or_init(|| self.access(asking, deadline));
        let Some(access) = access.await else {
            let why = "the API server did not give the pull secrets in time";
            return ImageFact::Unavailable(why.to_owned());
        };
        let question = Question {
            reference: &asked.need.key,
            wanted: &asked.need.authorities,
            authorities: &authorities.unwrap_or_default(),
            client,
            access,
        };
        trust.image(question, deadline.into()).await
    }

    /// In whose name registries are asked; `None` when that cannot be said in time.
    async fn access(&self, asking: Asking<'_>, deadline: Instant) -> Option<Access> {
        let own = asking.snapshot.registries.access();
        match (&self.pull_secrets, asking.puller) {
            (Some(secrets), Some(puller)) => {
                let access = secrets.access(puller, own);
                timeout_at(deadline.into(), access).await.ok()
            }
            _ => Some(own),
        }
    }
}

/// The policy that asks, where its authorities matter.
fn policy_name<'s>(asked: &Asked, snapshot: &'s Snapshot) -> &'s str {
    let policies = snapshot.set.policies();
    let policy = asked.policy.and_then(|policy| policies.get(policy));
    policy.map_or("", |policy| &policy.name)
}
