use super::*;

fn args(code: Option<&str>, output: Output) -> ExplainArgs {
    ExplainArgs {
        code: code.map(str::to_owned),
        config: Vec::new(),
        output,
    }
}

fn said(code: &str) -> Result<String, String> {
    explain(&args(Some(code), Output::Text))
}

#[test]
fn a_code_is_explained_whole() {
    insta::assert_snapshot!(said("run-as-non-root").unwrap());
}

#[test]
fn all_codes_are_listed_with_their_rules() {
    insta::assert_snapshot!(explain(&args(None, Output::Text)).unwrap());
}

#[test]
fn a_code_that_is_not_there_is_said() {
    assert_eq!(
        said("run-as-nonroot").unwrap_err(),
        "there is no code `run-as-nonroot`: is `run-as-non-root` meant?"
    );
    let far = said("cross-site\u{1b}[31m").unwrap_err();
    assert!(
        far.starts_with("there is no code `cross-site\\u{1b}[31m`: "),
        "{far}"
    );
}

/// `gatehouse explain --output markdown > docs/codes.md` writes it anew.
#[test]
fn the_page_says_what_the_policies_say() {
    let page = explain(&args(None, Output::Markdown)).unwrap();
    let lines = page
        .lines()
        .zip(include_str!("../../../docs/codes.md").lines());
    let stale = lines.into_iter().find(|(new, old)| new != old);
    assert_eq!(stale, None);
    assert_eq!(page.len(), include_str!("../../../docs/codes.md").len());
}
