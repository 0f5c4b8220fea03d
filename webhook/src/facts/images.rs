use std::{sync::Arc, time::Instant};

use gatehouse_core::Asked;
use gatehouse_trust::{ImageFact, ImageTrust, Question, registry::Access};
use serde_json::Value;

use super::FactRecord;
use crate::config::Snapshot;

/// Where facts about images come from: first from a record, then from registries.
#[derive(Clone, Debug, Default)]
pub struct ImageSource {
    /// What was recorded before.
    pub known: FactRecord,
    /// Asks registries; without it nobody is asked.
    pub trust: Option<ImageTrust>,
    /// Where what registries said is recorded.
    pub record: Option<FactRecord>,
}

impl ImageSource {
    /// Registries alone.
    pub fn registries(trust: ImageTrust) -> Self {
        Self {
            trust: Some(trust),
            ..Self::default()
        }
    }

    /// What is known of an image: in the fact itself it says what could not be had, so that a policy can say
    /// all the rest.
    pub(super) async fn fetch(
        &self,
        asked: &Asked,
        snapshot: &Snapshot,
        deadline: Instant,
    ) -> Value {
        let policy = policy_name(asked, snapshot);
        if let Some(value) = self.known.get(policy, &asked.need) {
            return value;
        }
        let fact = match &self.trust {
            Some(trust) => ask(trust, asked, snapshot, deadline).await,
            None => ImageFact::Unavailable("not in the record, and --offline asks nobody".into()),
        };
        let value = fact.to_value();
        if let Some(record) = self.record.as_ref().filter(|_| fact.is_known()) {
            record.add(policy, &asked.need, value.clone());
        }
        value
    }
}

async fn ask(
    trust: &ImageTrust,
    asked: &Asked,
    snapshot: &Snapshot,
    deadline: Instant,
) -> ImageFact {
    let client = match snapshot.registries.client() {
        Ok(client) => client,
        Err(error) => return ImageFact::Unavailable(error.to_string()),
    };
    let runner = asked
        .policy
        .and_then(|policy| snapshot.policies.get(policy));
    let authorities = runner.map_or_else(Arc::default, |runner| Arc::clone(&runner.authorities));
    let access = Access {
        keychain: Arc::clone(snapshot.registries.keychain()),
        ..Access::default()
    };
    let question = Question {
        reference: &asked.need.key,
        wanted: &asked.need.authorities,
        authorities: &authorities,
        client,
        access: &access,
    };
    trust.image(question, deadline.into()).await
}

/// The policy that asks, where its authorities matter.
fn policy_name<'s>(asked: &Asked, snapshot: &'s Snapshot) -> &'s str {
    let policies = snapshot.set.policies();
    let policy = asked.policy.and_then(|policy| policies.get(policy));
    policy.map_or("", |policy| &policy.name)
}
