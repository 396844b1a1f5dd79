//! What is written is what is read.

mod common;

use std::sync::OnceLock;

use blob::{BlobId, Blobs, Error, Options};
use bytes::Bytes;
use common::{SEGMENT, files_in, get, key, path_of, put, runtime, text};
use futures::StreamExt;
use proptest::prelude::*;

/// One directory for all cases: to create one costs more than a case.
fn places() -> &'static (tokio::runtime::Runtime, tempfile::TempDir, [Blobs; 2]) {
    static PLACES: OnceLock<(tokio::runtime::Runtime, tempfile::TempDir, [Blobs; 2])> = OnceLock::new();
    PLACES.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let files = Blobs::open(dir.path(), Options::ephemeral()).expect("open");
        (runtime(), dir, [files, Blobs::in_memory()])
    })
}

/// Sizes about the borders of segments and of chunks of four.
fn size() -> impl Strategy<Value = u64> {
    (0..11u64, -3..4i64).prop_map(|(segments, more)| (segments * SEGMENT).saturating_add_signed(more))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_range_of_any_size(
        size in size(),
        piece in prop::sample::select(vec![977usize, 8192, 65536, 65537, 300_000, 1 << 20]),
        ends in prop::array::uniform2((0..11u64, -2..3i64)),
    ) {
        let (runtime, dir, places) = places();
        let text = text(size as usize, size);
        let [a, b] = ends.map(|(segments, more)| (segments * SEGMENT).saturating_add_signed(more).min(size));
        let range = a.min(b)..a.max(b);
        for blobs in places {
            runtime.block_on(async {
                let written = put(blobs, &text, piece).await.expect("put");
                prop_assert_eq!(written.size, size);
                let found = get(blobs, written.id, &key(), 0..size, size).await.expect("get");
                prop_assert!(found == text, "the whole differs");
                let part = get(blobs, written.id, &key(), range.clone(), size).await.expect("get");
                prop_assert!(part == text[range.start as usize..range.end as usize], "{range:?} differs");
                blobs.verify(written.id, &key(), size).await.expect("verify");
                let on_disk = blobs.size_on_disk(written.id).await.expect("size").expect("it is there");
                prop_assert_eq!(on_disk, size + 24 + 16 * size.div_ceil(SEGMENT).max(1) + 8);
                blobs.delete(written.id).await.expect("delete");
                blobs.delete(written.id).await.expect("delete again");
                prop_assert!(!blobs.exists(written.id).await.expect("exists"));
                Ok(())
            })?;
        }
        prop_assert_eq!(files_in(dir.path()), Vec::<std::path::PathBuf>::new());
    }
}

#[tokio::test]
async fn a_blob_does_not_show_what_is_in_it_and_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().join("not/yet/there");
    let blobs = Blobs::open(&place, Options::default()).expect("open");
    let text = Bytes::from(vec![b'x'; 100_000]);
    let written = put(&blobs, &text, 5000).await.expect("put");
    let path = path_of(&place, written.id);
    let file = std::fs::read(&path).expect("the file");
    assert!(!file.windows(8).any(|bytes| bytes == b"xxxxxxxx"));
    assert_eq!(path.metadata().expect("metadata").permissions().mode() & 0o777, 0o600);
    assert_eq!(place.metadata().expect("metadata").permissions().mode() & 0o777, 0o700);
    // Under one key, the same bytes are never the same file.
    let again = put(&blobs, &text, 5000).await.expect("put");
    assert!(std::fs::read(path_of(&place, again.id)).expect("the file")[24..] != file[24..]);
}

#[tokio::test]
async fn what_is_not_there_or_not_within_is_said_so() {
    let dir = tempfile::tempdir().expect("a directory");
    for blobs in [Blobs::in_memory(), Blobs::open(dir.path(), Options::ephemeral()).expect("open")] {
        let missing = BlobId::from_bytes([5; 16]);
        assert!(
            matches!(get(&blobs, missing, &key(), 0..1, 1).await, Err(Error::Missing(id)) if id == missing)
        );
        assert!(!blobs.exists(missing).await.expect("exists"));
        blobs.delete(missing).await.expect("nothing to do");
        let id = put(&blobs, &text(10, 1), 10).await.expect("put").id;
        for range in [0..11, 11..11, std::ops::Range { start: 3, end: 2 }, u64::MAX..u64::MAX] {
            assert!(matches!(blobs.read(id, &key(), range, 10).await, Err(Error::Range { size: 10, .. })));
        }
        assert_eq!(get(&blobs, id, &key(), 10..10, 10).await.expect("get"), b"");
    }
}

#[tokio::test]
async fn a_removed_blob_is_read_to_its_end() {
    let dir = tempfile::tempdir().expect("a directory");
    for blobs in [Blobs::in_memory(), Blobs::open(dir.path(), Options::ephemeral()).expect("open")] {
        let text = text(3 << 20, 2);
        let written = put(&blobs, &text, 1 << 20).await.expect("put");
        let reading = blobs.read(written.id, &key(), 0..written.size, written.size).await.expect("read");
        blobs.delete(written.id).await.expect("delete");
        let pieces: Vec<Bytes> = reading.map(|piece| piece.expect("a piece")).collect().await;
        assert!(pieces.concat() == text);
        assert!(matches!(blobs.verify(written.id, &key(), written.size).await, Err(Error::Missing(_))));
    }
    assert!(files_in(dir.path()).is_empty());
}

#[tokio::test]
async fn what_was_written_outlives_the_handle() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = text(700_000, 3);
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    let written = put(&blobs, &text, 4096).await.expect("put");
    drop(blobs);
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    assert!(get(&blobs, written.id, &key(), 0..written.size, written.size).await.expect("get") == text);
}

/// Readings begin on the caller's thread and go on in jobs where the system no longer has the file in memory, from its
/// beginning or from some place within.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_is_not_in_memory_is_read_from_the_disk() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    let text = text(3_000_000, 5);
    let written = put(&blobs, &text, 100_000).await.expect("put");
    let name = written.id.to_string();
    let file = std::fs::File::open(dir.path().join(&name[..2]).join(&name)).expect("its file");
    for forgotten_from in [0, 300_000, 1_500_000, 2_900_000] {
        rustix::fs::fadvise(&file, forgotten_from, None, rustix::fs::Advice::DontNeed).expect("advice");
        for range in [0..written.size, 1_000_000..1_700_000] {
            let wanted = &text[range.start as usize..range.end as usize];
            let found = get(&blobs, written.id, &key(), range.clone(), written.size).await.expect("get");
            assert!(found == wanted, "{range:?} after forgetting from {forgotten_from}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::default()).expect("open");
    let tasks: Vec<_> = (0..64u64)
        .map(|n| {
            let blobs = blobs.clone();
            tokio::spawn(async move {
                let text = text(n as usize * 17_001, n);
                let written = put(&blobs, &text, 50_000).await.expect("put");
                assert!(
                    get(&blobs, written.id, &key(), 0..written.size, written.size).await.expect("get")
                        == text
                );
                written.id
            })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.expect("no panic"));
    }
    let mut listed = Vec::new();
    let mut listing = blobs.list();
    while let Some(id) = listing.next().await {
        listed.push(id.expect("a name"));
    }
    ids.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, ids);
}
