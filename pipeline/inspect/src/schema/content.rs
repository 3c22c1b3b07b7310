//! Which children may follow which: a position automaton for each complex type.

use super::model::Name;

/// Positions of one type.
const MOST_POSITIONS: usize = 2000;
/// Links between the positions of one type.
const MOST_LINKS: usize = 400_000;

/// Number of an element declaration.
pub type DeclNo = usize;

/// What may stand in an element.
#[derive(Clone, Debug)]
pub enum Particle {
    Element(Name, DeclNo),
    Sequence(Vec<Occurs>),
    Choice(Vec<Occurs>),
}

/// How often.
#[derive(Clone, Debug)]
pub struct Occurs {
    pub min: u32,
    /// `None`: any number.
    pub max: Option<u32>,
    pub particle: Particle,
}

/// The automaton. Its states are its positions, and the start.
#[derive(Debug, Default)]
pub struct Automaton {
    positions: Vec<(Name, DeclNo)>,
    follow: Vec<Vec<u32>>,
    first: Vec<u32>,
    is_last: Vec<bool>,
    may_be_empty: bool,
}

/// A position, or the start.
pub type State = Option<u32>;

#[derive(Clone, Default)]
struct Part {
    first: Vec<u32>,
    last: Vec<u32>,
    may_be_empty: bool,
}

impl Automaton {
    /// `None` when it would be larger than any honest schema's.
    pub fn build(content: &Occurs) -> Option<Self> {
        let mut builder = Builder { automaton: Self::default(), links: 0, steps: 0 };
        let part = builder.occurs(content)?;
        let mut automaton = builder.automaton;
        automaton.is_last = vec![false; automaton.positions.len()];
        part.last.iter().for_each(|at| automaton.is_last[*at as usize] = true);
        automaton.first = part.first;
        automaton.may_be_empty = part.may_be_empty;
        Some(automaton)
    }

    /// Where a child of this name leads.
    pub fn step(&self, from: State, name: Name) -> Option<(u32, DeclNo)> {
        let next = match from {
            Some(at) => &self.follow[at as usize],
            None => &self.first,
        };
        next.iter().map(|at| (*at, self.positions[*at as usize])).find(|(_, (n, _))| *n == name).map(|(at, (_, decl))| (at, decl))
    }

    /// Any place where a child of this name may stand: so that one fault does not become many.
    pub fn anywhere(&self, name: Name) -> Option<(u32, DeclNo)> {
        let at = self.positions.iter().position(|(n, _)| *n == name)?;
        Some((at as u32, self.positions[at].1))
    }

    /// Whether the element may end here.
    pub fn may_end(&self, at: State) -> bool {
        at.map_or(self.may_be_empty, |at| self.is_last[at as usize])
    }
}

struct Builder {
    automaton: Automaton,
    links: usize,
    /// Empty groups repeated within each other make no positions, but much work.
    steps: usize,
}

impl Builder {
    fn occurs(&mut self, occurs: &Occurs) -> Option<Part> {
        let mut whole = Part { may_be_empty: true, ..Part::default() };
        let copies = occurs.max.unwrap_or(occurs.min.max(1));
        self.steps += 1;
        if copies as usize > MOST_POSITIONS || self.steps > 10 * MOST_POSITIONS {
            return None;
        }
        for copy in 1..=copies {
            let mut part = self.particle(&occurs.particle)?;
            if occurs.max.is_none() && copy == copies {
                self.link(&part.last.clone(), &part.first.clone())?;
            }
            part.may_be_empty |= copy > occurs.min;
            whole = self.then(whole, part)?;
        }
        Some(whole)
    }

    fn particle(&mut self, particle: &Particle) -> Option<Part> {
        match particle {
            Particle::Element(name, decl) => {
                let at = self.automaton.positions.len() as u32;
                if at as usize >= MOST_POSITIONS {
                    return None;
                }
                self.automaton.positions.push((*name, *decl));
                self.automaton.follow.push(Vec::new());
                Some(Part { first: vec![at], last: vec![at], may_be_empty: false })
            }
            Particle::Sequence(parts) => {
                let mut whole = Part { may_be_empty: true, ..Part::default() };
                for part in parts {
                    let part = self.occurs(part)?;
                    whole = self.then(whole, part)?;
                }
                Some(whole)
            }
            Particle::Choice(parts) => {
                let mut whole = Part { may_be_empty: parts.is_empty(), ..Part::default() };
                for part in parts {
                    let part = self.occurs(part)?;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                    whole.may_be_empty |= part.may_be_empty;
                }
                Some(whole)
            }
        }
    }

    fn then(&mut self, mut one: Part, mut other: Part) -> Option<Part> {
        self.link(&one.last, &other.first)?;
        if one.may_be_empty {
            one.first.extend(&other.first);
        }
        if other.may_be_empty {
            other.last.extend(one.last);
        }
        Some(Part { first: one.first, last: other.last, may_be_empty: one.may_be_empty && other.may_be_empty })
    }

    fn link(&mut self, from: &[u32], to: &[u32]) -> Option<()> {
        self.links += from.len() * to.len();
        if self.links > MOST_LINKS {
            return None;
        }
        for at in from {
            self.automaton.follow[*at as usize].extend(to);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(name: Name, min: u32, max: Option<u32>) -> Occurs {
        Occurs { min, max, particle: Particle::Element(name, 0) }
    }

    fn check(content: &Occurs, accepted: &[&[Name]], refused: &[&[Name]]) {
        let automaton = Automaton::build(content).unwrap();
        let accepts = |names: &[Name]| {
            let mut at = None;
            names.iter().all(|name| automaton.step(at, *name).map(|(next, _)| at = Some(next)).is_some()) && automaton.may_end(at)
        };
        accepted.iter().for_each(|names| assert!(accepts(names), "{names:?}"));
        refused.iter().for_each(|names| assert!(!accepts(names), "{names:?}"));
    }

    #[test]
    fn sequences_and_choices() {
        let choice = Particle::Choice(vec![element(3, 0, None), element(4, 0, None)]);
        let parts = vec![element(1, 1, Some(1)), element(2, 0, Some(1)), Occurs { min: 1, max: Some(1), particle: choice }];
        let content = Occurs { min: 1, max: Some(1), particle: Particle::Sequence(parts) };
        check(&content, &[&[1], &[1, 2], &[1, 3, 3], &[1, 2, 4]], &[&[], &[2], &[1, 1], &[1, 3, 4], &[1, 3, 2]]);
    }

    #[test]
    fn numbers_of_occurrences() {
        check(&element(1, 2, Some(4)), &[&[1, 1], &[1, 1, 1, 1]], &[&[1], &[1, 1, 1, 1, 1]]);
        check(&element(1, 2, None), &[&[1, 1], &[1, 1, 1, 1, 1, 1]], &[&[], &[1]]);
        let pair = Occurs { min: 0, max: None, particle: Particle::Sequence(vec![element(1, 1, Some(1)), element(2, 0, Some(1))]) };
        check(&pair, &[&[], &[1], &[1, 1, 2, 1]], &[&[2], &[1, 2, 2]]);
        assert!(Automaton::build(&element(1, 1_000_000, None)).is_none());
    }
}
