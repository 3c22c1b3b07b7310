//! The list of problems: sorted by place, each once, no longer than anyone reads.

use std::cmp::Ordering;

use pipeline_domain::{Problem, ProblemCode};

/// Most problems that are told about one document.
pub(crate) const MOST_PROBLEMS: usize = 500;

/// Problems as they are found.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, code: ProblemCode, at: impl Into<String>, rule: impl Into<String>) {
        self.0.push(Problem::new(code, at, rule));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sorted, each once; the first 500, and a note when there were more.
    pub(crate) fn finish(self) -> Vec<Problem> {
        let mut all = self.0;
        all.sort_unstable_by(|a, b| by_place(&a.at, &b.at).then_with(|| a.cmp(b)));
        all.dedup();
        if all.len() > MOST_PROBLEMS {
            all.truncate(MOST_PROBLEMS);
            all.push(Problem::new(ProblemCode::TooManyProblems, "", format!("max_problems={MOST_PROBLEMS}")));
        }
        all
    }
}

/// Positions count as numbers: item 9 comes before item 10.
fn by_place(a: &str, b: &str) -> Ordering {
    let mut steps = a.split('/').zip(b.split('/')).map(|(a, b)| match (a.parse::<usize>(), b.parse::<usize>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        _ => a.cmp(b),
    });
    steps.find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(places: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut problems = Problems::default();
        places.into_iter().for_each(|at| problems.add(ProblemCode::TextEmpty, at, ""));
        problems.finish().into_iter().map(|p| p.at).collect()
    }

    #[test]
    fn sorted_and_each_once() {
        let places = ["/content/items/10", "/content/items/9/title", "/case", "/content/items/9", "", "/case"].map(String::from);
        assert_eq!(finished(places), ["", "/case", "/content/items/9", "/content/items/9/title", "/content/items/10"]);
    }

    #[test]
    fn the_list_ends_with_a_note() {
        let mut problems = Problems::default();
        (0..MOST_PROBLEMS + 1).for_each(|n| problems.add(ProblemCode::TextEmpty, format!("/{n}"), ""));
        let list = problems.finish();
        assert_eq!(list.len(), MOST_PROBLEMS + 1);
        assert_eq!(list[MOST_PROBLEMS], Problem::new(ProblemCode::TooManyProblems, "", "max_problems=500"));
        assert_eq!(finished((0..MOST_PROBLEMS).map(|n| format!("/{n}"))).len(), MOST_PROBLEMS);
    }
}
