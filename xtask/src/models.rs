//! Reads the published models and keeps their facts: `models/inputs` holds no text but names.

mod managed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use botocore_model::{ErrorInfo, MemberRef, Model};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::codegen::{Catalog, Overlay};
use crate::paths;

/// `models/lock.toml`: the packages that the inputs come from.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    /// What the importer calls it.
    id: String,
    /// `pypi-sdist`, `pypi-wheel` or `npm`.
    from: String,
    name: String,
    version: String,
    sha256: String,
}

/// An IAM action as `models/inputs/iam` keeps it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IamAction {
    /// Name without the service's prefix.
    pub name: String,
    /// Types of resource.
    #[serde(default)]
    pub resource_types: Vec<String>,
    /// Condition keys.
    #[serde(default)]
    pub condition_keys: Vec<String>,
}

/// Fetches the locked packages, checks them, and writes `models/inputs`.
pub fn run() -> Result<()> {
    let lock: Lock = toml::from_str(&fs::read_to_string(paths::root().join("models/lock.toml"))?)?;
    let scratch = tempfile::tempdir()?;
    let mut unpacked = BTreeMap::new();
    for package in &lock.package {
        println!("{} {}", package.name, package.version);
        unpacked.insert(package.id.as_str(), package.unpack(scratch.path())?);
    }
    let place = |id: &str| unpacked.get(id).with_context(|| format!("models/lock.toml has no package {id}"));
    let (botocore, older, iam) = (place("botocore")?, place("botocore-query")?, place("iam-data")?);

    let inputs = paths::inputs();
    fs::create_dir_all(inputs.join("iam"))?;
    fs::create_dir_all(inputs.join("protocol-cases"))?;
    let catalog = Catalog::read()?;
    let mut names = BTreeMap::new();
    for service in &catalog.services {
        let model = read_model(&botocore.join("botocore/data"), service)?;
        names.insert(service.clone(), routing_facts(&model));
        if let Some(overlay) = Overlay::read(service)? {
            import(service, model, &overlay, &older.join("botocore/data"), iam, &inputs)?;
        }
    }
    write_json(&inputs.join("catalog.json"), &names)?;
    managed::import(place("moto")?, &inputs.join("managed-policies.jsonl"))?;
    protocol_cases(&botocore.join("tests/unit/protocols"), &inputs.join("protocol-cases"))
}

impl Package {
    fn unpack(&self, scratch: &Path) -> Result<PathBuf> {
        let folder = scratch.join(&self.id);
        fs::create_dir_all(&folder)?;
        let pinned = format!("{}=={}", self.name, self.version);
        let mut fetch = match self.from.as_str() {
            "pypi-sdist" => command("pip", &["download", "-q", "--no-deps", "--no-binary", ":all:", &pinned]),
            "pypi-wheel" => {
                command("pip", &["download", "-q", "--no-deps", "--only-binary", ":all:", &pinned])
            }
            "npm" => command("npm", &["pack", "--silent", &format!("{}@{}", self.name, self.version)]),
            other => bail!("unknown kind of package {other}"),
        };
        run_in(&mut fetch, &folder)?;
        let file = fs::read_dir(&folder)?.next().context("nothing was fetched")??.path();
        let sum: String = Sha256::digest(fs::read(&file)?).iter().map(|b| format!("{b:02x}")).collect();
        ensure!(sum == self.sha256, "{} has sha256 {sum}, not {}", file.display(), self.sha256);
        let file = file.to_string_lossy().into_owned();
        if self.from == "pypi-wheel" {
            run_in(&mut command("python3", &["-m", "zipfile", "-e", &file, "."]), &folder)?;
            return Ok(folder);
        }
        run_in(&mut command("tar", &["xzf", &file]), &folder)?;
        // A source distribution unpacks to name-version, an npm package to package.
        let inner = fs::read_dir(&folder)?
            .filter_map(|entry| entry.ok().map(|e| e.path()))
            .find(|path| path.is_dir());
        inner.context("the package holds no folder")
    }
}

fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args);
    command
}

fn run_in(command: &mut Command, folder: &Path) -> Result<()> {
    let status = command.current_dir(folder).status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

/// The newest version of a service's model.
fn read_model(data: &Path, service: &str) -> Result<Model> {
    let mut versions: Vec<PathBuf> = fs::read_dir(data.join(service))
        .with_context(|| format!("no model of {service}"))?
        .filter_map(|entry| entry.ok().map(|e| e.path().join("service-2.json")))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    let newest = versions.pop().with_context(|| format!("no model of {service}"))?;
    let text = fs::read_to_string(&newest)?;
    serde_json::from_str(&text).with_context(|| format!("{}", newest.display()))
}

/// A model without its shapes: what routing needs of services whose types are not generated.
fn routing_facts(model: &Model) -> Model {
    let mut facts = Model { metadata: model.metadata.clone(), ..Model::default() };
    for (name, operation) in &model.operations {
        let mut operation = operation.clone();
        (operation.input, operation.output) = (None, None);
        operation.errors.clear();
        facts.operations.insert(name.clone(), operation);
    }
    facts
}

fn import(
    service: &str,
    mut model: Model,
    overlay: &Overlay,
    older: &Path,
    iam: &Path,
    inputs: &Path,
) -> Result<()> {
    if overlay.query_names_from_older {
        merge_query_names(&mut model, &read_model(older, service)?);
    }
    write_json(&inputs.join(format!("{service}.json")), &model)?;
    let actions = read_iam(iam, overlay.iam_prefix.as_deref().unwrap_or(service))?;
    write_json(&inputs.join("iam").join(format!("{service}.json")), &actions)
}

/// Takes names and codes of the query protocol from the last model that had them.
fn merge_query_names(model: &mut Model, older: &Model) {
    let rename = |new: &mut MemberRef, old: &MemberRef| {
        if old.location_name.is_some() {
            new.query_name.clone_from(&old.location_name);
        }
    };
    for (name, shape) in &mut model.shapes {
        let Some(old) = older.shapes.get(name) else { continue };
        for (member, new) in &mut shape.members {
            if let Some(old) = old.members.get(member) {
                // The name of a shape holds for members that have none of their own.
                new.query_name = older.shapes.get(&old.shape).and_then(|shape| shape.location_name.clone());
                rename(new, old);
            }
        }
        for (new, old) in
            [(&mut shape.member, &old.member), (&mut shape.key, &old.key), (&mut shape.value, &old.value)]
        {
            if let (Some(new), Some(old)) = (new, old) {
                rename(new, old);
            }
        }
        if let Some(old) = &old.error {
            let info = shape.error.get_or_insert_with(ErrorInfo::default);
            info.query_code.clone_from(&old.code);
        }
    }
    if model.metadata.xml_namespace.is_none() {
        model.metadata.xml_namespace.clone_from(&older.metadata.xml_namespace);
    }
}

fn read_iam(iam: &Path, prefix: &str) -> Result<Vec<IamAction>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Found {
        name: String,
        resource_types: Vec<Resource>,
        condition_keys: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Resource {
        name: String,
    }
    let file = iam.join("data/actions").join(format!("{prefix}.json"));
    let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    let found: BTreeMap<String, Found> = serde_json::from_str(&text)?;
    Ok(found
        .into_values()
        .map(|action| IamAction {
            name: action.name,
            resource_types: action.resource_types.into_iter().map(|r| r.name).collect(),
            condition_keys: action.condition_keys,
        })
        .collect())
}

/// A suite of protocol cases, without its descriptions.
#[derive(Deserialize, Serialize)]
struct Suite {
    metadata: serde_json::Value,
    shapes: serde_json::Value,
    cases: Vec<serde_json::Map<String, serde_json::Value>>,
}

fn protocol_cases(from: &Path, to: &Path) -> Result<()> {
    for side in ["input", "output"] {
        for entry in fs::read_dir(from.join(side))? {
            let path = entry?.path();
            let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
            let mut suites: Vec<Suite> = serde_json::from_str(&fs::read_to_string(&path)?)?;
            for suite in &mut suites {
                drop_prose(&mut suite.shapes);
                for case in &mut suite.cases {
                    case.remove("description");
                    if let Some(given) = case.get_mut("given") {
                        drop_prose(given);
                    }
                }
            }
            write_json(&to.join(format!("{side}-{name}")), &suites)?;
        }
    }
    Ok(())
}

fn drop_prose(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            if map.get("documentation").is_some_and(serde_json::Value::is_string) {
                map.remove("documentation");
            }
            map.values_mut().for_each(drop_prose);
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(drop_prose),
        _ => {}
    }
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    // One space of indentation: readable differences at half the size.
    let text: String = text
        .lines()
        .map(|line| {
            let body = line.trim_start();
            format!("{}{body}\n", " ".repeat((line.len() - body.len()) / 2))
        })
        .collect();
    fs::write(path, text).with_context(|| format!("{}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use serde_json::Value;

    use super::*;

    /// Longer texts are prose; patterns and enumerations are facts of any length.
    const MAX_TEXT_CHARS: usize = 300;

    /// The JSON files below a folder.
    fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                json_files(&path, out);
            } else if path.extension() == Some(OsStr::new("json")) {
                out.push(path);
            }
        }
    }

    /// What looks like prose, as its place and the text.
    fn prose(value: &Value, place: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let place = format!("{place}/{key}");
                    if matches!(key.as_str(), "documentation" | "description") && value.is_string() {
                        out.push(format!("{place}: {value}"));
                    } else if !matches!(key.as_str(), "pattern" | "enum") {
                        prose(value, &place, out);
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| prose(value, place, out)),
            Value::String(text) if text.chars().count() > MAX_TEXT_CHARS => {
                out.push(format!("{place}: {text}"))
            }
            _ => {}
        }
    }

    #[test]
    fn models_hold_no_prose() {
        let mut files = Vec::new();
        json_files(&paths::root().join("models"), &mut files);
        assert!(files.len() > 20, "{} files", files.len());
        let mut found = Vec::new();
        for file in files {
            let value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            // The cases hold bodies, which are data: of these only the models count.
            let cases = file.parent().and_then(Path::file_name) == Some(OsStr::new("protocol-cases"));
            prose(
                &if cases { without_bodies(value) } else { value },
                &file.display().to_string(),
                &mut found,
            );
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    fn without_bodies(mut suites: Value) -> Value {
        for suite in suites.as_array_mut().into_iter().flatten() {
            for case in suite["cases"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
                for data in ["params", "serialized", "result", "response", "error"] {
                    case.remove(data);
                }
            }
        }
        suites
    }

    #[test]
    fn prose_would_be_found() {
        let model = serde_json::json!({
            "shapes": {
                "A": {"documentation": "x", "pattern": "p".repeat(1000), "enum": ["e".repeat(1000)]},
                "B": {"members": {"documentation": {"shape": "A"}}, "other": "t".repeat(301)},
            },
        });
        let mut found = Vec::new();
        prose(&model, "", &mut found);
        let places: Vec<&str> = found.iter().filter_map(|text| text.split(':').next()).collect();
        assert_eq!(places, ["/shapes/A/documentation", "/shapes/B/other"]);
    }
}
