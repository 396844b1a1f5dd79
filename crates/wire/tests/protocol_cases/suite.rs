//! The files of cases.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use botocore_model::{Metadata, Model, OperationModel, Shape};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// A small model with cases for it.
#[derive(Deserialize)]
pub struct Suite {
    pub metadata: Metadata,
    pub shapes: IndexMap<String, Shape>,
    pub cases: Vec<Case>,
}

/// One case: of a request (`params`, `serialized`) or of a response (`result` or `error`, `response`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    pub id: String,
    pub given: OperationModel,
    #[serde(default)]
    pub params: Value,
    pub serialized: Option<Serialized>,
    pub result: Option<Value>,
    pub error: Option<Value>,
    pub error_code: Option<String>,
    pub response: Option<Answer>,
}

/// A request.
#[derive(Deserialize)]
pub struct Serialized {
    pub method: String,
    pub uri: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
}

/// A response.
#[derive(Deserialize)]
pub struct Answer {
    pub status_code: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
}

impl Suite {
    /// As the loader of schemas takes it.
    pub fn model(&self) -> Model {
        Model { metadata: self.metadata.clone(), shapes: self.shapes.clone(), ..Model::default() }
    }
}

/// All files of one side, by their names.
pub fn read(side: &str) -> Vec<(String, Vec<Suite>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/inputs/protocol-cases");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            name.starts_with(side).then_some((name, path))
        })
        .map(|(name, path)| {
            let text = fs::read_to_string(&path).expect("a readable file");
            let suites = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, suites)
        })
        .collect()
}
