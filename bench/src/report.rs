//! What a comparison found, and how it is printed.

use crate::disk::DiskFigures;
use crate::engine::EngineFigures;
use crate::files::FilesFigures;
use crate::options::Output;
use crate::process::Usage;
use crate::stats::Spread;
use crate::table::Table;
use crate::workload::Workload;
use serde::Serialize;

/// What the columns of the rates mean.
const LEGEND: &str = "\
clients: connections, each with one request at a time. before: messages in the queue or items in the table when the
measurement began or, for sqs_receive_after_deletes, messages deleted (fewer than asked for where the time ran out).
ops/s: median of the rounds. p50, p99: of all operations of all rounds; an sqs_cycle (send, receive, delete) is one.
errors: answers other than 2xx, broken connections and time-outs, not part of ops/s. empty: receives without a message,
neither. A row with either is marked (!).";

/// The machine the figures are of.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub processors: usize,
    pub processor: String,
    pub kernel: String,
    /// Load average of the last minute when the figures were written down.
    pub load: Option<f64>,
}

impl Machine {
    pub fn this() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let processor = read("/proc/cpuinfo")
            .lines()
            .find_map(|line| line.strip_prefix("model name").and_then(|rest| rest.split_once(':')))
            .map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned());
        Self {
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            processor,
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            load: read("/proc/loadavg").split_whitespace().next().and_then(|load| load.parse().ok()),
        }
    }

    fn line(&self) -> String {
        let load = self.load.map_or(String::new(), |load| format!(", load {load:.1}"));
        format!("{} × {}, Linux {}{load}", self.processors, self.processor, self.kernel)
    }
}

/// One workload with one number of clients on one target.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub workload: Workload,
    pub clients: u16,
    pub target: String,
    /// Messages in the queue, or deleted from it, or items in the table, when the measurement began.
    pub before: u64,
    /// Operations a second, over the rounds; none if it could not be prepared.
    pub per_second: Option<Spread>,
    pub p50_us: Option<f64>,
    pub p99_us: Option<f64>,
    pub done: u64,
    /// Receives answered without a message.
    pub empty: u64,
    pub errors: u64,
    pub first_error: Option<String>,
    pub server_cpu_seconds: Option<f64>,
    /// Of the load generator: near the measured time, it and not the server was the limit.
    pub client_cpu_seconds: f64,
    /// Median rate over the base target's median rate.
    pub ratio_to_base: Option<f64>,
}

impl Row {
    /// Fills in the ratios to the row of `base` with the same workload and clients.
    pub fn with_ratios(mut rows: Vec<Self>, base: Option<&str>) -> Vec<Self> {
        let median = |row: &Self| row.per_second.map(|rate| rate.median);
        let ratios: Vec<Option<f64>> = rows
            .iter()
            .map(|row| {
                let same = |other: &&Self| (other.workload, other.clients) == (row.workload, row.clients);
                let base = rows.iter().filter(same).find(|other| Some(other.target.as_str()) == base)?;
                Some(median(row)? / median(base).filter(|rate| *rate > 0.0)?)
            })
            .collect();
        for (row, ratio) in rows.iter_mut().zip(ratios) {
            row.ratio_to_base = ratio;
        }
        rows
    }

    /// Its rate as a part of another; nothing where it has none.
    fn share_of(&self, whose: &str, rate: f64, unit: &str) -> Option<String> {
        let own = self.per_second?.median;
        Some(format!(
            "- {} × {}, {}: {}/s = {:.0} % of {whose} {} {unit}",
            self.workload.name(),
            self.clients,
            self.target,
            rate_text(own),
            100.0 * own / rate,
            rate_text(rate)
        ))
    }

    fn is_marked(&self) -> bool {
        self.errors > 0 || self.empty > 0 || self.first_error.is_some()
    }
}

/// A target at the end of the run.
#[derive(Debug, Clone, Serialize)]
pub struct TargetFigures {
    pub name: String,
    /// Of targets started here only.
    pub usage: Option<Usage>,
}

/// Everything one run of `peers` or `run` found.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub machine: Machine,
    /// Of each measurement.
    pub seconds: u64,
    pub rounds: u32,
    pub disk: Option<DiskFigures>,
    /// The disk with files of 1 MiB, for each number of clients as writers; only where workloads put such objects.
    pub files: Vec<FilesFigures>,
    /// The store alone, for each number of clients as committers.
    pub engine: Vec<EngineFigures>,
    pub targets: Vec<TargetFigures>,
    pub rows: Vec<Row>,
    pub base: Option<String>,
}

impl Comparison {
    /// The text for `output`.
    pub fn render(&self, output: Output) -> String {
        if output == Output::Json {
            return to_json(self);
        }
        let parts = [
            Some(format!("{}; {} rounds of {} s", self.machine.line(), self.rounds, self.seconds)),
            self.disk.as_ref().map(disk_line),
            Some(self.files.iter().map(files_line).collect::<String>()).filter(|lines| !lines.is_empty()),
            Some(engine_table(&self.engine).render(output)),
            Some(self.rates().render(output)),
            Some(LEGEND.to_owned()),
            Some(self.usages().render(output)),
            Some(self.against_the_disk() + &self.against_the_engine() + &self.against_files())
                .filter(|lines| !lines.is_empty()),
            Some(self.failures()).filter(|lines| !lines.is_empty()),
        ];
        parts
            .into_iter()
            .flatten()
            .map(|part| part.trim_end().to_owned() + "\n")
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn rates(&self) -> Table {
        let ratio = self.base.as_ref().map_or("×".to_owned(), |base| format!("× {base}"));
        let mut table = Table::new(&[
            "workload",
            "clients",
            "target",
            "before",
            "ops/s",
            "min–max",
            &ratio,
            "p50 µs",
            "p99 µs",
            "errors",
            "empty",
            "server CPU s",
            "client CPU s",
        ]);
        for row in &self.rows {
            let mark = if row.is_marked() { " (!)" } else { "" };
            table.add(vec![
                row.workload.name().to_owned(),
                row.clients.to_string(),
                format!("{}{mark}", row.target),
                if row.before > 0 { grouped(row.before as f64) } else { String::new() },
                row.per_second.map_or("–".into(), |rate| rate_text(rate.median)),
                row.per_second
                    .map_or("–".into(), |rate| format!("{}–{}", rate_text(rate.min), rate_text(rate.max))),
                row.ratio_to_base.map_or("–".into(), |ratio| format!("{ratio:.2}")),
                row.p50_us.map_or("–".into(), grouped),
                row.p99_us.map_or("–".into(), grouped),
                grouped(row.errors as f64),
                grouped(row.empty as f64),
                row.server_cpu_seconds.map_or("–".into(), |seconds| format!("{seconds:.1}")),
                format!("{:.1}", row.client_cpu_seconds),
            ]);
        }
        table
    }

    fn usages(&self) -> Table {
        let mut table = Table::new(&["target", "RSS MiB at the end", "CPU s in all"]);
        for target in &self.targets {
            table.add(vec![
                target.name.clone(),
                target.usage.map_or("–".into(), |usage| mebibytes(usage.rss_bytes)),
                target.usage.map_or("–".into(), |usage| format!("{:.1}", usage.cpu_seconds)),
            ]);
        }
        table
    }

    /// The 99th percentile of a send by one client next to that of one sync of the disk.
    fn against_the_disk(&self) -> String {
        let Some(disk) = self.disk.as_ref().filter(|disk| disk.p99_us > 0.0) else { return String::new() };
        let sends = self.rows.iter().filter(|row| row.workload == Workload::SqsSend && row.clients == 1);
        sends
            .filter_map(|row| {
                let p99_us = row.p99_us?;
                let ratio = p99_us / disk.p99_us;
                let (send, sync) = (grouped(p99_us), grouped(disk.p99_us));
                Some(format!(
                    "- sqs_send, 1 client, {}: p99 {send} µs = {ratio:.2} × the disk's p99 of {sync} µs\n",
                    row.target
                ))
            })
            .collect()
    }

    /// The rate of small writes next to the store's rate of commits with as many committers as clients.
    fn against_the_engine(&self) -> String {
        let writes = self.rows.iter().filter(|row| row.workload.is_small_commit());
        writes
            .filter_map(|row| {
                let engine = self.engine.iter().find(|engine| engine.committers == row.clients)?;
                Some(row.share_of("the store's", engine.per_second.median, "commits/s")? + "\n")
            })
            .collect()
    }

    /// The rate of puts of 1 MiB next to that of plain files of this size with as many writers as clients.
    fn against_files(&self) -> String {
        let puts = self.rows.iter().filter(|row| row.workload == Workload::S3Put1m);
        puts.filter_map(|row| {
            let files = self.files.iter().find(|files| files.writers == row.clients)?;
            Some(row.share_of("the disk's", files.per_second.median, "files/s")? + "\n")
        })
        .collect()
    }

    fn failures(&self) -> String {
        let marked = self.rows.iter().filter(|row| row.is_marked());
        marked
            .map(|row| {
                let error = row.first_error.as_deref().unwrap_or("receives without a message");
                format!("- (!) {} × {}, {}: {error}\n", row.workload.name(), row.clients, row.target)
            })
            .collect()
    }
}

/// What was measured of the disk, in a sentence.
pub fn disk_line(disk: &DiskFigures) -> String {
    let kind = if disk.in_memory { " (in memory: not a disk)" } else { "" };
    let (p50, p99, appends) = (grouped(disk.p50_us), grouped(disk.p99_us), grouped(disk.appends as f64));
    format!("4 KiB append + fdatasync{kind}: p50 {p50} µs, p99 {p99} µs ({appends} appends)")
}

fn files_line(files: &FilesFigures) -> String {
    let Spread { median, min, max } = files.per_second;
    format!(
        "1 MiB files, written and synced by {} at once: {}/s ({}–{})\n",
        files.writers,
        rate_text(median),
        rate_text(min),
        rate_text(max)
    )
}

/// What was measured of the store.
pub fn engine_table(figures: &[EngineFigures]) -> Table {
    let mut table =
        Table::new(&["store committers", "commits/s", "min–max", "p50 µs", "p99 µs", "commits per sync"]);
    for figure in figures {
        let rate = figure.per_second;
        table.add(vec![
            figure.committers.to_string(),
            rate_text(rate.median),
            format!("{}–{}", rate_text(rate.min), rate_text(rate.max)),
            grouped(figure.p50_us),
            grouped(figure.p99_us),
            format!("{:.1}", figure.commits_per_sync),
        ]);
    }
    table
}

/// Indented JSON.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("no map with keys other than text, no failing type")
}

/// MiB with one decimal.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / (1024.0 * 1024.0))
}

/// Rounded, thousands apart.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Slow rates keep a decimal.
fn rate_text(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { grouped(rate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: &str, median: Option<f64>, errors: u64) -> Row {
        Row {
            workload: Workload::SqsSend,
            clients: 1,
            target: target.into(),
            before: 0,
            per_second: median.map(|median| Spread { median, min: median - 1.0, max: median + 1.0 }),
            p50_us: median.map(|_| 900.0),
            p99_us: median.map(|_| 3000.0),
            done: 10,
            empty: 0,
            errors,
            first_error: (errors > 0).then(|| "status 500: broken".into()),
            server_cpu_seconds: None,
            client_cpu_seconds: 0.25,
            ratio_to_base: None,
        }
    }

    fn put(target: &str, median: f64) -> Row {
        Row { workload: Workload::S3Put1m, ..row(target, Some(median), 0) }
    }

    #[test]
    fn numbers() {
        assert_eq!(
            [0.4, 999.0, 1000.0, 1234567.0].map(grouped),
            ["0", "999", "1,000", "1,234,567"].map(str::to_owned)
        );
        assert_eq!(rate_text(99.94), "99.9");
        assert_eq!(rate_text(1500.4), "1,500");
        assert_eq!(mebibytes(3 << 19), "1.5");
    }

    #[test]
    fn ratios_are_to_the_base_of_the_same_kind() {
        let mut other = row("b", Some(1.0), 0);
        other.clients = 32;
        let rows = vec![row("a", Some(100.0), 0), row("b", Some(250.0), 0), row("c", None, 0), other];
        let ratios = |base| {
            Row::with_ratios(rows.clone(), base).into_iter().map(|row| row.ratio_to_base).collect::<Vec<_>>()
        };
        assert_eq!(ratios(Some("a")), [Some(1.0), Some(2.5), None, None]);
        assert_eq!(ratios(Some("b")), [Some(0.4), Some(1.0), None, Some(1.0)]);
        assert_eq!(ratios(Some("c")), [None; 4]);
        assert_eq!(ratios(None), [None; 4]);
    }

    #[test]
    fn the_text_tells_errors_and_the_disk() {
        let comparison = Comparison {
            machine: Machine { processors: 2, processor: "P".into(), kernel: "6".into(), load: Some(1.25) },
            seconds: 5,
            rounds: 3,
            disk: Some(DiskFigures { appends: 1000, p50_us: 800.0, p99_us: 1500.0, in_memory: false }),
            files: vec![FilesFigures {
                writers: 1,
                per_second: Spread { median: 200.0, min: 150.0, max: 300.0 },
            }],
            engine: vec![EngineFigures {
                committers: 1,
                per_second: Spread { median: 400.0, min: 300.0, max: 500.0 },
                p50_us: 850.0,
                p99_us: 1600.0,
                commits: 6000,
                commits_per_sync: 1.0,
            }],
            targets: vec![TargetFigures {
                name: "a".into(),
                usage: Some(Usage { rss_bytes: 1 << 20, cpu_seconds: 2.0 }),
            }],
            rows: Row::with_ratios(
                vec![row("a", Some(100.0), 0), row("b", Some(50.0), 7), put("a", 180.0)],
                Some("a"),
            ),
            base: Some("a".into()),
        };
        let text = comparison.render(Output::Markdown);
        for expected in [
            "2 × P, Linux 6, load 1.2; 3 rounds of 5 s\n",
            "4 KiB append + fdatasync: p50 800 µs, p99 1,500 µs (1,000 appends)\n",
            "|                1 |       400 | 300–500 |    850 |  1,600 |              1.0 |\n",
            "1 MiB files, written and synced by 1 at once: 200/s (150–300)\n",
            "- sqs_send × 1, a: 100/s = 25 % of the store's 400 commits/s\n",
            "- s3_put_1m × 1, a: 180/s = 90 % of the disk's 200 files/s\n",
            "| sqs_send  |       1 | b (!)  |",
            "50.0 | 49.0–51.0 | 0.50 |",
            "| a      |                1.0 |          2.0 |\n",
            "- sqs_send, 1 client, a: p99 3,000 µs = 2.00 × the disk's p99 of 1,500 µs\n",
            "- (!) sqs_send × 1, b: status 500: broken\n",
        ] {
            assert!(text.contains(expected), "{expected:?} in\n{text}");
        }
        let json: serde_json::Value = serde_json::from_str(&comparison.render(Output::Json)).expect("JSON");
        assert_eq!(json["rows"][1]["errors"], 7);
        assert_eq!(json["rows"][0]["workload"], "sqs_send");
    }
}
