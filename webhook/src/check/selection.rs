use clap::{Args, ValueEnum};
use gatehouse_core::{Decision, Policy, clean, config::Mode};

use crate::suggestion::nearest;

/// The options that select findings, in the help.
pub(super) const HEADING: &str = "Which findings count";

/// Which findings count; without these options, all.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = HEADING)]
pub(super) struct Selection {
    /// Only findings of this policy; may be repeated.
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,

    /// Only findings with this code; may be repeated.
    #[arg(long = "code", value_name = "CODE")]
    codes: Vec<String>,

    /// Only findings in this mode or a stricter one; `audit` also shows what is recorded only.
    #[arg(long, value_enum, value_name = "MODE")]
    min_mode: Option<MinMode>,
}

/// The modes, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum MinMode {
    Audit,
    Warn,
    Fix,
    Deny,
}

impl Selection {
    /// Refuses names that nothing has: a typing mistake would let everything pass.
    pub(super) fn check(&self, policies: &[Policy]) -> Result<(), String> {
        let names: Vec<_> = policies.iter().map(|policy| policy.name.clone()).collect();
        let is_unknown = |name: &&String| !names.contains(name);
        if let Some(name) = self.policies.iter().find(is_unknown) {
            return Err(unknown("is called", name, &names));
        }
        let codes: Vec<_> = policies
            .iter()
            .flat_map(|policy| policy.metadata.codes.keys().cloned())
            .collect();
        match self.codes.iter().find(|code| !codes.contains(code)) {
            Some(code) => Err(unknown("has the code", code, &codes)),
            None => Ok(()),
        }
    }

    /// Whether what is recorded only is shown.
    pub(super) fn shows_audited(&self) -> bool {
        self.min_mode == Some(MinMode::Audit)
    }

    /// Leaves what is selected in a decision. What could not be checked stays, unless it is another policy's.
    pub(super) fn apply(&self, decision: &mut Decision) {
        let is_wanted =
            |wanted: &[String], name: &String| wanted.is_empty() || wanted.contains(name);
        decision.judgements.retain(|judgement| {
            is_wanted(&self.policies, &judgement.policy)
                && is_wanted(&self.codes, &judgement.finding.code)
                && self
                    .min_mode
                    .is_none_or(|least| MinMode::of(judgement.mode) >= least)
        });
        decision
            .failed
            .retain(|failed| is_wanted(&self.policies, &failed.policy));
    }
}

impl MinMode {
    fn of(mode: Mode) -> Self {
        match mode {
            Mode::Audit => Self::Audit,
            Mode::Warn => Self::Warn,
            Mode::Fix => Self::Fix,
            Mode::Deny => Self::Deny,
        }
    }
}

fn unknown(what: &str, name: &str, known: &[String]) -> String {
    let shown = clean(name, 100);
    match nearest(name, known) {
        Some(near) => {
            format!("no policy of this configuration {what} `{shown}`: is `{near}` meant?")
        }
        None => format!("no policy of this configuration {what} `{shown}`"),
    }
}
