//! What changed in a file, as `diff -u` and `git diff` show it.

use similar::TextDiff;

/// Lines around a change that are shown, too.
const CONTEXT_LINES: usize = 3;

/// The difference between two texts of a file, in the unified format that `patch` and `git apply` read; empty if
/// there is none. `name` is the file's path as it is shown, with `/` between its parts.
pub fn unified_diff(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let (a, b) = (header("a", name), header("b", name));
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT_LINES).header(&a, &b);
    unified.to_string()
}

/// A name with control characters is quoted, as git does it.
fn header(side: &str, name: &str) -> String {
    let path = format!("{side}/{}", name.trim_start_matches('/'));
    match path.contains(|c: char| c.is_control()) {
        true => format!("\"{}\"", path.escape_debug()),
        false => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_a_change_are_shown() {
        let lines: Vec<String> = (1..=12).map(|line| format!("{line}\n")).collect();
        let old = lines.concat();
        let new = old.replace("6\n", "6\nx\n");
        assert_eq!(
            unified_diff("/k8s/a.yaml", &old, &new),
            "--- a/k8s/a.yaml\n+++ b/k8s/a.yaml\n@@ -4,6 +4,7 @@\n 4\n 5\n 6\n+x\n 7\n 8\n 9\n"
        );
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified_diff("a", "x\n", "x\n"), "");
    }

    #[test]
    fn a_missing_line_break_and_line_ends_are_told() {
        assert_eq!(
            unified_diff("a", "x\r\ny", "x\r\nz"),
            "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n x\r\n-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn a_name_is_one_line() {
        let diff = unified_diff("a\nb", "x\n", "y\n");
        assert!(
            diff.starts_with("--- \"a/a\\nb\"\n+++ \"b/a\\nb\"\n@@"),
            "{diff}"
        );
    }
}
