//! Files whose requests ended before they were told of a commit.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::keys::Place;

/// So many are kept in memory until they are looked after; what is beyond is swept at the next start.
const ORPHANS_MAX: usize = 65_536;

/// The files, until the sweeper takes them.
#[derive(Default)]
pub struct Orphans {
    files: Mutex<Vec<(Place, [u8; 16])>>,
    changed: Notify,
}

impl Orphans {
    pub fn take(&self) -> Vec<(Place, [u8; 16])> {
        std::mem::take(&mut *self.files.lock())
    }

    /// Resolves when there are some.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Keeps files again that were taken and could not be looked after. Whoever puts them back comes again by themselves.
    pub fn put_back(&self, mut files: Vec<(Place, [u8; 16])>) {
        let mut newer = self.files.lock();
        files.truncate(ORPHANS_MAX - newer.len());
        newer.append(&mut files);
    }

    fn push(&self, place: Place, id: [u8; 16]) {
        let mut files = self.files.lock();
        if files.len() < ORPHANS_MAX {
            files.push((place, id));
        }
        drop(files);
        self.changed.notify_one();
    }
}

/// A file that was written and that no commit is known to use. Dropped, it is looked after.
pub struct Unclaimed {
    orphans: Arc<Orphans>,
    file: Option<(Place, [u8; 16])>,
}

impl Unclaimed {
    pub fn new(orphans: &Arc<Orphans>, place: &Place, id: [u8; 16]) -> Self {
        Self { orphans: orphans.clone(), file: Some((place.clone(), id)) }
    }

    /// It has been committed.
    pub fn claim(mut self) {
        self.file = None;
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some((place, id)) = self.file.take() {
            self.orphans.push(place, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_back_is_taken_again() {
        let orphans = Arc::<Orphans>::default();
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        drop(Unclaimed::new(&orphans, &place, [1; 16]));
        Unclaimed::new(&orphans, &place, [2; 16]).claim();
        let taken = orphans.take();
        assert_eq!(taken, [(place.clone(), [1; 16])]);
        drop(Unclaimed::new(&orphans, &place, [3; 16]));
        orphans.put_back(taken);
        assert_eq!(orphans.take(), [(place.clone(), [3; 16]), (place.clone(), [1; 16])]);
        orphans.put_back(vec![(place, [4; 16]); ORPHANS_MAX + 1]);
        assert_eq!(orphans.take().len(), ORPHANS_MAX);
    }
}
