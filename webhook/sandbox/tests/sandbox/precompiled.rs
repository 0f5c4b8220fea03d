use gatehouse_sandbox::{LoadError, Policy};
use proptest::{prelude::*, sample::Index};

use crate::support::*;

#[test]
fn precompiled_code_loads_in_another_sandbox() {
    let wasm = wasm("witness");
    let precompiled = sandbox(|_| {}).precompile(&wasm).unwrap();
    let other = sandbox(|limits| (limits.instances, limits.memory) = (2, 4 << 20));
    let module = other.load_precompiled(&precompiled, &wasm).unwrap();
    assert!(module.is_precompiled());
    assert_eq!(module.sha256(), other.load(&wasm).unwrap().sha256());
    assert!(matches!(
        run(&Policy::new(module, tree("null"))),
        Ok(Some(_))
    ));
}

#[test]
fn precompiling_says_the_same_twice() {
    let wasm = wasm("witness");
    let precompile = || sandbox(|_| {}).precompile(&wasm).unwrap();
    assert_eq!(precompile(), precompile());
}

#[test]
fn code_of_another_module_is_compiled_instead() {
    let sandbox = sandbox(|_| {});
    let precompiled = sandbox.precompile(&wasm("traps-in-evaluate")).unwrap();
    let module = sandbox
        .load_precompiled(&precompiled, &wasm("silent"))
        .unwrap();
    assert!(!module.is_precompiled());
    assert_eq!(run(&Policy::new(module, tree("null"))), Ok(None));
}

#[test]
fn a_module_that_does_not_load_is_not_precompiled_either() {
    let sandbox = sandbox(|_| {});
    let wasm = wasm("imports-a-function");
    let error = sandbox.precompile(&wasm).unwrap_err();
    assert!(matches!(error, LoadError::Import { .. }));
    assert_eq!(sandbox.load_precompiled(b"", &wasm).unwrap_err(), error);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Any bit of the file, its header or its code, may be wrong: the module is compiled instead.
    #[test]
    fn damaged_code_is_compiled_instead(at in any::<Index>(), in_header in any::<bool>(), bit in 0..8u8) {
        let sandbox = sandbox(|_| {});
        let wasm = wasm("silent");
        let mut precompiled = sandbox.precompile(&wasm).unwrap();
        let at = at.index(if in_header { 112 } else { precompiled.len() });
        precompiled[at] ^= 1u8 << bit;
        let module = sandbox.load_precompiled(&precompiled, &wasm).unwrap();
        prop_assert!(!module.is_precompiled());
        prop_assert_eq!(run(&Policy::new(module, tree("null"))), Ok(None));
    }
}
