use crate::{Limit, Limits, node::Weight};

/// What may still be read of a file. A document that fails gives back what it took: nothing of it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    limits: Limits,
    values: usize,
    alias_bytes: usize,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            values: limits.values,
            alias_bytes: limits.alias_bytes,
            limits: limits.clone(),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        self.limits.depth
    }

    /// Takes one value.
    pub(crate) fn value(&mut self) -> Result<(), Limit> {
        self.values(1)
    }

    /// Takes what an alias at this depth repeats.
    pub(crate) fn alias(&mut self, depth: usize, weight: Weight) -> Result<(), Limit> {
        self.room(depth + weight.levels)?;
        self.values(weight.values)?;
        let left = self.alias_bytes.checked_sub(weight.bytes);
        self.alias_bytes = left.ok_or(Limit::AliasBytes(self.limits.alias_bytes))?;
        Ok(())
    }

    /// Whether so many levels may be nested.
    pub(crate) fn room(&self, levels: usize) -> Result<(), Limit> {
        match levels > self.limits.depth {
            true => Err(Limit::Depth(self.limits.depth)),
            false => Ok(()),
        }
    }

    fn values(&mut self, count: usize) -> Result<(), Limit> {
        let left = self.values.checked_sub(count);
        self.values = left.ok_or(Limit::Values(self.limits.values))?;
        Ok(())
    }
}
