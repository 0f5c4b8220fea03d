use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

use crate::{Limits, precompiled};

/// The unit in which running time is measured.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Bytes of an instance's memory, and of its table, whose pages are cleared for the next one instead of
/// given back: more than a policy touches that judges a pod of 20 KB.
const KEEP_RESIDENT: usize = 256 << 10;

/// What Rust 1.95 compiles to and no more: every further proposal is only more compiler to be attacked.
const PROPOSALS: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::FLOATS);

/// The one configuration, for running as for compiling beforehand: code of another one does not load.
pub(crate) fn engine_config(limits: &Limits) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    precompiled::set_target(&mut config)?;
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(PROPOSALS, true)
        .epoch_interruption(true)
        // A policy is a pure function, on every processor.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(limits.stack)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)))
        // A trap's kind is all that is told of it.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    Ok(config)
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    // Before Linux 6.7 the kernel cannot tell which pages were touched, and clearing all costs more than
    // page faults.
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
    let keep_resident = if scan { KEEP_RESIDENT } else { 0 };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(limits.instances)
        .total_memories(limits.instances)
        .total_tables(limits.instances)
        .max_unused_warm_slots(limits.instances)
        .max_memories_per_module(1)
        .max_memory_size(limits.memory)
        .max_tables_per_module(1)
        .table_elements(limits.table)
        .linear_memory_keep_resident(keep_resident)
        .table_keep_resident(keep_resident)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// A thread that counts the milliseconds by which running policies are measured, until it is dropped.
///
/// It does not catch up with time in which the process was not let run: a policy is not to blame for a
/// container that is throttled.
pub(crate) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: Engine) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let tick = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        };
        let thread = thread::Builder::new()
            .name("policy-clock".into())
            .spawn(tick)?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked, and if it had, nothing could be done about it here.
            let _ = thread.join();
        }
    }
}
