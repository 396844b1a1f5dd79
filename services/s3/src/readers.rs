//! Who reads objects at the moment. A file that nobody uses any more is removed once those have ended who might still
//! read it: a download goes on when its object is overwritten.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The readings under way, in the order in which they began. As many as there are requests.
#[derive(Default)]
pub struct Readers {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Default)]
struct State {
    next: u64,
    active: BTreeSet<u64>,
}

/// A reading under way; dropped, it has ended. It has to be there before the object's record is read.
pub struct Pin {
    readers: Arc<Readers>,
    number: u64,
}

impl Readers {
    pub fn pin(self: &Arc<Self>) -> Arc<Pin> {
        let mut state = self.state.lock();
        let number = state.next;
        state.next += 1;
        state.active.insert(number);
        Arc::new(Pin { readers: self.clone(), number })
    }

    /// Resolves once every reading has ended that is under way now.
    pub async fn ended(&self) {
        let now = self.state.lock().next;
        loop {
            let mut ended = std::pin::pin!(self.ended.notified());
            // From here on no end is missed.
            ended.as_mut().enable();
            if self.state.lock().active.first().is_none_or(|first| *first >= now) {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.readers.state.lock().active.remove(&self.number);
        self.readers.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn only_those_before_are_waited_for() {
        let readers = Arc::<Readers>::default();
        readers.ended().now_or_never().expect("nobody reads");
        let first = readers.pin();
        let mut ended = Box::pin(readers.ended());
        assert!((&mut ended).now_or_never().is_none());
        let later = readers.pin();
        drop(first);
        ended.now_or_never().expect("the later one does not count");
        drop(later);
    }
}
