//! Pod Security Standards, baseline, "Host Ports".
//!
//! On the node's network every port is a host port: API defaulting writes the containerPort into an
//! absent hostPort of a pod, and it is judged as if it stood there in a manifest, too.

use std::ops::RangeInclusive;

use gatehouse_sdk::{Finding, FindingBuilder, Node, Path};

use crate::{
    level::Level,
    settings::Tuning,
    subject::{ContainerView, is_off, member, whole},
};

pub(crate) const CODE: &str = "host-port";

pub(super) fn judge(view: &ContainerView<'_>, _: Level, found: &mut Vec<Finding>) {
    let on_node = !is_off(view.pod.host_network);
    let tuning = view.pod.tuning(CODE);
    let ports = view.ports.items();
    let opened = ports.map(|port| opened(port, on_node)).enumerate();
    let bad: Vec<_> = opened
        .filter(|(_, port)| is_forbidden(*port, tuning))
        .collect();
    let at = match *bad {
        [] => return,
        [(index, _)] => host_port(index),
        _ => Path::dotted("ports"),
    };
    let numbers: Vec<_> = bad.iter().map(|(_, port)| number(*port)).collect();
    let finding = view
        .finding(CODE, at)
        .message("the container opens ports of its node, past every network policy")
        .found(numbers.join(", "))
        .required(required(tuning));
    found.push(repaired(finding, bad.iter().map(|(index, _)| *index), on_node).into());
}

fn repaired<'a>(
    finding: FindingBuilder<'a>,
    ports: impl Iterator<Item = usize>,
    on_node: bool,
) -> FindingBuilder<'a> {
    if on_node {
        return finding
            .help("no fix of its own: with hostNetwork every port is a port of the node");
    }
    ports
        .fold(finding, |finding, index| finding.remove(host_port(index)))
        .risk("nothing reaches the container by its node's address any more")
}

/// The port of the node that is opened; null or 0 for none.
fn opened(port: Node<'_>, on_node: bool) -> Node<'_> {
    let host_port = member(port, "hostPort");
    if on_node && is_none(host_port) {
        member(port, "containerPort")
    } else {
        host_port
    }
}

fn is_forbidden(port: Node<'_>, tuning: &Tuning) -> bool {
    let is_allowed = |number: i64| {
        let mut ranges = tuning.allow.iter().filter_map(|text| range(text));
        ranges.any(|range| range.contains(&number))
    };
    !is_none(port) && !whole(port).is_some_and(is_allowed)
}

fn is_none(port: Node<'_>) -> bool {
    port.is_null() || whole(port) == Some(0)
}

fn host_port(index: usize) -> Path {
    Path::dotted("ports").index(index).key("hostPort")
}

fn number(port: Node<'_>) -> String {
    let text = port.as_str().unwrap_or("not a number");
    whole(port).map_or_else(|| text.to_owned(), |number| number.to_string())
}

fn required(tuning: &Tuning) -> String {
    match &*tuning.allow {
        [] => "not set".to_owned(),
        allowed => format!("not set, or one of {}", allowed.join(", ")),
    }
}

/// A port, or the first and last one of a range: `7000-8000`.
pub(crate) fn range(text: &str) -> Option<RangeInclusive<i64>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    (0 < first && first <= last).then_some(first.into()..=last.into())
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ports_and_ranges() {
        assert_eq!(range("80"), Some(80..=80));
        assert_eq!(range("7000-8000"), Some(7000..=8000));
        for text in [
            "",
            "0",
            "-",
            "80-",
            "-80",
            "8000-7000",
            "65536",
            "http",
            "1-2-3",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
