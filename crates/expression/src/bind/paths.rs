//! Paths with names in the places of their placeholders.

use std::collections::BTreeMap;

use crate::error::Reason;

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resolved<'a> {
    Name(&'a str),
    Index(usize),
}

/// A path as errors show it: `[a, b, [1]]`.
pub(crate) fn display(steps: &[Resolved<'_>]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Resolved::Name(name) => (*name).to_owned(),
            Resolved::Index(index) => format!("[{index}]"),
        })
        .collect();
    format!("[{}]", steps.join(", "))
}

/// The paths of one expression, as a tree: each is met once on the way of another.
#[derive(Default)]
pub(crate) struct Seen<'a> {
    root: Node<'a>,
    conflict: Option<Reason>,
}

#[derive(Default)]
struct Node<'a> {
    /// The first path that goes through here.
    first: Vec<Resolved<'a>>,
    /// Whether a path ends here.
    end: bool,
    children: BTreeMap<Resolved<'a>, Node<'a>>,
}

impl<'a> Seen<'a> {
    /// Adds a path; fails if it is part of one that was added, or has one as a part. A conflict is reported at the
    /// end, since overlaps come before it.
    pub(crate) fn add(&mut self, path: Vec<Resolved<'a>>) -> Result<(), Reason> {
        let mut node = &mut self.root;
        for step in &path {
            if node.end {
                return Err(overlap(&node.first, &path));
            }
            if let Some((other, child)) = node.children.first_key_value() {
                let differ = std::mem::discriminant(other) != std::mem::discriminant(step);
                if differ {
                    if self.conflict.is_none() {
                        let (one, two) = (display(&child.first), display(&path));
                        self.conflict = Some(Reason::Conflict { one, two });
                    }
                    return Ok(());
                }
            }
            node = node.children.entry(*step).or_default();
            if node.first.is_empty() {
                node.first.clone_from(&path);
            }
        }
        if node.end || !node.children.is_empty() {
            return Err(overlap(&node.first, &path));
        }
        node.end = true;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), Reason> {
        self.conflict.map_or(Ok(()), Err)
    }
}

fn overlap(one: &[Resolved<'_>], two: &[Resolved<'_>]) -> Reason {
    Reason::Overlap { one: display(one), two: display(two) }
}
