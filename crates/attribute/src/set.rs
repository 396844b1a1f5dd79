//! Sets: members in order, each once.

/// A collection with a member twice; the members as they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicates<T>(pub Vec<T>);

/// A set that is not empty when it comes from a request. Sorted, so equality does not depend on how it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Set<T>(Vec<T>);

impl<T: Ord + Clone> Set<T> {
    /// Sorts the members; fails if one is there twice.
    pub fn new(members: Vec<T>) -> Result<Set<T>, Duplicates<T>> {
        if members.is_sorted_by(|a, b| a < b) {
            return Ok(Set(members));
        }
        let mut sorted = members.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Duplicates(members));
        }
        Ok(Set(sorted))
    }

    /// The members of either.
    pub fn union(&self, other: &Set<T>) -> Set<T> {
        let mut members = Vec::with_capacity(self.0.len() + other.0.len());
        members.extend_from_slice(&self.0);
        members.extend(other.iter().filter(|member| !self.contains(member)).cloned());
        members.sort_unstable();
        Set(members)
    }

    /// The members that the other does not have; nothing if there are none, since no set is empty.
    pub fn difference(&self, other: &Set<T>) -> Option<Set<T>> {
        let members: Vec<T> = self.iter().filter(|member| !other.contains(member)).cloned().collect();
        (!members.is_empty()).then_some(Set(members))
    }
}

impl<T: Ord> Set<T> {
    /// Whether it is a member.
    pub fn contains(&self, member: &T) -> bool {
        self.0.binary_search(member).is_ok()
    }
}

impl<T> Set<T> {
    /// The members in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(members: &[i32]) -> Set<i32> {
        Set::new(members.to_vec()).expect("no duplicates")
    }

    #[test]
    fn order_does_not_matter_and_duplicates_are_found() {
        assert_eq!(set(&[3, 1, 2]), set(&[1, 2, 3]));
        assert_eq!(Set::new(vec![2, 1, 2]), Err(Duplicates(vec![2, 1, 2])));
    }

    #[test]
    fn unions_and_differences() {
        assert_eq!(set(&[1, 3]).union(&set(&[2, 3])), set(&[1, 2, 3]));
        assert_eq!(set(&[1, 2, 3]).difference(&set(&[2, 9])), Some(set(&[1, 3])));
        assert_eq!(set(&[1]).difference(&set(&[1])), None);
        assert!(set(&[1, 2]).contains(&2) && !set(&[1, 2]).contains(&3));
    }
}
