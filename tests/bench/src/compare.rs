//! The webhook beside a bare echo server, in turns, within one run.

use std::{env, path::Path, time::Duration};

use crate::{
    client::{Load, Target},
    samples::BODY,
    server::{Server, Used},
};

/// Turns that each server gets for each number of connections.
const TURNS: u32 = 5;

const WARM_UP: Duration = Duration::from_millis(500);

/// A server under load.
struct Contender {
    name: &'static str,
    server: Server,
    target: Target,
}

/// What became of a contender with one number of connections.
#[derive(Default)]
struct Measured {
    load: Load,
    used: Used,
}

/// Prints a table in Markdown. Each server is under load for `time` for each number of connections.
pub(crate) fn run(gatehouse: &Path, time: Duration) -> Result<(), String> {
    let contenders = [Contender::echo()?, Contender::gatehouse(gatehouse)?];
    for contender in &contenders {
        contender.target.load(8, WARM_UP)?;
    }
    println!(
        "| connections | server | requests/s | p50 | p99 | processor time a request | memory |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|");
    for connections in [1, 8] {
        let measured = measure(&contenders, connections, time)?;
        for (contender, measured) in contenders.iter().zip(&measured) {
            println!(
                "| {connections} | {} | {} |",
                contender.name,
                measured.columns()
            );
        }
        let [echo, gatehouse] = &measured;
        println!("| {connections} | ratio | {} |", gatehouse.ratios(echo));
    }
    Ok(())
}

fn measure(
    contenders: &[Contender; 2],
    connections: usize,
    time: Duration,
) -> Result<[Measured; 2], String> {
    let mut measured = [Measured::default(), Measured::default()];
    for _ in 0..TURNS {
        for (contender, measured) in contenders.iter().zip(&mut measured) {
            let before = contender.server.used();
            measured
                .load
                .add(contender.target.load(connections, time / TURNS)?);
            let after = contender.server.used();
            measured.used.memory = after.memory;
            measured.used.processor += after.processor.saturating_sub(before.processor);
        }
    }
    Ok(measured)
}

impl Contender {
    fn echo() -> Result<Self, String> {
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let arguments = |folder: &Path| vec!["echo".to_owned(), folder.display().to_string()];
        Self::new(
            "bare echo",
            Server::start(&program, arguments)?,
            "AdmissionReview",
        )
    }

    fn gatehouse(program: &Path) -> Result<Self, String> {
        let arguments = |folder: &Path| {
            let file = |name: &str| folder.join(name).display().to_string();
            let (authority, ready) = (file("ca.crt"), file("ready.json"));
            let arguments = [
                "serve",
                "--default-policies",
                "--tls-self-signed",
                "--tls-ca-out",
                &authority,
                "--ready-file",
                &ready,
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ];
            arguments.map(str::to_owned).into()
        };
        Self::new(
            "gatehouse",
            Server::start(program, arguments)?,
            "\"allowed\":true",
        )
    }

    fn new(name: &'static str, server: Server, expected: &'static str) -> Result<Self, String> {
        let body = BODY.trim_end().as_bytes();
        let target = Target::new(server.address, &server.authority()?, body, expected)?;
        Ok(Self {
            name,
            server,
            target,
        })
    }
}

impl Measured {
    fn columns(&self) -> String {
        format!(
            "{:.0} | {} | {} | {} | {:.1} MiB",
            self.load.rate(),
            micros(self.load.percentile(0.5)),
            micros(self.load.percentile(0.99)),
            micros(self.processor()),
            self.used.memory as f64 / f64::from(1 << 20),
        )
    }

    fn ratios(&self, of: &Measured) -> String {
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
        let latency = |share| ratio(self.load.percentile(share), of.load.percentile(share));
        format!(
            "{:.2} | {:.2} | {:.2} | {:.2} | {:.2}",
            self.load.rate() / of.load.rate(),
            latency(0.5),
            latency(0.99),
            ratio(self.processor(), of.processor()),
            self.used.memory as f64 / of.used.memory as f64,
        )
    }

    /// Of one request.
    fn processor(&self) -> Duration {
        self.used.processor / (self.load.latencies.len() as u32).max(1)
    }
}

fn micros(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}
