//! A table of texts, aligned for people; the Markdown form is aligned too.

use crate::options::Output;

/// Columns with a title each; a column of numbers is aligned to the right.
#[derive(Debug, Clone)]
pub struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(titles: &[&str]) -> Self {
        Self { titles: titles.iter().map(|title| (*title).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty, surplus cells are not shown.
    pub fn add(&mut self, mut row: Vec<String>) {
        row.resize(self.titles.len(), String::new());
        self.rows.push(row);
    }

    /// The table as text, one line a row.
    pub fn render(&self, output: Output) -> String {
        let markdown = output == Output::Markdown;
        let columns: Vec<Column> = (0..self.titles.len()).map(|at| self.column(at)).collect();
        let mut text = line(&self.titles, &columns, markdown);
        if markdown {
            let rule = columns.iter().map(|column| match column.numbers {
                true => format!("{}:|", "-".repeat(column.width + 1)),
                false => format!("{}|", "-".repeat(column.width + 2)),
            });
            text.push_str(&format!("|{}\n", rule.collect::<String>()));
        }
        for row in &self.rows {
            text.push_str(&line(row, &columns, markdown));
        }
        text
    }

    fn column(&self, at: usize) -> Column {
        let cells = || self.rows.iter().map(|row| &row[at]);
        let width = cells().chain([&self.titles[at]]).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let is_number = |cell: &String| !cell.contains(|character: char| character.is_ascii_alphabetic());
        Column { width, numbers: cells().all(is_number) }
    }
}

struct Column {
    width: usize,
    numbers: bool,
}

fn line(cells: &[String], columns: &[Column], markdown: bool) -> String {
    let padded = cells.iter().zip(columns).map(|(cell, column)| {
        let cell = if markdown { cell.replace('|', "\\|") } else { cell.clone() };
        match column.numbers {
            true => format!("{cell:>width$}", width = column.width),
            false => format!("{cell:<width$}", width = column.width),
        }
    });
    let padded: Vec<String> = padded.collect();
    if markdown {
        format!("| {} |\n", padded.join(" | "))
    } else {
        format!("{}\n", padded.join("  ").trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["name", "µs"]);
        table.add(vec!["a".into(), "1,000".into()]);
        table.add(vec!["long|er".into()]);
        table
    }

    #[test]
    fn text() {
        assert_eq!(table().render(Output::Table), "name        µs\na        1,000\nlong|er\n");
    }

    #[test]
    fn markdown() {
        let expected =
            "| name    |    µs |\n|---------|------:|\n| a       | 1,000 |\n| long\\|er |       |\n";
        assert_eq!(table().render(Output::Markdown), expected);
    }
}
