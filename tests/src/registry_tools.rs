use std::{collections::BTreeMap, path::PathBuf, process::Command, sync::OnceLock};

use crate::{Ran, files::repository};

/// The program of this name that tests/registry-tools/get-cosign.sh gets: `cosign-2`, `cosign-3` or
/// `docker-registry`.
///
/// # Panics
/// When it cannot be had.
pub(crate) fn registry_tool(name: &str) -> Command {
    static TOOLS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let tools = TOOLS.get_or_init(tools);
    let tool = tools.get(name);
    Command::new(tool.unwrap_or_else(|| panic!("get-cosign.sh gets no `{name}`")))
}

/// What the script prints: a name, a blank and a path a line.
fn tools() -> BTreeMap<String, PathBuf> {
    let script = repository().join("tests/registry-tools/get-cosign.sh");
    let ran = Ran::of(&mut Command::new(script), None).succeeded();
    let lines = ran.stdout.lines().filter_map(|line| line.split_once(' '));
    lines
        .map(|(name, path)| (name.to_owned(), path.into()))
        .collect()
}
