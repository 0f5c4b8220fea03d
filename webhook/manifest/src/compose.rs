//! YAML: the parser's events become nodes. Aliases, merge keys and duplicate keys are resolved here, by
//! kubectl's rules.

use std::{borrow::Cow, collections::HashMap, ops};

use granit_parser::{Event, ScalarStyle};

use crate::{
    Limit, Problem,
    budget::Budget,
    error::Failure,
    events::Events,
    members::Members,
    node::{Member, Node, Range, Value},
    scalar::{self, Scalar, Tag},
    text::Text,
};

/// Reads the YAML document in this part of the text; `None` if it holds only comments.
pub(crate) fn document<'t>(
    text: &'t Text,
    part: ops::Range<usize>,
    budget: &mut Budget,
) -> Result<Option<Node<'t>>, Failure> {
    let composer = Composer {
        text,
        events: Events::new(text, part, budget.depth())?,
        budget,
        anchors: HashMap::new(),
    };
    composer.document()
}

struct Composer<'t, 'b> {
    text: &'t Text,
    events: Events<'t>,
    budget: &'b mut Budget,
    anchors: HashMap<usize, Node<'t>>,
}

/// A key of a mapping.
enum Key<'t> {
    Name(Cow<'t, str>),
    Merge,
}

const SCHEMA: &str = "tag:yaml.org,2002:";

impl<'t> Composer<'t, '_> {
    fn document(mut self) -> Result<Option<Node<'t>>, Failure> {
        let mut root = None;
        loop {
            let (event, range) = self.events.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                event if !event.is_node() => {}
                _ if root.is_some() => {
                    let problem = Problem::Yaml("a second document without a line `---`".into());
                    return Err(Failure::new(range.at(), problem));
                }
                event => root = Some(self.node(event, range, 0)?),
            }
        }
    }

    /// The value that this event begins, inside `depth` lists and objects.
    fn node(&mut self, event: Event<'t>, range: Range, depth: usize) -> Result<Node<'t>, Failure> {
        let fail = |limit: Limit| Failure::new(range.at(), limit);
        self.budget.value().map_err(fail)?;
        let anchor = event.anchor_id();
        let node = match event {
            Event::Alias(anchor) => return self.alias(anchor, range, depth),
            Event::SequenceStart(..) => {
                self.budget.room(depth + 1).map_err(fail)?;
                self.sequence(range, depth + 1)?
            }
            Event::MappingStart(..) => {
                self.budget.room(depth + 1).map_err(fail)?;
                self.mapping(range, depth + 1)?
            }
            event => {
                let scalar = scalar(event, range).and_then(Scalar::into_value);
                let scalar = scalar.map_err(|problem| Failure::new(range.at(), problem))?;
                Node::scalar(range, scalar)
            }
        };
        Ok(self.keep(anchor, node))
    }

    fn sequence(&mut self, start: Range, depth: usize) -> Result<Node<'t>, Failure> {
        let mut items = Vec::new();
        loop {
            let (event, range) = self.events.next()?;
            if event == Event::SequenceEnd {
                return Ok(Node::array(start.to(range), items));
            }
            items.push(self.node(event, range, depth)?);
        }
    }

    fn mapping(&mut self, start: Range, depth: usize) -> Result<Node<'t>, Failure> {
        let mut members = Members::default();
        loop {
            let (event, key_range) = self.events.next()?;
            if event == Event::MappingEnd {
                return Ok(Node::object(start.to(key_range), members.finish()));
            }
            if matches!(event, Event::Scalar(_, ScalarStyle::Plain, ..)) {
                self.events.refuse_tight_colon(key_range.end as usize)?;
            }
            let fail = |problem| Failure::new(key_range.at(), problem);
            let key = self.key(event, key_range).map_err(fail)?;
            let (event, range) = self.events.next()?;
            let node = self.node(event, range, depth)?;
            match key {
                Key::Merge => merge(&mut members, &node)?,
                Key::Name(key) => {
                    let member = Member {
                        key,
                        key_range,
                        node,
                    };
                    members.write(self.text, member)?;
                }
            }
        }
    }

    fn key(&mut self, event: Event<'t>, range: Range) -> Result<Key<'t>, Problem> {
        if is_merge(&event) {
            return Ok(Key::Merge);
        }
        let anchor = event.anchor_id();
        let scalar = match event {
            Event::Alias(anchor) => self.alias_key(anchor)?,
            event => scalar(event, range)?,
        };
        if anchor.is_some() {
            self.keep(anchor, Node::scalar(range, scalar.clone()));
        }
        scalar.into_key().map(Key::Name)
    }

    fn alias(&mut self, anchor: usize, range: Range, depth: usize) -> Result<Node<'t>, Failure> {
        let fail = |problem| Failure::new(range.at(), problem);
        let node = self.anchors.get(&anchor);
        // an anchor without a value has not ended yet: the alias is inside it
        let node = node.ok_or_else(|| fail(Problem::Cycle))?;
        let room = self.budget.alias(depth, node.weight);
        room.map_err(|limit| fail(limit.into()))?;
        Ok(Node {
            range,
            ..node.clone()
        })
    }

    fn alias_key(&mut self, anchor: usize) -> Result<Scalar<'t>, Problem> {
        let node = self.anchors.get(&anchor).ok_or(Problem::Cycle)?;
        self.budget.alias(0, node.weight)?;
        match &node.value {
            Value::Scalar(scalar) => Ok(scalar.clone()),
            _ => Err(Problem::CompoundKey),
        }
    }

    fn keep(&mut self, anchor: Option<usize>, node: Node<'t>) -> Node<'t> {
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, node.clone());
        }
        node
    }
}

/// What the event of a scalar means.
pub(crate) fn scalar(event: Event<'_>, range: Range) -> Result<Scalar<'_>, Problem> {
    let Event::Scalar(text, style, _, tag) = event else {
        return Err(Problem::CompoundKey);
    };
    // the parser's word for a value that is not there
    let absent = style == ScalarStyle::Plain && range.start == range.end;
    let text = if absent { Cow::Borrowed("") } else { text };
    match tag {
        Some(tag) => scalar::tagged(text, tag_of(&tag)),
        None if style == ScalarStyle::Plain => Ok(scalar::plain(text)),
        None => Ok(Scalar::Text(text)),
    }
}

/// Later mappings of a list give way to earlier ones.
fn merge<'t>(members: &mut Members<'t>, node: &Node<'t>) -> Result<(), Failure> {
    let mappings = match &node.value {
        Value::Array(items) => items,
        _ => std::slice::from_ref(node),
    };
    for mapping in mappings.iter().rev() {
        let Value::Object(list) = &mapping.value else {
            return Err(Failure::new(mapping.range.at(), Problem::Merge));
        };
        list.iter().for_each(|member| members.merge(member.clone()));
    }
    Ok(())
}

/// Whether the key is `<<`, and not only text that looks like it.
pub(crate) fn is_merge(event: &Event<'_>) -> bool {
    let Event::Scalar(text, style, _, tag) = event else {
        return false;
    };
    let merges = match tag {
        Some(tag) => tag_of(tag) == Tag::Merge,
        None => *style == ScalarStyle::Plain,
    };
    text == "<<" && merges
}

fn tag_of(tag: &granit_parser::Tag) -> Tag {
    match tag.suffix_in_namespace(SCHEMA).as_deref() {
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        _ => Tag::Text,
    }
}
