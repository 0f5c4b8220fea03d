//! Trust roots that are fetched.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use gatehouse_test_sigstore::{Sigstore, TufRepository};
use gatehouse_trust::{Authorities, LiveAuthorities, TrustRoots, registry::Limits};
use serde_json::{Value, json};

use crate::{
    kit::{at, authorities, judge, keyless, only},
    server::{Reply, Server},
};

/// Long enough for machines that are busy.
pub(crate) const TIME: Duration = Duration::from_secs(60);

/// A mirror, what it serves, and who follows it.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) repository: TufRepository,
    pub(crate) roots: TrustRoots,
    pub(crate) live: LiveAuthorities,
    /// The authority that follows it.
    pub(crate) document: Value,
}

impl Scene {
    /// A mirror that serves nothing yet.
    pub(crate) async fn of(sigstore: &Sigstore) -> Self {
        Self::with(TufRepository::of(&sigstore.trust_root())).await
    }

    pub(crate) async fn with(repository: TufRepository) -> Self {
        let (server, roots) = (Server::start().await, TrustRoots::default());
        let document = following(&server, &repository);
        let live = roots.follow(authorities(&json!({"ci": document})));
        Self {
            server,
            repository,
            roots,
            live,
            document,
        }
    }

    /// Serves what the repository has now, and asks for it once.
    pub(crate) async fn fetch(&self) {
        self.server.serve(self.repository.files());
        self.roots.fetch(&self.server.client(), TIME).await;
    }

    pub(crate) fn current(&self) -> Arc<Authorities> {
        self.live.current()
    }

    /// Why nothing can be verified now.
    pub(crate) fn fault(&self) -> Option<String> {
        only(&self.current()).trust_root_fault(SystemTime::now())
    }

    /// How often it was refreshed, and how often that failed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let statuses = self.roots.statuses();
        (statuses[0].succeeded, statuses[0].failed)
    }

    pub(crate) fn trusts(&self, sigstore: &Sigstore) -> bool {
        judge(only(&self.current()), sigstore).is_ok()
    }
}

pub(crate) fn following(server: &Server, repository: &TufRepository) -> Value {
    let root = String::from_utf8(repository.root()).unwrap();
    keyless(json!({"tuf": {"mirror": server.url(), "root": root}}))
}

#[tokio::test]
async fn before_the_first_success_nothing_can_be_checked() {
    let sigstore = Sigstore::new();
    let scene = Scene::of(&sigstore).await;
    let url = scene.server.url();
    assert_eq!(
        scene.fault().unwrap(),
        format!("the trust root of `{url}` has not been fetched yet")
    );
    assert!(!scene.trusts(&sigstore));
    scene.roots.fetch(&scene.server.client(), TIME).await;
    assert_eq!(
        scene.fault().unwrap(),
        format!("the trust root of `{url}` has not been fetched yet: timestamp.json not found")
    );
    scene.fetch().await;
    assert_eq!(scene.fault(), None);
    assert!(scene.trusts(&sigstore));
    assert_eq!(scene.counts(), (1, 1));
}

#[tokio::test]
async fn a_new_trust_root_makes_other_authorities_and_the_same_one_does_not() {
    let (old, new) = (Sigstore::new(), Sigstore::new());
    let mut scene = Scene::of(&old).await;
    scene.fetch().await;
    let first = scene.current();
    scene.repository.publish(&old.trust_root());
    scene.fetch().await;
    assert_eq!(scene.current().id(), first.id());
    scene.repository.publish(&new.trust_root());
    scene.fetch().await;
    assert_ne!(scene.current().id(), first.id());
    assert!(scene.trusts(&new) && !scene.trusts(&old));
    // whoever began with the old ones ends with them
    assert!(judge(only(&first), &old).is_ok());
    assert_eq!(scene.counts(), (3, 0));
}

#[tokio::test]
async fn many_authorities_ask_one_mirror_once() {
    let sigstore = Sigstore::new();
    let scene = Scene::of(&sigstore).await;
    let document = &scene.document;
    let two = scene
        .roots
        .follow(authorities(&json!({"a": document, "b": document})));
    scene.fetch().await;
    assert_eq!(scene.server.asked("timestamp.json"), 1);
    let fault = |a: &gatehouse_trust::Authority| a.trust_root_fault(SystemTime::now());
    assert!(
        two.current()
            .iter()
            .all(|authority| fault(authority).is_none())
    );
    // a configuration that is loaded again begins where the last one was
    let again = scene.roots.follow(authorities(&json!({"a": document})));
    assert_eq!(fault(only(&again.current())), None);
    assert_eq!(scene.roots.statuses().len(), 1);
}

#[tokio::test]
async fn what_nobody_names_any_more_is_not_asked() {
    let Scene {
        server,
        roots,
        live,
        ..
    } = Scene::of(&Sigstore::new()).await;
    drop(live);
    roots.fetch(&server.client(), TIME).await;
    assert_eq!(server.asked("timestamp.json"), 0);
    assert!(roots.statuses().is_empty());
}

#[tokio::test]
async fn the_last_good_one_is_used_until_its_metadata_end() {
    let sigstore = Sigstore::new();
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut repository = TufRepository::of(&sigstore.trust_root());
        repository
            .ends
            .insert(role, "2090-01-01T00:00:00Z".to_owned());
        let scene = Scene::with(repository).await;
        scene.fetch().await;
        scene.server.reply("timestamp.json", Reply::Status(500));
        scene.roots.fetch(&scene.server.client(), TIME).await;
        assert!(scene.fault().is_none() && scene.trusts(&sigstore), "{role}");
        assert_eq!(scene.counts(), (1, 1));
        let current = scene.current();
        let end = 3_786_912_000;
        assert_eq!(only(&current).trust_root_metadata_end(), Some(at(end)));
        assert_eq!(only(&current).trust_root_fault(at(end)), None);
        let host = scene
            .server
            .url()
            .replace("http://", "")
            .replace("/tuf", "");
        assert_eq!(
            only(&current).trust_root_fault(at(end + 1)).unwrap(),
            format!(
                "the trust root was not fetched again before its metadata (TUF) ended on 2090-01-01 00:00 UTC: {host}: answered 500"
            )
        );
    }
}

#[tokio::test]
async fn keys_are_replaced_by_a_root_that_the_old_keys_signed() {
    let (old, new) = (Sigstore::new(), Sigstore::new());
    let mut scene = Scene::of(&old).await;
    scene.fetch().await;
    scene.repository.rotate(true);
    scene.repository.publish(&new.trust_root());
    scene.server.serve(scene.repository.rotated_files());
    scene.roots.fetch(&scene.server.client(), TIME).await;
    assert_eq!(scene.fault(), None);
    assert!(scene.trusts(&new) && !scene.trusts(&old));
    assert_eq!(scene.counts(), (2, 0));
}

#[tokio::test]
async fn a_trust_root_that_lacks_something_is_said_to() {
    let sigstore = Sigstore::new();
    let mut lacking = sigstore.trust_root();
    lacking["ctlogs"] = json!([]);
    let scene = Scene::with(TufRepository::of(&lacking)).await;
    scene.fetch().await;
    assert_eq!(
        scene.fault().unwrap(),
        "the trust root lacks a log of certificates (certificate transparency), which `keyless` needs"
    );
    assert!(!scene.trusts(&sigstore));
}

#[tokio::test]
async fn it_is_kept_fresh_and_one_that_hangs_keeps_no_other_waiting() {
    let (sigstore, roots) = (Sigstore::new(), TrustRoots::default());
    let (hanging, good) = (Server::start().await, Server::start().await);
    let repository = TufRepository::of(&sigstore.trust_root());
    good.serve(repository.files());
    hanging.reply("2.root.json", Reply::Silence);
    let live = roots.follow(authorities(&json!({
        "a-hangs": following(&hanging, &repository),
        "good": following(&good, &repository),
    })));
    let (keeper, client) = (
        roots.clone(),
        Server::client_of(&[&hanging, &good], Limits::default()),
    );
    let keeper = tokio::spawn(async move { keeper.keep_fresh(|| Some(client.clone())).await });
    while live
        .current()
        .get("good")
        .unwrap()
        .trust_root_fault(SystemTime::now())
        .is_some()
    {
        tokio::task::yield_now().await;
    }
    assert!(!keeper.is_finished());
    let hangs = live.current();
    let fault = hangs
        .get("a-hangs")
        .unwrap()
        .trust_root_fault(SystemTime::now());
    assert!(fault.unwrap().ends_with("has not been fetched yet"));
    keeper.abort();
}
