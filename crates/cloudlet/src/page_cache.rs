//! How much of the store's file is kept in memory.

use std::fs;

/// The least there is by default: what the store has been measured with.
const LEAST: u64 = 64 * MIB;
/// The most: a file that is longer than this is read in places rather than whole.
const MOST: u64 = 2048 * MIB;
/// The part of the memory there is. The system keeps the file in what is free as well, so this is for what is read again and again.
const PART: u64 = 16;
const MIB: u64 = 1024 * 1024;

/// What is kept where nothing else is said, in bytes: a sixteenth of the memory that this process may use, 64 MiB at
/// least and 2 GiB at most.
pub fn default_bytes() -> u64 {
    part_of(memory())
}

fn part_of(memory: Option<u64>) -> u64 {
    memory.map_or(LEAST, |bytes| (bytes / PART).clamp(LEAST, MOST))
}

/// The memory of the machine, or of the control group if that is less; none if neither can be told.
fn memory() -> Option<u64> {
    let machine = machine();
    let group = fs::read_to_string("/proc/self/cgroup").ok().and_then(|groups| limit_of(&groups));
    match (machine, group) {
        (Some(machine), Some(group)) => Some(machine.min(group)),
        (machine, group) => machine.or(group),
    }
}

#[cfg(target_os = "linux")]
fn machine() -> Option<u64> {
    let info = rustix::system::sysinfo();
    // `c_ulong` is 32 bits wide on some machines.
    #[allow(clippy::useless_conversion, reason = "see above")]
    let bytes = u64::from(info.totalram).checked_mul(u64::from(info.mem_unit))?;
    (bytes > 0).then_some(bytes)
}

#[cfg(not(target_os = "linux"))]
fn machine() -> Option<u64> {
    None
}

/// The least limit of the group and of those around it, of version 2. `max` is none.
fn limit_of(groups: &str) -> Option<u64> {
    let mut group = groups.lines().find_map(|line| line.strip_prefix("0::"))?.trim_end_matches('/');
    let mut least = None;
    loop {
        let limit = fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.max")).ok();
        if let Some(limit) = limit.and_then(|text| text.trim().parse::<u64>().ok()) {
            least = Some(least.map_or(limit, |least: u64| least.min(limit)));
        }
        match group.rsplit_once('/') {
            Some((around, _)) => group = around,
            None => return least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_sixteenth_within_bounds() {
        let table = [
            (None, 64 * MIB),
            (Some(512 * MIB), 64 * MIB),
            (Some(4096 * MIB), 256 * MIB),
            (Some(24 * 1024 * MIB), 1536 * MIB),
            (Some(1 << 50), 2048 * MIB),
        ];
        for (memory, cache) in table {
            assert_eq!(part_of(memory), cache, "{memory:?}");
        }
    }

    #[test]
    fn the_memory_of_this_machine_is_known() {
        assert!(memory().is_some_and(|bytes| bytes > 64 * MIB));
    }

    #[test]
    fn a_group_that_is_not_there_has_no_limit() {
        assert_eq!(limit_of("0::/no such group/at all\n"), limit_of("0::/\n"));
        assert_eq!(limit_of("4:memory:/old\n"), None);
    }
}
