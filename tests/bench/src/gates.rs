//! The parts of a request's way: those that have a limit, and what stands between them.

use std::time::Duration;

use crate::{
    gate::{self, Gate, Measured, median},
    workloads::{Bench, Workload},
};

/// All are measured in turns, so that whatever else the machine does hits all alike.
const ROUNDS: usize = 300;
/// Calls of each in a round: some hundred microseconds, so that the clock's own time counts for nothing.
const CALLS: u32 = 40;

/// What a request tree may cost, in borrowed parses of the same review.
const TREE_LIMIT: f64 = 2.5;

/// What one policy may take: instance, copy of the inputs, evaluation, drop.
const EVALUATE_LIMIT: Duration = Duration::from_micros(10);

/// What signatures may add to a request when they are in memory.
const SIGNED_LIMIT: Duration = Duration::from_micros(20);

const MEASURED: [(Workload, &str); 11] = [
    (Workload::ReviewToTree, "review → tree"),
    (Workload::BorrowedReview, "borrowed review parse"),
    (Workload::Envelope, "borrowed review parse, pod passed over"),
    (Workload::EmptyGuest, "module that does nothing"),
    (Workload::PodSecurity, "policy pod-security"),
    (Workload::ImageTrust, "policy image-trust"),
    (Workload::Judge, "tree → decision, both policies"),
    (Workload::Answer, "decision → answer"),
    (
        Workload::JudgeUnsigned,
        "tree → decision, image-trust, nobody has to sign",
    ),
    (
        Workload::JudgeSigned,
        "tree → decision, image-trust, signatures of one image in memory",
    ),
    (
        Workload::JudgeThreeSigned,
        "tree → decision, image-trust, signatures of three images in memory",
    ),
];

/// Median times of a call, in the order of [`MEASURED`].
struct Medians([Duration; MEASURED.len()]);

/// Measures until all gates hold, a few times at most; whether they do.
pub(crate) fn run(bench: &Bench) -> Result<bool, String> {
    gate::hold(|| {
        let medians = Medians::measure(bench)?;
        Ok(Measured {
            table: medians.table(),
            gates: medians.gates(),
        })
    })
}

impl Medians {
    fn measure(bench: &Bench) -> Result<Self, String> {
        let mut times = MEASURED.map(|_| Vec::with_capacity(ROUNDS));
        for _ in 0..ROUNDS {
            for ((workload, _), times) in MEASURED.iter().zip(&mut times) {
                times.push(bench.time(*workload, CALLS)?);
            }
        }
        Ok(Self(times.map(median)))
    }

    fn of(&self, workload: Workload) -> Duration {
        let mut all = MEASURED.iter().zip(self.0);
        let found = all.find(|((measured, _), _)| *measured == workload);
        found.map_or(Duration::MAX, |(_, time)| time)
    }

    fn ratio(&self, a: Workload, b: Workload) -> f64 {
        self.of(a).as_secs_f64() / self.of(b).as_secs_f64()
    }

    fn gates(&self) -> Vec<Gate> {
        let tree = self.ratio(Workload::ReviewToTree, Workload::BorrowedReview);
        let least = self.ratio(Workload::ReviewToTree, Workload::Envelope);
        let policy = self.of(Workload::PodSecurity);
        let empty = self.ratio(Workload::PodSecurity, Workload::EmptyGuest);
        let (took, limit) = (micros(policy), EVALUATE_LIMIT.as_micros());
        let signed = self.of(Workload::JudgeSigned);
        let without = self.of(Workload::JudgeUnsigned);
        let one = signed.saturating_sub(without);
        let three = self.of(Workload::JudgeThreeSigned).saturating_sub(without);
        vec![
            Gate {
                text: format!(
                    "review → tree: {tree:.2} borrowed review parses, at most {TREE_LIMIT} \
                     ({least:.2} of one that passes over the pod)"
                ),
                kept: tree <= TREE_LIMIT,
            },
            Gate {
                text: format!(
                    "one policy: {took} µs, at most {limit} µs \
                     ({empty:.2} of a module that does nothing)"
                ),
                kept: policy <= EVALUATE_LIMIT,
            },
            Gate {
                text: format!(
                    "signatures of three images in memory add {} µs to a request, at most {} µs \
                     (of one {} µs)",
                    micros(three),
                    SIGNED_LIMIT.as_micros(),
                    micros(one)
                ),
                kept: three <= SIGNED_LIMIT,
            },
        ]
    }

    fn table(&self) -> String {
        let bytes = crate::samples::BODY.trim().len();
        let mut table = format!("| of a review of {bytes} bytes | median |\n|---|---:|\n");
        for ((_, name), time) in MEASURED.iter().zip(self.0) {
            table += &format!("| {name} | {} µs |\n", micros(time));
        }
        table
    }
}

fn micros(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6)
}
