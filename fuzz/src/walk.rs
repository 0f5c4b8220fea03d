use gatehouse_abi::{Path, tree::Node};

/// How deep a walk goes; a corrupt tree may contain itself.
const DEPTH: usize = 200;

/// Reads all that can be reached from `node`, `budget` values at most; whether that was all.
pub fn walk(node: Node<'_>, budget: &mut usize) -> bool {
    walk_at(node, budget, 0)
}

fn walk_at(node: Node<'_>, budget: &mut usize, depth: usize) -> bool {
    if *budget == 0 || depth == DEPTH {
        return false;
    }
    *budget -= 1;
    let scalars = (
        node.as_bool(),
        node.as_i64(),
        node.as_number(),
        node.as_str(),
    );
    std::hint::black_box(scalars);
    let mut children = node.items().chain(node.members().map(|(_, value)| value));
    children.all(|child| walk_at(child, budget, depth + 1))
}

/// The paths of what is inside `node`, `max` at most: list items by name where they have one.
pub fn paths(node: Node<'_>, max: usize) -> Vec<Path> {
    let mut paths = vec![Path::root()];
    collect(node, &Path::root(), max, &mut paths);
    paths
}

fn collect(node: Node<'_>, at: &Path, max: usize, paths: &mut Vec<Path>) {
    for (i, item) in node.items().enumerate() {
        let name = item.get("name").and_then(Node::as_str);
        let path = match name {
            Some(name) => at.clone().item("name", name),
            None => at.clone().index(i),
        };
        push(item, path, max, paths);
    }
    for (key, value) in node.members() {
        push(value, at.clone().key(key), max, paths);
    }
}

fn push(node: Node<'_>, path: Path, max: usize, paths: &mut Vec<Path>) {
    if paths.len() < max && path.segments().len() < 64 {
        paths.push(path.clone());
        collect(node, &path, max, paths);
    }
}
