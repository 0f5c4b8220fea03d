/// Random choices that a seed repeats: xorshift64*.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        // neighbouring seeds must not begin alike, and zero would stay zero
        let mut dice = Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        dice.next();
        dice
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number less than `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end.max(1)
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number at a border, near one, or anywhere.
    pub(crate) fn near(&mut self, borders: &[u32]) -> u32 {
        let border = self.choose(borders);
        match self.below(4) {
            0 => self.next() as u32,
            1 => border,
            2 => border.wrapping_add(self.below(9) as u32),
            _ => border.wrapping_sub(self.below(9) as u32),
        }
    }
}
