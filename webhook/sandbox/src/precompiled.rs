//! Code compiled beforehand, and the only `unsafe` of this crate.
//!
//! ```text
//! magic | SHA-256 of the build: wasmtime's version and every setting that code depends on
//!       | SHA-256 of the module it was compiled from | SHA-256 of the code | the code
//! ```

use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmtime::{Config, Engine, Module};

use crate::sandbox::reason;

const MAGIC: [u8; 16] = *b"gatehouse-code\x001";

/// The target is named, as otherwise code would be compiled for the very processor of the build machine.
const TARGET: Option<&str> = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    Some("x86_64-unknown-linux-gnu")
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    Some("aarch64-unknown-linux-gnu")
} else {
    None
};

/// Why code is not used.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("it is not code compiled beforehand")]
    Foreign,
    #[error("it was compiled by another build")]
    OtherBuild,
    #[error("it was compiled from another module")]
    OtherModule,
    #[error("it is damaged")]
    Damaged,
    #[error("the engine refuses it: {0}")]
    Engine(String),
}

struct Header {
    magic: [u8; 16],
    build: [u8; 32],
    module: [u8; 32],
    code: [u8; 32],
}

impl Header {
    const LEN: usize = 16 + 3 * 32;

    fn of(engine: &Engine, module: &[u8; 32], code: &[u8]) -> Self {
        Self {
            magic: MAGIC,
            build: build(engine),
            module: *module,
            code: Sha256::digest(code).into(),
        }
    }

    fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let parts: [&[u8]; 4] = [&self.magic, &self.build, &self.module, &self.code];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }
}

/// Code with the header that says what it is.
pub(crate) fn seal(engine: &Engine, code: &[u8], module: &[u8; 32]) -> Vec<u8> {
    let header = Header::of(engine, module, code).to_bytes();
    [&header, code].concat()
}

/// The code in `sealed`, if this build compiled it from `module` and not a bit of it has changed since.
pub(crate) fn open(engine: &Engine, sealed: &[u8], module: &[u8; 32]) -> Result<Module, Refusal> {
    let code = verify(engine, sealed, module)?;
    deserialize(engine, code)
}

fn verify<'a>(engine: &Engine, sealed: &'a [u8], module: &[u8; 32]) -> Result<&'a [u8], Refusal> {
    let (magic, rest) = sealed.split_first_chunk::<16>().ok_or(Refusal::Foreign)?;
    let (build, rest) = rest.split_first_chunk::<32>().ok_or(Refusal::Foreign)?;
    let (of_module, rest) = rest.split_first_chunk::<32>().ok_or(Refusal::Foreign)?;
    let (of_code, code) = rest.split_first_chunk::<32>().ok_or(Refusal::Foreign)?;
    let right = Header::of(engine, module, code);
    match () {
        () if *magic != right.magic => Err(Refusal::Foreign),
        () if *build != right.build => Err(Refusal::OtherBuild),
        () if *of_module != right.module => Err(Refusal::OtherModule),
        () if *of_code != right.code => Err(Refusal::Damaged),
        () => Ok(code),
    }
}

#[allow(unsafe_code, reason = "wasmtime cannot check the code; `verify` has")]
fn deserialize(engine: &Engine, code: &[u8]) -> Result<Module, Refusal> {
    // SAFETY: the code must come from this version of wasmtime, unchanged. `verify` has just compared its
    // digest with the one that `seal` wrote, and the digest of the build with that of this engine.
    let module = unsafe { Module::deserialize(engine, code) };
    module.map_err(|error| Refusal::Engine(reason(&error)))
}

/// Compiles for every machine of this architecture (x86-64 from its second level on) and not just for
/// the one that compiles.
#[allow(unsafe_code, reason = "a compiler flag by name")]
pub(crate) fn set_target(config: &mut Config) -> wasmtime::Result<()> {
    if let Some(target) = TARGET {
        config.target(target)?;
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // SAFETY: a wrong flag could break the compiler's invariants. This is a preset of instruction
        // sets that it defines itself, and the engine refuses to start on a processor that lacks them.
        unsafe { config.cranelift_flag_enable("x86-64-v2") };
    }
    Ok(())
}

/// Digest of everything that code depends on.
fn build(engine: &Engine) -> [u8; 32] {
    let mut digest = Digester(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.finalize().into()
}

/// Hashes what wasmtime calls relevant, as it has no stable digest of its own.
struct Digester(Sha256);

impl Hasher for Digester {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, engine::engine_config};

    const MODULE: [u8; 32] = [7; 32];

    fn engine() -> Engine {
        Engine::new(&engine_config(&Limits::default()).unwrap()).unwrap()
    }

    fn sealed(engine: &Engine) -> Vec<u8> {
        let code = engine
            .precompile_module(&wat::parse_str("(module)").unwrap())
            .unwrap();
        seal(engine, &code, &MODULE)
    }

    #[test]
    fn what_was_sealed_opens_in_another_engine_of_the_build() {
        let sealed = sealed(&engine());
        assert!(open(&engine(), &sealed, &MODULE).is_ok());
    }

    #[test]
    fn each_region_is_checked() {
        let engine = engine();
        let sealed = sealed(&engine);
        let last = sealed.len() - 1;
        for (at, refusal) in [
            (0, Refusal::Foreign),
            (15, Refusal::Foreign),
            (16, Refusal::OtherBuild),
            (47, Refusal::OtherBuild),
            (48, Refusal::OtherModule),
            (79, Refusal::OtherModule),
            (80, Refusal::Damaged),
            (111, Refusal::Damaged),
            (112, Refusal::Damaged),
            (last, Refusal::Damaged),
        ] {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(
                verify(&engine, &damaged, &MODULE),
                Err(refusal),
                "byte {at}"
            );
        }
    }

    #[test]
    fn a_piece_is_not_enough_and_a_byte_more_is_too_much() {
        let engine = engine();
        let mut sealed = sealed(&engine);
        for len in 0..Header::LEN {
            assert_eq!(
                verify(&engine, &sealed[..len], &MODULE),
                Err(Refusal::Foreign)
            );
        }
        for len in [Header::LEN, sealed.len() - 1] {
            assert_eq!(
                verify(&engine, &sealed[..len], &MODULE),
                Err(Refusal::Damaged)
            );
        }
        sealed.push(0);
        assert_eq!(verify(&engine, &sealed, &MODULE), Err(Refusal::Damaged));
    }

    #[test]
    fn code_of_another_module_or_another_configuration_is_refused() {
        let engine = engine();
        let sealed = sealed(&engine);
        assert_eq!(
            verify(&engine, &sealed, &[8; 32]),
            Err(Refusal::OtherModule)
        );
        let mut config = engine_config(&Limits::default()).unwrap();
        let other = Engine::new(config.epoch_interruption(false)).unwrap();
        assert_eq!(verify(&other, &sealed, &MODULE), Err(Refusal::OtherBuild));
    }

    /// A header can be forged; the engine's own check of what follows is the last line.
    #[test]
    fn what_only_looks_sealed_is_refused_by_the_engine() {
        let engine = engine();
        let forged = seal(&engine, b"\x7fELF, but no further", &MODULE);
        assert!(matches!(
            open(&engine, &forged, &MODULE),
            Err(Refusal::Engine(_))
        ));
    }
}
