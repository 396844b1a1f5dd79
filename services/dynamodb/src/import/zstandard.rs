//! Zstandard, unpacked as it comes (RFC 8878): packed bytes are pushed in, and no more than a block of what they hold is unpacked at a
//! time, however much that is. Frames follow each other, and those that are to be skipped are.

use std::io::{self, Read as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How far back a frame may look, which is kept in memory: as far as encoders let theirs look unless they are told to go further.
/// Each import that is worked on has one decoder.
const WINDOW_MAX: u64 = 32 * 1024 * 1024;
/// What a block holds at most ("Block_Maximum_Size").
const BLOCK_MAX: usize = 128 * 1024;
/// Of a block's header, and of the checksum behind the last.
const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
/// What frames begin with; the last digit of those that are skipped may be any.
const MAGIC: u32 = 0xfd2f_b528;
const SKIPPED: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// Unpacks what is pushed.
pub struct Unpacker {
    /// What was pushed last, behind less than a block.
    packed: Vec<u8>,
    /// Up to here it is done with.
    at: usize,
    decoder: FrameDecoder,
    next: Next,
    unpacked: Vec<u8>,
}

/// What comes next.
#[derive(Clone, Copy)]
enum Next {
    Frame,
    /// So many bytes of nothing.
    Skipped(usize),
    Block(Frame),
    /// What the decoder has kept of a frame whose blocks are all decoded.
    Rest(Frame),
}

/// A frame that was begun.
#[derive(Clone, Copy)]
struct Frame {
    has_checksum: bool,
    /// What it holds, if it says so.
    size: Option<u64>,
    unpacked: u64,
}

/// How a frame begins.
enum Header {
    Skipped(usize),
    Frame { len: usize, has_checksum: bool, has_size: bool },
}

impl Unpacker {
    pub fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_MAX);
        Self { packed: Vec::new(), at: 0, decoder, next: Next::Frame, unpacked: Vec::new() }
    }

    /// What is unpacked and was not taken.
    pub fn unpacked(&self) -> &[u8] {
        &self.unpacked
    }

    /// The same, to take it.
    pub fn unpacked_mut(&mut self) -> &mut Vec<u8> {
        &mut self.unpacked
    }

    /// Takes packed bytes, to unpack them later.
    pub fn push(&mut self, packed: &[u8]) {
        self.packed.drain(..std::mem::take(&mut self.at));
        self.packed.extend_from_slice(packed);
    }

    /// Unpacks up to a block more; false if that needs more to be pushed first.
    ///
    /// # Errors
    /// For what is not Zstandard, is spoiled, or needs a dictionary or too long a memory. Nothing can be unpacked after it.
    pub fn more(&mut self) -> io::Result<bool> {
        let before = self.unpacked.len();
        while self.step()? {
            if self.unpacked.len() > before {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what was pushed ends where a frame ends.
    pub fn is_at_an_end(&self) -> bool {
        matches!(self.next, Next::Frame) && self.at == self.packed.len()
    }

    /// Does the next thing, unless it needs more to be pushed.
    fn step(&mut self) -> io::Result<bool> {
        let rest = &self.packed[self.at..];
        match self.next {
            Next::Frame => match header(rest)? {
                None => return Ok(false),
                Some(Header::Skipped(len)) => self.next = Next::Skipped(len),
                Some(Header::Frame { len, has_checksum, has_size }) => {
                    guarded(|| self.decoder.reset(&rest[..len]))?;
                    self.at += len;
                    let size = has_size.then(|| self.decoder.content_size());
                    self.next = Next::Block(Frame { has_checksum, size, unpacked: 0 });
                }
            },
            Next::Skipped(0) => self.next = Next::Frame,
            Next::Skipped(_) if rest.is_empty() => return Ok(false),
            Next::Skipped(len) => {
                let skipped = len.min(rest.len());
                self.at += skipped;
                self.next = Next::Skipped(len - skipped);
            }
            Next::Block(frame) => {
                let Some((block, is_last)) = block(rest)? else { return Ok(false) };
                let len = block + if is_last && frame.has_checksum { CHECKSUM } else { 0 };
                let Some(packed) = rest.get(..len) else { return Ok(false) };
                guarded(|| self.decoder.decode_blocks(packed, BlockDecodingStrategy::UptoBlocks(1)))?;
                self.at += len;
                let frame = self.drain(frame)?;
                self.next = if is_last { Next::Rest(frame) } else { Next::Block(frame) };
            }
            Next::Rest(frame) => {
                let now = self.drain(frame)?;
                self.next = if now.unpacked > frame.unpacked { Next::Rest(now) } else { self.end(now)? };
            }
        }
        Ok(true)
    }

    /// Takes out what the decoder no longer needs, up to a block of it.
    fn drain(&mut self, frame: Frame) -> io::Result<Frame> {
        let before = self.unpacked.len();
        self.unpacked.resize(before + BLOCK_MAX, 0);
        let (decoder, free) = (&mut self.decoder, &mut self.unpacked[before..]);
        let drained = guarded(|| decoder.read(free));
        self.unpacked.truncate(before + drained.as_ref().copied().unwrap_or_default());
        Ok(Frame { unpacked: frame.unpacked + drained? as u64, ..frame })
    }

    /// Checks a frame that is unpacked to its end.
    fn end(&self, frame: Frame) -> io::Result<Next> {
        if frame.size.is_some_and(|size| size != frame.unpacked) {
            return Err(wrong("a frame does not hold what it says"));
        }
        if frame.has_checksum
            && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum()
        {
            return Err(wrong("a frame has another checksum"));
        }
        Ok(Next::Frame)
    }
}

/// How a frame begins; none if that needs more bytes ("Frame_Header", "Skippable Frames").
fn header(bytes: &[u8]) -> io::Result<Option<Header>> {
    let word =
        |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let Some(magic) = word(0) else { return Ok(None) };
    if SKIPPED.contains(&magic) {
        // What is skipped is all behind the magic number, so that the length itself is, too.
        return Ok(word(4).map(|len| Header::Skipped(8 + len as usize)));
    }
    if magic != MAGIC {
        return Err(wrong("no frame begins here"));
    }
    let Some(descriptor) = bytes.get(4) else { return Ok(None) };
    let is_single = descriptor & 0x20 != 0;
    if descriptor & 0x08 != 0 {
        return Err(wrong("a frame has a reserved bit"));
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = match descriptor >> 6 {
        0 => usize::from(is_single),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    let len = 5 + usize::from(!is_single) + dictionary + size;
    let frame = Header::Frame { len, has_checksum: descriptor & 0x04 != 0, has_size: size > 0 };
    Ok((bytes.len() >= len).then_some(frame))
}

/// The bytes of a block with its header, and whether it is the last; none if that needs more bytes ("Block_Header").
fn block(bytes: &[u8]) -> io::Result<Option<(usize, bool)>> {
    let Some([low, middle, high]) = bytes.first_chunk::<BLOCK_HEADER>() else { return Ok(None) };
    let header = u32::from_le_bytes([*low, *middle, *high, 0]);
    let size = (header >> 3) as usize;
    if size > BLOCK_MAX {
        return Err(wrong("a block is too long"));
    }
    let content = match (header >> 1) & 3 {
        // One byte, so many times.
        1 => 1,
        3 => return Err(wrong("a block is of no kind")),
        _ => size,
    };
    Ok(Some((BLOCK_HEADER + content, header & 1 != 0)))
}

/// Runs the decoder. It asserts what it believes of its own state, which spoiled input could prove wrong: then that is an error
/// like any other, since it is not used after one.
fn guarded<T, E: std::fmt::Display>(work: impl FnOnce() -> Result<T, E>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| wrong(error.to_string())),
        Err(_) => Err(wrong("the decoder has given up")),
    }
}

fn wrong(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// What an object that comes in pieces of so many bytes holds; none if it is spoiled.
    fn unpack(object: &[u8], piece: usize) -> Option<Vec<u8>> {
        let mut unpacker = Unpacker::new();
        for piece in object.chunks(piece) {
            unpacker.push(piece);
            loop {
                let before = unpacker.unpacked().len();
                if !unpacker.more().ok()? {
                    break;
                }
                let more = unpacker.unpacked().len() - before;
                assert!((1..=BLOCK_MAX).contains(&more), "{more} bytes at a time");
            }
            assert!(unpacker.packed.len() - unpacker.at <= BLOCK_MAX + BLOCK_HEADER + CHECKSUM);
        }
        unpacker.is_at_an_end().then(|| std::mem::take(unpacker.unpacked_mut()))
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    /// A frame that is skipped, with so many bytes.
    fn skipped(len: u32) -> Vec<u8> {
        [&0x184d_2a57_u32.to_le_bytes()[..], &len.to_le_bytes(), &vec![b'x'; len as usize]].concat()
    }

    /// A frame of one kind of block, as often as is said, with a window of so many doublings of a KiB.
    fn repeated(window: u8, block: u32, times: usize, checksum: bool) -> Vec<u8> {
        let mut frame = [&MAGIC.to_le_bytes()[..], &[if checksum { 4 } else { 0 }, window << 3]].concat();
        for n in 1..=times {
            let header = (block << 3) | (1 << 1) | u32::from(n == times);
            frame.extend_from_slice(&header.to_le_bytes()[..3]);
            frame.push(b'\n');
        }
        frame
    }

    fn text() -> Vec<u8> {
        (0..60_000_u32)
            .flat_map(|n| format!("line {} of {}\n", n % 977, n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    #[test]
    fn frames_are_unpacked_however_they_come() {
        let text = text();
        let object = [
            packed(&text[..9]),
            skipped(0),
            packed(&text[9..700_000]),
            skipped(300),
            packed(&text[700_000..]),
            packed(b""),
        ];
        let object = object.concat();
        for piece in [1, 7, 4_096, 100_000, usize::MAX] {
            assert!(unpack(&object, piece).is_some_and(|found| found == text), "in pieces of {piece}");
        }
        assert_eq!(unpack(b"", 1), Some(Vec::new()));
    }

    #[test]
    fn other_encoders_are_understood() {
        // The reference encoder's, of a line eighty times, with its size and a checksum.
        let object = [
            0x28, 0xb5, 0x2f, 0xfd, 0x64, 0x80, 0x01, 0x7d, 0x00, 0x00, 0x40, 0x7b, 0x22, 0x61, 0x22, 0x3a,
            0x31, 0x7d, 0x0a, 0x01, 0x00, 0x75, 0x56, 0x97, 0x0b, 0xa4, 0x0c, 0x86, 0xf9,
        ];
        for piece in 1..object.len() {
            assert_eq!(unpack(&object, piece), Some("{\"a\":1}\n".repeat(80).into_bytes()));
        }
        for at in 4..object.len() {
            let mut spoiled = object;
            spoiled[at] ^= 0x80;
            assert_eq!(unpack(&spoiled, 7), None, "byte {at}");
        }
    }

    #[test]
    fn what_packs_best_is_unpacked_a_block_at_a_time() {
        let found = unpack(&repeated(10, BLOCK_MAX as u32, 100, false), 4_096).expect("good");
        assert_eq!(found.len(), 100 * BLOCK_MAX);
        assert!(found.iter().all(|byte| *byte == b'\n'));
    }

    #[test]
    fn what_cannot_be_is_told() {
        let good = packed(&text());
        for (what, object) in [
            ("no frame", b"plain text".to_vec()),
            ("an end too early", good[..good.len() - 1].to_vec()),
            ("an end in a header", good[..3].to_vec()),
            ("an end in what is skipped", skipped(9)[..12].to_vec()),
            ("more behind it", [&good[..], b"x"].concat()),
            ("a window too long", repeated(16, 9, 1, false)),
            ("a checksum of something else", [repeated(10, 9, 1, true), vec![0; 4]].concat()),
            ("a dictionary", vec![0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 0x01, 0x09, 0x00, 0x00, b'x']),
            ("a size that is not its own", vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x02, 0x09, 0x00, 0x00, b'x']),
            ("a block of no kind", vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x0f, 0x00, 0x00, b'x']),
            ("a block too long", vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0xff, 0xff, 0xff, b'x']),
        ] {
            for piece in [1, usize::MAX] {
                assert_eq!(unpack(&object, piece), None, "{what}");
            }
        }
        assert!(unpack(&repeated(15, 9, 1, false), 1).is_some(), "the longest window");
        assert!(
            unpack(&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00, b'x'], 1).is_some(),
            "its own size"
        );
    }

    #[test]
    fn what_is_spoiled_is_an_error_or_something_else_but_never_more() {
        let text = text();
        let good = [packed(&text[..3_000]), skipped(5), packed(&text[3_000..40_000])].concat();
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let mut told = 0;
        for _ in 0..3_000 {
            let mut spoiled = good.clone();
            for _ in 0..1 + random() % 4 {
                let at = random() % spoiled.len();
                spoiled[at] ^= 1 << (random() % 8);
            }
            spoiled.truncate(1 + random() % spoiled.len() * 2 % spoiled.len());
            told += usize::from(unpack(&spoiled, 1 + random() % 5_000).is_none());
        }
        assert!(told > 2_900, "{told} were told");
    }
}
