//! Paths: what is read is written again as it was, and finds what it names.
#![no_main]

use gatehouse_abi::{
    Path, Segment,
    tree::{MAX_DEPTH, TreeBuf},
};
use gatehouse_fuzz::{Script, paths, split, value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (text, mut script) = split(data);
    let text = String::from_utf8_lossy(text);
    if let Ok(path) = text.parse::<Path>() {
        check(&path);
    }
    check(&Path::dotted(&text));
    check(&grown(&mut Script::new(data)));
    check_places(&mut script);
});

fn check(path: &Path) {
    let text = path.to_string();
    match text.parse::<Path>() {
        Ok(again) => assert_eq!(again, *path, "{text}"),
        Err(error) => assert!(path.segments().len() > MAX_DEPTH, "{error}"),
    }
    let _ = format!("{path:#}");
    for len in 0..path.segments().len().min(20) {
        let (ancestor, rest) = path.segments().split_at(len);
        let [ancestor, rest]: [Path; 2] = [ancestor, rest].map(|s| s.iter().cloned().collect());
        assert!(ancestor.contains(path));
        assert_eq!(path.below(&ancestor), Some(rest.clone()));
        assert_eq!(ancestor.join(&rest), *path);
    }
}

fn grown(script: &mut Script<'_>) -> Path {
    let mut path = Path::root();
    while !script.is_over() && path.segments().len() < 20 {
        path = path.join(&Path::from_iter([segment(script)]));
    }
    path
}

fn segment(script: &mut Script<'_>) -> Segment {
    match script.below(3) {
        0 => Segment::Key(script.text()),
        1 => Segment::Item {
            key: script.text(),
            value: script.text(),
        },
        _ => Segment::Index(script.byte().into()),
    }
}

/// Every path of an object finds something, and its text the same.
fn check_places(script: &mut Script<'_>) {
    let tree = TreeBuf::from_value(&value(script)).expect("the value is small");
    for path in paths(tree.root(), 100) {
        let found = path.find(tree.root());
        // of two items with one name the first is found, which may not have what is in the second
        let named = |segment: &Segment| matches!(segment, Segment::Item { .. });
        assert!(
            found.is_some() || path.segments().iter().any(named),
            "{path}"
        );
        let again: Path = path.to_string().parse().expect("a path is read again");
        assert!(again.find(tree.root()) == found);
    }
}
