//! Whoever signed, in whichever form: the verdicts say exactly that.

use gatehouse_trust::{ImageFact, Reason, Verdict};
use proptest::{prelude::*, sample::select};
use tokio::runtime::Builder;

use crate::scene::{Scene, not_signed, verified};

/// How somebody signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    Not,
    AsCosign2,
    AsCosign3,
    AsBoth,
}

fn signed() -> impl Strategy<Value = Signed> {
    select(vec![
        Signed::Not,
        Signed::AsCosign2,
        Signed::AsCosign3,
        Signed::AsBoth,
    ])
}

impl Signed {
    fn in_tag(self) -> bool {
        matches!(self, Signed::AsCosign2 | Signed::AsBoth)
    }

    fn in_bundle(self) -> bool {
        matches!(self, Signed::AsCosign3 | Signed::AsBoth)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_verdicts_are_exactly_who_signed(builds in signed(), release in signed(), stranger in signed()) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let scene = Scene::new();
        let digest = scene.push("1.0", "");
        let who = [(&scene.builds, builds), (&scene.release, release), (&scene.stranger, stranger)];
        let layers: Vec<_> = who
            .iter()
            .filter(|(_, how)| how.in_tag())
            .map(|(key, _)| scene.layer(key, &digest))
            .collect();
        if !layers.is_empty() {
            scene.attach(&digest, &layers);
        }
        for (key, _) in who.iter().filter(|(_, how)| how.in_bundle()) {
            scene.refer(key, &digest);
        }
        let fact = runtime.block_on(scene.ask_for(":1.0", &["builds", "release"]));
        let ImageFact::Found { verdicts, .. } = fact else {
            panic!("the image is there: {fact:?}");
        };
        prop_assert_eq!(verdicts.len(), 2);
        let nobody = who.iter().all(|(_, how)| *how == Signed::Not);
        for (name, key, how, other) in [
            ("builds", &scene.builds, builds, ("release", release)),
            ("release", &scene.release, release, ("builds", builds)),
        ] {
            let signed_by: &[&str] = if other.1 == Signed::Not { &[] } else { &[other.0] };
            match &verdicts[name] {
                verdict if how != Signed::Not => prop_assert_eq!(verdict, &verified(&[key])),
                verdict if nobody => prop_assert_eq!(verdict, &not_signed()),
                Verdict::Failed(failed) => {
                    prop_assert_eq!(failed.reason, Reason::OtherSigner);
                    prop_assert_eq!(&failed.signed_by, signed_by);
                }
                other => prop_assert!(false, "{} is {:?}", name, other),
            }
        }
    }
}
