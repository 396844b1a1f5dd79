//! `models/catalog`: every service, with the names of all its operations.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use botocore_model::{Model, lower};

use crate::paths;

use super::emit::{header, literal, optional, protocol, shouty};
use super::{Catalog, Files, Overlay};

pub fn generate(catalog: &Catalog, files: &mut Files) -> Result<()> {
    let path = paths::inputs().join("catalog.json");
    let models: BTreeMap<String, Model> = serde_json::from_str(&fs::read_to_string(&path)?)?;
    let src = paths::root().join("models/catalog/src");
    let mut lib =
        header("Every service that can be named, with its protocols and the names of all its operations.");
    lib.push_str("use wire::ServiceModel;\n\n");
    let (mut uses, mut all) = (String::new(), String::new());
    let mut targets: BTreeMap<String, &str> = BTreeMap::new();
    for name in &catalog.services {
        let model = models.get(name).with_context(|| format!("{name} is not in catalog.json"))?;
        if let Some(prefix) = &model.metadata.target_prefix {
            let taken = targets.insert(prefix.clone(), name);
            ensure!(taken.is_none(), "{name} and {taken:?} share the target prefix {prefix}");
        }
        let module = name.replace('-', "_");
        let overlay = Overlay::read(name)?.unwrap_or_default();
        files.insert(src.join(format!("{module}.rs")), service(name, model, catalog, &overlay)?);
        let konst = shouty(&module);
        writeln!(lib, "mod {module};")?;
        writeln!(uses, "pub use {module}::{konst};")?;
        writeln!(all, "&{konst},")?;
    }
    write!(lib, "\n{uses}\n/// All of them.\npub static ALL: &[&ServiceModel] = &[{all}];\n")?;
    files.insert(src.join("lib.rs"), lib);
    files.insert(
        paths::root().join("models/catalog/Cargo.toml"),
        super::service::manifest(
            "catalog",
            "Every service's table of operations",
            &["wire = { path = \"../../crates/wire\" }"],
        ),
    );
    Ok(())
}

fn service(name: &str, model: &Model, catalog: &Catalog, overlay: &Overlay) -> Result<String> {
    let metadata = &model.metadata;
    let context = || format!("{name} has no");
    let prefix =
        metadata.endpoint_prefix.as_deref().with_context(|| format!("{} endpoint prefix", context()))?;
    let protocols = lower::protocols(metadata).map_err(anyhow::Error::msg)?;
    let namespace = lower::namespace(metadata.xml_namespace.as_ref()).map(|(uri, _)| uri);
    let namespace = namespace.or_else(|| xml_namespace_from_older(name)).or(overlay.xml_namespace.clone());
    let speaks_cbor = protocols.contains(&wire::Protocol::RpcCbor);
    let mut out =
        header(&format!("{name}, API version {}.", metadata.api_version.as_deref().unwrap_or("unknown")));
    let mark = if overlay.mark.is_some() { "Mark, " } else { "" };
    let more = if overlay.path_parameter.is_some() { "PathParameter, " } else { "" };
    writeln!(out, "use wire::{{{mark}OperationName, {more}Protocol, ServiceModel}};\n")?;
    writeln!(out, "/// `{name}`: {} operations.", model.operations.len())?;
    writeln!(out, "pub static {}: ServiceModel = ServiceModel {{", shouty(&name.replace('-', "_")))?;
    writeln!(out, "id: {},", literal(name))?;
    writeln!(out, "signing_name: {},", literal(metadata.signing_name.as_deref().unwrap_or(prefix)))?;
    writeln!(out, "endpoint_prefix: {},", literal(prefix))?;
    writeln!(out, "api_version: {},", literal(metadata.api_version.as_deref().unwrap_or("")))?;
    writeln!(out, "target_prefix: {},", optional(metadata.target_prefix.as_deref()))?;
    let rpc = metadata.target_prefix.as_deref().filter(|_| speaks_cbor);
    writeln!(out, "rpc_name: {},", optional(rpc))?;
    let list: Vec<String> = protocols.into_iter().map(protocol).collect();
    writeln!(out, "protocols: &[{}],", list.join(", "))?;
    writeln!(out, "query_compatible: {},", metadata.aws_query_compatible.is_some())?;
    writeln!(out, "error_namespace: {},", optional(overlay.error_namespace.as_deref()))?;
    writeln!(out, "bare_errors: {},", catalog.bare_errors.iter().any(|s| s == name))?;
    writeln!(out, "error_detail: {},", overlay.error_detail)?;
    writeln!(out, "denies_unsigned: {},", overlay.denies_unsigned)?;
    writeln!(out, "packed: {},", overlay.packed)?;
    match &overlay.path_parameter {
        Some(parameter) => {
            for name in &parameter.not_for {
                ensure!(model.operations.contains_key(name), "{name} is no operation");
            }
            let (name, not_for) = (&parameter.name, Vec::from_iter(&parameter.not_for));
            writeln!(
                out,
                "path_parameter: Some(PathParameter {{ name: {name:?}, not_for: &{not_for:?} }}),"
            )?;
        }
        None => writeln!(out, "path_parameter: None,")?,
    }
    match &overlay.mark {
        Some(mark) => {
            let strays = |operation: &&botocore_model::OperationModel| {
                !operation.http.request_uri.starts_with(&mark.path)
            };
            if let Some(stray) = model.operations.values().find(strays) {
                bail!("{} has another path than {}", stray.name, mark.path);
            }
            let (path, header) = (&mark.path, &mark.header);
            writeln!(out, "mark: Some(Mark {{ path: {path:?}, header: {header:?} }}),")?;
        }
        None => writeln!(out, "mark: None,")?,
    }
    writeln!(out, "xml_namespace: {},", optional(namespace.as_deref()))?;
    writeln!(out, "anonymous: {},", overlay.anonymous)?;
    writeln!(out, "discriminated: {},", overlay.discriminated)?;
    let parameters = Parameters::read(name, overlay)?;
    out.push_str("operations: &[\n");
    let mut operations: Vec<_> = model.operations.values().collect();
    for name in &overlay.leave_out {
        ensure!(model.operations.contains_key(name), "{name} is no operation");
    }
    operations.retain(|operation| !overlay.leave_out.contains(&operation.name));
    operations.sort_by(|a, b| a.name.cmp(&b.name));
    for operation in operations {
        let http = &operation.http;
        writeln!(
            out,
            "OperationName {{ name: {:?}, method: {:?}, uri: {:?}, {} }},",
            operation.name,
            http.method,
            http.request_uri,
            parameters.of(&operation.name)
        )?;
    }
    out.push_str("],\n};\n");
    Ok(out)
}

/// A service that left the query protocol has its namespace in the merged model only.
fn xml_namespace_from_older(name: &str) -> Option<String> {
    let text = fs::read_to_string(paths::inputs().join(format!("{name}.json"))).ok()?;
    let model: Model = serde_json::from_str(&text).ok()?;
    lower::namespace(model.metadata.xml_namespace.as_ref()).map(|(uri, _)| uri)
}

/// The parameters by which a service's operations are told apart.
struct Parameters(Option<Model>);

impl Parameters {
    fn read(name: &str, overlay: &Overlay) -> Result<Self> {
        if !overlay.discriminated {
            return Ok(Self(None));
        }
        let text = fs::read_to_string(paths::inputs().join(format!("{name}.json")))?;
        Ok(Self(Some(serde_json::from_str(&text)?)))
    }

    fn of(&self, operation: &str) -> String {
        let input = self.0.as_ref().and_then(|model| {
            let input = model.operations.get(operation)?.input.as_ref()?;
            model.shapes.get(&input.shape)
        });
        let Some(input) = input else { return "query: &[], headers: &[], query_options: &[]".to_owned() };
        let names = |location: &str, required: bool| -> Vec<&str> {
            let members = input.members.iter().filter(|(name, member)| {
                member.location.as_deref() == Some(location) && input.required.contains(name) == required
            });
            members.map(|(name, member)| member.location_name.as_deref().unwrap_or(name)).collect()
        };
        format!(
            "query: &{:?}, headers: &{:?}, query_options: &{:?}",
            names("querystring", true),
            names("header", true),
            names("querystring", false)
        )
    }
}
