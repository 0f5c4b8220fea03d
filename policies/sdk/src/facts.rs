use gatehouse_abi::{Answer, Need, tree::Node};

/// What the host knows beside the request: only what this policy asked for.
///
/// The tree holds one object a kind of fact, with one member a key: `{"namespace": {"shop": {…}}}`.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a>(Node<'a>);

/// Facts that a policy has to know before it can decide; `?` hands them to the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(Vec<Need>);

impl<'a> Facts<'a> {
    /// A view of the facts' tree.
    pub fn new(root: Node<'a>) -> Self {
        Self(root)
    }

    /// No facts.
    pub fn none() -> Facts<'static> {
        Facts(Node::NULL)
    }

    /// One fact.
    ///
    /// # Errors
    /// The need for it, when the host was not asked yet; return it and the host will call again.
    pub fn get(self, fact: &str, key: &str) -> Result<Node<'a>, Needs> {
        let known = self.0.get(fact).and_then(|facts| facts.get(key));
        known.ok_or_else(|| Needs(vec![Need::new(fact, key)]))
    }

    /// What the registry and the signatures of an image say, judged by these authorities of the policy's
    /// settings; ask for one reference always with the same authorities.
    ///
    /// # Errors
    /// As [`Facts::get`].
    pub fn image(self, reference: &str, authorities: &[&str]) -> Result<Node<'a>, Needs> {
        self.get("image", reference).map_err(|_| {
            let authorities = authorities.iter().map(|name| (*name).to_owned()).collect();
            Needs(vec![Need {
                authorities,
                ..Need::new("image", reference)
            }])
        })
    }

    /// The `metadata.labels` and `metadata.annotations` of a namespace, as an object of both.
    ///
    /// # Errors
    /// As [`Facts::get`].
    pub fn namespace(self, name: &str) -> Result<Node<'a>, Needs> {
        self.get("namespace", name)
    }
}

impl Needs {
    /// Asks for what `other` asks for, too: ask for everything at once, each round costs a fetch.
    pub fn and(mut self, other: Needs) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The facts asked for.
    pub fn into_vec(self) -> Vec<Need> {
        self.0
    }
}

impl From<Needs> for Answer {
    fn from(needs: Needs) -> Self {
        Answer::Need(needs.0)
    }
}
