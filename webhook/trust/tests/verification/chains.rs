//! The chain that cosign 2 writes beside a keyless signature: a source of intermediate certificates, and never
//! of anchors.

use gatehouse_trust::{
    Authority,
    signature::{Rejection, Signer},
};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::json;

use crate::kit::*;

/// A Sigstore whose trust root names the anchor only.
struct Scene {
    sigstore: Sigstore,
    authority: Authority,
}

impl Scene {
    fn new(root: Ca, fulcio: Ca) -> Self {
        let sigstore = Sigstore::of(root, fulcio);
        let anchor = pem::parse(&sigstore.root.pem).unwrap();
        let mut root = sigstore.trust_root();
        root["certificateAuthorities"][0]["certChain"]["certificates"] =
            json!([{"rawBytes": base64(anchor.contents())}]);
        let authority = authority(json!({
            "keyless": {"issuer": Workload::ISSUER, "subject": Workload::SUBJECT},
            "trustRoot": root.to_string(),
        }));
        Self {
            sigstore,
            authority,
        }
    }

    fn usual() -> Self {
        let root = Ca::new("Acme Sigstore");
        let fulcio = root.intermediate_for("Acme Fulcio", for_code());
        Self::new(root, fulcio)
    }

    /// The verdict on a layer with this chain and a log entry, and on one with a timestamp instead.
    fn verdict(&self, chain: &[&Ca]) -> Result<Signer, Rejection> {
        let chain: String = chain.iter().map(|ca| ca.pem.as_str()).collect();
        let (key, workload) = (Key::p256(), Workload::default());
        let logged = self.sigstore.layer_by(&key, &workload);
        let verdict = logged.annotate("chain", &chain).verify(&self.authority);
        let certificate = self.sigstore.certificate(&key, &workload);
        let layer = Layer::of(&key).annotate("certificate", certificate);
        let timestamp = self.sigstore.tsa.annotation(&layer, INTEGRATED);
        let stamped = layer
            .annotate("rfc3161timestamp", timestamp)
            .annotate("chain", chain);
        assert_eq!(verdict, stamped.verify(&self.authority));
        verdict
    }
}

fn for_code() -> Vec<ExtendedKeyUsagePurpose> {
    vec![ExtendedKeyUsagePurpose::CodeSigning]
}

fn is_other_authority(verdict: &Result<Signer, Rejection>) -> bool {
    matches!(verdict, Err(Rejection::OtherAuthority(_)))
}

#[test]
fn the_chain_leads_from_the_certificate_to_the_anchor() {
    let scene = Scene::usual();
    let Sigstore { root, fulcio, .. } = &scene.sigstore;
    let verdict = scene.verdict(&[fulcio]);
    assert_eq!(
        verdict.unwrap().identity.as_deref(),
        Some(Workload::SUBJECT)
    );
    // as cosign writes it, and in any order
    assert!(scene.verdict(&[fulcio, root]).is_ok());
    assert!(scene.verdict(&[root, fulcio]).is_ok());
    let stranger = Ca::new("Stranger");
    assert!(scene.verdict(&[&stranger, fulcio]).is_ok());
}

#[test]
fn without_the_right_intermediate_there_is_no_way() {
    let scene = Scene::usual();
    let root = &scene.sigstore.root;
    let namesake = root.intermediate_for("Acme Fulcio", for_code());
    for chain in [&[][..], &[root], &[&namesake], &[&namesake, root]] {
        let verdict = scene.verdict(chain);
        assert!(is_other_authority(&verdict), "{verdict:?}");
    }
}

#[test]
fn a_root_that_the_chain_brings_is_no_anchor() {
    let scene = Scene::usual();
    let root = Ca::new("Acme Sigstore");
    let fulcio = root.intermediate_for("Acme Fulcio", for_code());
    let mut impostor = Scene::new(root, fulcio);
    // all else is the victim's own: its logs, its timestamp authority, what it trusts
    let Scene {
        sigstore,
        authority,
    } = scene;
    impostor.sigstore.ct = sigstore.ct;
    impostor.sigstore.log = sigstore.log;
    impostor.sigstore.tsa = sigstore.tsa;
    impostor.authority = authority;
    let Sigstore { root, fulcio, .. } = &impostor.sigstore;
    for chain in [&[fulcio][..], &[fulcio, root], &[root, fulcio]] {
        let verdict = impostor.verdict(chain);
        assert!(is_other_authority(&verdict), "{verdict:?}");
    }
}

#[test]
fn an_intermediate_must_be_valid_when_it_signed() {
    let of = |from, until| {
        let root = Ca::new("Acme Sigstore");
        let fulcio = root.intermediate_for("Acme Fulcio", for_code());
        let fulcio = root.reissued(fulcio, from, until);
        let scene = Scene::new(root, fulcio);
        scene.verdict(&[&scene.sigstore.fulcio])
    };
    let from = Workload::default().leaf.from;
    assert!(of(from, INTEGRATED).is_ok());
    for (from, until) in [(from, INTEGRATED - 1), (INTEGRATED + 1, INTEGRATED + 60)] {
        let verdict = of(from, until);
        assert!(
            matches!(verdict, Err(Rejection::UnusableCertificate(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn an_intermediate_must_be_an_authority_for_signing_code() {
    let root = Ca::new("Acme Sigstore");
    let usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let fulcio = root.intermediate_for("Acme Fulcio", usages);
    let scene = Scene::new(root, fulcio);
    assert!(scene.verdict(&[&scene.sigstore.fulcio]).is_err());
}
