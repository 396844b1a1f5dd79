//! Results for people and for scripts.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use comfy_table::{Table, presets};
use console::style;

/// How to print results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables, with colours where there is a terminal
    Text,
    /// One JSON document
    Json,
}

/// Prints facts: two columns for people, an object for scripts.
pub fn facts(format: Format, facts: &[(&str, serde_json::Value)]) {
    match format {
        Format::Json => {
            let object: serde_json::Map<_, _> =
                facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            println!("{}", serde_json::Value::Object(object));
        }
        Format::Text => {
            let mut table = Table::new();
            table.load_preset(presets::NOTHING);
            for (name, value) in facts {
                let shown = match value {
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let name = name.replace('_', " ");
                let name = if std::io::stdout().is_terminal() { style(name).dim().to_string() } else { name };
                table.add_row([name, shown]);
            }
            println!("{table}");
        }
    }
}
