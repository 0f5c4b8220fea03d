//! Colours for terminals. They are laid over the finished text and never part of it.

use std::{env, io::IsTerminal};

use clap::ValueEnum;

/// Whether the report for people has colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether standard output gets colours.
    pub(super) fn is_wanted(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stdout().is_terminal() && may_colour(|name| env::var(name).ok())
            }
        }
    }
}

/// What the environment says ([NO_COLOR]).
///
/// [NO_COLOR]: https://no-color.org
fn may_colour(variable: impl Fn(&str) -> Option<String>) -> bool {
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && variable("TERM").as_deref() != Some("dumb")
}

const RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";
const MAGENTA: &str = "1;35";
const CYAN: &str = "36";
const BOLD: &str = "1";

/// The text with the colours of what its lines say.
pub(super) fn painted(text: &str) -> String {
    let mut painter = Painter { tone: RED };
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => painter.line(line) + "\n",
            None => painter.line(line),
        })
        .collect()
}

/// Goes through the lines; a heading says how grave what follows is.
struct Painter {
    tone: &'static str,
}

/// What headings say, and the colour of what follows.
const HEADINGS: [(&str, &str); 6] = [
    (" is refused, ", RED),
    (" is malformed: ", RED),
    (" could not be checked", MAGENTA),
    (" is warned of", YELLOW),
    (" would be fixed", CYAN),
    (" is recorded", BLUE),
];

/// The labels of a finding's lines that say what to do.
const LABELS: [(&str, &str); 4] = [
    ("    fix  ", GREEN),
    ("    help ", GREEN),
    ("    note ", YELLOW),
    ("    risk ", YELLOW),
];

impl Painter {
    fn line(&mut self, line: &str) -> String {
        if !line.starts_with(' ') {
            return self.heading(line);
        }
        if let Some((label, color)) = LABELS.iter().find(|(label, _)| line.starts_with(label)) {
            return in_color(label, color) + &line[label.len()..];
        }
        if let Some(place) = line.strip_prefix("  --> ") {
            return format!("  {} {place}", in_color("-->", BLUE));
        }
        if let Some((gutter, rest)) = line
            .split_once(" | ")
            .filter(|(gutter, _)| is_gutter(gutter))
        {
            let rest = match rest.trim_start().starts_with('^') {
                true => in_color(rest, self.tone),
                false => rest.to_owned(),
            };
            return format!("{} {rest}", in_color(&format!("{gutter} |"), BLUE));
        }
        match code(line) {
            Some((code, rest)) => format!("  {}{rest}", in_color(code, self.tone)),
            None => line.to_owned(),
        }
    }

    fn heading(&mut self, line: &str) -> String {
        if let Some(rest) = line.strip_prefix("error:") {
            return in_color("error:", RED) + rest;
        }
        if let Some(rest) = line.strip_prefix("could not check:") {
            return in_color("could not check:", MAGENTA) + rest;
        }
        let heading = HEADINGS.iter().find(|(words, _)| line.contains(words));
        if let Some((_, tone)) = heading {
            self.tone = tone;
        }
        match line.is_empty() {
            true => String::new(),
            false => in_color(line, BOLD),
        }
    }
}

/// `  12`, or as many spaces.
fn is_gutter(text: &str) -> bool {
    text.starts_with("  ") && text.bytes().all(|b| b == b' ' || b.is_ascii_digit())
}

/// A finding's code at the beginning of its first line, and the rest.
fn code(line: &str) -> Option<(&str, &str)> {
    let rest = line
        .strip_prefix("  ")
        .filter(|rest| !rest.starts_with(' '))?;
    let end = rest.find(": ")?;
    let (code, rest) = rest.split_at(end);
    let is_code = code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_code.then_some((code, rest))
}

fn in_color(text: &str, color: &str) -> String {
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stripped(painted: &str) -> String {
        let mut plain = String::new();
        let mut parts = painted.split('\u{1b}');
        plain.push_str(parts.next().unwrap_or_default());
        for part in parts {
            plain.push_str(part.split_once('m').unwrap().1);
        }
        plain
    }

    proptest! {
        #[test]
        fn colours_change_no_text(text in "([ a-z:|>^\\-\n]|error:|  --> |    fix  | is refused, ){0,40}") {
            prop_assert_eq!(stripped(&painted(&text)), text);
        }
    }

    #[test]
    fn each_part_has_its_colour() {
        let text = "\
Pod web is refused, 1 problem: host-network

  host-network: the pod uses its node's network
    at        spec.hostNetwork
    fix       remove spec.hostNetwork

  --> web.yaml:5:3
  5 |   hostNetwork: true
    |   ^^^^^^^^^^^ host-network

1 object: 1 refused
";
        let shown = painted(text).replace('\u{1b}', "~");
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn the_environment_can_refuse_colours() {
        let environment = |pairs: &'static [(&str, &str)]| {
            may_colour(|name| {
                let pair = pairs.iter().find(|(key, _)| *key == name);
                pair.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(environment(&[]));
        assert!(environment(&[("NO_COLOR", ""), ("TERM", "xterm")]));
        assert!(!environment(&[("NO_COLOR", "1")]));
        assert!(!environment(&[("TERM", "dumb")]));
    }
}
