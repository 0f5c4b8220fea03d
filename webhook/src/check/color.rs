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
const BLUE: &str = "94";
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
        labelled(line)
            .or_else(|| place(line))
            .or_else(|| self.source(line))
            .or_else(|| note(line))
            .or_else(|| self.finding(line))
            .unwrap_or_else(|| line.to_owned())
    }

    /// A line of the file, or the marks below it.
    fn source(&self, line: &str) -> Option<String> {
        let (gutter, rest) = behind_gutter(line, " | ")?;
        let rest = match rest.trim_start().starts_with('^') {
            true => in_color(rest, self.tone),
            false => rest.to_owned(),
        };
        let gutter = in_color(&format!("{gutter} |"), BLUE);
        Some(format!("{gutter} {rest}"))
    }

    /// A finding's code at the beginning of its first line.
    fn finding(&self, line: &str) -> Option<String> {
        let rest = line.strip_prefix("  ")?;
        let (code, rest) = rest.split_at(rest.find(": ")?);
        let is_code = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        let found = code.bytes().all(is_code);
        found.then(|| format!("  {}{rest}", in_color(code, self.tone)))
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

fn labelled(line: &str) -> Option<String> {
    let mut labels = LABELS.iter();
    let (label, color) = labels.find(|(label, _)| line.starts_with(label))?;
    Some(in_color(label, color) + &line[label.len()..])
}

fn place(line: &str) -> Option<String> {
    let place = line.strip_prefix("  --> ")?;
    Some(format!("  {} {place}", in_color("-->", BLUE)))
}

fn note(line: &str) -> Option<String> {
    let (gutter, note) = behind_gutter(line, " = note: ")?;
    let (sign, word) = (in_color("=", BLUE), in_color("note", BOLD));
    Some(format!("{gutter} {sign} {word}: {note}"))
}

/// What stands before and behind the sign, if that follows `  12`, or as many spaces.
fn behind_gutter<'l>(line: &'l str, sign: &str) -> Option<(&'l str, &'l str)> {
    let (gutter, rest) = line.split_once(sign)?;
    let is_gutter = |b: u8| b == b' ' || b.is_ascii_digit();
    let is_one = gutter.starts_with("  ") && gutter.bytes().all(is_gutter);
    is_one.then_some((gutter, rest))
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
        fn colours_change_no_text(text in "([ a-z:|>^\\-\n]|error:|  --> |  = note: |    fix  | is refused, ){0,40}") {
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
    = note: line 4, column 1: `hostnetwork` at the top of the object has no effect

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
