//! Finds and removes blobs that are in no record.

use std::sync::Arc;

use crate::blobs::Shared;
use crate::disk::Walk;
use crate::format::{HEADER, head_of};
use crate::job::Job;
use crate::{BlobId, Blobs, Error};

/// Blobs looked at in one go of a thread that may block, and names held in memory: enough that the change of threads
/// does not count, few enough that the program can end in between.
const BATCH: usize = 1024;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs that are in a record.
    pub kept: u64,
    /// Blobs that are in no record but may come to be in one: they were written since the directory was opened.
    pub young: u64,
    /// Blobs removed.
    pub removed: u64,
    /// Unfinished blobs of earlier runs of the program removed.
    pub abandoned: u64,
}

/// All blobs, in no order. What comes or goes meanwhile may be among them or not.
pub struct Listing {
    batch: std::vec::IntoIter<BlobId>,
    /// None at the end, or while a batch is being read that was given up.
    walk: Option<Walk>,
}

impl Listing {
    /// The next blob; none at the end. After an error it ends.
    pub async fn next(&mut self) -> Option<Result<BlobId, Error>> {
        if let Some(id) = self.batch.next() {
            return Some(Ok(id));
        }
        let mut walk = self.walk.take()?;
        let read = Job::start(move || {
            let batch: std::io::Result<Vec<_>> = walk.by_ref().take(BATCH).collect();
            (batch, walk)
        });
        match read.await {
            Ok((Ok(batch), walk)) => {
                // A batch that is not full is the last.
                self.walk = (batch.len() == BATCH).then_some(walk);
                self.batch = batch.into_iter();
                self.batch.next().map(Ok)
            }
            Ok((Err(error), _)) => Some(Err(error.into())),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Blobs {
    /// All blobs.
    pub fn list(&self) -> Listing {
        Listing { batch: Vec::new().into_iter(), walk: Some(self.0.disk.walk()) }
    }

    /// Removes what earlier runs of the program left: blobs that were never finished, and blobs for which `keep` says
    /// that no record names them. What was written since the directory was opened is not touched.
    ///
    /// `keep` is asked on a thread that may block. It must say yes of a blob that any record names, or that a
    /// transaction under way may take over from one record to another. If it fails, the sweep ends with its error.
    pub async fn sweep<E>(
        &self,
        mut keep: impl FnMut(&BlobId) -> Result<bool, E> + Send + 'static,
    ) -> Result<Swept, E>
    where
        E: From<Error> + Send + 'static,
    {
        let shared = self.0.clone();
        let abandoned = Job::start(move || shared.disk.remove_abandoned(shared.epoch)).await?;
        let mut swept = Swept { abandoned: abandoned.map_err(Error::from)?, ..Swept::default() };
        let mut walk = self.0.disk.walk();
        loop {
            let shared = self.0.clone();
            let job = Job::start(move || {
                let mut looked_at = 0;
                for id in walk.by_ref().take(BATCH) {
                    looked_at += 1;
                    sweep_one(&shared, id.map_err(Error::from)?, &mut keep, &mut swept)?;
                }
                Ok::<_, E>((looked_at, walk, keep, swept))
            });
            let looked_at;
            (looked_at, walk, keep, swept) = job.await??;
            if looked_at < BATCH {
                return Ok(swept);
            }
        }
    }
}

fn sweep_one<E: From<Error>>(
    shared: &Arc<Shared>,
    id: BlobId,
    keep: &mut impl FnMut(&BlobId) -> Result<bool, E>,
    swept: &mut Swept,
) -> Result<(), E> {
    if keep(&id)? {
        swept.kept += 1;
    } else if is_young(shared, id)? {
        swept.young += 1;
    } else {
        match shared.disk.remove(id) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::from(error).into());
            }
            _ => swept.removed += 1,
        }
    }
    Ok(())
}

/// Whether the blob was written since the directory was opened. No clock is asked: they step back.
fn is_young(shared: &Shared, id: BlobId) -> Result<bool, Error> {
    let source = match shared.disk.open(id) {
        Ok(source) => source,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let mut header = [0; HEADER];
    // A blob of this run has a header; what has none is what a power failure left of another.
    if source.len() < HEADER as u64 {
        return Ok(false);
    }
    source.read_at(&mut header, 0)?;
    Ok(head_of(&header).is_ok_and(|head| head.epoch == shared.epoch))
}
