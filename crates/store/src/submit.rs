//! The way from a transaction to the committer.

use std::sync::Weak;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::commit::{Committer, Message, Request};
use crate::error::Error;

/// Where transactions go to be committed. It does not keep the store open.
#[derive(Clone)]
pub(crate) enum Submit {
    /// To a thread that gathers groups, because each needs a sync.
    Queue(mpsc::WeakSender<Message>),
    /// Straight into the committer: without a sync there is nothing to share, and handing over to a thread would
    /// cost more than the commit.
    Inline(Weak<Mutex<Committer>>),
}

impl Submit {
    /// Hands a transaction over; its reply comes when it is committed.
    pub async fn commit(&self, request: Box<Request>) -> Result<(), Error> {
        match self {
            Self::Queue(queue) => {
                let queue = queue.upgrade().ok_or(Error::Closed)?;
                queue.send(Message::Commit(request)).await.map_err(|_| Error::Closed)
            }
            Self::Inline(committer) => {
                committer.upgrade().ok_or(Error::Closed)?.lock().commit_one(*request);
                Ok(())
            }
        }
    }
}
